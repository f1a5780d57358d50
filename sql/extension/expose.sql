-- Writing the endpoints (rota.expose, rota.conceal, rota.conceal_schema) and reading them
-- (rota.endpoint_catalog).
--
-- What could not be served is refused here, where the person who wrote the function sees it.

CREATE FUNCTION rota.expose(
    endpoint_function regprocedure,
    method text,
    path text,
    summary text DEFAULT NULL,
    success_status integer DEFAULT 200,
    reads regclass[] DEFAULT NULL,
    statement_timeout_ms integer DEFAULT NULL,
    slow_ms integer DEFAULT NULL,
    body_limit_bytes bigint DEFAULT NULL,
    cache_ttl_ms integer DEFAULT NULL,
    consistency text DEFAULT 'bounded',
    claims text[] DEFAULT '{}',
    keyed_reads jsonb DEFAULT NULL,
    lane text DEFAULT 'interactive',
    cached boolean DEFAULT true,
    warm boolean DEFAULT false,
    event_stream boolean DEFAULT false,
    staleness regprocedure DEFAULT NULL
) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    exposed pg_proc;
    parameter text;
    parameters text[];
BEGIN
    IF endpoint_function IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = '22004',
            MESSAGE = 'endpoint_function must not be null',
            COLUMN = 'endpoint_function';
    END IF;
    SELECT procedure.* INTO exposed FROM pg_proc AS procedure WHERE procedure.oid = endpoint_function;
    PERFORM rota.check_json_function(endpoint_function, 'endpoint_function');

    IF expose.method IS NULL OR expose.method NOT IN ('GET', 'POST', 'PUT', 'PATCH', 'DELETE') THEN
        RAISE EXCEPTION USING
            ERRCODE = '22023',
            MESSAGE = format('method %s is not known', coalesce(quote_literal(expose.method), 'null')),
            HINT = 'one of: GET, POST, PUT, PATCH, DELETE',
            COLUMN = 'method';
    END IF;
    IF expose.method = 'GET' AND exposed.provolatile = 'v' THEN
        RAISE EXCEPTION USING
            ERRCODE = '22023',
            MESSAGE = format('function %s is volatile and cannot answer GET', endpoint_function),
            HINT = 'declare the function STABLE or IMMUTABLE, or expose it as POST, PUT, PATCH or DELETE',
            COLUMN = 'method';
    END IF;

    IF expose.path IS NULL OR expose.path !~ '^(/([A-Za-z0-9._~-]+|\{[A-Za-z_][A-Za-z0-9_]*\}))+$' THEN
        RAISE EXCEPTION USING
            ERRCODE = '22023',
            MESSAGE = format('path %s is not a path', coalesce(quote_literal(expose.path), 'null')),
            HINT = 'a path starts with /; its segments are of letters, digits and ._~- or an {argument}',
            COLUMN = 'path';
    END IF;
    parameters := ARRAY(SELECT segment[1] FROM regexp_matches(expose.path, '\{([^}]*)\}', 'g') AS segment);
    FOREACH parameter IN ARRAY parameters LOOP
        IF parameter <> ALL (coalesce(exposed.proargnames, '{}')) THEN
            RAISE EXCEPTION USING
                ERRCODE = '22023',
                MESSAGE = format('path parameter {%s} is no argument of %s', parameter, endpoint_function),
                HINT = format('arguments: %s', coalesce(array_to_string(exposed.proargnames, ', '), 'none')),
                COLUMN = 'path';
        END IF;
        IF cardinality(array_positions(parameters, parameter)) > 1 THEN
            RAISE EXCEPTION USING
                ERRCODE = '22023',
                MESSAGE = format('path parameter {%s} stands more than once in %L', parameter, expose.path),
                COLUMN = 'path';
        END IF;
    END LOOP;
    SELECT other.path INTO parameter
    FROM rota.endpoints AS other
    WHERE
        other.method = expose.method
        AND other.path <> expose.path
        AND regexp_replace(other.path, '\{[^}]*\}', '{}', 'g')
            = regexp_replace(expose.path, '\{[^}]*\}', '{}', 'g');
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = '22023',
            MESSAGE = format('path %L cannot be told from %L', expose.path, parameter),
            HINT = format('conceal %s %s first, or use its parameter names', expose.method, parameter),
            COLUMN = 'path';
    END IF;

    PERFORM rota.check_endpoint_limits(success_status, statement_timeout_ms, slow_ms, body_limit_bytes);
    PERFORM rota.check_cache_options(
        endpoint_function, method, cache_ttl_ms, consistency, claims, keyed_reads, lane, warm
    );
    PERFORM rota.check_staleness_function(endpoint_function, staleness);

    PERFORM rota.check_event_stream(endpoint_function, method, event_stream);

    INSERT INTO rota.endpoints AS endpoint (
        method, path, function_signature, summary, success_status, reads,
        statement_timeout_ms, slow_ms, body_limit_bytes,
        cache_ttl_ms, consistency, claims, keyed_reads, lane, cached, warm, event_stream,
        staleness_signature
    )
    VALUES (
        expose.method, expose.path, endpoint_function::text, expose.summary, expose.success_status,
        expose.reads::text[], expose.statement_timeout_ms, expose.slow_ms, expose.body_limit_bytes,
        expose.cache_ttl_ms, expose.consistency, expose.claims, expose.keyed_reads, expose.lane,
        coalesce(expose.cached, true), expose.warm, expose.event_stream, expose.staleness::text
    )
    ON CONFLICT (method, path) DO UPDATE SET
        function_signature = excluded.function_signature,
        summary = excluded.summary,
        success_status = excluded.success_status,
        reads = excluded.reads,
        statement_timeout_ms = excluded.statement_timeout_ms,
        slow_ms = excluded.slow_ms,
        body_limit_bytes = excluded.body_limit_bytes,
        cache_ttl_ms = excluded.cache_ttl_ms,
        consistency = excluded.consistency,
        claims = excluded.claims,
        keyed_reads = excluded.keyed_reads,
        lane = excluded.lane,
        cached = excluded.cached,
        warm = excluded.warm,
        event_stream = excluded.event_stream,
        staleness_signature = excluded.staleness_signature;
END
$$;

COMMENT ON FUNCTION rota.expose IS
    'Makes a function answer a method and path, or replaces what was said about it before.';

CREATE FUNCTION rota.conceal(method text, path text) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM rota.endpoints AS endpoint
    WHERE
        endpoint.method = conceal.method
        AND endpoint.path = conceal.path
$$;

COMMENT ON FUNCTION rota.conceal(text, text) IS
    'Takes an endpoint away; one that does not exist is no error.';

CREATE FUNCTION rota.conceal_schema(schema_name text) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM rota.endpoints AS endpoint
    WHERE starts_with(endpoint.function_signature, quote_ident(schema_name) || '.');

    DELETE FROM rota.imports AS import
    WHERE starts_with(import.function_signature, quote_ident(schema_name) || '.');
$$;

COMMENT ON FUNCTION rota.conceal_schema(text) IS
    'Takes away every endpoint and import whose function is, or was, in the schema.';

CREATE FUNCTION rota.endpoint_catalog()
RETURNS TABLE (
    method text,
    path text,
    function_schema text,
    function_name text,
    summary text,
    description text,
    volatility text,
    returns_type text,
    success_status integer,
    reads text[],
    statement_timeout_ms integer,
    slow_ms integer,
    body_limit_bytes bigint,
    arguments json,
    read_tables jsonb,
    cacheable boolean,
    uncacheable_reason text,
    cache_ttl_ms integer,
    claims text[],
    consistency text,
    lane text,
    warm boolean,
    event_stream boolean,
    staleness_schema text,
    staleness_name text,
    staleness_arguments text[]
)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        endpoint.method,
        endpoint.path,
        schema.nspname::text,
        procedure.proname::text,
        endpoint.summary,
        obj_description(procedure.oid, 'pg_proc'),
        CASE procedure.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END,
        format_type(procedure.prorettype, NULL),
        endpoint.success_status,
        endpoint.reads,
        endpoint.statement_timeout_ms,
        endpoint.slow_ms,
        endpoint.body_limit_bytes,
        coalesce(argument_list.arguments, '[]'::json),
        caching.read_tables,
        caching.reason IS NULL,
        caching.reason,
        endpoint.cache_ttl_ms,
        endpoint.claims,
        endpoint.consistency,
        endpoint.lane,
        endpoint.warm,
        endpoint.event_stream,
        staleness_schema.nspname::text,
        staleness.proname::text,
        staleness.proargnames
    FROM
        rota.endpoints AS endpoint
        JOIN rota.resolve_endpoints() AS resolved USING (method, path)
        JOIN rota.endpoint_caching() AS caching USING (method, path)
        JOIN pg_proc AS procedure ON procedure.oid = resolved.function_oid
        JOIN pg_namespace AS schema ON schema.oid = procedure.pronamespace
        LEFT JOIN pg_proc AS staleness ON staleness.oid = resolved.staleness_oid
        LEFT JOIN pg_namespace AS staleness_schema ON staleness_schema.oid = staleness.pronamespace
        CROSS JOIN LATERAL (
            SELECT
                json_agg(
                    json_build_object(
                        'name', procedure.proargnames[argument.position],
                        'type', format_type(argument.type_oid, NULL),
                        'type_oid', argument.type_oid::bigint,
                        'required', argument.position <= procedure.pronargs - procedure.pronargdefaults,
                        'default', pg_get_function_arg_default(procedure.oid, argument.position::integer)
                    )
                    ORDER BY argument.position
                ) AS arguments
            FROM
                unnest(procedure.proargtypes::oid[]) WITH ORDINALITY AS argument (type_oid, position)
        ) AS argument_list
    WHERE
        resolved.fault IS NULL
    ORDER BY
        endpoint.path,
        endpoint.method
$$;

COMMENT ON FUNCTION rota.endpoint_catalog() IS
    'Every endpoint that can be served: its function''s arguments, what it reads, how it may be cached.';

REVOKE ALL ON FUNCTION
    rota.expose,
    rota.conceal(text, text),
    rota.conceal_schema(text)
FROM PUBLIC;
