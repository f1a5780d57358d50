-- Ten people of one ward, two weeks over a change of the clocks (Berlin, 2026-03-29), and work on both sides.

INSERT INTO workforce.departments (name, time_zone) VALUES ('Ward', 'Europe/Berlin'), ('Other', 'Europe/Berlin');

INSERT INTO workforce.qualifications (code, name) VALUES ('nurse', 'Nurse'), ('lead', 'Lead');

INSERT INTO workforce.employees (employee_no, name, email, department_id)
SELECT 'E' || number, 'Person ' || number, 'p' || number || '@example.org', 1
FROM generate_series(1, 10) AS number;

-- Person 10 is no nurse; person 9 is one from the second week on.
INSERT INTO workforce.employee_qualifications (employee_id, qualification_id, valid)
SELECT employee_id, 1, CASE WHEN employee_id = 9 THEN daterange('2026-03-30', NULL) ELSE daterange(NULL, NULL) END
FROM workforce.employees
WHERE employee_id < 10;

INSERT INTO workforce.shifts (
    department_id, shift_type, date, start_time, end_time, break_minutes, required_staff, required_qualifications
)
SELECT 1, kind.name, day::date, kind.starts, kind.ends, 30, kind.heads, '{nurse}'
FROM
    generate_series(date '2026-03-16', date '2026-04-10', interval '1 day') AS day
    CROSS JOIN (
        VALUES
        ('early', time '06:00', time '14:00', 2),
        ('late', time '14:00', time '22:00', 1),
        ('night', time '22:00', time '06:00', 1)
    ) AS kind (name, starts, ends, heads);

INSERT INTO workforce.rules (rule_type, parameters, level)
VALUES
    ('consecutive_days', '{"maximum_days": 5}', 'violation'),
    ('maximum_minutes', '{"maximum_minutes": 2400, "per": "week"}', 'violation');

INSERT INTO workforce.time_off (employee_id, days, kind) VALUES (3, '[2026-03-25,2026-03-28)', 'leave');

INSERT INTO workforce.availability (employee_id, during, preference)
VALUES (4, '[2026-04-01 00:00+02,2026-04-03 00:00+02)', 'unavailable');

-- Person 1 comes out of a night, person 2 out of four days in a row, person 5 begins early right after.
INSERT INTO workforce.assignments (shift_id, during, employee_id)
SELECT shift.shift_id, shift.during, booked.employee_id
FROM
    workforce.shifts AS shift
    JOIN (
        VALUES
        (1, 'night', date '2026-03-22'),
        (2, 'early', date '2026-03-19'),
        (2, 'early', date '2026-03-20'),
        (2, 'early', date '2026-03-21'),
        (2, 'late', date '2026-03-22'),
        (5, 'early', date '2026-04-06')
    ) AS booked (employee_id, kind, date) ON booked.kind = shift.shift_type AND booked.date = shift.date;

INSERT INTO workforce.schedules (department_id, period) VALUES (1, '[2026-03-23,2026-04-06)');
