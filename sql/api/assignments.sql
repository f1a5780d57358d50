-- Assignments, read, and what a person does to one of them: answer it, note something, take it back.

CREATE FUNCTION api.assignments(
    from_date date DEFAULT NULL,
    to_date date DEFAULT NULL,
    employee_id bigint DEFAULT NULL,
    department_id bigint DEFAULT NULL,
    schedule_id bigint DEFAULT NULL,
    status text DEFAULT NULL,
    fields text DEFAULT NULL,
    sort text DEFAULT 'starts_at',
    cursor text DEFAULT NULL,
    page_size integer DEFAULT 100,
    total text DEFAULT 'none'
) RETURNS json
LANGUAGE plpgsql
STABLE
AS $$
DECLARE
    known constant json := $json${
        "assignment_id": "assignment.assignment_id",
        "employee_id": "assignment.employee_id",
        "employee_no": "employee.employee_no",
        "employee_name": "employee.name",
        "shift_id": "assignment.shift_id",
        "schedule_id": "assignment.schedule_id",
        "department_id": "shift.department_id",
        "department": "department.name",
        "shift_type": "shift.shift_type",
        "date": "shift.date",
        "starts_at": "lower(assignment.during)",
        "ends_at": "upper(assignment.during)",
        "time_zone": "shift.time_zone",
        "elapsed_minutes": "shift.elapsed_minutes",
        "worked_minutes": "shift.worked_minutes",
        "status": "assignment.status",
        "binding": "assignment.binding",
        "note": "assignment.note",
        "created_at": "assignment.created_at",
        "updated_at": "assignment.updated_at"
    }$json$;
    sortable constant jsonb := $json${
        "assignment_id": {"expression": "assignment.assignment_id", "type": "bigint", "nullable": false},
        "starts_at": {"expression": "lower(assignment.during)", "type": "timestamptz", "nullable": false},
        "employee_name": {"expression": "employee.name", "type": "text", "nullable": false},
        "updated_at": {"expression": "assignment.updated_at", "type": "timestamptz", "nullable": false}
    }$json$;
    page json;
BEGIN
    PERFORM api.require_one_of(
        'status', status, ARRAY['proposed', 'assigned', 'confirmed', 'declined', 'cancelled']
    );
    IF to_date <= from_date THEN
        PERFORM api.require_window(from_date, to_date, 1);
    END IF;
    EXECUTE api.page_query(
        item => api.selected_fields(
            assignments.fields,
            known,
            ARRAY[
                'assignment_id', 'employee_id', 'employee_name', 'shift_id', 'schedule_id', 'shift_type',
                'date', 'starts_at', 'ends_at', 'status'
            ]
        ),
        source => $sql$
            workforce.assignments AS assignment
            JOIN workforce.shifts AS shift ON shift.shift_id = assignment.shift_id
            JOIN workforce.employees AS employee ON employee.employee_id = assignment.employee_id
            LEFT JOIN workforce.departments AS department ON department.department_id = shift.department_id
        $sql$,
        -- The last two say nothing new: a local date and its instant are at most a day apart. They let the
        -- order by time stop at the window's end.
        conditions => $sql$
            ($1 IS NULL OR shift.date >= $1)
            AND ($2 IS NULL OR shift.date < $2)
            AND ($3 IS NULL OR assignment.employee_id = $3)
            AND ($4 IS NULL OR shift.department_id = $4)
            AND ($5 IS NULL OR assignment.schedule_id = $5)
            AND ($6 IS NULL OR assignment.status = $6)
            AND ($1 IS NULL OR lower(assignment.during) >= $1 - 2)
            AND ($2 IS NULL OR lower(assignment.during) < $2 + 2)
        $sql$,
        sort => assignments.sort,
        sortable => sortable,
        key_expression => 'assignment.assignment_id',
        cursor => assignments.cursor,
        page_size => assignments.page_size,
        total => assignments.total
    )
    INTO page
    USING
        assignments.from_date,
        assignments.to_date,
        assignments.employee_id,
        assignments.department_id,
        assignments.schedule_id,
        assignments.status;
    RETURN page;
END
$$;

COMMENT ON FUNCTION api.assignments IS
    'Assignments to shifts whose local date lies in [from_date, to_date), a page at a time. department_id '
    'is the shift''s. sort: starts_at, employee_name, updated_at, assignment_id.';

SELECT rota.expose(
    'api.assignments'::regproc,
    'GET',
    '/api/assignments',
    summary => 'List assignments',
    reads => ARRAY[
        'workforce.assignments',
        'workforce.shifts',
        'workforce.employees',
        'workforce.departments'
    ]::regclass[],
    keyed_reads => '{"workforce.assignments": {"employee_id": "employee_id", "schedule_id": "schedule_id"}}'
);

CREATE FUNCTION api.update_assignment(
    assignment_id bigint,
    status text DEFAULT NULL,
    note text DEFAULT NULL,
    clear text[] DEFAULT '{}'
) RETURNS json
LANGUAGE plpgsql
VOLATILE
AS $$
#variable_conflict use_variable
DECLARE
    assignment workforce.assignments;
BEGIN
    PERFORM api.require_clearable(
        clear,
        given => array_remove(ARRAY[CASE WHEN note IS NOT NULL THEN 'note' END], NULL),
        nullable => ARRAY['note']
    );
    PERFORM api.require_one_of(
        'status', status, ARRAY['proposed', 'assigned', 'confirmed', 'declined', 'cancelled']
    );
    IF char_length(note) > 2000 THEN
        PERFORM api.refuse('note', format('note has %s characters', char_length(note)), 'use at most 2000');
    END IF;
    -- The person first, as every booking does.
    PERFORM
    FROM
        workforce.employees AS employee
    WHERE
        employee.employee_id = (
            SELECT wanted.employee_id
            FROM workforce.assignments AS wanted
            WHERE wanted.assignment_id = update_assignment.assignment_id
        )
    FOR NO KEY UPDATE;
    SELECT locked.* INTO assignment
    FROM workforce.assignments AS locked
    WHERE locked.assignment_id = update_assignment.assignment_id
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        PERFORM api.refuse_unknown(
            'assignment_id',
            format('assignment %s does not exist', assignment_id),
            'GET /api/assignments lists them'
        );
    END IF;
    IF status IN ('assigned', 'confirmed') AND NOT assignment.binding THEN
        PERFORM api.require_free(
            jsonb_build_array(
                jsonb_build_object('employee_id', assignment.employee_id, 'shift_id', assignment.shift_id)
            )
        );
    END IF;

    UPDATE workforce.assignments AS changed
    SET
        status = coalesce(update_assignment.status, changed.status),
        note = CASE
            WHEN 'note' = ANY (clear) THEN NULL
            ELSE coalesce(update_assignment.note, changed.note)
        END
    WHERE
        changed.assignment_id = update_assignment.assignment_id;
    RETURN api.assignment_items(ARRAY[assignment_id]) -> 0;
END
$$;

COMMENT ON FUNCTION api.update_assignment IS
    'Changes the status or the note of an assignment. What is left out stays; clear may name note. A status '
    'that books the person (assigned, confirmed) is refused with 23P01 when they are booked elsewhere at '
    'the time.';

SELECT rota.expose(
    'api.update_assignment'::regproc,
    'PATCH',
    '/api/assignments/{assignment_id}',
    summary => 'Change an assignment'
);

CREATE FUNCTION api.delete_assignment(assignment_id bigint) RETURNS json
LANGUAGE sql
VOLATILE
BEGIN ATOMIC
    DELETE FROM workforce.assignments AS removed
    WHERE
        removed.assignment_id = delete_assignment.assignment_id
    RETURNING
        json_build_object(
            'assignment_id', removed.assignment_id,
            'employee_id', removed.employee_id,
            'shift_id', removed.shift_id,
            'deleted', true
        );
END;

COMMENT ON FUNCTION api.delete_assignment IS
    'Deletes an assignment for good. To keep a trace, change its status to cancelled.';

SELECT rota.expose(
    'api.delete_assignment'::regproc,
    'DELETE',
    '/api/assignments/{assignment_id}',
    summary => 'Delete an assignment'
);
