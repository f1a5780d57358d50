-- Holding what an endpoint declares against what it does.

CREATE FUNCTION rota.check_declared_reads(path text, arguments jsonb DEFAULT '{}') RETURNS SETOF regclass
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    call text;
    scans_before jsonb;
BEGIN
    SELECT
        format(
            'SELECT %s(%s)',
            resolved.function_oid::regproc,
            (
                SELECT string_agg(
                    format('%I => %L::%s', given.name, given.value, format_type(declared.type_oid, NULL)),
                    ', '
                )
                FROM
                    jsonb_each_text(arguments) AS given (name, value)
                    LEFT JOIN unnest(procedure.proargnames, procedure.proargtypes::oid[])
                        AS declared (name, type_oid) USING (name)
            )
        )
    INTO call
    FROM
        rota.resolve_endpoints() AS resolved
        LEFT JOIN pg_proc AS procedure ON procedure.oid = resolved.function_oid
    WHERE
        resolved.method = 'GET'
        AND resolved.path = check_declared_reads.path
        AND resolved.fault IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = '22023',
            MESSAGE = format('no function answers GET %s', coalesce(quote_literal(path), 'null')),
            HINT = 'a path of rota.endpoints',
            COLUMN = 'path';
    END IF;

    SELECT jsonb_object_agg(scanned.relid, coalesce(scanned.seq_scan, 0) + coalesce(scanned.idx_scan, 0))
    INTO scans_before
    FROM pg_stat_xact_user_tables AS scanned;
    -- As a session of this role begins in this database, which is how the function is served.
    PERFORM set_config('search_path', setting.reset_val, true)
    FROM pg_settings AS setting
    WHERE setting.name = 'search_path';
    EXECUTE call;
    PERFORM set_config('search_path', 'pg_catalog, pg_temp', true);
    RETURN QUERY
    SELECT coalesce(pg_partition_root(scanned.relid), scanned.relid::regclass)
    FROM pg_stat_xact_user_tables AS scanned
    WHERE
        coalesce(scanned.seq_scan, 0) + coalesce(scanned.idx_scan, 0)
        > coalesce((scans_before ->> scanned.relid::text)::bigint, 0)
    EXCEPT
    SELECT to_regclass(read.entry ->> 'table')
    FROM
        rota.endpoint_caching() AS caching
        CROSS JOIN LATERAL jsonb_array_elements(caching.read_tables) AS read (entry)
    WHERE
        caching.method = 'GET'
        AND caching.path = check_declared_reads.path
    EXCEPT
    -- An answer that tells how old it is is kept only while managed views hold what the tables hold.
    SELECT kept.relation
    FROM
        rota.resolve_endpoints() AS resolved
        CROSS JOIN LATERAL (
            SELECT state.relation::regclass FROM rota.view_states AS state
            UNION ALL
            SELECT to_regclass(format('rota.pending_%s', state.view_id)) FROM rota.view_states AS state
            UNION ALL
            SELECT unnest('{rota.managed_views, rota.view_states}'::regclass[])
        ) AS kept (relation)
    WHERE
        resolved.method = 'GET'
        AND resolved.path = check_declared_reads.path
        AND resolved.staleness_oid IS NOT NULL
    EXCEPT
    -- Filled where the extension is made or updated, which announces the catalog.
    SELECT unnest('{rota.preset_rules, rota.rule_sets}'::regclass[]);
END
$$;

COMMENT ON FUNCTION rota.check_declared_reads(text, jsonb) IS
    'Calls the function of GET path and returns the tables that it scanned and is not known to read.';

REVOKE ALL ON FUNCTION rota.check_declared_reads(text, jsonb) FROM PUBLIC;
