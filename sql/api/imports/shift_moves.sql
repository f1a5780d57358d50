-- Moves of shifts by a file, and the people on them.
--
-- A shift that changes its hours takes its people along, so they must be free then. A line is judged by itself: its
-- move has to be clear of what the person's other shifts are, and of what this file makes of them.

CREATE FUNCTION api.refuse_moves_into_bookings() RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
BEGIN
    INSERT INTO pg_temp.import_refusals (line_number, column_name, code, message, other_id)
    SELECT DISTINCT ON (moved.line_number)
        moved.line_number,
        'end_time',
        '23P01',
        format(
            'the new hours of shift %s would double-book employee %s, who works shift %s',
            moved.shift_id,
            booked.employee_id,
            other.shift_id
        ),
        other.assignment_id::text
    FROM
        pg_temp.import_stage AS moved
        JOIN workforce.assignments AS booked
            ON booked.shift_id = moved.shift_id
            AND booked.binding
        JOIN workforce.assignments AS other
            ON other.employee_id = booked.employee_id
            AND other.during && moved.during
            AND other.shift_id <> booked.shift_id
            AND other.binding
    WHERE
        moved.during <> moved.old_during
    ORDER BY
        moved.line_number,
        other.during,
        other.assignment_id;
END
$$;

COMMENT ON FUNCTION api.refuse_moves_into_bookings IS
    'Refuses staged moves of shifts whose people are booked elsewhere at the new time.';

CREATE FUNCTION api.refuse_moves_into_moves() RETURNS void
LANGUAGE plpgsql
VOLATILE
AS $$
DECLARE
    meeting record;
    refused bigint[] := '{}';
BEGIN
    -- First come, first served: a line that is refused stands in nobody's way.
    FOR meeting IN
        SELECT
            moved.line_number,
            moved.shift_id,
            earlier.line_number AS earlier_line,
            earlier.shift_id AS earlier_shift_id,
            other.employee_id,
            other.assignment_id
        FROM
            pg_temp.import_stage AS moved
            JOIN workforce.assignments AS booked
                ON booked.shift_id = moved.shift_id
                AND booked.binding
            JOIN workforce.assignments AS other
                ON other.employee_id = booked.employee_id
                AND other.binding
            JOIN pg_temp.import_stage AS earlier
                ON earlier.shift_id = other.shift_id
                AND earlier.during && moved.during
                AND earlier.line_number < moved.line_number
        WHERE
            moved.during <> moved.old_during
            AND earlier.during <> earlier.old_during
        ORDER BY
            moved.line_number,
            earlier.line_number,
            other.assignment_id
    LOOP
        CONTINUE WHEN meeting.line_number = ANY (refused) OR meeting.earlier_line = ANY (refused);
        refused := refused || meeting.line_number;
        INSERT INTO pg_temp.import_refusals (line_number, column_name, code, message, other_id)
        VALUES (
            meeting.line_number,
            'end_time',
            '23P01',
            format(
                'the new hours of shift %s would double-book employee %s on shift %s as line %s moves it',
                meeting.shift_id,
                meeting.employee_id,
                meeting.earlier_shift_id,
                meeting.earlier_line
            ),
            meeting.assignment_id::text
        );
    END LOOP;
END
$$;

COMMENT ON FUNCTION api.refuse_moves_into_moves IS
    'Refuses staged moves of shifts that meet the move of an earlier good line at the same person.';
