-- Rosters: the duties become shifts, schedules and assignments.

CREATE FUNCTION demo.make_shifts(seed bigint) RETURNS void
LANGUAGE sql
AS $$
    INSERT INTO workforce.shift_templates (
        name, department_id, shift_type, start_time, end_time, break_minutes, required_qualifications
    )
    SELECT
        initcap(kind.kind),
        worked.department_id,
        kind.kind,
        kind.start_time,
        kind.end_time,
        kind.break_minutes,
        kind.required_qualifications
    FROM (
        SELECT DISTINCT duty.department_id, duty.kind
        FROM demo.duties AS duty
    ) AS worked
        JOIN demo.kinds AS kind USING (kind)
    ORDER BY
        worked.department_id,
        kind.start_time,
        kind.kind;

    INSERT INTO workforce.shifts (
        department_id, shift_type, date, start_time, end_time, time_zone,
        break_minutes, required_staff, required_qualifications, priority
    )
    SELECT
        wanted.department_id,
        wanted.kind,
        wanted.date,
        kind.start_time,
        kind.end_time,
        wanted.time_zone,
        kind.break_minutes,
        -- Mostly what is there; now and then one more or one fewer.
        greatest(
            wanted.heads + CASE
                WHEN demo.chance(seed, 'need ' || wanted.place) < 0.08 THEN 1
                WHEN demo.chance(seed, 'need ' || wanted.place) < 0.14 THEN -1
                ELSE 0
            END,
            1
        ),
        kind.required_qualifications,
        CASE wanted.kind WHEN 'duty' THEN 9 WHEN 'night' THEN 7 ELSE 5 END
    FROM (
        SELECT
            duty.department_id,
            duty.time_zone,
            duty.date,
            duty.kind,
            count(*) FILTER (WHERE duty.status IN ('assigned', 'confirmed')) AS heads,
            duty.unit_number || ' ' || duty.date || ' ' || duty.kind AS place
        FROM
            demo.duties AS duty
        GROUP BY
            duty.unit_number,
            duty.department_id,
            duty.time_zone,
            duty.date,
            duty.kind
    ) AS wanted
        JOIN demo.kinds AS kind USING (kind)
    ORDER BY
        wanted.date,
        wanted.department_id,
        kind.start_time,
        wanted.kind;
    ANALYZE workforce.shifts;
$$;

COMMENT ON FUNCTION demo.make_shifts(bigint) IS
    'Makes a template and the shifts of every department, with about one shift in seven short or long of a '
    'head.';

CREATE FUNCTION demo.make_schedules(start date, weeks integer) RETURNS void
LANGUAGE sql
AS $$
    INSERT INTO workforce.schedules (department_id, period, status, published_at)
    SELECT
        unit.department_id,
        daterange(start + week.number * 7, start + week.number * 7 + 7),
        CASE WHEN week.number < (weeks + 1) / 2 THEN 'published' ELSE 'draft' END,
        CASE
            WHEN week.number < (weeks + 1) / 2 THEN
                (start + week.number * 7 - 14)::timestamp AT TIME ZONE unit.time_zone
        END
    FROM
        demo.units AS unit
        CROSS JOIN generate_series(0, weeks - 1) AS week (number)
    WHERE
        unit.depth > 0
    ORDER BY
        week.number,
        unit.department_id;
$$;

COMMENT ON FUNCTION demo.make_schedules(date, integer) IS
    'Makes one schedule per department and week; the first half is published.';

CREATE FUNCTION demo.make_assignments(seed bigint) RETURNS void
LANGUAGE sql
AS $$
    INSERT INTO workforce.assignments (schedule_id, shift_id, during, employee_id, status)
    SELECT
        schedule.schedule_id,
        shift.shift_id,
        shift.during,
        duty.employee_id,
        duty.status
    FROM (
            SELECT
                planned.department_id,
                planned.date,
                planned.kind,
                planned.employee_id,
                planned.status
            FROM
                demo.duties AS planned
            UNION ALL
            -- Asked to stay on: a proposal for the late duty that overlaps the early one. Only one that binds
            -- would be a double booking.
            SELECT
                asked.department_id,
                asked.date,
                'late',
                asked.employee_id,
                CASE
                    WHEN demo.chance(seed, 'answer ' || asked.person_number) < 0.5 THEN 'proposed'
                    ELSE 'declined'
                END
            FROM
                demo.duties AS asked
            WHERE
                asked.kind = 'early'
                AND demo.chance(seed, 'asked ' || asked.person_number || ' ' || asked.date) < 0.01
        ) AS duty
        JOIN workforce.shifts AS shift
            ON shift.department_id = duty.department_id
            AND shift.date = duty.date
            AND shift.shift_type = duty.kind
        JOIN workforce.schedules AS schedule
            ON schedule.department_id = duty.department_id
            AND lower(schedule.period) = date_trunc('week', duty.date::timestamp)::date
    ORDER BY
        duty.date,
        shift.shift_id,
        duty.employee_id;
    ANALYZE workforce.assignments;
$$;

COMMENT ON FUNCTION demo.make_assignments(bigint) IS
    'Makes the assignments, and proposals that overlap some of them.';
