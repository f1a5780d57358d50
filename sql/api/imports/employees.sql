-- Import of employees: stage, refuse, store.
--
-- The key is employee_no. A column that the file does not have leaves what is there; an empty value empties a
-- field that may be empty and leaves one that may not. The tables are locked against other writers, not
-- readers, so that what the checks saw is what the insert meets.

CREATE FUNCTION api.stage_employees() RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
BEGIN
    CREATE TEMPORARY TABLE import_stage ON COMMIT DROP AS
    SELECT
        line.line_number,
        existing.employee_id,
        api.given(line.employee_no) AS employee_no,
        api.given(line.name) AS name,
        api.given(line.email) AS email,
        CASE WHEN line.role IS NULL THEN existing.role ELSE api.given(line.role) END AS role,
        CASE WHEN line.department IS NULL THEN existing.department_id END AS department_id,
        api.given(line.department) AS department,
        CASE WHEN line.time_zone IS NULL THEN existing.time_zone ELSE api.given(line.time_zone) END
            AS time_zone,
        coalesce(api.integer_value(api.given(line.weekly_minutes)), existing.weekly_minutes, 2400)
            AS weekly_minutes,
        CASE
            WHEN line.min_minutes IS NULL THEN existing.min_minutes
            ELSE api.integer_value(api.given(line.min_minutes))
        END AS min_minutes,
        CASE
            WHEN line.max_minutes IS NULL THEN existing.max_minutes
            ELSE api.integer_value(api.given(line.max_minutes))
        END AS max_minutes,
        CASE
            WHEN line.hired_on IS NULL THEN existing.hired_on
            ELSE api.date_value(api.given(line.hired_on))
        END AS hired_on,
        coalesce(api.boolean_value(api.given(line.active)), existing.active, true) AS active,
        CASE
            WHEN line.qualifications IS NOT NULL THEN
                ARRAY(
                    SELECT DISTINCT btrim(listed.code)
                    FROM unnest(string_to_array(line.qualifications, ';')) AS listed (code)
                    WHERE btrim(listed.code) <> ''
                )
        END AS qualifications
    FROM
        pg_temp.import_rows AS line
        LEFT JOIN workforce.employees AS existing ON existing.employee_no = api.given(line.employee_no);
    ANALYZE pg_temp.import_stage;
END
$$;

COMMENT ON FUNCTION api.stage_employees IS
    'Makes pg_temp.import_stage: the lines as employees, merged with the ones that exist.';

CREATE FUNCTION api.store_staged_qualifications() RETURNS bigint[]
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    touched bigint[];
BEGIN
    INSERT INTO workforce.qualifications (code, name)
    SELECT DISTINCT
        wanted.code,
        wanted.code
    FROM
        pg_temp.import_stage AS staged
        CROSS JOIN LATERAL unnest(staged.qualifications) AS wanted (code)
    WHERE
        staged.employee_id IS NOT NULL
    ORDER BY
        wanted.code
    ON CONFLICT (code) DO NOTHING;

    WITH
    dropped AS (
        DELETE FROM workforce.employee_qualifications AS held
        USING
            pg_temp.import_stage AS staged,
            workforce.qualifications AS qualification
        WHERE
            staged.employee_id = held.employee_id
            AND qualification.qualification_id = held.qualification_id
            AND held.valid @> current_date
            AND qualification.code <> ALL (staged.qualifications)
        RETURNING
            held.employee_id
    ),
    added AS (
        INSERT INTO workforce.employee_qualifications (employee_id, qualification_id)
        SELECT
            staged.employee_id,
            qualification.qualification_id
        FROM
            pg_temp.import_stage AS staged
            CROSS JOIN LATERAL unnest(staged.qualifications) AS wanted (code)
            JOIN workforce.qualifications AS qualification ON qualification.code = wanted.code
        WHERE
            staged.employee_id IS NOT NULL
            AND NOT EXISTS (
                SELECT
                FROM workforce.employee_qualifications AS held
                WHERE held.employee_id = staged.employee_id
                    AND held.qualification_id = qualification.qualification_id
            )
        ORDER BY
            staged.employee_id,
            qualification.qualification_id
        RETURNING
            employee_id
    )
    SELECT
        array_agg(DISTINCT changed.employee_id)
    INTO touched
    FROM (
        SELECT dropped.employee_id FROM dropped
        UNION ALL
        SELECT added.employee_id FROM added
    ) AS changed;
    RETURN coalesce(touched, '{}');
END
$$;

COMMENT ON FUNCTION api.store_staged_qualifications IS
    'Makes the listed codes the qualifications that the stored lines'' employees hold, creating unknown '
    'codes; rows with dates of their own stay. Returns the employees that changed by it.';

CREATE FUNCTION api.import_employees() RETURNS json
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    inserted bigint[];
    updated bigint[];
BEGIN
    LOCK TABLE
        workforce.departments,
        workforce.qualifications,
        workforce.employees,
        workforce.employee_qualifications
    IN SHARE ROW EXCLUSIVE MODE;
    PERFORM api.start_import();
    PERFORM api.stage_employees();
    PERFORM api.refuse_staged_employees();
    PERFORM api.create_staged_departments();
    PERFORM api.drop_refused_lines();

    WITH
    stored AS (
        INSERT INTO workforce.employees AS employee (
            employee_no, name, email, role, department_id, time_zone,
            weekly_minutes, min_minutes, max_minutes, hired_on, active
        )
        SELECT
            staged.employee_no,
            staged.name,
            staged.email,
            staged.role,
            coalesce(department.department_id, staged.department_id),
            staged.time_zone,
            staged.weekly_minutes,
            staged.min_minutes,
            staged.max_minutes,
            staged.hired_on,
            staged.active
        FROM
            pg_temp.import_stage AS staged
            LEFT JOIN workforce.departments AS department ON department.name = staged.department
        ORDER BY
            staged.employee_no
        ON CONFLICT (employee_no) DO UPDATE
        SET
            name = excluded.name,
            email = excluded.email,
            role = excluded.role,
            department_id = excluded.department_id,
            time_zone = excluded.time_zone,
            weekly_minutes = excluded.weekly_minutes,
            min_minutes = excluded.min_minutes,
            max_minutes = excluded.max_minutes,
            hired_on = excluded.hired_on,
            active = excluded.active
        WHERE
            (
                employee.name, employee.email, employee.role, employee.department_id, employee.time_zone,
                employee.weekly_minutes, employee.min_minutes, employee.max_minutes, employee.hired_on,
                employee.active
            ) IS DISTINCT FROM (
                excluded.name, excluded.email, excluded.role, excluded.department_id, excluded.time_zone,
                excluded.weekly_minutes, excluded.min_minutes, excluded.max_minutes, excluded.hired_on,
                excluded.active
            )
        RETURNING
            employee.employee_id,
            employee.xmax = 0 AS is_new
    )
    SELECT
        coalesce(array_agg(stored.employee_id) FILTER (WHERE stored.is_new), '{}'),
        coalesce(array_agg(stored.employee_id) FILTER (WHERE NOT stored.is_new), '{}')
    INTO inserted, updated
    FROM
        stored;

    UPDATE pg_temp.import_stage AS staged
    SET
        employee_id = employee.employee_id
    FROM
        workforce.employees AS employee
    WHERE
        employee.employee_no = staged.employee_no
        AND staged.employee_id IS NULL;
    updated := ARRAY(
        SELECT unnest(updated || api.store_staged_qualifications())
        EXCEPT
        SELECT unnest(inserted)
    );
    RETURN api.import_answer(cardinality(inserted), cardinality(updated));
END
$$;

COMMENT ON FUNCTION api.import_employees IS
    'Stores the lines of pg_temp.import_rows as employees, keyed by employee_no, and returns counts and '
    'refusals. Departments and qualifications that nobody has yet are created.';

SELECT rota.expose_import(
    'employees',
    'api.import_employees'::regproc,
    columns => ARRAY[
        'employee_no', 'name', 'email', 'department', 'role', 'qualifications', 'max_minutes', 'min_minutes',
        'weekly_minutes', 'time_zone', 'hired_on', 'active'
    ],
    required_columns => ARRAY['employee_no', 'name', 'email'],
    summary => 'Employees, keyed by employee_no'
);
