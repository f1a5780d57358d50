-- Bookings as data: reading the assignments of a request, and saying who is double booked.
--
-- A booking locks the people first, in the order of their ids, then looks, then writes. What it says about a person is
-- therefore still true when it writes. The guard of the table has the last word, also against writers that do not lock.

CREATE FUNCTION api.as_list(assignments jsonb) RETURNS jsonb
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN CASE jsonb_typeof(assignments) WHEN 'object' THEN jsonb_build_array(assignments) ELSE assignments END;

COMMENT ON FUNCTION api.as_list IS 'A single booking as a list of one; a list as it is.';

CREATE FUNCTION api.require_bookings(assignments jsonb, known_keys text[]) RETURNS boolean
LANGUAGE plpgsql
STABLE
AS $$
DECLARE
    -- Above this a file import is faster and says more.
    most constant integer := 10000;
    whole_number constant text := '^[0-9]{1,18}$';
    shift_optional constant boolean := 'starts_at' = ANY (known_keys);
    -- A day, a time and an offset. Without an offset it would be anybody's guess which instant is meant.
    instant constant text := '^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}(:?\d{2})?)$';
    fault record;
BEGIN
    IF jsonb_typeof(assignments) IS DISTINCT FROM 'array' OR jsonb_array_length(assignments) = 0 THEN
        PERFORM api.refuse(
            'assignments',
            'assignments is not a list of at least one',
            'send an array like [{"employee_id": 1, "shift_id": 2}]'
        );
    END IF;
    IF jsonb_array_length(assignments) > most THEN
        PERFORM api.refuse(
            'assignments',
            format('assignments holds %s items', jsonb_array_length(assignments)),
            format('send at most %s, or import them as a file', most)
        );
    END IF;

    SELECT
        judged.*
    INTO fault
    FROM (
        SELECT
            listed.position - 1 AS position,
            CASE
                WHEN jsonb_typeof(listed.item) <> 'object' THEN 'is no object'
                WHEN listed.item - known_keys <> '{}' THEN
                    format(
                        'has the unknown member "%s"',
                        (SELECT min(key) FROM jsonb_object_keys(listed.item - known_keys) AS key)
                    )
                WHEN coalesce(listed.item ->> 'employee_id', '') !~ whole_number THEN
                    'has no whole number as employee_id'
                WHEN coalesce(listed.item ->> 'shift_id', CASE WHEN shift_optional THEN '0' ELSE '' END)
                    !~ whole_number THEN 'has no whole number as shift_id'
                WHEN coalesce(
                    listed.item ->> 'shift_id', listed.item ->> 'starts_at', listed.item ->> 'replaces'
                ) IS NULL THEN
                    'has neither shift_id nor starts_at and ends_at'
                WHEN (listed.item ->> 'starts_at' IS NULL) <> (listed.item ->> 'ends_at' IS NULL) THEN
                    'has only one of starts_at and ends_at'
                WHEN listed.item ->> 'starts_at' !~ instant THEN
                    'has no instant like 2026-10-05T06:00:00+02:00 as starts_at'
                WHEN listed.item ->> 'ends_at' !~ instant THEN
                    'has no instant like 2026-10-05T14:00:00+02:00 as ends_at'
                WHEN (listed.item ->> 'starts_at')::timestamptz >= (listed.item ->> 'ends_at')::timestamptz
                    THEN 'has an ends_at that is not after its starts_at'
                WHEN coalesce(listed.item ->> 'replaces', '0') !~ whole_number THEN
                    'has no whole number as replaces'
                WHEN coalesce(listed.item ->> 'schedule_id', '0') !~ whole_number THEN
                    'has no whole number as schedule_id'
                WHEN coalesce(listed.item ->> 'status', 'assigned') NOT IN (
                    'proposed', 'assigned', 'confirmed', 'declined', 'cancelled'
                ) THEN 'has an unknown status; one of: proposed, assigned, confirmed, declined, cancelled'
                WHEN char_length(listed.item ->> 'note') > 2000 THEN
                    'has a note of more than 2000 characters'
            END AS reason
        FROM
            jsonb_array_elements(assignments) WITH ORDINALITY AS listed (item, position)
    ) AS judged
    WHERE
        judged.reason IS NOT NULL
    ORDER BY
        judged.position
    LIMIT 1;
    IF FOUND THEN
        PERFORM api.refuse(
            'assignments',
            format('assignments[%s] %s', fault.position, fault.reason),
            'an item has: ' || array_to_string(known_keys, ', ')
        );
    END IF;
    RETURN true;
END
$$;

COMMENT ON FUNCTION api.require_bookings IS
    'True for an array of 1 to 10,000 well-formed bookings; else raises 22023 that names the first bad '
    'item.';

CREATE FUNCTION api.bookings(assignments jsonb)
RETURNS TABLE (
    "position" bigint,
    employee_id bigint,
    shift_id bigint,
    schedule_id bigint,
    status text,
    note text
)
LANGUAGE sql
IMMUTABLE
ROWS 100
BEGIN ATOMIC
    SELECT
        listed.position - 1,
        (listed.item ->> 'employee_id')::bigint,
        (listed.item ->> 'shift_id')::bigint,
        (listed.item ->> 'schedule_id')::bigint,
        coalesce(listed.item ->> 'status', 'assigned'),
        listed.item ->> 'note'
    FROM
        jsonb_array_elements(assignments) WITH ORDINALITY AS listed (item, position);
END;

COMMENT ON FUNCTION api.bookings IS
    'The bookings of a request as rows; position counts from 0. Call api.require_bookings first.';

CREATE FUNCTION api.local_span(during tstzrange, time_zone text) RETURNS text
LANGUAGE sql
STABLE
RETURN format(
    '%s to %s %s',
    to_char(lower(during) AT TIME ZONE time_zone, 'YYYY-MM-DD HH24:MI'),
    to_char(upper(during) AT TIME ZONE time_zone, 'YYYY-MM-DD HH24:MI'),
    time_zone
);

COMMENT ON FUNCTION api.local_span IS
    'A span for people to read, on the clock of time_zone.';

CREATE FUNCTION api.require_free(assignments jsonb) RETURNS boolean
LANGUAGE plpgsql
STABLE
AS $$
DECLARE
    -- A message is read by a person; the check endpoint has the whole list.
    most constant integer := 5;
    clashes bigint;
    listed text;
BEGIN
    WITH
    proposal AS (
        SELECT
            booking.position,
            booking.employee_id,
            shift.shift_id,
            shift.during,
            shift.time_zone
        FROM
            api.bookings(assignments) AS booking
            JOIN workforce.shifts AS shift USING (shift_id)
        WHERE
            booking.status IN ('assigned', 'confirmed')
    ),
    clash AS (
        SELECT
            proposal.*,
            existing.shift_id AS other_shift_id,
            existing.during AS other_during
        FROM
            proposal
            JOIN workforce.assignments AS existing
                ON existing.employee_id = proposal.employee_id
                AND existing.during && proposal.during
                AND existing.binding
                AND existing.shift_id <> proposal.shift_id
        UNION ALL
        SELECT
            proposal.*,
            earlier.shift_id,
            earlier.during
        FROM
            proposal
            JOIN proposal AS earlier
                ON earlier.employee_id = proposal.employee_id
                AND earlier.position < proposal.position
                AND earlier.during && proposal.during
                AND earlier.shift_id <> proposal.shift_id
    ),
    numbered AS (
        SELECT
            clash.*,
            row_number() OVER (ORDER BY clash.position, clash.other_during, clash.other_shift_id) AS rank
        FROM
            clash
    )
    SELECT
        count(*),
        string_agg(
            format(
                '%s (employee %s) is double booked: shift %s (%s) and shift %s (%s) overlap %s, %s minutes',
                employee.name,
                numbered.employee_id,
                numbered.shift_id,
                api.local_span(numbered.during, numbered.time_zone),
                numbered.other_shift_id,
                api.local_span(numbered.other_during, numbered.time_zone),
                api.local_span(numbered.during * numbered.other_during, numbered.time_zone),
                rota.worked_minutes(numbered.during * numbered.other_during)
            ),
            '; '
            ORDER BY numbered.rank
        ) FILTER (WHERE numbered.rank <= most)
    INTO clashes, listed
    FROM
        numbered
        JOIN workforce.employees AS employee USING (employee_id);

    IF clashes = 0 THEN
        RETURN true;
    END IF;
    RETURN api.refuse_double_booking(
        listed || CASE WHEN clashes > most THEN format('; and %s more', clashes - most) ELSE '' END,
        'POST /api/assignments/check lists every conflict of a batch before it is written'
    );
END
$$;

COMMENT ON FUNCTION api.require_free IS
    'True when nobody would be double booked by these bookings, among each other or with what stands; else '
    'raises 23P01 that names the people, both shifts, the overlap and its minutes.';

CREATE FUNCTION api.refuse_shift_move(shift_id bigint, new_during tstzrange) RETURNS boolean
LANGUAGE plpgsql
STABLE
AS $$
DECLARE
    listed text;
BEGIN
    SELECT
        string_agg(
            format(
                '%s (employee %s) works shift %s (%s)',
                employee.name,
                employee.employee_id,
                other.shift_id,
                api.local_span(other.during, shift.time_zone)
            ),
            '; '
            ORDER BY employee.name, other.during
        )
    INTO listed
    FROM
        workforce.assignments AS moved
        JOIN workforce.assignments AS other
            ON other.employee_id = moved.employee_id
            AND other.during && new_during
            AND other.binding
            AND other.shift_id <> moved.shift_id
        JOIN workforce.employees AS employee ON employee.employee_id = moved.employee_id
        JOIN workforce.shifts AS shift ON shift.shift_id = other.shift_id
    WHERE
        moved.shift_id = refuse_shift_move.shift_id
        AND moved.binding;
    RETURN api.refuse_double_booking(
        format('moving shift %s would double-book people on it: %s', shift_id, listed),
        'cancel the assignments that clash first, or move the shift elsewhere'
    );
END
$$;

COMMENT ON FUNCTION api.refuse_shift_move IS
    'Raises 23P01 that names everybody whom moving the shift to new_during would double-book.';

CREATE FUNCTION api.assignment_items(assignment_ids bigint[]) RETURNS json
LANGUAGE sql
STABLE
BEGIN ATOMIC
    SELECT
        coalesce(
            json_agg(
                json_build_object(
                    'assignment_id', assignment.assignment_id,
                    'employee_id', assignment.employee_id,
                    'shift_id', assignment.shift_id,
                    'schedule_id', assignment.schedule_id,
                    'starts_at', lower(assignment.during),
                    'ends_at', upper(assignment.during),
                    'status', assignment.status,
                    'binding', assignment.binding,
                    'note', assignment.note
                )
                ORDER BY listed.position
            ),
            '[]'::json
        )
    FROM
        unnest(assignment_ids) WITH ORDINALITY AS listed (assignment_id, position)
        JOIN workforce.assignments AS assignment USING (assignment_id);
END;

COMMENT ON FUNCTION api.assignment_items IS 'These assignments as a JSON array, in the order given.';
