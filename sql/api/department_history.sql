-- Department history: who moved where, and when.

CREATE FUNCTION api.department_history(
    employee_id bigint DEFAULT NULL,
    department_id bigint DEFAULT NULL,
    fields text DEFAULT NULL,
    sort text DEFAULT '-changed_at',
    cursor text DEFAULT NULL,
    page_size integer DEFAULT 100,
    total text DEFAULT 'none'
) RETURNS json
LANGUAGE plpgsql
STABLE
AS $$
DECLARE
    known constant json := $json${
        "department_history_id": "change.department_history_id",
        "employee_id": "change.employee_id",
        "employee_no": "employee.employee_no",
        "employee_name": "employee.name",
        "from_department_id": "change.from_department_id",
        "from_department": "origin.name",
        "to_department_id": "change.to_department_id",
        "to_department": "destination.name",
        "changed_at": "change.changed_at",
        "changed_by": "change.changed_by"
    }$json$;
    sortable constant jsonb := $json${
        "changed_at": {"expression": "change.changed_at", "type": "timestamptz", "nullable": false}
    }$json$;
    page json;
BEGIN
    EXECUTE api.page_query(
        item => api.selected_fields(
            department_history.fields,
            known,
            ARRAY[
                'department_history_id', 'employee_id', 'employee_name', 'from_department_id',
                'from_department', 'to_department_id', 'to_department', 'changed_at'
            ]
        ),
        source => $sql$
            workforce.department_history AS change
            LEFT JOIN workforce.employees AS employee ON employee.employee_id = change.employee_id
            LEFT JOIN workforce.departments AS origin ON origin.department_id = change.from_department_id
            LEFT JOIN workforce.departments AS destination
                ON destination.department_id = change.to_department_id
        $sql$,
        conditions => $sql$
            ($1 IS NULL OR change.employee_id = $1)
            AND ($2 IS NULL OR change.from_department_id = $2 OR change.to_department_id = $2)
        $sql$,
        sort => department_history.sort,
        sortable => sortable,
        key_expression => 'change.department_history_id',
        cursor => department_history.cursor,
        page_size => department_history.page_size,
        total => department_history.total
    )
    INTO page
    USING
        department_history.employee_id,
        department_history.department_id;
    RETURN page;
END
$$;

COMMENT ON FUNCTION api.department_history IS
    'Moves between departments, newest first. department_id finds moves from it and to it. A NULL '
    'department is "none": the first row of an employee has no from_department.';

SELECT rota.expose(
    'api.department_history'::regproc,
    'GET',
    '/api/department-history',
    summary => 'List moves between departments',
    reads => ARRAY[
        'workforce.department_history',
        'workforce.employees',
        'workforce.departments'
    ]::regclass[],
    keyed_reads => '{"workforce.department_history": {"employee_id": "employee_id"}}'
);

CREATE FUNCTION api.employee_department_history(
    employee_id bigint,
    fields text DEFAULT NULL,
    sort text DEFAULT '-changed_at',
    cursor text DEFAULT NULL,
    page_size integer DEFAULT 100,
    total text DEFAULT 'none'
) RETURNS json
LANGUAGE sql
STABLE
BEGIN ATOMIC
    SELECT
        api.department_history(
            employee_id => person.employee_id,
            fields => fields,
            sort => sort,
            cursor => cursor,
            page_size => page_size,
            total => total
        )
    FROM
        workforce.employees AS person
    WHERE
        person.employee_id = employee_department_history.employee_id;
END;

COMMENT ON FUNCTION api.employee_department_history IS
    'Moves of one employee between departments, newest first.';

SELECT rota.expose(
    'api.employee_department_history'::regproc,
    'GET',
    '/api/employees/{employee_id}/department-history',
    summary => 'List an employee''s moves between departments',
    reads => ARRAY[
        'workforce.department_history',
        'workforce.employees',
        'workforce.departments'
    ]::regclass[],
    keyed_reads => '{
        "workforce.department_history": {"employee_id": "employee_id"},
        "workforce.employees": {"employee_id": "employee_id"}
    }'
);
