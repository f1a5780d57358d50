-- Slow queries: the log of slow calls, newest first and summed up by endpoint.

CREATE FUNCTION api.slow_queries(
    since timestamptz DEFAULT NULL,
    minimum_ms double precision DEFAULT 0,
    path text DEFAULT NULL,
    "limit" integer DEFAULT 100
) RETURNS json
LANGUAGE sql
STABLE
BEGIN ATOMIC
    WITH
    slow AS (
        SELECT
            call.*
        FROM
            rota.slow_calls AS call
        WHERE
            (since IS NULL OR call.at >= since)
            AND call.duration_ms >= coalesce(minimum_ms, 0)
            AND (slow_queries.path IS NULL OR call.path = slow_queries.path)
    ),
    newest AS (
        SELECT
            slow.*
        FROM
            slow
        ORDER BY
            slow.slow_call_id DESC
        LIMIT "limit"
    ),
    by_endpoint AS (
        SELECT
            slow.method,
            slow.path,
            slow.function_name,
            count(*) AS calls,
            count(slow.sqlstate) AS failed,
            avg(slow.duration_ms) AS mean_ms,
            percentile_disc(0.95) WITHIN GROUP (ORDER BY slow.duration_ms) AS p95_ms,
            max(slow.duration_ms) AS max_ms,
            max(slow.pool_wait_ms) AS max_pool_wait_ms,
            max(slow.at) AS latest_at
        FROM
            slow
        GROUP BY
            slow.method,
            slow.path,
            slow.function_name
    )
    SELECT
        json_build_object(
            'items', (
                SELECT
                    coalesce(
                        json_agg(
                            json_build_object(
                                'at', newest.at,
                                'method', newest.method,
                                'path', newest.path,
                                'function', newest.function_name,
                                'duration_ms', newest.duration_ms,
                                'pool_wait_ms', newest.pool_wait_ms,
                                'code', newest.sqlstate,
                                'arguments', newest.arguments
                            )
                            ORDER BY newest.slow_call_id DESC
                        ),
                        '[]'::json
                    )
                FROM
                    newest
            ),
            'by_endpoint', (
                SELECT
                    coalesce(
                        json_agg(
                            json_build_object(
                                'method', by_endpoint.method,
                                'path', by_endpoint.path,
                                'function', by_endpoint.function_name,
                                'calls', by_endpoint.calls,
                                'failed', by_endpoint.failed,
                                'mean_ms', round(by_endpoint.mean_ms::numeric, 3),
                                'p95_ms', by_endpoint.p95_ms,
                                'max_ms', by_endpoint.max_ms,
                                'max_pool_wait_ms', by_endpoint.max_pool_wait_ms,
                                'latest_at', by_endpoint.latest_at
                            )
                            ORDER BY by_endpoint.calls * by_endpoint.mean_ms DESC, by_endpoint.path
                        ),
                        '[]'::json
                    )
                FROM
                    by_endpoint
            )
        )
    WHERE
        api.require_between('limit', "limit", 1, 10000);
END;

COMMENT ON FUNCTION api.slow_queries IS
    'Calls that were slow: the newest ones, and per endpoint how many, how slow, and how many failed, the '
    'most costly endpoint first. Only names of arguments are kept, never values.';

SELECT rota.expose(
    'api.slow_queries'::regproc,
    'GET',
    '/api/slow-queries',
    summary => 'Slow calls'
);
