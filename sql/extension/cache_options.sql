-- What rota.expose refuses of the options about caching.

CREATE FUNCTION rota.key_type(type_oid oid) RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE base (oid) AS (
        SELECT type_oid
        UNION
        SELECT type.typbasetype FROM base JOIN pg_type AS type USING (oid) WHERE type.typtype = 'd'
    )
    SELECT
        CASE
            WHEN type.oid IN ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype) THEN 'integer'
            WHEN type.oid IN ('text'::regtype, 'varchar'::regtype, 'name'::regtype) THEN 'text'
            WHEN type.typtype = 'e' OR type.oid IN ('oid'::regtype, 'uuid'::regtype, 'boolean'::regtype) THEN
                type.oid::regtype::text
        END
    FROM base JOIN pg_type AS type USING (oid)
    WHERE type.typtype <> 'd'
$$;

COMMENT ON FUNCTION rota.key_type(oid) IS
    'The kind of values whose texts are equal exactly when they are, in any session; NULL = of no such kind.';

CREATE FUNCTION rota.is_comparable_key(table_oid oid, column_name text, function_oid oid, argument text)
RETURNS boolean
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(
        (
            SELECT rota.key_type(attribute.atttypid)
            FROM pg_attribute AS attribute
            WHERE
                attribute.attrelid = table_oid
                AND attribute.attname = column_name
                AND attribute.attnum > 0
                AND NOT attribute.attisdropped
        ) = (
            SELECT rota.key_type(procedure.proargtypes[position.number - 1])
            FROM
                pg_proc AS procedure
                CROSS JOIN LATERAL unnest(procedure.proargnames) WITH ORDINALITY AS position (name, number)
            WHERE
                procedure.oid = function_oid
                AND position.name = argument
        ),
        false
    )
$$;

COMMENT ON FUNCTION rota.is_comparable_key(oid, text, oid, text) IS
    'Whether a column and an argument of a function have equal texts exactly when their values are equal.';

CREATE FUNCTION rota.check_cache_options(
    endpoint_function regprocedure,
    method text,
    cache_ttl_ms integer,
    consistency text,
    claims text[],
    keyed_reads jsonb,
    lane text,
    warm boolean
) RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    argument text;
    message text;
    hint text;
BEGIN
    SELECT fault.argument, fault.message, fault.hint
    INTO argument, message, hint
    FROM (
        VALUES
        (
            cache_ttl_ms <= 0, 'cache_ttl_ms', format('cache_ttl_ms %s is too small', cache_ttl_ms),
            'at least 1, or null for as long as nothing changes'
        ),
        (
            (consistency IN ('bounded', 'after-token', 'one-proxy', 'checked')) IS NOT TRUE, 'consistency',
            format('consistency %s is not known', coalesce(quote_literal(consistency), 'null')),
            'one of: bounded, after-token, one-proxy, checked'
        ),
        (
            claims IS NULL OR array_position(claims, NULL) IS NOT NULL OR '' = ANY (claims), 'claims',
            'claims holds an empty or missing name', 'the names of claims, or ''{}'' for none'
        ),
        (
            (lane IN ('interactive', 'batch')) IS NOT TRUE, 'lane',
            format('lane %s is not known', coalesce(quote_literal(lane), 'null')),
            'one of: interactive, batch'
        ),
        (
            warm IS NULL OR warm AND (
                method <> 'GET' OR EXISTS (
                    SELECT FROM pg_proc AS procedure
                    WHERE procedure.oid = endpoint_function AND procedure.pronargs > procedure.pronargdefaults
                )
            ),
            'warm', format('%s cannot be called by itself', endpoint_function),
            'only a GET whose every argument has a default can be warmed'
        ),
        (
            keyed_reads IS NOT NULL AND (
                jsonb_typeof(keyed_reads) <> 'object'
                OR jsonb_path_exists(keyed_reads, '$.* ? (@.type() <> "object")')
                OR jsonb_path_exists(keyed_reads, '$.*.* ? (@.type() <> "string")')
            ),
            'keyed_reads', format('keyed_reads is %s', keyed_reads),
            '{"schema.table": {"column": "argument"}}'
        )
    ) AS fault (is_wrong, argument, message, hint)
    WHERE fault.is_wrong
    LIMIT 1;
    IF NOT FOUND THEN
        SELECT
            'keyed_reads',
            CASE
                WHEN to_regclass(given.table_name) IS NULL THEN format('%s is no table', given.table_name)
                ELSE format(
                    'column %s of %s and argument %s are not there, or are of different types',
                    key.column_name, given.table_name, key.argument
                )
            END,
            'a column and an argument of the same type: an integer, uuid, boolean, text or enum'
        INTO argument, message, hint
        FROM
            jsonb_each(keyed_reads) AS given (table_name, keys)
            CROSS JOIN LATERAL jsonb_each_text(given.keys) AS key (column_name, argument)
        WHERE
            NOT rota.is_comparable_key(
                to_regclass(given.table_name), key.column_name, endpoint_function, key.argument
            )
        LIMIT 1;
    END IF;
    IF FOUND THEN
        RAISE EXCEPTION USING ERRCODE = '22023', MESSAGE = message, HINT = hint, COLUMN = argument;
    END IF;
END
$$;

COMMENT ON FUNCTION rota.check_cache_options(
    regprocedure, text, integer, text, text[], jsonb, text, boolean
) IS 'Refuses options about caching that mean nothing for the function.';
