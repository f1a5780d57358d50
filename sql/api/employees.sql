-- Employees, read: the list and one of them.

CREATE FUNCTION api.containing_pattern(search text) RETURNS text
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN '%' || regexp_replace(nullif(btrim(search), ''), '([\\%_])', '\\\1', 'g') || '%';

COMMENT ON FUNCTION api.containing_pattern IS
    'The LIKE pattern of "contains this text", with the text''s own wildcards escaped; NULL for blank text.';

CREATE FUNCTION api.qualification_codes(employee_id bigint) RETURNS text[]
LANGUAGE sql
STABLE
PARALLEL SAFE
BEGIN ATOMIC
    SELECT
        coalesce(array_agg(DISTINCT qualification.code ORDER BY qualification.code), '{}')
    FROM
        workforce.employee_qualifications AS held
        JOIN workforce.qualifications AS qualification USING (qualification_id)
    WHERE
        held.employee_id = qualification_codes.employee_id
        AND held.valid @> current_date;
END;

COMMENT ON FUNCTION api.qualification_codes IS
    'Codes of the qualifications that the employee holds today, sorted.';

CREATE FUNCTION api.employees(
    search text DEFAULT NULL,
    department_id bigint DEFAULT NULL,
    role text DEFAULT NULL,
    qualification text DEFAULT NULL,
    active boolean DEFAULT true,
    fields text DEFAULT NULL,
    sort text DEFAULT 'name',
    cursor text DEFAULT NULL,
    page_size integer DEFAULT 100,
    total text DEFAULT 'none'
) RETURNS json
LANGUAGE plpgsql
STABLE
AS $$
DECLARE
    known constant json := $json${
        "employee_id": "employee.employee_id",
        "employee_no": "employee.employee_no",
        "name": "employee.name",
        "email": "employee.email",
        "role": "employee.role",
        "department_id": "employee.department_id",
        "department": "department.name",
        "time_zone": "coalesce(employee.time_zone, department.time_zone, 'UTC')",
        "active": "employee.active",
        "weekly_minutes": "employee.weekly_minutes",
        "min_minutes": "employee.min_minutes",
        "max_minutes": "employee.max_minutes",
        "hired_on": "employee.hired_on",
        "qualifications": "api.qualification_codes(employee.employee_id)",
        "created_at": "employee.created_at",
        "updated_at": "employee.updated_at"
    }$json$;
    sortable constant jsonb := $json${
        "name": {"expression": "employee.name", "type": "text", "nullable": false},
        "employee_no": {"expression": "employee.employee_no", "type": "text", "nullable": false},
        "email": {"expression": "employee.email", "type": "text", "nullable": false},
        "role": {"expression": "employee.role", "type": "text", "nullable": true},
        "hired_on": {"expression": "employee.hired_on", "type": "date", "nullable": true},
        "created_at": {"expression": "employee.created_at", "type": "timestamptz", "nullable": false}
    }$json$;
    page json;
BEGIN
    EXECUTE api.page_query(
        item => api.selected_fields(
            employees.fields,
            known,
            ARRAY['employee_id', 'employee_no', 'name', 'email', 'role', 'department_id', 'active']
        ),
        source => $sql$
            workforce.employees AS employee
            LEFT JOIN workforce.departments AS department ON department.department_id = employee.department_id
        $sql$,
        conditions => $sql$
            ($1 IS NULL OR employee.name ILIKE $1 OR employee.email ILIKE $1 OR employee.employee_no ILIKE $1)
            AND ($2 IS NULL OR employee.department_id = $2)
            AND ($3 IS NULL OR employee.role = $3)
            AND ($4 IS NULL OR EXISTS (
                SELECT
                FROM workforce.employee_qualifications AS held
                JOIN workforce.qualifications AS qualification USING (qualification_id)
                WHERE held.employee_id = employee.employee_id
                    AND held.valid @> current_date
                    AND qualification.code = $4
            ))
            AND ($5 IS NULL OR employee.active = $5)
        $sql$,
        sort => employees.sort,
        sortable => sortable,
        key_expression => 'employee.employee_id',
        cursor => employees.cursor,
        page_size => employees.page_size,
        total => employees.total
    )
    INTO page
    USING
        api.containing_pattern(employees.search),
        employees.department_id,
        employees.role,
        employees.qualification,
        employees.active;
    RETURN page;
END
$$;

COMMENT ON FUNCTION api.employees IS
    'Employees, a page at a time. search finds part of a name, e-mail address or number in any case; '
    'qualification is the code of one that is held today; active false lists those who left. sort: name, '
    'employee_no, email, role, hired_on, created_at, descending with a leading "-".';

SELECT rota.expose(
    'api.employees'::regproc,
    'GET',
    '/api/employees',
    summary => 'List employees',
    reads => ARRAY[
        'workforce.employees',
        'workforce.departments',
        'workforce.employee_qualifications',
        'workforce.qualifications'
    ]::regclass[],
    -- Which qualifications somebody holds today changes at midnight.
    cache_ttl_ms => 60000
);

CREATE FUNCTION api.employee(employee_id bigint) RETURNS json
LANGUAGE sql
STABLE
BEGIN ATOMIC
    SELECT
        json_build_object(
            'employee_id', person.employee_id,
            'employee_no', person.employee_no,
            'name', person.name,
            'email', person.email,
            'role', person.role,
            'department_id', person.department_id,
            'department', department.name,
            'time_zone', coalesce(person.time_zone, department.time_zone, 'UTC'),
            'active', person.active,
            'weekly_minutes', person.weekly_minutes,
            'min_minutes', person.min_minutes,
            'max_minutes', person.max_minutes,
            'hired_on', person.hired_on,
            'qualifications', api.qualification_codes(person.employee_id),
            'created_at', person.created_at,
            'updated_at', person.updated_at
        )
    FROM
        workforce.employees AS person
        LEFT JOIN workforce.departments AS department USING (department_id)
    WHERE
        person.employee_id = employee.employee_id;
END;

COMMENT ON FUNCTION api.employee IS 'One employee with every field.';

SELECT rota.expose(
    'api.employee'::regproc,
    'GET',
    '/api/employees/{employee_id}',
    summary => 'One employee',
    cache_ttl_ms => 60000,
    keyed_reads => '{
        "workforce.employees": {"employee_id": "employee_id"},
        "workforce.employee_qualifications": {"employee_id": "employee_id"}
    }'
);
