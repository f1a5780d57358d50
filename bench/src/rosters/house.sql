-- Fifty people of one house, ten shifts a day, the week before and a month of thirty days (Berlin, with a
-- change of the clocks on 2026-03-29). Nothing is random: what varies is read off a digest of ids and dates.

CREATE FUNCTION pg_temp.draw(seed text, below integer) RETURNS integer
LANGUAGE sql
IMMUTABLE
AS $$ SELECT (('x' || left(md5(seed), 7))::bit(28)::integer) % below $$;

INSERT INTO workforce.departments (name, time_zone) VALUES ('House', 'Europe/Berlin');

INSERT INTO workforce.qualifications (code, name)
VALUES ('nurse', 'Nurse'), ('lead', 'Lead'), ('aide', 'Aide'), ('intensive', 'Intensive care');

-- Thirty work full time, twelve three quarters of it, eight half. A month holds 30/7 weeks.
INSERT INTO workforce.employees (
    employee_no, name, email, department_id, weekly_minutes, min_minutes, max_minutes
)
SELECT
    'E' || number,
    'Person ' || number,
    'p' || number || '@example.org',
    1,
    weekly,
    weekly * 30 / 7 * 3 / 4,
    weekly * 30 / 7 * 11 / 10
FROM
    generate_series(1, 50) AS number
    CROSS JOIN LATERAL (
        SELECT CASE WHEN number % 5 < 3 THEN 2310 WHEN number % 25 < 19 THEN 1740 ELSE 1155 END AS weekly
    ) AS contract;

-- Eight aides; of the nurses ten may lead and seventeen know intensive care.
INSERT INTO workforce.employee_qualifications (employee_id, qualification_id, valid)
SELECT employee.employee_id, qualification.qualification_id, daterange(NULL, NULL)
FROM workforce.employees AS employee
JOIN workforce.qualifications AS qualification
    ON
        CASE qualification.code
            WHEN 'aide' THEN employee_id % 6 = 0
            WHEN 'nurse' THEN employee_id % 6 <> 0
            WHEN 'lead' THEN employee_id % 6 <> 0 AND employee_id % 4 = 1
            ELSE employee_id % 3 = 1
        END;

INSERT INTO workforce.shifts (
    department_id, shift_type, date, start_time, end_time, break_minutes, required_staff,
    required_qualifications
)
SELECT
    1,
    kind.name,
    day::date,
    kind.starts,
    kind.ends,
    30,
    CASE WHEN extract(isodow FROM day) < 6 THEN kind.heads ELSE kind.weekend_heads END,
    kind.skills
FROM
    generate_series(date '2026-02-23', date '2026-03-31', interval '1 day') AS day
    CROSS JOIN (
        VALUES
        ('early lead', time '06:00', time '14:00', 1, 1, ARRAY['lead']),
        ('early', time '06:00', time '14:00', 5, 4, ARRAY['nurse']),
        ('early aide', time '06:30', time '14:30', 2, 2, ARRAY['aide']),
        ('early intensive', time '06:00', time '14:00', 2, 2, ARRAY['nurse', 'intensive']),
        ('day', time '08:00', time '16:30', 4, 1, ARRAY['nurse']),
        ('late lead', time '13:30', time '21:30', 1, 1, ARRAY['lead']),
        ('late', time '13:30', time '21:30', 5, 4, ARRAY['nurse']),
        ('late aide', time '13:00', time '21:00', 2, 2, ARRAY['aide']),
        ('late intensive', time '13:30', time '21:30', 2, 2, ARRAY['nurse', 'intensive']),
        ('night', time '21:00', time '06:30', 3, 3, ARRAY['nurse'])
    ) AS kind (name, starts, ends, heads, weekend_heads, skills);

INSERT INTO workforce.rules (rule_type, parameters, level)
VALUES
    ('consecutive_days', '{"maximum_days": 6}', 'violation'),
    ('maximum_minutes', '{"maximum_minutes": 2880, "per": "week"}', 'violation');

-- Every fifth person is away for a week or two.
INSERT INTO workforce.time_off (employee_id, days, kind)
SELECT employee_id, daterange(first, first + 7 + 7 * pg_temp.draw('length ' || employee_id, 2)), 'leave'
FROM
    workforce.employees,
    LATERAL (SELECT date '2026-03-02' + pg_temp.draw('leave ' || employee_id, 20)) AS begins (first)
WHERE employee_id % 5 = 0;

-- On some days people would rather not work, on others they would like to.
INSERT INTO workforce.availability (employee_id, during, preference)
SELECT
    employee_id,
    rota.local_days(daterange(day::date, day::date + 1), 'Europe/Berlin'),
    CASE WHEN drawn < 2 THEN 'unavailable' ELSE 'preferred' END
FROM
    workforce.employees,
    generate_series(date '2026-03-02', date '2026-03-31', interval '1 day') AS day,
    LATERAL (SELECT pg_temp.draw(employee_id || ' on ' || day::date, 20)) AS of_day (drawn)
WHERE drawn < 4;

INSERT INTO workforce.schedules (department_id, period)
VALUES (1, '[2026-02-23,2026-03-02)'), (1, '[2026-03-02,2026-04-01)');

ANALYZE;
