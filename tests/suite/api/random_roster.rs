//! Random rows for answers that are compared with a naive count: a tree of departments, people
//! with and without the optional fields, three weeks of shifts across the end of summer time, and
//! whoever happened to get them.

use anyhow::Result;

use super::service::Service;

/// Fills an empty service. The same seed gives the same rows, but for their timestamps.
pub(super) async fn fill(service: &Service, seed: u32) -> Result<()> {
    // setseed() takes a number from -1 to 1.
    let seeded = format!("SELECT setseed({seed} / 1000.0); {ROSTER}");
    service.session().await?.batch_execute(&seeded).await?;
    Ok(())
}

/// Where somebody is busy already, the row is skipped.
const ROSTER: &str = r"
    INSERT INTO workforce.departments (name, parent_id, time_zone)
    SELECT 'Department ' || n, NULL, 'Europe/Berlin' FROM generate_series(1, 2) AS n;

    INSERT INTO workforce.departments (name, parent_id, time_zone)
    SELECT
        'Department ' || n,
        1 + floor(random() * 2),
        CASE WHEN random() < 0.7 THEN 'Europe/Berlin' ELSE 'UTC' END
    FROM generate_series(3, 5) AS n;

    INSERT INTO workforce.departments (name, parent_id, time_zone, active)
    SELECT 'Department ' || n, 3 + floor(random() * 3), 'Europe/Berlin', true
    FROM generate_series(6, 8) AS n;

    INSERT INTO workforce.employees
        (employee_no, name, email, role, department_id, weekly_minutes, hired_on, active)
    SELECT
        'E' || n,
        -- Few first names, so that many are equal.
        (ARRAY['Ada', 'Ben', 'Cem', 'Änne', 'zoe'])[1 + floor(random() * 5)],
        'e' || n || '@example.org',
        (ARRAY['nurse', 'doctor', NULL])[1 + floor(random() * 3)],
        CASE WHEN random() < 0.9 THEN 1 + floor(random() * 8) END,
        (ARRAY[480, 1200, 1800, 2400])[1 + floor(random() * 4)],
        CASE WHEN random() < 0.6 THEN date '2020-01-01' + floor(random() * 4)::integer END,
        random() < 0.9
    FROM generate_series(1, 40) AS n;

    INSERT INTO workforce.qualifications (code, name) VALUES ('icu', 'Intensive care'), ('night', 'Nights');

    INSERT INTO workforce.employee_qualifications (employee_id, qualification_id)
    SELECT employee_id, qualification_id
    FROM workforce.employees CROSS JOIN workforce.qualifications
    WHERE random() < 0.5;

    INSERT INTO workforce.time_off (employee_id, days, kind)
    SELECT employee_id, daterange(start, start + 3), 'leave'
    FROM
        workforce.employees
        -- The employee in it makes it another number for each.
        CROSS JOIN LATERAL (
            SELECT date '2026-10-05' + floor(random() * 21 + employee_id * 0)::integer AS start
        ) AS absence
    WHERE random() < 0.5;

    INSERT INTO workforce.shifts (
        department_id, shift_type, date, start_time, end_time, break_minutes, required_staff, priority,
        required_qualifications, active
    )
    SELECT
        department_id,
        pattern.shift_type,
        day,
        pattern.start_time,
        pattern.end_time,
        pattern.break_minutes,
        floor(random() * 4),
        1 + floor(random() * 10),
        CASE WHEN random() < 0.2 THEN '{icu}' ELSE '{}' END::text[],
        random() < 0.95
    FROM
        workforce.departments
        CROSS JOIN (
            VALUES
                ('early', time '06:00', time '14:15', 30),
                ('late', time '14:00', time '22:00', 45),
                ('night', time '21:30', time '06:30', 0),
                ('whole day', time '08:00', time '08:00', 120)
        ) AS pattern (shift_type, start_time, end_time, break_minutes)
        CROSS JOIN LATERAL (
            SELECT date '2026-10-05' + n AS day FROM generate_series(0, 20) AS n
        ) AS calendar
    WHERE random() < 0.4;

    DO $$
    DECLARE
        drawn record;
    BEGIN
        FOR drawn IN
            SELECT
                shift_id,
                shifts.during,
                1 + floor(random() * 40) AS employee_id,
                (ARRAY['assigned', 'confirmed', 'assigned', 'proposed', 'cancelled'])[1 + floor(random() * 5)]
                    AS status,
                CASE WHEN random() < 0.3 THEN 'note ' || n END AS note
            FROM workforce.shifts CROSS JOIN generate_series(1, 3) AS n
            WHERE random() < 0.6
        LOOP
            BEGIN
                INSERT INTO workforce.assignments (shift_id, during, employee_id, status, note)
                VALUES (drawn.shift_id, drawn.during, drawn.employee_id, drawn.status, drawn.note)
                ON CONFLICT (shift_id, employee_id) DO NOTHING;
            EXCEPTION
                WHEN exclusion_violation THEN NULL;
            END;
        END LOOP;
    END $$;

    ANALYZE;
";
