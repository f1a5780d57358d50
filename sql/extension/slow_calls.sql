-- The slow calls: an operational log of the newest calls that took too long.
--
-- Unlogged: it may be lost in a crash and must not cost the write-ahead log anything. It holds names of
-- arguments, never their values, which may be personal data.

CREATE UNLOGGED TABLE rota.slow_calls (
    slow_call_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    method text NOT NULL,
    path text NOT NULL,
    function_name text,
    duration_ms double precision NOT NULL,
    pool_wait_ms double precision,
    sqlstate text,
    arguments text[]
);

COMMENT ON TABLE rota.slow_calls IS 'The newest slow calls, at most 10,000; lost in a crash.';
COMMENT ON COLUMN rota.slow_calls.slow_call_id IS 'Rises with the order of recording.';
COMMENT ON COLUMN rota.slow_calls.at IS 'When the call began.';
COMMENT ON COLUMN rota.slow_calls.method IS 'HTTP method.';
COMMENT ON COLUMN rota.slow_calls.path IS 'Path of the endpoint, with its {argument} segments.';
COMMENT ON COLUMN rota.slow_calls.function_name IS 'Schema-qualified name of the function called.';
COMMENT ON COLUMN rota.slow_calls.duration_ms IS 'From sending the call to its last byte.';
COMMENT ON COLUMN rota.slow_calls.pool_wait_ms IS 'Waited for a connection before that.';
COMMENT ON COLUMN rota.slow_calls.sqlstate IS 'Error of the call; NULL = it succeeded.';
COMMENT ON COLUMN rota.slow_calls.arguments IS 'Names of the arguments given.';

CREATE FUNCTION rota.record_slow_calls(calls jsonb) RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- Ten thousand rows are about 2 MB: days of a healthy system, and small enough to read whole.
    kept CONSTANT bigint := 10000;
BEGIN
    IF jsonb_typeof(calls) IS DISTINCT FROM 'array' THEN
        RAISE EXCEPTION USING
            ERRCODE = '22023',
            MESSAGE = 'calls is not a JSON array',
            HINT = 'objects of at, method, path, function, duration_ms, pool_wait_ms, sqlstate, arguments',
            COLUMN = 'calls';
    END IF;

    INSERT INTO rota.slow_calls (
        at, method, path, function_name, duration_ms, pool_wait_ms, sqlstate, arguments
    )
    SELECT
        coalesce(call.at, clock_timestamp()),
        call.method,
        call.path,
        call."function",
        call.duration_ms,
        call.pool_wait_ms,
        call.sqlstate,
        call.arguments
    FROM
        jsonb_to_recordset(calls) AS call (
            at timestamptz,
            method text,
            path text,
            "function" text,
            duration_ms double precision,
            pool_wait_ms double precision,
            sqlstate text,
            arguments text[]
        )
    ORDER BY
        call.at;

    DELETE FROM rota.slow_calls AS recorded
    WHERE recorded.slow_call_id <= (
        SELECT oldest.slow_call_id
        FROM rota.slow_calls AS oldest
        ORDER BY oldest.slow_call_id DESC
        OFFSET kept
        LIMIT 1
    );
END
$$;

COMMENT ON FUNCTION rota.record_slow_calls(jsonb) IS
    'Records slow calls, keeps the newest 10,000. Runs as its owner: grant EXECUTE to the role that serves.';

REVOKE ALL ON FUNCTION rota.record_slow_calls(jsonb) FROM PUBLIC;
