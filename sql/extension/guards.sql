-- Guards: what enforces them, and which there are. A guard's definition stands in the arguments of its
-- triggers, texts of the form name=value, and nowhere else: the server dumps, restores, renames and drops
-- it with its table.

CREATE FUNCTION rota.guard_statement() RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'rota_guard_statement';

COMMENT ON FUNCTION rota.guard_statement() IS
    'Statement trigger of a guard: locks the keys of the new rows, then looks at their neighbours.';

CREATE FUNCTION rota.guard_row() RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'rota_guard_row';

COMMENT ON FUNCTION rota.guard_row() IS
    'Constraint trigger of a deferred guard: looks at the neighbours of one row.';

CREATE VIEW rota.guard_triggers AS
SELECT
    guarding.oid AS trigger_id,
    guarding.tgname AS trigger_name,
    guarding.tgrelid AS table_id,
    guarding.tgenabled <> 'D' AS enabled,
    guarding.tgparentid <> 0 AS inherited,
    told.definition ->> 'guard' AS guard_name,
    told.definition
FROM pg_catalog.pg_trigger AS guarding
CROSS JOIN LATERAL (
    SELECT
        jsonb_object(
            array_agg(split_part(argument, '=', 1)),
            array_agg(nullif(substr(argument, strpos(argument, '=') + 1), ''))
        ) AS definition
    FROM unnest(rota.trigger_arguments(guarding.tgargs)) AS argument
) AS told
WHERE guarding.tgfoid IN ('rota.guard_statement'::regproc, 'rota.guard_row'::regproc);

COMMENT ON VIEW rota.guard_triggers IS 'Every trigger of every guard, with its arguments.';

CREATE VIEW rota.guards AS
SELECT
    guarding.table_id::regclass AS guarded_table,
    guarding.guard_name::name AS guard_name,
    (guarding.definition ->> 'key')::name AS key_column,
    (guarding.definition ->> 'range')::name AS range_column,
    guarding.definition ->> 'predicate' AS predicate,
    (guarding.definition ->> 'capacity')::numeric AS capacity,
    (guarding.definition ->> 'load')::name AS load_column,
    guarding.definition ->> 'gap' AS minimum_gap,
    (guarding.definition ->> 'deferred')::boolean AS deferred,
    (
        SELECT
            serving.indexrelid::regclass
        FROM pg_catalog.pg_index AS serving
        JOIN pg_catalog.pg_class AS named ON named.oid = serving.indexrelid
        WHERE serving.indrelid = guarding.table_id
            AND named.relname = guarding.definition ->> 'index'
    ) AS index_name,
    (guarding.definition ->> 'index_made')::boolean AS index_made,
    (
        SELECT
            bool_and(same.enabled)
        FROM rota.guard_triggers AS same
        WHERE same.table_id = guarding.table_id
            AND same.guard_name = guarding.guard_name
    ) AS enabled,
    ARRAY(
        SELECT
            partition.relid
        FROM pg_catalog.pg_partition_tree(guarding.table_id) AS partition
        WHERE NOT EXISTS (
            SELECT
            FROM rota.guard_triggers AS same
            WHERE same.table_id = partition.relid
                AND same.guard_name = guarding.guard_name
        )
        ORDER BY partition.relid::text
    ) AS uncovered_partitions
FROM rota.guard_triggers AS guarding
WHERE guarding.trigger_name = guarding.guard_name || '_on_insert'
    AND NOT EXISTS (
        SELECT
        FROM pg_catalog.pg_partition_ancestors(guarding.table_id) AS ancestor
        JOIN rota.guard_triggers AS above ON above.table_id = ancestor.relid
        WHERE ancestor.relid <> guarding.table_id
            AND above.guard_name = guarding.guard_name
    );

COMMENT ON VIEW rota.guards IS 'The guards: which rows of which tables never overlap.';

GRANT SELECT ON rota.guard_triggers, rota.guards TO PUBLIC;
