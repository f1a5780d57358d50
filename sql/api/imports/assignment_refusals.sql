-- Import of assignments: what is refused, but for double bookings. Every fault of a line is reported.

CREATE FUNCTION api.refuse_staged_assignments() RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
BEGIN
    INSERT INTO pg_temp.import_refusals (line_number, column_name, code, message, other_id)
    SELECT
        staged.line_number,
        fault.column_name,
        fault.code,
        fault.message,
        fault.other_id
    FROM
        pg_temp.import_stage AS staged
        JOIN pg_temp.import_rows AS line USING (line_number)
        CROSS JOIN LATERAL (
            VALUES
                ('employee_no', '23502', 'employee_no is missing', NULL, staged.employee_no IS NULL),
                ('date', '23502', 'date is missing', NULL, api.given(line.date) IS NULL),
                (
                    'employee_no',
                    'P0002',
                    format('no employee has the number "%s"', staged.employee_no),
                    NULL,
                    staged.employee_no IS NOT NULL AND staged.employee_id IS NULL
                ),
                (
                    'employee_no',
                    '55000',
                    format('employee number "%s" has left', staged.employee_no),
                    staged.employee_id::text,
                    staged.binding AND NOT staged.employee_active
                ),
                (
                    'date',
                    '22007',
                    format('date "%s" is no date like 2026-10-05', line.date),
                    NULL,
                    api.given(line.date) IS NOT NULL AND staged.date IS NULL
                ),
                ('shift_type', '23502', 'shift_type is missing', NULL, staged.shift_type IS NULL),
                (
                    'start_time',
                    '22007',
                    format('start_time "%s" is no time like 22:00', line.start_time),
                    NULL,
                    api.given(line.start_time) IS NOT NULL AND staged.start_time IS NULL
                ),
                (
                    'status',
                    '22023',
                    format(
                        'status "%s" is not one of proposed, assigned, confirmed, declined, cancelled',
                        staged.status
                    ),
                    NULL,
                    staged.status NOT IN ('proposed', 'assigned', 'confirmed', 'declined', 'cancelled')
                ),
                (
                    'shift_type',
                    'P0002',
                    format(
                        'no shift "%s" on %s in %s',
                        staged.shift_type,
                        staged.date,
                        CASE
                            WHEN staged.department IS NOT NULL THEN
                                format('department "%s"', staged.department)
                            WHEN staged.department_id IS NULL THEN 'a department, for the employee has none'
                            ELSE 'the employee''s department'
                        END
                    ),
                    NULL,
                    staged.shift_id IS NULL
                        AND staged.shift_type IS NOT NULL
                        AND staged.employee_id IS NOT NULL
                        AND staged.date IS NOT NULL
                ),
                (
                    'start_time',
                    '21000',
                    format(
                        'several shifts "%s" on %s: start_time says which', staged.shift_type, staged.date
                    ),
                    staged.shift_id::text,
                    staged.ambiguous
                ),
                (
                    'shift_type',
                    '55000',
                    format('the shift "%s" on %s is called off', staged.shift_type, staged.date),
                    staged.shift_id::text,
                    staged.binding AND NOT staged.shift_active
                )
        ) AS fault (column_name, code, message, other_id, found)
    WHERE
        fault.found
        -- Most lines have no fault at all; this keeps them from building nine messages each.
        AND NOT (
            staged.shift_id IS NOT NULL
            AND staged.employee_active
            AND staged.shift_active
            AND NOT staged.ambiguous
            AND (staged.start_time IS NOT NULL OR api.given(line.start_time) IS NULL)
            AND staged.status IN ('proposed', 'assigned', 'confirmed', 'declined', 'cancelled')
        );

    INSERT INTO pg_temp.import_refusals (line_number, column_name, code, message, other_id)
    SELECT
        repeated.line_number,
        'shift_type',
        '23505',
        format(
            'employee number "%s" is on this shift in line %s already',
            repeated.employee_no,
            repeated.first_line
        ),
        'line ' || repeated.first_line
    FROM (
        SELECT
            staged.line_number,
            staged.employee_no,
            min(staged.line_number) OVER (PARTITION BY staged.shift_id, staged.employee_id) AS first_line
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

COMMENT ON FUNCTION api.refuse_staged_assignments IS
    'Writes a refusal for every fault of the staged assignments but double bookings.';
