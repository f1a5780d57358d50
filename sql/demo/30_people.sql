-- People: who they are, what they can do, how they work, and how they came to where they are.

CREATE FUNCTION demo.make_people(employees integer, seed bigint, start date) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    -- Nobody works at a site itself, so the people are shared out over the departments below.
    sites constant integer := 3;
    workplaces constant integer := (SELECT count(*) FROM demo.units) - sites;
BEGIN
    INSERT INTO demo.people (number, unit_number, pattern, duties_per_week, phase, day_offset)
    SELECT
        thrown.number,
        thrown.unit_number,
        thrown.pattern,
        CASE
            WHEN thrown.pattern = 'duty' THEN 2
            WHEN demo.chance(seed, 'hours ' || thrown.number) < 0.80 THEN 5
            WHEN demo.chance(seed, 'hours ' || thrown.number) < 0.92 THEN 4
            ELSE 3
        END,
        floor(demo.chance(seed, 'phase ' || thrown.number) * 6)::integer,
        CASE
            WHEN thrown.pattern = 'office' THEN 0
            ELSE floor(demo.chance(seed, 'offset ' || thrown.number) * 7)::integer
        END
    FROM (
        SELECT
            numbers.number,
            sites + 1 + (numbers.number - 1) % workplaces AS unit_number,
            CASE
                WHEN demo.chance(seed, 'pattern ' || numbers.number) < 0.55 THEN 'rotating'
                WHEN demo.chance(seed, 'pattern ' || numbers.number) < 0.75 THEN 'alternating'
                WHEN demo.chance(seed, 'pattern ' || numbers.number) < 0.95 THEN 'office'
                ELSE 'duty'
            END AS pattern
        FROM
            generate_series(1, employees) AS numbers (number)
    ) AS thrown;

    INSERT INTO workforce.employees (employee_no, name, email, role, department_id, weekly_minutes, hired_on)
    SELECT
        'E' || lpad(person.number::text, 6, '0'),
        demo.person_name(unit.time_zone, seed, person.number),
        'e' || lpad(person.number::text, 6, '0') || '@example.org',
        CASE person.pattern
            WHEN 'duty' THEN 'physician'
            WHEN 'office' THEN demo.pick(ARRAY['administrator', 'technician'], seed, 'role ' || person.number)
            ELSE demo.pick(ARRAY['nurse', 'nurse', 'nurse', 'assistant'], seed, 'role ' || person.number)
        END,
        -- One in ten began in the next department of the site.
        CASE
            WHEN demo.chance(seed, 'moved ' || person.number) < 0.1 THEN
                coalesce(neighbour.department_id, unit.department_id)
            ELSE unit.department_id
        END,
        CASE person.pattern WHEN 'duty' THEN 2880 ELSE person.duties_per_week * 480 END,
        start - 60 - floor(demo.chance(seed, 'hired ' || person.number) * 3650)::integer
    FROM
        demo.people AS person
        JOIN demo.units AS unit ON unit.number = person.unit_number
        LEFT JOIN demo.units AS neighbour ON neighbour.number = unit.number + sites
    ORDER BY
        person.number;

    UPDATE demo.people AS person
    SET
        employee_id = employee.employee_id,
        department_id = unit.department_id,
        time_zone = unit.time_zone
    FROM
        demo.units AS unit,
        workforce.employees AS employee
    WHERE
        unit.number = person.unit_number
        AND employee.employee_no = 'E' || lpad(person.number::text, 6, '0');
    ANALYZE demo.people;

    UPDATE workforce.employees AS employee
    SET
        department_id = person.department_id
    FROM
        demo.people AS person
    WHERE
        person.employee_id = employee.employee_id
        AND person.department_id <> employee.department_id;
    -- The tables wrote the history just now; put it where it would have happened.
    UPDATE workforce.department_history AS change
    SET
        changed_at = (
            employee.hired_on + CASE WHEN change.from_department_id IS NULL THEN 0 ELSE 30 END
        )::timestamp AT TIME ZONE 'UTC'
    FROM
        workforce.employees AS employee
    WHERE
        employee.employee_id = change.employee_id;
END
$$;

COMMENT ON FUNCTION demo.make_people(integer, bigint, date) IS
    'Makes the employees, one in ten with a move behind them, hired in the ten years before start.';

CREATE FUNCTION demo.make_qualifications(seed bigint, start date, weeks integer) RETURNS void
LANGUAGE sql
AS $$
    INSERT INTO workforce.qualifications (code, name)
    VALUES
        ('first_aid', 'First aid'),
        ('physician', 'Licence as physician'),
        ('nurse', 'Registered nurse'),
        ('intensive_care', 'Intensive care'),
        ('emergency', 'Emergency care')
    ON CONFLICT (code) DO NOTHING;

    INSERT INTO workforce.employee_qualifications (employee_id, qualification_id, valid)
    SELECT
        person.employee_id,
        qualification.qualification_id,
        -- A few certificates run out in the middle of the plan: from then on the person lacks them.
        CASE
            WHEN qualification.code = 'first_aid'
                AND demo.chance(seed, 'expiry ' || person.number) < 0.004 THEN
                daterange(NULL, start + weeks * 7 / 2)
            ELSE daterange '(,)'
        END
    FROM
        demo.people AS person
        JOIN workforce.employees AS employee USING (employee_id)
        CROSS JOIN workforce.qualifications AS qualification
    WHERE
        CASE qualification.code
            -- One in two hundred never had it.
            WHEN 'first_aid' THEN demo.chance(seed, 'first aid ' || person.number) >= 0.005
            WHEN 'physician' THEN person.pattern = 'duty'
            WHEN 'nurse' THEN employee.role = 'nurse'
            ELSE demo.chance(seed, qualification.code || ' ' || person.number) < 0.2
        END
    ORDER BY
        person.number,
        qualification.qualification_id;
$$;

COMMENT ON FUNCTION demo.make_qualifications(bigint, date, integer) IS
    'Makes five qualifications and says who holds them; some lack, or come to lack, what their shifts '
    'require.';
