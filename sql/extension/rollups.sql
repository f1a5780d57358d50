-- Rollups: tables that are kept as a view says, key by key.

CREATE FUNCTION rota.check_rollup_arguments(name text, query regclass, key_columns name[], mappings jsonb)
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    key name;
    missing text := CASE
        WHEN name IS NULL THEN 'name'
        WHEN query IS NULL THEN 'query'
        WHEN coalesce(cardinality(key_columns), 0) = 0 THEN 'key_columns'
        WHEN mappings IS NULL THEN 'mappings'
    END;
BEGIN
    IF missing IS NOT NULL THEN
        PERFORM rota.refuse_management(
            '22004', missing, format('%s must not be null or empty', missing),
            'rota.create_rollup(''schema.name'', ''schema.view'', ''{key}'', ''{"schema.table": ["key"]}'')'
        );
    ELSIF (SELECT relation.relkind FROM pg_class AS relation WHERE relation.oid = query) <> 'v' THEN
        PERFORM rota.refuse_management(
            '42809', 'query', format('%s is no view', query), 'CREATE VIEW with what the rollup is to hold'
        );
    ELSIF jsonb_typeof(mappings) <> 'object' THEN
        PERFORM rota.refuse_management(
            '22023', 'mappings', 'mappings is no JSON object', '{"schema.table": ["expression for each key"]}'
        );
    END IF;
    FOREACH key IN ARRAY key_columns LOOP
        IF NOT EXISTS (
            SELECT
            FROM pg_attribute AS attribute
            WHERE
                attribute.attrelid = query
                AND attribute.attname = key
                AND attribute.attnum > 0
                AND NOT attribute.attisdropped
        ) THEN
            PERFORM rota.refuse_management(
                '42703', 'key_columns',
                format('%s has no column %s', query, coalesce(quote_ident(key), 'null')),
                'name columns of the query that its rows are partitioned by'
            );
        ELSIF EXISTS (
            SELECT
            FROM pg_attribute AS attribute JOIN pg_type AS type ON type.oid = attribute.atttypid
            WHERE
                attribute.attrelid = query
                AND attribute.attname = key
                AND type.typcategory = 'A'
        ) THEN
            PERFORM rota.refuse_management(
                '42804', 'key_columns', format('key column %I of %s is an array', key, query),
                'a key of ordinary columns'
            );
        END IF;
    END LOOP;
END
$$;

COMMENT ON FUNCTION rota.check_rollup_arguments(text, regclass, name[], jsonb) IS
    'Refuses a rollup that cannot be: no view, no such columns, no mapping.';

CREATE FUNCTION rota.create_rollup(
    name text,
    query regclass,
    key_columns name[],
    mappings jsonb DEFAULT '{}',
    max_staleness interval DEFAULT '1 minute',
    quiet_period interval DEFAULT '0',
    refresh_every interval DEFAULT NULL,
    also_reads regclass[] DEFAULT '{}',
    refresh_timeout interval DEFAULT '10 minutes',
    lock_timeout interval DEFAULT '5 seconds',
    populate boolean DEFAULT true
) RETURNS regclass
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    rollup regclass;
    parts text[];
BEGIN
    PERFORM rota.check_rollup_arguments(name, query, key_columns, mappings);
    parts := parse_ident(name);
    IF cardinality(parts) <> 2 THEN
        PERFORM rota.refuse_management(
            '22023', 'name', format('name is %s, a schema and a name would be right', name), 'schema.name'
        );
    END IF;
    EXECUTE format('CREATE TABLE %I.%I AS TABLE %s WITH NO DATA', parts[1], parts[2], query);
    EXECUTE format(
        'ALTER TABLE %I.%I ADD PRIMARY KEY (%s)',
        parts[1], parts[2],
        (
            SELECT string_agg(quote_ident(key.name), ', ' ORDER BY key.position)
            FROM unnest(key_columns) WITH ORDINALITY AS key (name, position)
        )
    );
    rollup := format('%I.%I', parts[1], parts[2])::regclass;
    PERFORM rota.act_on_view(
        'manage_relation', rollup,
        jsonb_build_object(
            'query', rota.qualified_name(query), 'key_columns', to_jsonb(key_columns), 'mappings', mappings,
            'max_staleness', max_staleness, 'quiet_period', quiet_period, 'refresh_every', refresh_every,
            'also_reads', coalesce(also_reads::oid[], '{}'), 'refresh_timeout', refresh_timeout,
            'lock_timeout', lock_timeout
        )
    );
    IF populate THEN
        PERFORM rota.refresh(rollup);
    END IF;
    RETURN rollup;
END
$$;

COMMENT ON FUNCTION rota.create_rollup(
    text, regclass, name[], jsonb, interval, interval, interval, regclass[], interval, interval, boolean
) IS
    'Makes a table that holds what a view gives and is kept fresh key by key. mappings says for each table '
    'that the view reads which keys a changed row touches: a list of expressions, or a query over changed.';

CREATE FUNCTION rota.drop_rollup(rollup regclass) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- What does not exist any more has no name.
    name text := rota.qualified_name(rollup);
BEGIN
    PERFORM rota.act_on_view('unmanage_relation', rollup, '{}');
    EXECUTE format('DROP TABLE %s', name);
END
$$;

COMMENT ON FUNCTION rota.drop_rollup(regclass) IS
    'Drops a rollup and stops tracking its tables.';

CREATE FUNCTION rota.compare_rollup(managed_view oid, caller oid, arguments jsonb) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    known rota.managed_views := rota.known_view(managed_view);
    query oid;
    number_of_keys integer := cardinality(known.key_columns);
    same text;
    is_pending text;
    key_object text;
    differs text;
BEGIN
    IF known.query_name IS NULL THEN
        PERFORM rota.refuse_management(
            '42809', 'rollup', format('%s is no rollup', managed_view::regclass),
            'check what rota.create_rollup made'
        );
    END IF;
    SELECT state.query INTO query FROM rota.view_states AS state WHERE state.view_id = known.view_id;
    PERFORM rota.refuse_unusable(known.view_id);
    SELECT
        string_agg(format('stored.%1$s %2$s fresh.%1$s', key.name, key.equality), ' AND '),
        string_agg(
            format(
                'coalesce(stored.%1$s, fresh.%1$s) %2$s pending.key_%3$s', key.name, key.equality, key.number
            ),
            ' AND '
        ),
        string_agg(
            format('%1$L, coalesce(stored.%1$s, fresh.%1$s)', key.name), ', ' ORDER BY key.number
        )
    INTO same, is_pending, key_object
    FROM rota.rollup_keys(managed_view) AS key;
    SELECT format(
        'ROW(%s)::record OPERATOR(pg_catalog.*<>) ROW(%s)::record',
        string_agg(format('stored.%I', shown.attname), ', ' ORDER BY shown.attnum),
        string_agg(format('fresh.%I', shown.attname), ', ' ORDER BY shown.attnum)
    )
    INTO differs
    FROM pg_attribute AS shown
    WHERE shown.attrelid = query AND shown.attnum > 0 AND NOT shown.attisdropped;
    RETURN rota.execute_as(
        (SELECT relation.relowner FROM pg_class AS relation WHERE relation.oid = managed_view),
        format(
            'SELECT coalesce(jsonb_agg(wrong), ''[]'') FROM ('
            'SELECT jsonb_build_object(%1$s) AS key, CASE WHEN stored.%8$I IS NULL '
            'THEN ''missing'' WHEN fresh.%8$I IS NULL THEN ''too many'' ELSE ''different'' END AS difference '
            'FROM %3$s AS stored FULL JOIN %4$s AS fresh ON %2$s '
            'WHERE (NOT coalesce(%2$s, false) OR %5$s) '
            'AND EXISTS (SELECT FROM rota.pending_%6$s AS pending WHERE pending.kind = ''s'') '
            'AND NOT EXISTS (SELECT FROM rota.pending_%6$s AS pending WHERE pending.kind IN (''e'', ''r'')) '
            'AND NOT EXISTS (SELECT FROM rota.pending_%6$s AS pending WHERE pending.kind = ''k'' AND %7$s) '
            'LIMIT $1[1]::bigint) AS wrong',
            key_object, same, rota.qualified_name(managed_view), rota.qualified_name(query), differs,
            known.view_id, is_pending, known.key_columns[1]
        ),
        ARRAY[arguments ->> 'at_most']
    );
END
$$;

COMMENT ON FUNCTION rota.compare_rollup(oid, oid, jsonb) IS
    'The rows of a rollup that are wrong and not pending. Called by rota.act_on_view.';

CREATE FUNCTION rota.check_rollup(rollup regclass, at_most integer DEFAULT 100)
RETURNS TABLE (key jsonb, difference text)
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT wrong.key, wrong.difference
    FROM
        jsonb_to_recordset(
            rota.act_on_view('compare_rollup', rollup, jsonb_build_object('at_most', at_most))
        ) AS wrong (key jsonb, difference text)
$$;

COMMENT ON FUNCTION rota.check_rollup(regclass, integer) IS
    'Compares a rollup with its query: keys that are wrong although no change of theirs is pending. Any row '
    'means that a mapping is wrong or missing, or that somebody else wrote the table.';
