-- Booking: assign people to shifts, one or many, all or nothing.

CREATE FUNCTION api.create_assignments(assignments jsonb) RETURNS json
LANGUAGE plpgsql
VOLATILE
AS $$
#variable_conflict use_variable
DECLARE
    requested constant jsonb := api.as_list(assignments);
    written bigint[];
BEGIN
    PERFORM api.require_bookings(
        requested, ARRAY['employee_id', 'shift_id', 'schedule_id', 'status', 'note']
    );
    PERFORM
    FROM workforce.employees AS employee
    WHERE employee.employee_id IN (SELECT booking.employee_id FROM api.bookings(requested) AS booking)
    ORDER BY employee.employee_id
    FOR NO KEY UPDATE;
    PERFORM
    FROM workforce.shifts AS shift
    WHERE shift.shift_id IN (SELECT booking.shift_id FROM api.bookings(requested) AS booking)
    ORDER BY shift.shift_id
    FOR KEY SHARE;

    PERFORM api.require_bookable(requested);
    PERFORM api.require_free(requested);

    WITH
    inserted AS (
        INSERT INTO workforce.assignments AS written (
            employee_id, shift_id, during, schedule_id, status, note
        )
        SELECT
            booking.employee_id,
            booking.shift_id,
            shift.during,
            booking.schedule_id,
            booking.status,
            booking.note
        FROM
            api.bookings(requested) AS booking
            JOIN workforce.shifts AS shift USING (shift_id)
        ORDER BY
            booking.employee_id,
            shift.during
        -- A row that was cancelled or declined is booked again rather than doubled.
        ON CONFLICT (shift_id, employee_id) DO UPDATE
        SET
            status = excluded.status,
            schedule_id = coalesce(excluded.schedule_id, written.schedule_id),
            note = coalesce(excluded.note, written.note)
        RETURNING
            written.assignment_id,
            written.employee_id,
            written.shift_id
    )
    SELECT
        array_agg(inserted.assignment_id ORDER BY booking.position)
    INTO written
    FROM
        inserted
        JOIN api.bookings(requested) AS booking USING (employee_id, shift_id);
    RETURN json_build_object('items', api.assignment_items(written));
END
$$;

COMMENT ON FUNCTION api.create_assignments IS
    'Books people on shifts: an array of {"employee_id", "shift_id", "schedule_id"?, "status"?, "note"?}, '
    'or one such object. All are written or none. A double booking is refused with 23P01 that names the '
    'people, both shifts, the overlap and its minutes. A cancelled, declined or proposed row of the pair is '
    'booked again.';

CREATE FUNCTION api.require_bookable(assignments jsonb) RETURNS boolean
LANGUAGE plpgsql
STABLE
AS $$
DECLARE
    fault record;
BEGIN
    SELECT
        booking.*,
        employee.employee_id IS NULL AS unknown_employee,
        shift.shift_id IS NULL AS unknown_shift,
        booking.schedule_id IS NOT NULL AND schedule.schedule_id IS NULL AS unknown_schedule,
        employee.active IS FALSE AS inactive_employee,
        shift.active IS FALSE AS inactive_shift,
        booking.times > 1 AS repeated,
        existing.assignment_id AS existing_id,
        employee.name AS employee_name
    INTO fault
    FROM (
            SELECT
                requested.*,
                count(*) OVER (PARTITION BY requested.employee_id, requested.shift_id) AS times
            FROM
                api.bookings(assignments) AS requested
        ) AS booking
        LEFT JOIN workforce.employees AS employee USING (employee_id)
        LEFT JOIN workforce.shifts AS shift USING (shift_id)
        LEFT JOIN workforce.schedules AS schedule ON schedule.schedule_id = booking.schedule_id
        LEFT JOIN workforce.assignments AS existing
            ON existing.employee_id = booking.employee_id
            AND existing.shift_id = booking.shift_id
            AND existing.binding
    WHERE
        employee.active IS NOT TRUE
        OR shift.active IS NOT TRUE
        OR (booking.schedule_id IS NOT NULL AND schedule.schedule_id IS NULL)
        OR existing.assignment_id IS NOT NULL
        OR booking.times > 1
    ORDER BY
        booking.position
    LIMIT 1;

    RETURN CASE
        WHEN NOT FOUND THEN true
        WHEN fault.unknown_employee THEN api.refuse_unknown(
            'assignments',
            format('assignments[%s]: employee %s does not exist', fault.position, fault.employee_id),
            'GET /api/employees lists them'
        )
        WHEN fault.unknown_shift THEN api.refuse_unknown(
            'assignments',
            format('assignments[%s]: shift %s does not exist', fault.position, fault.shift_id),
            'GET /api/shifts lists them'
        )
        WHEN fault.unknown_schedule THEN api.refuse_unknown(
            'assignments',
            format('assignments[%s]: schedule %s does not exist', fault.position, fault.schedule_id),
            'GET /api/schedules lists them'
        )
        WHEN fault.inactive_employee THEN api.refuse_state(
            format(
                'assignments[%s]: %s (employee %s) has left',
                fault.position, fault.employee_name, fault.employee_id
            ),
            'choose somebody active'
        )
        WHEN fault.inactive_shift THEN api.refuse_state(
            format('assignments[%s]: shift %s is called off', fault.position, fault.shift_id),
            'choose an active shift'
        )
        WHEN fault.repeated THEN api.refuse_clash(
            'assignments',
            format(
                'assignments[%s]: %s (employee %s) and shift %s stand in the request more than once',
                fault.position, fault.employee_name, fault.employee_id, fault.shift_id
            ),
            'name each person once per shift'
        )
        ELSE api.refuse_clash(
            'assignments',
            format(
                'assignments[%s]: %s (employee %s) is booked on shift %s already (assignment %s)',
                fault.position, fault.employee_name, fault.employee_id, fault.shift_id, fault.existing_id
            ),
            'change that assignment with PATCH /api/assignments/{assignment_id}'
        )
    END;
END
$$;

COMMENT ON FUNCTION api.require_bookable IS
    'True when every booking names an active person, an active shift and a known schedule, each pair once '
    'and not booked yet; else raises P0002, 55000 or 23505 for the first that does not.';

SELECT rota.expose(
    'api.create_assignments'::regproc,
    'POST',
    '/api/assignments',
    summary => 'Book people on shifts',
    success_status => 201
);

CREATE FUNCTION api.check_assignments(assignments jsonb, minimum_rest_minutes integer DEFAULT NULL)
RETURNS json
LANGUAGE sql
STABLE
BEGIN ATOMIC
    WITH
    proposed AS MATERIALIZED (
        SELECT
            jsonb_agg(
                jsonb_strip_nulls(
                    jsonb_build_object(
                        'person_id', listed.item ->> 'employee_id',
                        'shift_id', listed.item ->> 'shift_id',
                        'starts_at', listed.item ->> 'starts_at',
                        'ends_at', listed.item ->> 'ends_at',
                        'replaces', listed.item ->> 'replaces'
                    )
                )
                ORDER BY listed.position
            ) AS bookings
        FROM
            jsonb_array_elements(
                CASE
                    WHEN api.require_bookings(
                        api.as_list(assignments),
                        ARRAY[
                            'employee_id', 'shift_id', 'starts_at', 'ends_at', 'replaces', 'schedule_id',
                            'status', 'note'
                        ]
                    ) THEN api.as_list(assignments)
                END
            ) WITH ORDINALITY AS listed (item, position)
    ),
    found AS MATERIALIZED (
        SELECT
            conflict.*
        FROM
            proposed
            CROSS JOIN LATERAL rota.check_assignments(proposed.bookings, minimum_rest_minutes) AS conflict
    )
    SELECT
        json_build_object(
            'items', coalesce(
                json_agg(
                    json_build_object(
                        'proposal', found.proposal,
                        'other_proposal', found.other_proposal,
                        'kind', found.kind,
                        'level', found.level,
                        'employee_id', found.person_id::bigint,
                        'employee_name', employee.name,
                        'department_id', found.team_id::bigint,
                        'shift_id', found.shift_id::bigint,
                        'assignment_id', found.assignment_id::bigint,
                        'other_assignment_id', found.other_assignment_id::bigint,
                        'starts_at', lower(found.during),
                        'ends_at', upper(found.during),
                        'minutes', found.minutes,
                        'rule_id', found.rule_id::bigint,
                        'measured', found.measured,
                        'limit', found.limit_value,
                        'message', found.message
                    )
                    ORDER BY found.proposal, found.kind, lower(found.during)
                ),
                '[]'::json
            ),
            'violations', count(*) FILTER (WHERE found.level = 'violation')
        )
    FROM
        found
        LEFT JOIN workforce.employees AS employee ON employee.employee_id = found.person_id::bigint;
END;

COMMENT ON FUNCTION api.check_assignments IS
    'What would happen: every conflict that booking these would add or make worse, rules that they would '
    'break (broken_rule), and nothing is written. '
    'Items as for booking, or {"employee_id", "starts_at", "ends_at"} for a shift that does not exist yet; '
    '"replaces" names an assignment whose place one takes. proposal and other_proposal are places in the '
    'request, counted from 0; proposal is null where an assignment that goes is the reason.';

SELECT rota.expose(
    'api.check_assignments'::regproc,
    'POST',
    '/api/assignments/check',
    summary => 'What booking these would clash with',
    reads => ARRAY[
        'workforce.assignments',
        'workforce.shifts',
        'workforce.employees',
        'workforce.departments',
        'workforce.time_off',
        'workforce.availability',
        'workforce.employee_qualifications',
        'workforce.qualifications',
        'workforce.duty_kinds',
        'workforce.employee_conditions',
        'workforce.rotations',
        'workforce.postings',
        'workforce.rules'
    ]::regclass[]
);
