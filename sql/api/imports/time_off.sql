-- Import of time off: stage, refuse, store.
--
-- The key is (employee, days, kind). Days are local to the employee: 23, 24 or 25 hours each.

CREATE FUNCTION api.stage_time_off() RETURNS void
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
            api.date_value(api.given(line.date)) AS first_date,
            CASE
                WHEN api.given(line.last_date) IS NULL THEN api.date_value(api.given(line.date))
                ELSE api.date_value(api.given(line.last_date))
            END AS last_date,
            api.given(line.kind) AS kind,
            coalesce(lower(api.given(line.status)), 'approved') AS status
        FROM
            pg_temp.import_rows AS line
    )
    SELECT
        typed.*,
        employee.employee_id,
        coalesce(employee.time_zone, department.time_zone, 'UTC') AS time_zone,
        CASE
            WHEN typed.last_date >= typed.first_date THEN daterange(typed.first_date, typed.last_date, '[]')
        END AS days
    FROM
        typed
        LEFT JOIN workforce.employees AS employee USING (employee_no)
        LEFT JOIN workforce.departments AS department USING (department_id);
    ANALYZE pg_temp.import_stage;
END
$$;

COMMENT ON FUNCTION api.stage_time_off IS
    'Makes pg_temp.import_stage: the lines as time off of known people.';

CREATE FUNCTION api.refuse_staged_time_off() RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
BEGIN
    INSERT INTO pg_temp.import_refusals (line_number, column_name, code, message)
    SELECT
        staged.line_number,
        fault.column_name,
        fault.code,
        fault.message
    FROM
        pg_temp.import_stage AS staged
        JOIN pg_temp.import_rows AS line USING (line_number)
        CROSS JOIN LATERAL (
            VALUES
                ('employee_no', '23502', 'employee_no is missing', staged.employee_no IS NULL),
                ('date', '23502', 'date is missing', api.given(line.date) IS NULL),
                (
                    'employee_no',
                    'P0002',
                    format('no employee has the number "%s"', staged.employee_no),
                    staged.employee_no IS NOT NULL AND staged.employee_id IS NULL
                ),
                (
                    'date',
                    '22007',
                    format('date "%s" is no date like 2026-10-05', line.date),
                    api.given(line.date) IS NOT NULL AND staged.first_date IS NULL
                ),
                (
                    'last_date',
                    '22007',
                    format('last_date "%s" is no date like 2026-10-05', line.last_date),
                    api.given(line.last_date) IS NOT NULL AND staged.last_date IS NULL
                ),
                (
                    'last_date',
                    '22023',
                    format('last_date %s is before date %s', staged.last_date, staged.first_date),
                    staged.last_date < staged.first_date
                ),
                ('kind', '23502', 'kind is missing', staged.kind IS NULL),
                ('kind', '22001', 'kind has more than 50 characters', char_length(staged.kind) > 50),
                (
                    'status',
                    '22023',
                    format('status "%s" is not one of requested, approved, rejected', staged.status),
                    staged.status NOT IN ('requested', 'approved', 'rejected')
                )
        ) AS fault (column_name, code, message, found)
    WHERE
        fault.found;

    INSERT INTO pg_temp.import_refusals (line_number, column_name, code, message, other_id)
    SELECT
        repeated.line_number,
        'date',
        '23505',
        format(
            'employee number "%s" has this "%s" in line %s already',
            repeated.employee_no,
            repeated.kind,
            repeated.first_line
        ),
        'line ' || repeated.first_line
    FROM (
        SELECT
            staged.*,
            min(staged.line_number) OVER (
                PARTITION BY staged.employee_id, staged.days, staged.kind
            ) AS first_line
        FROM
            pg_temp.import_stage AS staged
        WHERE
            NOT EXISTS (
                SELECT FROM pg_temp.import_refusals AS refusal WHERE refusal.line_number = staged.line_number
            )
    ) AS repeated
    WHERE
        repeated.line_number > repeated.first_line;
END
$$;

COMMENT ON FUNCTION api.refuse_staged_time_off IS 'Writes a refusal for every fault of the staged time off.';

CREATE FUNCTION api.import_time_off() RETURNS json
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    inserted bigint;
    updated bigint;
BEGIN
    LOCK TABLE workforce.time_off IN SHARE ROW EXCLUSIVE MODE;
    PERFORM api.start_import();
    PERFORM api.stage_time_off();
    PERFORM api.refuse_staged_time_off();
    PERFORM api.drop_refused_lines();

    WITH
    stored AS (
        INSERT INTO workforce.time_off AS absence (employee_id, days, time_zone, kind, status)
        SELECT
            staged.employee_id,
            staged.days,
            staged.time_zone,
            staged.kind,
            staged.status
        FROM
            pg_temp.import_stage AS staged
        ORDER BY
            staged.employee_id,
            staged.days,
            staged.kind
        ON CONFLICT (employee_id, days, kind) DO UPDATE
        SET
            status = excluded.status
        WHERE
            absence.status <> excluded.status
        RETURNING
            absence.xmax = 0 AS is_new
    )
    SELECT
        count(*) FILTER (WHERE stored.is_new),
        count(*) FILTER (WHERE NOT stored.is_new)
    INTO inserted, updated
    FROM
        stored;
    RETURN api.import_answer(inserted, updated);
END
$$;

COMMENT ON FUNCTION api.import_time_off IS
    'Stores the lines of pg_temp.import_rows as time off, keyed by employee, days and kind, and returns '
    'counts and refusals. last_date is the last day off, by default the same as date; days are local to the '
    'employee.';

SELECT rota.expose_import(
    'time-off',
    'api.import_time_off'::regproc,
    columns => ARRAY['employee_no', 'date', 'kind', 'last_date', 'status'],
    required_columns => ARRAY['employee_no', 'date', 'kind'],
    summary => 'Time off, keyed by employee, days and kind'
);
