-- Shifts, read: the list and one of them.

CREATE FUNCTION api.shifts(
    from_date date DEFAULT NULL,
    to_date date DEFAULT NULL,
    department_id bigint DEFAULT NULL,
    shift_type text DEFAULT NULL,
    active boolean DEFAULT true,
    fields text DEFAULT NULL,
    sort text DEFAULT 'date',
    cursor text DEFAULT NULL,
    page_size integer DEFAULT 100,
    total text DEFAULT 'none'
) RETURNS json
LANGUAGE plpgsql
STABLE
AS $$
DECLARE
    known constant json := $json${
        "shift_id": "shift.shift_id",
        "department_id": "shift.department_id",
        "department": "department.name",
        "shift_type": "shift.shift_type",
        "date": "shift.date",
        "start_time": "shift.start_time",
        "end_time": "shift.end_time",
        "time_zone": "shift.time_zone",
        "starts_at": "lower(shift.during)",
        "ends_at": "upper(shift.during)",
        "break_minutes": "shift.break_minutes",
        "elapsed_minutes": "shift.elapsed_minutes",
        "worked_minutes": "shift.worked_minutes",
        "required_staff": "shift.required_staff",
        "assigned_staff": "api.binding_heads(shift.shift_id)",
        "required_qualifications": "shift.required_qualifications",
        "priority": "shift.priority",
        "active": "shift.active",
        "created_at": "shift.created_at",
        "updated_at": "shift.updated_at"
    }$json$;
    sortable constant jsonb := $json${
        "date": {"expression": "shift.date", "type": "date", "nullable": false},
        "starts_at": {"expression": "lower(shift.during)", "type": "timestamptz", "nullable": false},
        "shift_type": {"expression": "shift.shift_type", "type": "text", "nullable": false},
        "priority": {"expression": "shift.priority", "type": "smallint", "nullable": false}
    }$json$;
    page json;
BEGIN
    IF to_date <= from_date THEN
        PERFORM api.require_window(from_date, to_date, 1);
    END IF;
    EXECUTE api.page_query(
        item => api.selected_fields(
            shifts.fields,
            known,
            ARRAY[
                'shift_id', 'department_id', 'shift_type', 'date', 'start_time', 'end_time', 'time_zone',
                'starts_at', 'ends_at', 'required_staff'
            ]
        ),
        source => $sql$
            workforce.shifts AS shift
            LEFT JOIN workforce.departments AS department ON department.department_id = shift.department_id
        $sql$,
        conditions => $sql$
            ($1 IS NULL OR shift.date >= $1)
            AND ($2 IS NULL OR shift.date < $2)
            AND ($3 IS NULL OR shift.department_id = $3)
            AND ($4 IS NULL OR shift.shift_type = $4)
            AND ($5 IS NULL OR shift.active = $5)
        $sql$,
        sort => shifts.sort,
        sortable => sortable,
        key_expression => 'shift.shift_id',
        cursor => shifts.cursor,
        page_size => shifts.page_size,
        total => shifts.total
    )
    INTO page
    USING
        shifts.from_date,
        shifts.to_date,
        shifts.department_id,
        shifts.shift_type,
        shifts.active;
    RETURN page;
END
$$;

COMMENT ON FUNCTION api.shifts IS
    'Shifts whose local date lies in [from_date, to_date), a page at a time. sort: date, starts_at, '
    'shift_type, priority. assigned_staff, on request by fields, counts binding assignments.';

SELECT rota.expose(
    'api.shifts'::regproc,
    'GET',
    '/api/shifts',
    summary => 'List shifts',
    reads => ARRAY['workforce.shifts', 'workforce.departments', 'workforce.assignments']::regclass[],
    keyed_reads => '{"workforce.shifts": {"department_id": "department_id"}}'
);

CREATE FUNCTION api.binding_heads(shift_id bigint) RETURNS bigint
LANGUAGE sql
STABLE
PARALLEL SAFE
BEGIN ATOMIC
    SELECT
        count(*)
    FROM
        workforce.assignments AS assignment
    WHERE
        assignment.shift_id = binding_heads.shift_id
        AND assignment.binding;
END;

COMMENT ON FUNCTION api.binding_heads IS 'How many people are booked on the shift.';

CREATE FUNCTION api.shift(shift_id bigint) RETURNS json
LANGUAGE sql
STABLE
BEGIN ATOMIC
    SELECT
        json_build_object(
            'shift_id', duty.shift_id,
            'department_id', duty.department_id,
            'department', department.name,
            'shift_type', duty.shift_type,
            'date', duty.date,
            'start_time', duty.start_time,
            'end_time', duty.end_time,
            'time_zone', duty.time_zone,
            'starts_at', lower(duty.during),
            'ends_at', upper(duty.during),
            'break_minutes', duty.break_minutes,
            'elapsed_minutes', duty.elapsed_minutes,
            'worked_minutes', duty.worked_minutes,
            'required_staff', duty.required_staff,
            'assigned_staff', api.binding_heads(duty.shift_id),
            'required_qualifications', duty.required_qualifications,
            'priority', duty.priority,
            'active', duty.active,
            'assignments', (
                SELECT
                    coalesce(
                        json_agg(
                            json_build_object(
                                'assignment_id', assignment.assignment_id,
                                'employee_id', assignment.employee_id,
                                'employee_name', employee.name,
                                'status', assignment.status
                            )
                            ORDER BY employee.name, assignment.assignment_id
                        ),
                        '[]'::json
                    )
                FROM
                    workforce.assignments AS assignment
                    JOIN workforce.employees AS employee USING (employee_id)
                WHERE
                    assignment.shift_id = duty.shift_id
            ),
            'created_at', duty.created_at,
            'updated_at', duty.updated_at
        )
    FROM
        workforce.shifts AS duty
        LEFT JOIN workforce.departments AS department USING (department_id)
    WHERE
        duty.shift_id = shift.shift_id;
END;

COMMENT ON FUNCTION api.shift IS 'One shift with every field and its assignments of every status.';

SELECT rota.expose(
    'api.shift'::regproc,
    'GET',
    '/api/shifts/{shift_id}',
    summary => 'One shift',
    keyed_reads => '{
        "workforce.shifts": {"shift_id": "shift_id"},
        "workforce.assignments": {"shift_id": "shift_id"}
    }'
);
