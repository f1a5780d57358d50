-- Coverage: heads wanted, heads booked and heads open, slot by slot of the clock.

CREATE FUNCTION api.coverage_slots(
    from_date date,
    to_date date,
    time_zone text DEFAULT 'UTC',
    department_id bigint DEFAULT NULL,
    slot_minutes integer DEFAULT 60
) RETURNS json
LANGUAGE sql
STABLE
BEGIN ATOMIC
    WITH
    asked AS MATERIALIZED (
        SELECT
            api.window_instants(from_date, to_date, time_zone, 31) AS during
        WHERE
            api.require_between('slot_minutes', slot_minutes, 5, 1440)
    ),
    staffed AS (
        SELECT
            shift.during,
            shift.required_staff AS required,
            count(assignment.shift_id) AS assigned
        FROM
            asked
            JOIN workforce.shifts AS shift
                ON shift.during && asked.during
                AND shift.active
            LEFT JOIN workforce.assignments AS assignment
                ON assignment.shift_id = shift.shift_id
                AND assignment.binding
        WHERE
            coverage_slots.department_id IS NULL
            OR shift.department_id = coverage_slots.department_id
        GROUP BY
            shift.shift_id
    ),
    heads AS MATERIALIZED (
        SELECT
            array_agg(staffed.during) AS ranges,
            array_agg(staffed.required::bigint) AS required,
            array_agg(staffed.assigned) AS assigned,
            array_agg(greatest(staffed.required - staffed.assigned, 0)) AS missing
        FROM
            staffed
    )
    SELECT
        json_build_object(
            'items', coalesce(
                json_agg(
                    json_build_object(
                        'starts_at', lower(wanted.slot),
                        'ends_at', upper(wanted.slot),
                        'local_start', wanted.local_start,
                        'required', wanted.most,
                        'assigned', booked.fewest,
                        'missing', open.most,
                        'missing_minutes', open.head_minutes
                    )
                    ORDER BY wanted.slot
                ),
                '[]'::json
            )
        )
    FROM
        asked
        CROSS JOIN heads
        CROSS JOIN LATERAL rota.coverage_slots(
            heads.ranges, asked.during, time_zone, slot_minutes, heads.required
        ) AS wanted
        JOIN LATERAL rota.coverage_slots(
            heads.ranges, asked.during, time_zone, slot_minutes, heads.assigned
        ) AS booked
            ON booked.slot = wanted.slot
        JOIN LATERAL rota.coverage_slots(
            heads.ranges, asked.during, time_zone, slot_minutes, heads.missing
        ) AS open
            ON open.slot = wanted.slot;
END;

COMMENT ON FUNCTION api.coverage_slots IS
    'Heads by slots of the clock over the local days [from_date, to_date) of time_zone: the most required '
    'and the fewest booked at any instant of the slot, and the most that are missing, with their minutes '
    'times heads. missing is summed shift by shift: one shift''s surplus fills no other. Slots start at '
    'whole numbers of slot_minutes since midnight, and where the clocks skip from one into another.';

SELECT rota.expose(
    'api.coverage_slots'::regproc, 'GET', '/api/coverage/slots', summary => 'Coverage by slots of the clock'
);
