-- Departments: the list, and a new one.

CREATE FUNCTION api.departments(
    search text DEFAULT NULL,
    parent_id bigint DEFAULT NULL,
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
        "department_id": "department.department_id",
        "name": "department.name",
        "parent_id": "department.parent_id",
        "parent": "parent.name",
        "time_zone": "department.time_zone",
        "active": "department.active",
        "created_at": "department.created_at"
    }$json$;
    sortable constant jsonb := $json${
        "name": {"expression": "department.name", "type": "text", "nullable": false},
        "time_zone": {"expression": "department.time_zone", "type": "text", "nullable": false},
        "created_at": {"expression": "department.created_at", "type": "timestamptz", "nullable": false}
    }$json$;
    page json;
BEGIN
    EXECUTE api.page_query(
        item => api.selected_fields(
            departments.fields,
            known,
            ARRAY['department_id', 'name', 'parent_id', 'time_zone', 'active']
        ),
        source => $sql$
            workforce.departments AS department
            LEFT JOIN workforce.departments AS parent ON parent.department_id = department.parent_id
        $sql$,
        conditions => $sql$
            ($1 IS NULL OR department.name ILIKE $1)
            AND ($2 IS NULL OR department.parent_id = $2)
            AND ($3 IS NULL OR department.active = $3)
        $sql$,
        sort => departments.sort,
        sortable => sortable,
        key_expression => 'department.department_id',
        cursor => departments.cursor,
        page_size => departments.page_size,
        total => departments.total
    )
    INTO page
    USING
        api.containing_pattern(departments.search),
        departments.parent_id,
        departments.active;
    RETURN page;
END
$$;

COMMENT ON FUNCTION api.departments IS
    'Departments, a page at a time. parent_id lists the direct children of one. sort: name, time_zone, '
    'created_at.';

SELECT rota.expose(
    'api.departments'::regproc,
    'GET',
    '/api/departments',
    summary => 'List departments',
    reads => ARRAY['workforce.departments']::regclass[]
);

CREATE FUNCTION api.create_department(
    name text,
    parent_id bigint DEFAULT NULL,
    time_zone text DEFAULT NULL
) RETURNS json
LANGUAGE plpgsql
VOLATILE
AS $$
#variable_conflict use_variable
DECLARE
    parent workforce.departments;
    department workforce.departments;
BEGIN
    PERFORM api.require_text('name', name, 200);
    PERFORM api.require_time_zone(time_zone);
    IF parent_id IS NOT NULL THEN
        SELECT candidate.* INTO parent
        FROM workforce.departments AS candidate
        WHERE candidate.department_id = create_department.parent_id;
        IF NOT FOUND THEN
            PERFORM api.refuse_unknown(
                'parent_id',
                format('department %s does not exist', parent_id),
                'GET /api/departments lists them'
            );
        END IF;
    END IF;

    INSERT INTO workforce.departments AS inserted (name, parent_id, time_zone)
    VALUES (btrim(name), parent_id, coalesce(time_zone, parent.time_zone, 'UTC'))
    ON CONFLICT DO NOTHING
    RETURNING inserted.* INTO department;
    IF department.department_id IS NULL THEN
        PERFORM api.refuse_clash(
            'name',
            format(
                'department "%s" exists already %s',
                btrim(name),
                coalesce('in ' || parent.name, 'at the top')
            ),
            'choose another name, or use the one that exists'
        );
    END IF;
    RETURN to_json(department);
END
$$;

COMMENT ON FUNCTION api.create_department IS
    'Creates a department, under parent_id or at the top. time_zone defaults to the parent''s, else UTC.';

SELECT rota.expose(
    'api.create_department'::regproc,
    'POST',
    '/api/departments',
    summary => 'Create a department',
    success_status => 201
);
