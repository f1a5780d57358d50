-- What rota.expose refuses of its functions and limits, in part together with rota.expose_import.

CREATE FUNCTION rota.check_json_function(checked regprocedure, argument text) RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    procedure pg_proc;
    fault text;
BEGIN
    SELECT candidate.* INTO procedure FROM pg_proc AS candidate WHERE candidate.oid = checked;
    fault := CASE
        WHEN NOT FOUND THEN 'does not exist'
        WHEN procedure.prokind <> 'f' THEN 'is not a plain function'
        WHEN procedure.pronamespace = 'pg_catalog'::regnamespace THEN 'belongs to the system'
        WHEN procedure.proretset THEN 'returns a set'
        WHEN procedure.prorettype NOT IN ('json'::regtype, 'jsonb'::regtype) THEN
            format('returns %s, neither json nor jsonb', format_type(procedure.prorettype, NULL))
        WHEN procedure.provariadic <> 0 THEN 'has a variadic argument'
        WHEN procedure.proallargtypes IS NOT NULL THEN 'has an OUT argument'
        WHEN procedure.pronargs > 0 AND procedure.proargnames IS NULL
            OR '' = ANY (procedure.proargnames) THEN 'has an argument without a name'
    END;
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = '22023',
            MESSAGE = format('function %s %s', checked, fault),
            HINT = 'one JSON value out, every argument named and IN: the call is made by argument names',
            COLUMN = argument;
    END IF;
END
$$;

COMMENT ON FUNCTION rota.check_json_function(regprocedure, text) IS
    'Refuses a function that cannot be called by argument names for one JSON value.';

CREATE FUNCTION rota.check_endpoint_limits(
    success_status integer,
    statement_timeout_ms integer,
    slow_ms integer,
    body_limit_bytes bigint
) RETURNS void
LANGUAGE plpgsql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    argument text;
    given bigint;
    lowest bigint;
BEGIN
    IF success_status IS NULL OR success_status NOT BETWEEN 200 AND 299 THEN
        RAISE EXCEPTION USING
            ERRCODE = '22023',
            MESSAGE = format('success_status %s is not a success', coalesce(success_status::text, 'null')),
            HINT = '200 to 299',
            COLUMN = 'success_status';
    END IF;
    FOR argument, given, lowest IN
        VALUES
            ('statement_timeout_ms', statement_timeout_ms::bigint, 1::bigint),
            ('slow_ms', slow_ms::bigint, 0::bigint),
            ('body_limit_bytes', body_limit_bytes, 0::bigint)
    LOOP
        IF given < lowest THEN
            RAISE EXCEPTION USING
                ERRCODE = '22023',
                MESSAGE = format('%s %s is too small', argument, given),
                HINT = format('at least %s, or null for the proxy''s setting', lowest),
                COLUMN = argument;
        END IF;
    END LOOP;
END
$$;

COMMENT ON FUNCTION rota.check_endpoint_limits(integer, integer, integer, bigint) IS
    'Refuses a status that is no success and limits below their lowest value.';

CREATE FUNCTION rota.argument_list(function_oid oid)
RETURNS TABLE (name text, type_oid oid, default_value text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        procedure.proargnames[argument.position],
        argument.type_oid,
        pg_get_function_arg_default(procedure.oid, argument.position::integer)
    FROM
        pg_proc AS procedure
        CROSS JOIN LATERAL unnest(procedure.proargtypes::oid[]) WITH ORDINALITY
            AS argument (type_oid, position)
    WHERE procedure.oid = function_oid
$$;

COMMENT ON FUNCTION rota.argument_list(oid) IS
    'The arguments of a function by name, with their types and defaults.';

CREATE FUNCTION rota.check_staleness_function(endpoint_function regprocedure, staleness regprocedure)
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    procedure pg_proc;
    fault text;
BEGIN
    IF staleness IS NULL THEN
        RETURN;
    END IF;
    SELECT candidate.* INTO procedure FROM pg_proc AS candidate WHERE candidate.oid = staleness;
    fault := CASE
        WHEN NOT FOUND THEN 'does not exist'
        WHEN procedure.prorettype <> 'bigint'::regtype OR procedure.proretset THEN
            'does not return one bigint'
        WHEN procedure.provolatile = 'v' THEN 'is volatile'
        WHEN coalesce('max_staleness_ms' <> ALL (procedure.proargnames), true) THEN
            'has no argument max_staleness_ms'
        ELSE (
            SELECT format('takes %s other than %s does', mine.name, endpoint_function)
            FROM rota.argument_list(staleness) AS mine
            WHERE NOT EXISTS (
                SELECT
                FROM rota.argument_list(endpoint_function) AS other
                WHERE (other.name, other.type_oid) = (mine.name, mine.type_oid)
                    AND other.default_value IS NOT DISTINCT FROM mine.default_value
            )
            ORDER BY mine.name
            LIMIT 1
        )
    END;
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = '22023',
            MESSAGE = format('function %s %s', staleness, fault),
            HINT = 'a stable function of some of the endpoint''s arguments, max_staleness_ms among them, '
                'with the same types and defaults; it returns milliseconds, or NULL where tables answer',
            COLUMN = 'staleness';
    END IF;
END
$$;

COMMENT ON FUNCTION rota.check_staleness_function(regprocedure, regprocedure) IS
    'Refuses a function that could not tell how old an endpoint''s answer to the same arguments is.';

CREATE FUNCTION rota.check_event_stream(endpoint_function regprocedure, method text, event_stream boolean)
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF event_stream IS NULL OR event_stream AND (
        method <> 'GET'
        OR NOT EXISTS (
            SELECT
            FROM
                pg_proc AS procedure
                CROSS JOIN LATERAL unnest(procedure.proargnames) WITH ORDINALITY AS argument (name, position)
            WHERE
                procedure.oid = endpoint_function
                AND argument.name = 'last_event_id'
                AND procedure.proargtypes[argument.position - 1] = 'bigint'::regtype
                AND argument.position > procedure.pronargs - procedure.pronargdefaults
        )
    ) THEN
        RAISE EXCEPTION USING
            ERRCODE = '22023',
            MESSAGE = format('%s cannot tell of events', endpoint_function),
            HINT = 'a GET whose function takes last_event_id bigint with a default, and answers '
                '{"events": [{"id", "event", "data"}], "ends"}',
            COLUMN = 'event_stream';
    END IF;
END
$$;

COMMENT ON FUNCTION rota.check_event_stream(regprocedure, text, boolean) IS
    'Refuses to stream the events of a function that cannot go on after the last one that was sent.';
