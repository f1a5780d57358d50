-- Schedules, read: the list, and one with its assignments.

CREATE FUNCTION api.schedules(
    department_id bigint DEFAULT NULL,
    status text DEFAULT NULL,
    from_date date DEFAULT NULL,
    to_date date DEFAULT NULL,
    fields text DEFAULT NULL,
    sort text DEFAULT '-from_date',
    cursor text DEFAULT NULL,
    page_size integer DEFAULT 100,
    total text DEFAULT 'none'
) RETURNS json
LANGUAGE plpgsql
STABLE
AS $$
DECLARE
    known constant json := $json${
        "schedule_id": "schedule.schedule_id",
        "department_id": "schedule.department_id",
        "department": "department.name",
        "from_date": "lower(schedule.period)",
        "to_date": "upper(schedule.period)",
        "status": "schedule.status",
        "version": "schedule.version",
        "assignments": "api.schedule_size(schedule.schedule_id)",
        "created_by": "schedule.created_by",
        "created_at": "schedule.created_at",
        "published_at": "schedule.published_at"
    }$json$;
    sortable constant jsonb := $json${
        "from_date": {"expression": "lower(schedule.period)", "type": "date", "nullable": false},
        "created_at": {"expression": "schedule.created_at", "type": "timestamptz", "nullable": false},
        "published_at": {"expression": "schedule.published_at", "type": "timestamptz", "nullable": true}
    }$json$;
    page json;
BEGIN
    PERFORM api.require_one_of('status', status, ARRAY['draft', 'published', 'archived']);
    IF to_date <= from_date THEN
        PERFORM api.require_window(from_date, to_date, 1);
    END IF;
    EXECUTE api.page_query(
        item => api.selected_fields(
            schedules.fields,
            known,
            ARRAY[
                'schedule_id', 'department_id', 'department', 'from_date', 'to_date', 'status', 'version',
                'published_at'
            ]
        ),
        source => $sql$
            workforce.schedules AS schedule
            LEFT JOIN workforce.departments AS department ON department.department_id = schedule.department_id
        $sql$,
        conditions => $sql$
            ($1 IS NULL OR schedule.department_id = $1)
            AND ($2 IS NULL OR schedule.status = $2)
            AND ($3 IS NULL OR schedule.period && $3)
        $sql$,
        sort => schedules.sort,
        sortable => sortable,
        key_expression => 'schedule.schedule_id',
        cursor => schedules.cursor,
        page_size => schedules.page_size,
        total => schedules.total
    )
    INTO page
    USING
        schedules.department_id,
        schedules.status,
        CASE
            WHEN schedules.from_date IS NOT NULL OR schedules.to_date IS NOT NULL
                THEN daterange(schedules.from_date, schedules.to_date)
        END;
    RETURN page;
END
$$;

COMMENT ON FUNCTION api.schedules IS
    'Schedules whose period meets [from_date, to_date), newest period first, a page at a time. sort: '
    'from_date, created_at, published_at. assignments, on request by fields, counts those of every status.';

SELECT rota.expose(
    'api.schedules'::regproc,
    'GET',
    '/api/schedules',
    summary => 'List schedules',
    reads => ARRAY['workforce.schedules', 'workforce.departments', 'workforce.assignments']::regclass[],
    keyed_reads => '{"workforce.schedules": {"department_id": "department_id"}}'
);

CREATE FUNCTION api.schedule_size(schedule_id bigint) RETURNS bigint
LANGUAGE sql
STABLE
PARALLEL SAFE
BEGIN ATOMIC
    SELECT
        count(*)
    FROM
        workforce.assignments AS assignment
    WHERE
        assignment.schedule_id = schedule_size.schedule_id;
END;

COMMENT ON FUNCTION api.schedule_size IS 'How many assignments the schedule has, of every status.';

CREATE FUNCTION api.schedule(schedule_id bigint) RETURNS json
LANGUAGE sql
STABLE
BEGIN ATOMIC
    SELECT
        json_build_object(
            'schedule_id', plan.schedule_id,
            'department_id', plan.department_id,
            'department', department.name,
            'from_date', lower(plan.period),
            'to_date', upper(plan.period),
            'status', plan.status,
            'version', plan.version,
            'created_by', plan.created_by,
            'created_at', plan.created_at,
            'published_at', plan.published_at,
            'assignments', (
                SELECT
                    coalesce(
                        json_agg(
                            json_build_object(
                                'assignment_id', assignment.assignment_id,
                                'employee_id', assignment.employee_id,
                                'employee_name', employee.name,
                                'shift_id', assignment.shift_id,
                                'shift_type', shift.shift_type,
                                'date', shift.date,
                                'starts_at', lower(assignment.during),
                                'ends_at', upper(assignment.during),
                                'status', assignment.status
                            )
                            ORDER BY
                                shift.date,
                                lower(assignment.during),
                                employee.name,
                                assignment.assignment_id
                        ),
                        '[]'::json
                    )
                FROM
                    workforce.assignments AS assignment
                    JOIN workforce.shifts AS shift USING (shift_id)
                    JOIN workforce.employees AS employee USING (employee_id)
                WHERE
                    assignment.schedule_id = plan.schedule_id
            )
        )
    FROM
        workforce.schedules AS plan
        LEFT JOIN workforce.departments AS department USING (department_id)
    WHERE
        plan.schedule_id = schedule.schedule_id;
END;

COMMENT ON FUNCTION api.schedule IS 'One schedule with its assignments of every status, in order of time.';

SELECT rota.expose(
    'api.schedule'::regproc,
    'GET',
    '/api/schedules/{schedule_id}',
    summary => 'One schedule',
    keyed_reads => '{
        "workforce.schedules": {"schedule_id": "schedule_id"},
        "workforce.assignments": {"schedule_id": "schedule_id"}
    }'
);
