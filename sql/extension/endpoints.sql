-- The endpoints: which function answers which method and path.
--
-- A row names its function by signature text, never by OID, so that a dump restores and a function that is
-- dropped and created again keeps its endpoint. Rows are written by rota.expose and rota.conceal alone.

CREATE TABLE rota.endpoints (
    method text NOT NULL,
    path text NOT NULL,
    function_signature text NOT NULL,
    summary text,
    success_status integer NOT NULL DEFAULT 200,
    reads text[],
    statement_timeout_ms integer,
    slow_ms integer,
    body_limit_bytes bigint,
    cache_ttl_ms integer,
    consistency text NOT NULL DEFAULT 'bounded',
    claims text[] NOT NULL DEFAULT '{}',
    keyed_reads jsonb,
    lane text NOT NULL DEFAULT 'interactive',
    cached boolean NOT NULL DEFAULT true,
    warm boolean NOT NULL DEFAULT false,
    event_stream boolean NOT NULL DEFAULT false,
    staleness_signature text,
    PRIMARY KEY (method, path),
    CONSTRAINT endpoints_method_known CHECK (method IN ('GET', 'POST', 'PUT', 'PATCH', 'DELETE')),
    CONSTRAINT endpoints_path_absolute CHECK (starts_with(path, '/')),
    CONSTRAINT endpoints_success_status_is_success CHECK (success_status BETWEEN 200 AND 299),
    CONSTRAINT endpoints_statement_timeout_positive CHECK (statement_timeout_ms > 0),
    CONSTRAINT endpoints_slow_not_negative CHECK (slow_ms >= 0),
    CONSTRAINT endpoints_body_limit_not_negative CHECK (body_limit_bytes >= 0),
    CONSTRAINT endpoints_cache_ttl_positive CHECK (cache_ttl_ms > 0),
    CONSTRAINT endpoints_consistency_known
        CHECK (consistency IN ('bounded', 'after-token', 'one-proxy', 'checked')),
    CONSTRAINT endpoints_lane_known CHECK (lane IN ('interactive', 'batch'))
);

COMMENT ON TABLE rota.endpoints IS 'Endpoints: the function that answers a method and path.';
COMMENT ON COLUMN rota.endpoints.method IS 'HTTP method, upper case.';
COMMENT ON COLUMN rota.endpoints.path IS 'Path; a segment {name} is the argument of that name.';
COMMENT ON COLUMN rota.endpoints.function_signature IS 'Schema-qualified, as regprocedure prints it.';
COMMENT ON COLUMN rota.endpoints.summary IS 'One line for people; NULL = none.';
COMMENT ON COLUMN rota.endpoints.success_status IS 'HTTP status of a good answer, 200 to 299.';
COMMENT ON COLUMN rota.endpoints.reads IS 'Tables and views that the function reads; NULL = not declared.';
COMMENT ON COLUMN rota.endpoints.statement_timeout_ms IS 'Longest run; NULL = the general setting.';
COMMENT ON COLUMN rota.endpoints.slow_ms IS 'Calls this long are recorded; NULL = the general setting.';
COMMENT ON COLUMN rota.endpoints.body_limit_bytes IS 'Largest request body; NULL = the general setting.';
COMMENT ON COLUMN rota.endpoints.cache_ttl_ms IS 'Longest that an answer is kept; NULL = no such limit.';
COMMENT ON COLUMN rota.endpoints.consistency IS 'bounded, after-token, one-proxy or checked.';
COMMENT ON COLUMN rota.endpoints.claims IS 'Claims of the caller that the answer depends on.';
COMMENT ON COLUMN rota.endpoints.keyed_reads IS
    'Tables of which only rows with a column equal to an argument are read: {table: {column: argument}}.';
COMMENT ON COLUMN rota.endpoints.lane IS 'interactive or batch: whose place in the queue a call takes.';
COMMENT ON COLUMN rota.endpoints.cached IS 'Whether answers may be cached at all.';
COMMENT ON COLUMN rota.endpoints.warm IS
    'Whether the answer without arguments is fetched before it is asked for.';
COMMENT ON COLUMN rota.endpoints.event_stream IS
    'Whether the function is called again and again, and its answers are sent as server-sent events.';
COMMENT ON COLUMN rota.endpoints.staleness_signature IS
    'The function that tells how old an answer from managed views is; NULL = answers come from tables.';

SELECT pg_catalog.pg_extension_config_dump('rota.endpoints', '');

GRANT SELECT ON rota.endpoints TO PUBLIC;

CREATE TRIGGER endpoints_announce
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON rota.endpoints
FOR EACH STATEMENT EXECUTE FUNCTION rota.announce_catalog_change();

CREATE FUNCTION rota.resolve_endpoints()
RETURNS TABLE (method text, path text, function_oid oid, staleness_oid oid, fault text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        endpoint.method,
        endpoint.path,
        procedure.oid,
        staleness.function_oid,
        CASE
            WHEN procedure.oid IS NULL THEN
                format('function %s does not exist', endpoint.function_signature)
            WHEN endpoint.staleness_signature IS NOT NULL AND staleness.function_oid IS NULL THEN
                format('function %s does not exist', endpoint.staleness_signature)
            WHEN procedure.provolatile = 'v' AND endpoint.method = 'GET' THEN
                format('function %s is volatile: a GET must not write', endpoint.function_signature)
            WHEN procedure.prorettype NOT IN ('json'::regtype, 'jsonb'::regtype) THEN
                format('function %s returns neither json nor jsonb', endpoint.function_signature)
        END
    FROM
        rota.endpoints AS endpoint
        LEFT JOIN rota.user_functions() AS named USING (function_signature)
        LEFT JOIN pg_proc AS procedure ON procedure.oid = named.function_oid
        LEFT JOIN rota.user_functions() AS staleness ON
            staleness.function_signature = endpoint.staleness_signature
$$;

COMMENT ON FUNCTION rota.resolve_endpoints() IS
    'Each endpoint with the function it names now, and what keeps it from being served (NULL = nothing).';

CREATE VIEW rota.broken_endpoints AS
SELECT
    endpoint.method,
    endpoint.path,
    endpoint.function_signature,
    resolved.fault
FROM
    rota.endpoints AS endpoint
    JOIN rota.resolve_endpoints() AS resolved USING (method, path)
WHERE
    resolved.fault IS NOT NULL;

COMMENT ON VIEW rota.broken_endpoints IS 'Endpoints that rota.endpoint_catalog() leaves out, and why.';

GRANT SELECT ON rota.broken_endpoints TO PUBLIC;
