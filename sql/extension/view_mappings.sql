-- Which keys of a rollup a changed row touches.
--
-- A mapping is a query over `changed`: the rows of one table as they were and as they are. One that looks at
-- those rows alone is right whenever it is evaluated. One that reads other tables as well is evaluated twice:
-- by the writer, and again when the change is applied, since neither alone sees what two writers at once do.

CREATE FUNCTION rota.mapping_query(mapping jsonb) RETURNS text
LANGUAGE plpgsql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    CASE jsonb_typeof(mapping)
        WHEN 'string' THEN
            RETURN mapping #>> '{}';
        WHEN 'array' THEN
            RETURN format(
                'SELECT %s FROM changed',
                (
                    SELECT string_agg(expression.text, ', ' ORDER BY expression.position)
                    FROM jsonb_array_elements_text(mapping) WITH ORDINALITY AS expression (text, position)
                )
            );
        ELSE
            PERFORM rota.refuse_management(
                '22023', 'mappings', format('mapping %s is neither a list nor a query', mapping),
                'a list of expressions, one for each key column, or a query over changed'
            );
    END CASE;
END
$$;

COMMENT ON FUNCTION rota.mapping_query(jsonb) IS 'A mapping as a query over the changed rows.';

CREATE FUNCTION rota.mapped_columns(source oid, mapping jsonb) RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT string_agg(attribute.attname::text, ',' ORDER BY expression.position)
    FROM
        jsonb_array_elements_text(CASE jsonb_typeof(mapping) WHEN 'array' THEN mapping ELSE '[]' END)
            WITH ORDINALITY AS expression (text, position)
        LEFT JOIN pg_attribute AS attribute ON
            attribute.attrelid = source
            AND quote_ident(attribute.attname) = expression.text
            AND attribute.attnum > 0
            AND attribute.attgenerated <> 'v'
            AND strpos(attribute.attname, ',') = 0
    HAVING count(*) = count(attribute.attname)
$$;

COMMENT ON FUNCTION rota.mapped_columns(oid, jsonb) IS
    'The columns that a mapping consists of; NULL when it is more than columns.';

CREATE FUNCTION rota.key_names(number_of_keys integer, before text, after text, separator text) RETURNS text
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT string_agg(before || 'key_' || number || after, separator ORDER BY number)
    FROM generate_series(1, number_of_keys) AS number
$$;

COMMENT ON FUNCTION rota.key_names(integer, text, text, text) IS
    'The key columns of a queue in a row, each with something around it.';

CREATE FUNCTION rota.mapping_reads_others(
    view_id bigint,
    owner oid,
    source oid,
    mapping text,
    number_of_keys integer
) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    plan jsonb;
    refused record;
    code text;
    message text;
BEGIN
    plan := rota.execute_as(
        owner,
        format(
            'EXPLAIN (FORMAT JSON) WITH changed AS '
            '(SELECT * FROM jsonb_populate_recordset(NULL::%1$s, ''[]'')) '
            'INSERT INTO rota.pending_%2$s (%3$s) (%4$s)',
            rota.qualified_name(source), view_id, rota.key_names(number_of_keys, '', '', ', '), mapping
        )
    );
    RETURN jsonb_path_exists(
        plan, 'lax $.**."Relation Name" ? (@ != $queue)', jsonb_build_object('queue', 'pending_' || view_id)
    );
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT;
    PERFORM rota.refuse_management(
        code, 'mappings', format('mapping of %s cannot be used: %s', source::regclass, message),
        'expressions or a query over changed that give one value for each key column; '
        'names of functions, types and tables with their schema'
    );
END
$$;

COMMENT ON FUNCTION rota.mapping_reads_others(bigint, oid, oid, text, integer) IS
    'Whether a mapping reads tables; refuses one that does not give the keys.';

CREATE FUNCTION rota.track_source(
    view_id bigint,
    managed_view oid,
    caller oid,
    source oid,
    mappings jsonb,
    number_of_keys integer
) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    given jsonb;
    mapping text;
    reads_others boolean := false;
BEGIN
    -- A materialized view has no triggers; an event trigger sees that it is refreshed.
    IF (SELECT relation.relkind FROM pg_class AS relation WHERE relation.oid = source) = 'm' THEN
        RETURN;
    END IF;
    PERFORM rota.check_source_rights(managed_view, caller, source);
    PERFORM rota.check_trackable(source);
    -- Who writes has finished, and who writes after us is tracked.
    EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', source::regclass);
    SELECT told.value INTO given
    FROM jsonb_each(mappings) AS told
    WHERE to_regclass(told.key) = source;
    IF FOUND THEN
        mapping := rota.mapping_query(given);
        reads_others := rota.mapping_reads_others(
            view_id, (SELECT relation.relowner FROM pg_class AS relation WHERE relation.oid = managed_view),
            source, mapping, number_of_keys
        );
    END IF;
    PERFORM rota.install_tracking(
        view_id, member.oid, mapping, reads_others, number_of_keys, rota.mapped_columns(source, given)
    )
    FROM rota.table_members(source) AS member (oid);
END
$$;

COMMENT ON FUNCTION rota.track_source(bigint, oid, oid, oid, jsonb, integer) IS
    'Tracks one table, and its partitions, for a managed view.';

CREATE FUNCTION rota.check_mapped_tables(wanted bigint, mappings jsonb) RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    told record;
    unmapped text;
BEGIN
    FOR told IN
        SELECT given.key AS name
        FROM jsonb_object_keys(coalesce(mappings, '{}')) AS given (key)
        WHERE NOT EXISTS (
            SELECT
            FROM rota.tracking_triggers AS tracking
            WHERE
                tracking.view_id = wanted
                AND tracking.table_oid = to_regclass(given.key)
        )
    LOOP
        PERFORM rota.refuse_management(
            '22023', 'mappings', format('the query reads no table %s', told.name),
            'name tables that it reads, with their schema'
        );
    END LOOP;
    SELECT string_agg(DISTINCT tracking.table_oid::regclass::text, ', ')
    INTO unmapped
    FROM rota.tracking_triggers AS tracking JOIN pg_class AS relation ON relation.oid = tracking.table_oid
    WHERE
        tracking.view_id = wanted
        AND tracking.mapping IS NULL
        AND NOT relation.relispartition;
    IF unmapped IS NOT NULL AND mappings IS NOT NULL THEN
        RAISE NOTICE USING
            MESSAGE = format('each change of %s recomputes the whole rollup', unmapped),
            HINT = 'mappings say which keys a changed row touches';
    END IF;
END
$$;

COMMENT ON FUNCTION rota.check_mapped_tables(bigint, jsonb) IS
    'Refuses mappings of tables that the query does not read; tells which tables have none.';

COMMENT ON FUNCTION rota.track_changes() IS
    'Trigger function of managed views: queues the keys that changed rows touch.';

COMMENT ON FUNCTION rota.execute_as(oid, text, text[], integer, boolean) IS
    'Runs a statement as a role and gives its first value; $1 in it are the parameters. For the engine '
    'alone.';
