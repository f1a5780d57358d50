-- Enforcement of rules: what looks at writes, and where. Its definition stands in the arguments of its
-- triggers, texts of the form name=value, and nowhere else: the server dumps, restores, renames and drops
-- it with its table.

CREATE FUNCTION rota.enforce_statement() RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'rota_enforce_statement';

COMMENT ON FUNCTION rota.enforce_statement() IS
    'Statement trigger of rota.enforce_rules: locks the people of the new rows, then judges their work.';

CREATE VIEW rota.enforcement_triggers AS
SELECT
    judging.oid AS trigger_id,
    judging.tgname AS trigger_name,
    judging.tgrelid AS table_id,
    judging.tgenabled <> 'D' AS enabled,
    told.definition ->> 'enforcement' AS enforcement_name,
    told.definition
FROM pg_catalog.pg_trigger AS judging
CROSS JOIN LATERAL (
    SELECT
        jsonb_object(
            array_agg(split_part(argument, '=', 1)),
            array_agg(nullif(substr(argument, strpos(argument, '=') + 1), ''))
        ) AS definition
    FROM unnest(rota.trigger_arguments(judging.tgargs)) AS argument
) AS told
WHERE judging.tgfoid = 'rota.enforce_statement'::regproc;

COMMENT ON VIEW rota.enforcement_triggers IS 'Every trigger of rota.enforce_rules, with its arguments.';

CREATE VIEW rota.enforced_rules AS
SELECT
    judging.table_id::regclass AS enforced_table,
    judging.enforcement_name::name AS enforcement_name,
    (judging.definition ->> 'person')::name AS person_column,
    (judging.definition ->> 'range')::name AS range_column,
    judging.definition ->> 'rule_set' AS rule_set,
    (
        SELECT
            bool_and(same.enabled)
        FROM rota.enforcement_triggers AS same
        WHERE same.table_id = judging.table_id
            AND same.enforcement_name = judging.enforcement_name
    ) AS enabled
FROM rota.enforcement_triggers AS judging
WHERE judging.trigger_name = judging.enforcement_name || '_on_insert'
    AND NOT EXISTS (
        SELECT
        FROM pg_catalog.pg_partition_ancestors(judging.table_id) AS ancestor
        JOIN rota.enforcement_triggers AS above ON above.table_id = ancestor.relid
        WHERE ancestor.relid <> judging.table_id
            AND above.enforcement_name = judging.enforcement_name
    );

COMMENT ON VIEW rota.enforced_rules IS
    'The tables whose writes are judged by rules; rule_set is NULL for those of rota_source.rules.';

GRANT SELECT ON rota.enforcement_triggers, rota.enforced_rules TO PUBLIC;
