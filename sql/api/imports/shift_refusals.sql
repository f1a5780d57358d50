-- Import of shifts: what is refused. Every fault of a line is reported, not only its first.

CREATE FUNCTION api.refuse_staged_shifts() RETURNS void
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
                ('department', '23502', 'department is missing', staged.department IS NULL),
                ('shift_type', '23502', 'shift_type is missing', staged.shift_type IS NULL),
                ('date', '23502', 'date is missing', api.given(line.date) IS NULL),
                ('start_time', '23502', 'start_time is missing', api.given(line.start_time) IS NULL),
                ('end_time', '23502', 'end_time is missing', api.given(line.end_time) IS NULL),
                (
                    'date',
                    '22007',
                    format('date "%s" is no date like 2026-10-05', line.date),
                    api.given(line.date) IS NOT NULL AND staged.date IS NULL
                ),
                (
                    'start_time',
                    '22007',
                    format('start_time "%s" is no time like 22:00', line.start_time),
                    (api.given(line.start_time) IS NOT NULL AND staged.start_time IS NULL)
                        OR api.given(line.start_time) LIKE '24:%'
                ),
                (
                    'end_time',
                    '22007',
                    format('end_time "%s" is no time like 06:00', line.end_time),
                    api.given(line.end_time) IS NOT NULL AND staged.end_time IS NULL
                ),
                (
                    'department',
                    '22001',
                    'department has more than 200 characters',
                    char_length(staged.department) > 200
                ),
                (
                    'shift_type',
                    '22001',
                    'shift_type has more than 50 characters',
                    char_length(staged.shift_type) > 50
                ),
                (
                    'required_staff',
                    '22P02',
                    format('required_staff "%s" is no whole number', line.required_staff),
                    api.given(line.required_staff) IS NOT NULL
                        AND api.integer_value(api.given(line.required_staff)) IS NULL
                ),
                (
                    'break_minutes',
                    '22P02',
                    format('break_minutes "%s" is no whole number', line.break_minutes),
                    api.given(line.break_minutes) IS NOT NULL
                        AND api.integer_value(api.given(line.break_minutes)) IS NULL
                ),
                (
                    'priority',
                    '22P02',
                    format('priority "%s" is no whole number', line.priority),
                    api.given(line.priority) IS NOT NULL
                        AND api.integer_value(api.given(line.priority)) IS NULL
                ),
                ('required_staff', '22003', 'required_staff is below 0', staged.required_staff < 0),
                ('break_minutes', '22003', 'break_minutes is below 0', staged.break_minutes < 0),
                ('priority', '22003', 'priority is not from 1 to 10', staged.priority NOT BETWEEN 1 AND 10)
        ) AS fault (column_name, code, message, found)
    WHERE
        fault.found;
    PERFORM api.refuse_unknown_time_zones();
    PERFORM api.refuse_ambiguous_departments();
END
$$;

COMMENT ON FUNCTION api.refuse_staged_shifts IS
    'Writes a refusal for every fault that a staged shift has by itself.';

CREATE FUNCTION api.shift_range_or_empty(date date, start_time time, end_time time, time_zone text)
RETURNS tstzrange
LANGUAGE plpgsql
STABLE
AS $$
BEGIN
    RETURN rota.shift_range(date, start_time, end_time, time_zone);
EXCEPTION
    WHEN invalid_parameter_value THEN
        RETURN 'empty';
END
$$;

COMMENT ON FUNCTION api.shift_range_or_empty IS
    'The instants of a shift in a zone that the server knows; empty when a clock change leaves it no length.';

CREATE FUNCTION api.refuse_staged_shift_lengths() RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
BEGIN
    BEGIN
        UPDATE pg_temp.import_stage AS staged
        SET
            during = rota.shift_range(staged.date, staged.start_time, staged.end_time, staged.time_zone);
    EXCEPTION
        -- Rare enough that only a file with such a shift pays for catching errors line by line.
        WHEN invalid_parameter_value THEN
            UPDATE pg_temp.import_stage AS staged
            SET
                during = api.shift_range_or_empty(
                    staged.date, staged.start_time, staged.end_time, staged.time_zone
                );
    END;

    INSERT INTO pg_temp.import_refusals (line_number, column_name, code, message)
    SELECT
        staged.line_number,
        'end_time',
        '22023',
        'the shift has no length: the clocks skip it on that date'
    FROM
        pg_temp.import_stage AS staged
    WHERE
        isempty(staged.during)
    UNION ALL
    SELECT
        staged.line_number,
        'date',
        '22023',
        'the shift does not last whole minutes: the clocks move by seconds on that date'
    FROM
        pg_temp.import_stage AS staged
    WHERE
        extract(second FROM upper(staged.during) - lower(staged.during)) <> 0
    UNION ALL
    SELECT
        staged.line_number,
        'break_minutes',
        '22023',
        format(
            'break_minutes %s is more than the shift''s %s minutes',
            staged.break_minutes,
            rota.worked_minutes(staged.during)
        )
    FROM
        pg_temp.import_stage AS staged
    WHERE
        NOT isempty(staged.during)
        AND make_interval(mins => staged.break_minutes) > upper(staged.during) - lower(staged.during);
END
$$;

COMMENT ON FUNCTION api.refuse_staged_shift_lengths IS
    'Works out the instants of the staged shifts and refuses those without length, or with too long a '
    'break.';

CREATE FUNCTION api.refuse_repeated_shifts() RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
BEGIN
    INSERT INTO pg_temp.import_refusals (line_number, column_name, code, message, other_id)
    SELECT
        repeated.line_number,
        'shift_type',
        '23505',
        format(
            'shift "%s" of %s on %s at %s stands in line %s already',
            repeated.shift_type,
            repeated.department,
            repeated.date,
            to_char(repeated.start_time, 'HH24:MI'),
            repeated.first_line
        ),
        'line ' || repeated.first_line
    FROM (
        SELECT
            staged.*,
            min(staged.line_number) OVER (
                PARTITION BY staged.department, staged.date, staged.shift_type, staged.start_time
            ) AS first_line
        FROM
            pg_temp.import_stage AS staged
    ) AS repeated
    WHERE
        repeated.line_number > repeated.first_line;
END
$$;

COMMENT ON FUNCTION api.refuse_repeated_shifts IS 'Refuses staged shifts that an earlier line has already.';
