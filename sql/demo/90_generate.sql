-- The one call that makes everything.

CREATE FUNCTION demo.generate(
    employees integer DEFAULT 500,
    weeks integer DEFAULT 8,
    seed bigint DEFAULT 1,
    start date DEFAULT '2026-10-05',
    departments integer DEFAULT NULL
) RETURNS json
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
DECLARE
    -- About forty people share a ward; three sites with a division each are the fewest.
    department_count constant integer := coalesce(departments, greatest(employees / 40, 6));
BEGIN
    IF employees NOT BETWEEN 1 AND 100000
        OR weeks NOT BETWEEN 1 AND 104
        OR department_count NOT BETWEEN 6 AND 5000
    THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format(
                '%s employees, %s weeks, %s departments are out of range', employees, weeks, department_count
            ),
            HINT = 'use 1 to 100000 employees, 1 to 104 weeks, 6 to 5000 departments';
    END IF;
    IF extract(isodow FROM start) <> 1 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('start %s is no Monday', start),
            HINT = format('use %s', date_trunc('week', start::timestamp)::date),
            COLUMN = 'start';
    END IF;
    PERFORM demo.make_departments(department_count);
    PERFORM demo.make_people(employees, seed, start);
    PERFORM demo.make_qualifications(seed, start, weeks);
    PERFORM demo.make_time_off(seed, start, weeks);
    PERFORM demo.make_duties(seed, start, weeks);
    PERFORM demo.make_shifts(seed);
    PERFORM demo.make_schedules(start, weeks);
    PERFORM demo.make_assignments(seed);
    RETURN json_build_object(
        'departments', (SELECT count(*) FROM workforce.departments),
        'employees', (SELECT count(*) FROM workforce.employees),
        'time_off', (SELECT count(*) FROM workforce.time_off),
        'availability', (SELECT count(*) FROM workforce.availability),
        'shifts', (SELECT count(*) FROM workforce.shifts),
        'schedules', (SELECT count(*) FROM workforce.schedules),
        'assignments', (SELECT count(*) FROM workforce.assignments)
    );
END
$$;

COMMENT ON FUNCTION demo.generate(integer, integer, bigint, date, integer) IS
    'Makes a demo organisation in empty tables and returns how many rows of each. The same seed gives the '
    'same organisation. start is a Monday; departments defaults to one per 40 employees. 10,000 employees '
    'for 9 weeks are about 400,000 assignments.';
