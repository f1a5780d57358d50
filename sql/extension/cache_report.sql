-- Which answers may be cached, and why others are not.

CREATE FUNCTION rota.endpoint_caching()
RETURNS TABLE (method text, path text, read_tables jsonb, reason text, note text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
    WITH
    endpoint AS MATERIALIZED (
        SELECT exposed.*, resolved.function_oid, resolved.staleness_oid
        FROM
            rota.endpoints AS exposed
            JOIN rota.resolve_endpoints() AS resolved USING (method, path)
        WHERE
            resolved.fault IS NULL
    ),
    used AS MATERIALIZED (
        SELECT * FROM rota.endpoint_objects()
    ),
    watched AS MATERIALIZED (
        SELECT * FROM rota.watches
    ),
    word AS (
        SELECT
            call.method,
            call.path,
            string_agg(call.word, ', ' ORDER BY call.word)
                FILTER (WHERE call.kind = 'time') AS time_words,
            string_agg(call.word, ', ' ORDER BY call.word)
                FILTER (WHERE call.kind = 'session') AS session_words,
            string_agg(call.word, ', ' ORDER BY call.word)
                FILTER (WHERE call.kind = 'setting') AS setting_words,
            string_agg(call.word, ', ' ORDER BY call.word)
                FILTER (WHERE call.kind = 'system') AS system_words,
            string_agg(call.word, ', ' ORDER BY call.word)
                FILTER (WHERE call.kind = 'volatile') AS volatile_words
        FROM rota.endpoint_calls() AS call
        GROUP BY call.method, call.path
    ),
    unknown AS (
        SELECT
            used.method,
            used.path,
            string_agg(used.object_oid::regprocedure::text, ', ' ORDER BY used.object_oid) AS functions
        FROM used JOIN pg_proc AS procedure ON procedure.oid = used.object_oid
        WHERE
            used.class_oid = 'pg_proc'::regclass
            AND procedure.prosqlbody IS NULL
            AND NOT rota.reads_nothing(procedure.oid)
            AND NOT (
                procedure.pronamespace = 'rota'::regnamespace
                AND procedure.proname IN (SELECT rota.source_view_readers())
            )
        GROUP BY used.method, used.path
    ),
    table_read AS (
        SELECT
            used.method,
            used.path,
            relation.oid AS table_oid,
            format('%I.%I', schema.nspname, relation.relname) AS name,
            coalesce(watched.complete, false) AS watched,
            (
                SELECT coalesce(jsonb_object_agg(quote_ident(key.column_name), key.argument), '{}')
                FROM
                    jsonb_each(endpoint.keyed_reads) AS given (table_name, keys)
                    CROSS JOIN LATERAL jsonb_each_text(given.keys) AS key (column_name, argument)
                WHERE
                    to_regclass(given.table_name) = relation.oid
                    AND key.column_name = ANY (watched.keys)
                    AND rota.is_comparable_key(
                        relation.oid, key.column_name, endpoint.function_oid, key.argument
                    )
            ) AS keys
        FROM
            used
            JOIN endpoint USING (method, path)
            JOIN pg_class AS relation ON relation.oid = used.object_oid
            JOIN pg_namespace AS schema ON schema.oid = relation.relnamespace
            LEFT JOIN watched ON watched.watched_table = relation.oid
        WHERE
            used.class_oid = 'pg_class'::regclass
            AND relation.relkind IN ('r', 'p', 'm', 'f', 'S')
            AND NOT relation.relispartition
            -- An answer is kept only while they hold what the tables hold, and then the tables are what it
            -- depends on.
            AND NOT EXISTS (
                SELECT
                FROM pg_depend AS told
                WHERE
                    told.classid = 'pg_proc'::regclass
                    AND told.objid = endpoint.staleness_oid
                    AND told.refclassid = 'pg_class'::regclass
                    AND told.refobjid = relation.oid
            )
            -- Filled where the extension is made or updated, which announces the catalog and so every answer.
            AND NOT (schema.nspname = 'rota' AND relation.relname IN ('rule_sets', 'preset_rules'))
    ),
    reads AS (
        SELECT
            table_read.method,
            table_read.path,
            jsonb_agg(
                jsonb_build_object(
                    'table', table_read.name, 'keys', table_read.keys, 'watched', table_read.watched
                )
                ORDER BY table_read.name
            ) AS tables,
            string_agg(table_read.name, ', ' ORDER BY table_read.name)
                FILTER (WHERE NOT table_read.watched) AS unwatched,
            coalesce(sum((SELECT count(*) FROM jsonb_object_keys(table_read.keys))), 0) AS key_count
        FROM table_read
        GROUP BY table_read.method, table_read.path
    )
    SELECT
        endpoint.method,
        endpoint.path,
        coalesce(reads.tables, '[]'),
        nullif(
            concat_ws(
                '; ',
                CASE WHEN endpoint.method <> 'GET' THEN 'only answers to GET are kept' END,
                CASE WHEN NOT endpoint.cached THEN 'it was exposed with cached => false' END,
                CASE
                    WHEN endpoint.reads IS NULL AND unknown.functions IS NOT NULL THEN
                        format('nobody knows what %s reads: declare it with reads', unknown.functions)
                END,
                'it declares reads of ' || (
                    SELECT string_agg(declared.name, ', ')
                    FROM unnest(endpoint.reads) AS declared (name)
                    WHERE to_regclass(declared.name) IS NULL
                ) || ', which does not exist',
                'nobody watches ' || reads.unwatched,
                'it reads the system''s ' || word.system_words || ', which nobody can watch',
                'it calls volatile ' || word.volatile_words,
                'it depends on the session by ' || word.session_words,
                CASE
                    WHEN endpoint.claims = '{}' THEN
                        'it depends on settings by ' || word.setting_words || ': declare the claims'
                END,
                CASE
                    WHEN endpoint.cache_ttl_ms IS NULL THEN
                        'it depends on the time by ' || word.time_words || ': say cache_ttl_ms'
                END
            ),
            ''
        ),
        CASE
            WHEN reads.key_count < (
                SELECT count(*)
                FROM
                    jsonb_each(endpoint.keyed_reads) AS given (table_name, keys)
                    CROSS JOIN LATERAL jsonb_object_keys(given.keys)
            ) THEN 'a keyed read narrows nothing: its column is no watched key, or its table is not read'
        END
    FROM
        endpoint
        LEFT JOIN word USING (method, path)
        LEFT JOIN unknown USING (method, path)
        LEFT JOIN reads USING (method, path)
$$;

COMMENT ON FUNCTION rota.endpoint_caching() IS
    'Per endpoint what it reads, why its answers are not cached (NULL = they are), and what else to know.';

CREATE FUNCTION rota.cache_report()
RETURNS TABLE (path text, cached boolean, reason text, reads text[], unwatched text[], note text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        caching.path,
        caching.reason IS NULL,
        caching.reason,
        ARRAY(SELECT read.entry ->> 'table' FROM jsonb_array_elements(caching.read_tables) AS read (entry)),
        ARRAY(
            SELECT read.entry ->> 'table'
            FROM jsonb_array_elements(caching.read_tables) AS read (entry)
            WHERE NOT (read.entry ->> 'watched')::boolean
        ),
        caching.note
    FROM
        rota.endpoint_caching() AS caching
    WHERE
        caching.method = 'GET'
    ORDER BY
        caching.path
$$;

COMMENT ON FUNCTION rota.cache_report() IS
    'Each GET endpoint: whether its answers are cached, why not, what it reads, what of that is unwatched.';
