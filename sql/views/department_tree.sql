-- The department tree, walked from the top: for hierarchies, paths and everything "of a department and
-- below". The department itself is the last of its ancestors, so the subtree of 7 is
-- `WHERE 7 = ANY (ancestor_ids)`. The guard on the table makes the walk end.

DROP VIEW IF EXISTS workforce.department_tree;

CREATE VIEW workforce.department_tree AS
WITH RECURSIVE tree AS (
    SELECT
        department.department_id,
        department.parent_id,
        department.name,
        department.time_zone,
        department.active,
        0 AS depth,
        ARRAY[department.department_id] AS ancestor_ids,
        department.name AS path
    FROM workforce.departments AS department
    WHERE department.parent_id IS NULL
    UNION ALL
    SELECT
        department.department_id,
        department.parent_id,
        department.name,
        department.time_zone,
        department.active,
        tree.depth + 1,
        tree.ancestor_ids || department.department_id,
        tree.path || ' / ' || department.name
    FROM tree
    JOIN workforce.departments AS department ON department.parent_id = tree.department_id
)
SELECT
    tree.department_id,
    tree.parent_id,
    tree.name,
    tree.time_zone,
    tree.active,
    tree.depth,
    tree.ancestor_ids,
    tree.path
FROM tree;

COMMENT ON VIEW workforce.department_tree IS
    'Departments with depth (0 at the top), ids from the top down to themselves, and path of names.';
