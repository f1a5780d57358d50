-- Shifts, written: plan, move, call off.

CREATE FUNCTION api.create_shift(
    date date,
    shift_type text,
    start_time time,
    end_time time,
    department_id bigint DEFAULT NULL,
    time_zone text DEFAULT NULL,
    break_minutes integer DEFAULT 0,
    required_staff integer DEFAULT 1,
    required_qualifications text[] DEFAULT '{}',
    priority integer DEFAULT 5
) RETURNS json
LANGUAGE plpgsql
VOLATILE
AS $$
#variable_conflict use_variable
DECLARE
    zone constant text := coalesce(
        time_zone,
        (
            SELECT department.time_zone
            FROM workforce.departments AS department
            WHERE department.department_id = create_shift.department_id
        ),
        'UTC'
    );
    new_id bigint;
BEGIN
    PERFORM api.require_shift_fields(
        department_id, date, shift_type, start_time, end_time, zone,
        break_minutes, required_staff, required_qualifications, priority
    );
    INSERT INTO workforce.shifts AS inserted (
        department_id, date, shift_type, start_time, end_time, time_zone,
        break_minutes, required_staff, required_qualifications, priority
    )
    VALUES (
        department_id, date, btrim(shift_type), start_time, end_time, zone,
        coalesce(break_minutes, 0), coalesce(required_staff, 1), coalesce(required_qualifications, '{}'),
        coalesce(priority, 5)
    )
    ON CONFLICT DO NOTHING
    RETURNING inserted.shift_id INTO new_id;
    IF new_id IS NULL THEN
        PERFORM api.refuse_shift_clash(department_id, date, btrim(shift_type), start_time);
    END IF;
    RETURN api.shift(new_id);
END
$$;

COMMENT ON FUNCTION api.create_shift IS
    'Creates a shift on a local date. An end_time that is not after start_time is on the next day; equal '
    'times are 24 local hours. time_zone defaults to the department''s.';

SELECT rota.expose(
    'api.create_shift'::regproc,
    'POST',
    '/api/shifts',
    summary => 'Create a shift',
    success_status => 201
);

CREATE FUNCTION api.update_shift(
    shift_id bigint,
    date date DEFAULT NULL,
    shift_type text DEFAULT NULL,
    start_time time DEFAULT NULL,
    end_time time DEFAULT NULL,
    department_id bigint DEFAULT NULL,
    time_zone text DEFAULT NULL,
    break_minutes integer DEFAULT NULL,
    required_staff integer DEFAULT NULL,
    required_qualifications text[] DEFAULT NULL,
    priority integer DEFAULT NULL,
    active boolean DEFAULT NULL,
    clear text[] DEFAULT '{}'
) RETURNS json
LANGUAGE plpgsql
VOLATILE
AS $$
#variable_conflict use_variable
DECLARE
    shift workforce.shifts;
BEGIN
    PERFORM api.require_clearable(
        clear,
        given => array_remove(ARRAY[CASE WHEN department_id IS NOT NULL THEN 'department_id' END], NULL),
        nullable => ARRAY['department_id']
    );
    -- The people first, in order, as every booking does: a move that touches them cannot deadlock with one.
    PERFORM
    FROM
        workforce.employees AS employee
    WHERE
        employee.employee_id IN (
            SELECT assignment.employee_id
            FROM workforce.assignments AS assignment
            WHERE assignment.shift_id = update_shift.shift_id
        )
    ORDER BY
        employee.employee_id
    FOR NO KEY UPDATE;
    SELECT locked.* INTO shift
    FROM workforce.shifts AS locked
    WHERE locked.shift_id = update_shift.shift_id
    FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM api.refuse_unknown(
            'shift_id', format('shift %s does not exist', shift_id), 'GET /api/shifts lists them'
        );
    END IF;

    shift.date := coalesce(date, shift.date);
    shift.shift_type := btrim(coalesce(shift_type, shift.shift_type));
    shift.start_time := coalesce(start_time, shift.start_time);
    shift.end_time := coalesce(end_time, shift.end_time);
    shift.department_id := CASE
        WHEN 'department_id' = ANY (clear) THEN NULL
        ELSE coalesce(department_id, shift.department_id)
    END;
    shift.time_zone := coalesce(time_zone, shift.time_zone);
    shift.break_minutes := coalesce(break_minutes, shift.break_minutes);
    shift.required_staff := coalesce(required_staff, shift.required_staff);
    shift.required_qualifications := coalesce(required_qualifications, shift.required_qualifications);
    PERFORM api.require_between('priority', priority, 1, 10);
    shift.priority := coalesce(priority, shift.priority);
    PERFORM api.require_shift_fields(
        shift.department_id, shift.date, shift.shift_type, shift.start_time, shift.end_time, shift.time_zone,
        shift.break_minutes, shift.required_staff, shift.required_qualifications, shift.priority
    );
    IF active IS FALSE AND shift.active AND api.binding_heads(shift_id) > 0 THEN
        PERFORM api.refuse_state(
            format('shift %s still has %s binding assignments', shift_id, api.binding_heads(shift_id)),
            'POST /api/shifts/{shift_id}/deactivate with cancel_assignments true cancels them too'
        );
    END IF;

    BEGIN
        UPDATE workforce.shifts AS changed
        SET
            date = shift.date,
            shift_type = shift.shift_type,
            start_time = shift.start_time,
            end_time = shift.end_time,
            department_id = shift.department_id,
            time_zone = shift.time_zone,
            break_minutes = shift.break_minutes,
            required_staff = shift.required_staff,
            required_qualifications = shift.required_qualifications,
            priority = shift.priority,
            active = coalesce(update_shift.active, changed.active)
        WHERE
            changed.shift_id = update_shift.shift_id;
    EXCEPTION
        WHEN unique_violation THEN
            PERFORM api.refuse_shift_clash(
                shift.department_id, shift.date, shift.shift_type, shift.start_time
            );
        WHEN exclusion_violation THEN
            PERFORM api.refuse_shift_move(
                shift_id,
                rota.shift_range(shift.date, shift.start_time, shift.end_time, shift.time_zone)
            );
    END;
    RETURN api.shift(shift_id);
END
$$;

COMMENT ON FUNCTION api.update_shift IS
    'Changes a shift. What is left out stays; clear may name department_id. Moving it moves its '
    'assignments, and is refused with 23P01 when that would double-book somebody.';

SELECT rota.expose(
    'api.update_shift'::regproc,
    'PATCH',
    '/api/shifts/{shift_id}',
    summary => 'Change a shift'
);

CREATE FUNCTION api.deactivate_shift(shift_id bigint, cancel_assignments boolean DEFAULT false) RETURNS json
LANGUAGE plpgsql
VOLATILE
AS $$
#variable_conflict use_variable
DECLARE
    heads bigint;
    cancelled bigint := 0;
BEGIN
    PERFORM
    FROM workforce.shifts AS locked
    WHERE locked.shift_id = deactivate_shift.shift_id
    FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM api.refuse_unknown(
            'shift_id', format('shift %s does not exist', shift_id), 'GET /api/shifts lists them'
        );
    END IF;
    -- Shifts before assignments, the order in which an import locks them.
    UPDATE workforce.shifts AS changed
    SET
        active = false
    WHERE
        changed.shift_id = deactivate_shift.shift_id;
    IF cancel_assignments THEN
        UPDATE workforce.assignments AS assignment
        SET
            status = 'cancelled'
        WHERE
            assignment.shift_id = deactivate_shift.shift_id
            AND assignment.status IN ('proposed', 'assigned', 'confirmed');
        GET DIAGNOSTICS cancelled = ROW_COUNT;
    ELSE
        heads := api.binding_heads(shift_id);
        IF heads > 0 THEN
            PERFORM api.refuse_state(
                format('shift %s still has %s binding assignments', shift_id, heads),
                'cancel them first, or send cancel_assignments true'
            );
        END IF;
    END IF;
    RETURN json_build_object('shift_id', shift_id, 'active', false, 'cancelled_assignments', cancelled);
END
$$;

COMMENT ON FUNCTION api.deactivate_shift IS
    'Calls a shift off. One that people are booked on is refused with 55000, unless cancel_assignments '
    'cancels them in the same step.';

SELECT rota.expose(
    'api.deactivate_shift'::regproc,
    'POST',
    '/api/shifts/{shift_id}/deactivate',
    summary => 'Call a shift off'
);
