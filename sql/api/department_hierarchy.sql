-- The department tree with headcounts: from the materialized view that is kept of it, or walked anew.

CREATE FUNCTION api.hierarchy_of_departments(root_id bigint) RETURNS json
LANGUAGE sql
STABLE
BEGIN ATOMIC
    WITH RECURSIVE
    tree AS (
        SELECT
            root.department_id,
            root.parent_id,
            root.name,
            root.time_zone,
            root.active,
            ARRAY[root.department_id] AS lineage,
            ARRAY[root.name] AS path
        FROM
            workforce.departments AS root
        WHERE
            CASE
                WHEN root_id IS NULL THEN root.parent_id IS NULL
                ELSE root.department_id = root_id
            END
        UNION ALL
        SELECT
            child.department_id,
            child.parent_id,
            child.name,
            child.time_zone,
            child.active,
            tree.lineage || child.department_id,
            tree.path || child.name
        FROM
            tree
            JOIN workforce.departments AS child ON child.parent_id = tree.department_id
    ),
    headcount AS (
        SELECT
            employee.department_id,
            count(*) AS employees
        FROM
            workforce.employees AS employee
        WHERE
            employee.active
            AND employee.department_id IS NOT NULL
        GROUP BY
            employee.department_id
    ),
    subtree AS (
        SELECT
            ancestor.department_id,
            count(*) - 1 AS departments,
            coalesce(sum(headcount.employees), 0) AS employees
        FROM
            tree
            CROSS JOIN LATERAL unnest(tree.lineage) AS ancestor (department_id)
            LEFT JOIN headcount ON headcount.department_id = tree.department_id
        GROUP BY
            ancestor.department_id
    )
    SELECT
        CASE
            WHEN root_id IS NULL OR count(*) > 0 THEN
                json_build_object(
                    'items', coalesce(
                        json_agg(
                            json_build_object(
                                'department_id', tree.department_id,
                                'parent_id', tree.parent_id,
                                'name', tree.name,
                                'depth', cardinality(tree.lineage) - 1,
                                'path', tree.path,
                                'time_zone', tree.time_zone,
                                'active', tree.active,
                                'employees', coalesce(headcount.employees, 0),
                                'subtree_employees', subtree.employees,
                                'subtree_departments', subtree.departments
                            )
                            ORDER BY tree.path
                        ),
                        '[]'::json
                    )
                )
        END
    FROM
        tree
        JOIN subtree ON subtree.department_id = tree.department_id
        LEFT JOIN headcount ON headcount.department_id = tree.department_id;
END;

COMMENT ON FUNCTION api.hierarchy_of_departments IS
    'The department tree, walked from departments and employees.';

CREATE FUNCTION api.hierarchy_of_view(root_id bigint) RETURNS json
LANGUAGE sql
STABLE
BEGIN ATOMIC
    SELECT
        CASE
            WHEN root_id IS NULL OR count(*) > 0 THEN
                json_build_object(
                    'items', coalesce(
                        json_agg(
                            json_build_object(
                                'department_id', tree.department_id,
                                'parent_id', tree.parent_id,
                                'name', tree.name,
                                'depth', cardinality(tree.lineage) - root.place,
                                'path', tree.path[root.place:],
                                'time_zone', tree.time_zone,
                                'active', tree.active,
                                'employees', tree.employees,
                                'subtree_employees', tree.subtree_employees,
                                'subtree_departments', tree.subtree_departments
                            )
                            ORDER BY tree.position
                        ),
                        '[]'::json
                    )
                )
        END
    FROM
        workforce.department_hierarchy AS tree
        CROSS JOIN LATERAL (
            SELECT
                CASE WHEN root_id IS NULL THEN 1 ELSE array_position(tree.lineage, root_id) END AS place
        ) AS root
    WHERE
        root.place IS NOT NULL;
END;

COMMENT ON FUNCTION api.hierarchy_of_view IS 'The department tree, from workforce.department_hierarchy.';

CREATE FUNCTION api.department_hierarchy_staleness(max_staleness_ms integer DEFAULT 0) RETURNS bigint
LANGUAGE sql
STABLE
BEGIN ATOMIC
    SELECT api.staleness_within(ARRAY['workforce.department_hierarchy'::regclass], max_staleness_ms);
END;

COMMENT ON FUNCTION api.department_hierarchy_staleness IS
    'How old the kept tree is, in milliseconds; NULL where it is walked anew.';

CREATE FUNCTION api.department_hierarchy(root_id bigint DEFAULT NULL, max_staleness_ms integer DEFAULT 0)
RETURNS json
LANGUAGE sql
STABLE
BEGIN ATOMIC
    SELECT
        CASE
            WHEN api.department_hierarchy_staleness(max_staleness_ms) IS NOT NULL
                THEN api.hierarchy_of_view(root_id)
            ELSE api.hierarchy_of_departments(root_id)
        END
    WHERE
        api.require_between('max_staleness_ms', max_staleness_ms, 0, 86400000);
END;

COMMENT ON FUNCTION api.department_hierarchy IS
    'The department tree, depth first, from root_id or from every root. employees counts the active ones of '
    'the department itself, subtree_employees those of it and of everything below. '
    'The tree that is kept serves while nothing has changed since, or within max_staleness_ms.';

SELECT rota.expose(
    'api.department_hierarchy'::regproc,
    'GET',
    '/api/departments/hierarchy',
    summary => 'The department tree with headcounts',
    staleness => 'api.department_hierarchy_staleness'::regproc
);
