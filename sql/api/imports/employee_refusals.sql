-- Import of employees: what is refused. Every fault of a line is reported, not only its first.

CREATE FUNCTION api.refuse_staged_employees() RETURNS void
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
                ('name', '23502', 'name is missing', staged.name IS NULL),
                ('email', '23502', 'email is missing', staged.email IS NULL),
                (
                    'email',
                    '22023',
                    format('email "%s" is no address like name@example.org', staged.email),
                    staged.email !~ '^[^@\s]+@[^@\s]+$'
                ),
                (
                    'employee_no',
                    '22001',
                    'employee_no has more than 50 characters',
                    char_length(staged.employee_no) > 50
                ),
                ('name', '22001', 'name has more than 200 characters', char_length(staged.name) > 200),
                ('email', '22001', 'email has more than 254 characters', char_length(staged.email) > 254),
                ('role', '22001', 'role has more than 100 characters', char_length(staged.role) > 100),
                (
                    'department',
                    '22001',
                    'department has more than 200 characters',
                    char_length(staged.department) > 200
                ),
                (
                    'weekly_minutes',
                    '22P02',
                    format('weekly_minutes "%s" is no whole number', line.weekly_minutes),
                    api.given(line.weekly_minutes) IS NOT NULL
                        AND api.integer_value(api.given(line.weekly_minutes)) IS NULL
                ),
                (
                    'min_minutes',
                    '22P02',
                    format('min_minutes "%s" is no whole number', line.min_minutes),
                    api.given(line.min_minutes) IS NOT NULL AND staged.min_minutes IS NULL
                ),
                (
                    'max_minutes',
                    '22P02',
                    format('max_minutes "%s" is no whole number', line.max_minutes),
                    api.given(line.max_minutes) IS NOT NULL AND staged.max_minutes IS NULL
                ),
                (
                    'hired_on',
                    '22007',
                    format('hired_on "%s" is no date like 2026-10-05', line.hired_on),
                    api.given(line.hired_on) IS NOT NULL AND staged.hired_on IS NULL
                ),
                (
                    'active',
                    '22P02',
                    format('active "%s" is neither true nor false', line.active),
                    api.given(line.active) IS NOT NULL AND api.boolean_value(api.given(line.active)) IS NULL
                ),
                (
                    'weekly_minutes',
                    '22003',
                    format('weekly_minutes %s is not from 0 to 10080', staged.weekly_minutes),
                    staged.weekly_minutes NOT BETWEEN 0 AND 10080
                ),
                ('min_minutes', '22003', 'min_minutes is below 0', staged.min_minutes < 0),
                ('max_minutes', '22003', 'max_minutes is below 0', staged.max_minutes < 0),
                (
                    'min_minutes',
                    '23514',
                    format(
                        'min_minutes %s is more than max_minutes %s', staged.min_minutes, staged.max_minutes
                    ),
                    staged.min_minutes > staged.max_minutes
                ),
                (
                    'qualifications',
                    '22001',
                    'a qualification has more than 50 characters',
                    EXISTS (SELECT FROM unnest(staged.qualifications) AS code WHERE char_length(code) > 50)
                )
        ) AS fault (column_name, code, message, found)
    WHERE
        fault.found;
    PERFORM api.refuse_unknown_time_zones();
    PERFORM api.refuse_ambiguous_departments();
    PERFORM api.refuse_staged_employee_clashes();
END
$$;

COMMENT ON FUNCTION api.refuse_staged_employees IS
    'Writes a refusal for every fault of the staged employees.';

CREATE FUNCTION api.refuse_staged_employee_clashes() RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
BEGIN
    INSERT INTO pg_temp.import_refusals (line_number, column_name, code, message, other_id)
    SELECT
        repeated.line_number,
        'employee_no',
        '23505',
        format('employee number "%s" stands in line %s already', repeated.employee_no, repeated.first_line),
        'line ' || repeated.first_line
    FROM (
        SELECT
            staged.line_number,
            staged.employee_no,
            min(staged.line_number) OVER (PARTITION BY staged.employee_no) AS first_line
        FROM
            pg_temp.import_stage AS staged
        WHERE
            NOT EXISTS (
                SELECT FROM pg_temp.import_refusals AS refusal WHERE refusal.line_number = staged.line_number
            )
    ) AS repeated
    WHERE
        repeated.line_number > repeated.first_line;

    INSERT INTO pg_temp.import_refusals (line_number, column_name, code, message, other_id)
    SELECT
        staged.line_number,
        'email',
        '23505',
        format('e-mail address "%s" belongs to employee number "%s"', staged.email, other.employee_no),
        other.employee_id::text
    FROM
        pg_temp.import_stage AS staged
        JOIN workforce.employees AS other
            ON lower(other.email) = lower(staged.email)
            AND other.employee_id IS DISTINCT FROM staged.employee_id;

    INSERT INTO pg_temp.import_refusals (line_number, column_name, code, message, other_id)
    SELECT
        repeated.line_number,
        'email',
        '23505',
        format('e-mail address "%s" stands in line %s already', repeated.email, repeated.first_line),
        'line ' || repeated.first_line
    FROM (
        SELECT
            staged.line_number,
            staged.email,
            min(staged.line_number) OVER (PARTITION BY lower(staged.email)) AS first_line
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

COMMENT ON FUNCTION api.refuse_staged_employee_clashes IS
    'Refuses staged employees whose number or address an earlier line or another employee has. The first '
    'good line wins. An address that another line of the file would set free counts as taken.';
