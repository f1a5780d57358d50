-- Import of assignments: stage, refuse, store.
--
-- A line names a person and a shift; the shift is looked for in the person's own department unless the line
-- names one. The guard would refuse the whole file for one double booking, so double
-- bookings are found beforehand, against the table and inside the file: the first line wins, later ones are
-- refused with what they clash with. That holds only while nobody else writes, hence the lock on assignments:
-- SHARE ROW EXCLUSIVE lets readers go on, makes other writers wait, and two imports follow each other.

CREATE FUNCTION api.stage_assignments() RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
BEGIN
    CREATE TEMPORARY TABLE import_stage ON COMMIT DROP AS
    WITH
    typed AS (
        SELECT
            line.line_number,
            api.given(line.employee_no) AS employee_no,
            api.date_value(api.given(line.date)) AS date,
            api.given(line.shift_type) AS shift_type,
            coalesce(lower(api.given(line.status)), 'assigned') AS status,
            api.given(line.department) AS department,
            api.time_value(api.given(line.start_time)) AS start_time
        FROM
            pg_temp.import_rows AS line
    ),
    located AS (
        SELECT
            typed.*,
            employee.employee_id,
            employee.active AS employee_active,
            CASE
                WHEN typed.department IS NULL THEN employee.department_id
                ELSE department.department_id
            END AS department_id
        FROM
            typed
            LEFT JOIN workforce.employees AS employee USING (employee_no)
            LEFT JOIN (
                SELECT
                    candidate.name,
                    min(candidate.department_id) AS department_id
                FROM
                    workforce.departments AS candidate
                GROUP BY
                    candidate.name
                HAVING
                    count(*) = 1
            ) AS department ON department.name = typed.department
    ),
    -- Every shift that the file can mean, read once: the lines are then joined to it by hash.
    candidate AS (
        SELECT
            shift.department_id,
            shift.date,
            shift.shift_type,
            shift.start_time,
            shift.shift_id,
            shift.during,
            shift.active,
            count(*) OVER same_day AS namesakes,
            row_number() OVER same_day AS namesake
        FROM
            workforce.shifts AS shift
        WHERE
            shift.date BETWEEN (SELECT min(typed.date) FROM typed) AND (SELECT max(typed.date) FROM typed)
        WINDOW
            same_day AS (PARTITION BY shift.department_id, shift.date, shift.shift_type)
    )
    SELECT
        located.line_number,
        located.employee_no,
        located.employee_id,
        located.employee_active,
        located.date,
        located.shift_type,
        located.status,
        located.status IN ('assigned', 'confirmed') AS binding,
        located.department,
        located.department_id,
        located.start_time,
        shift.shift_id,
        shift.during,
        shift.active AS shift_active,
        located.start_time IS NULL AND shift.namesakes > 1 AS ambiguous
    FROM
        located
        LEFT JOIN candidate AS shift
            ON shift.department_id = located.department_id
            AND shift.date = located.date
            AND shift.shift_type = located.shift_type
            AND CASE
                WHEN located.start_time IS NULL THEN shift.namesake = 1
                ELSE shift.start_time = located.start_time
            END;
    ANALYZE pg_temp.import_stage;
END
$$;

COMMENT ON FUNCTION api.stage_assignments IS
    'Makes pg_temp.import_stage: the lines with the employee and the shift that they mean.';

CREATE FUNCTION api.import_assignments() RETURNS json
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    inserted bigint;
    updated bigint;
BEGIN
    -- A shift that moved after the look-up would take its line's foreign key away, so shifts stand still too.
    LOCK TABLE workforce.shifts IN SHARE MODE;
    LOCK TABLE workforce.assignments IN SHARE ROW EXCLUSIVE MODE;
    PERFORM api.start_import();
    PERFORM api.stage_assignments();
    PERFORM api.refuse_staged_assignments();
    PERFORM api.drop_refused_lines();
    PERFORM api.refuse_staged_double_bookings();
    PERFORM api.drop_refused_lines();

    -- Nobody else writes, so that what is new can be told from what changes beforehand: a plain INSERT is cheaper
    -- than one that has to expect conflicts. Changes come first, because they may set somebody free.
    UPDATE workforce.assignments AS assignment
    SET
        status = staged.status
    FROM
        pg_temp.import_stage AS staged
    WHERE
        assignment.shift_id = staged.shift_id
        AND assignment.employee_id = staged.employee_id
        AND assignment.status <> staged.status;
    GET DIAGNOSTICS updated = ROW_COUNT;
    INSERT INTO workforce.assignments (employee_id, shift_id, during, status)
    SELECT
        staged.employee_id,
        staged.shift_id,
        staged.during,
        staged.status
    FROM
        pg_temp.import_stage AS staged
        LEFT JOIN workforce.assignments AS existing USING (shift_id, employee_id)
    WHERE
        existing.assignment_id IS NULL
    ORDER BY
        staged.employee_id,
        staged.during;
    GET DIAGNOSTICS inserted = ROW_COUNT;
    DROP TABLE pg_temp.import_claims;
    RETURN api.import_answer(inserted, updated);
END
$$;

COMMENT ON FUNCTION api.import_assignments IS
    'Stores the lines of pg_temp.import_rows as assignments, keyed by employee and shift, and returns '
    'counts and refusals. The shift is the one of that date and type in the employee''s department, or in '
    'the one given; start_time tells apart several of a type. status defaults to assigned.';

SELECT rota.expose_import(
    'assignments',
    'api.import_assignments'::regproc,
    columns => ARRAY['employee_no', 'date', 'shift_type', 'status', 'department', 'start_time'],
    required_columns => ARRAY['employee_no', 'date', 'shift_type'],
    summary => 'Assignments, keyed by employee and shift'
);
