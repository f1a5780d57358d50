-- Keyset pagination: pages found by the last row seen, never by counting rows.
--
-- The order is (expression, key). Ascending puts NULLs last and descending puts them first, so that one
-- B-tree on (expression, key) serves both directions. The cursor remembers the order it was made for: under
-- another order it would silently skip rows.

CREATE FUNCTION rota.keyset_cursor(sort text, value text, key bigint) RETURNS text
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
AS $$
    SELECT pg_catalog.translate(
        pg_catalog.encode(
            pg_catalog.convert_to(
                pg_catalog.json_build_object('sort', sort, 'value', value, 'key', key)::text,
                'UTF8'
            ),
            'base64'
        ),
        E'+/=\n',
        '-_'
    )
$$;

COMMENT ON FUNCTION rota.keyset_cursor(text, text, bigint) IS
    'The cursor of a row: base64url of the order, the row''s sort value as text, and its key.';

CREATE FUNCTION rota.read_keyset_cursor(cursor text, sort text) RETURNS jsonb
LANGUAGE plpgsql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    position jsonb;
BEGIN
    BEGIN
        position := convert_from(
            decode(translate(cursor, '-_', '+/') || repeat('=', -length(cursor) & 3), 'base64'), 'UTF8'
        )::jsonb;
    EXCEPTION WHEN data_exception THEN
        position := NULL;
    END;
    IF position IS NULL
        OR jsonb_typeof(position -> 'sort') IS DISTINCT FROM 'string'
        OR coalesce(jsonb_typeof(position -> 'value'), '') NOT IN ('string', 'null')
        OR coalesce(position ->> 'key', '') !~ '^-?[0-9]{1,19}$'
    THEN
        RAISE EXCEPTION USING
            ERRCODE = '22023',
            MESSAGE = 'cursor is not one that a page gave',
            HINT = 'send next_cursor of the page before, unchanged, or none for the first page',
            COLUMN = 'cursor';
    END IF;
    IF position ->> 'sort' <> sort THEN
        RAISE EXCEPTION USING
            ERRCODE = '22023',
            MESSAGE = format('cursor was made for sort %L, not for %L', position ->> 'sort', sort),
            HINT = 'keep sort unchanged from page to page, or leave the cursor out',
            COLUMN = 'cursor';
    END IF;
    RETURN position;
END
$$;

COMMENT ON FUNCTION rota.read_keyset_cursor(text, text) IS
    'What a cursor says, {"sort", "value", "key"}; refuses garbage and a cursor of another order.';

CREATE FUNCTION rota.keyset_page(
    sort text,
    sortable jsonb,
    key_expression text,
    cursor text,
    page_size integer
) RETURNS TABLE (order_by text, seek text, cursor_value text)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    descending boolean := starts_with(sort, '-');
    order_name text := ltrim(sort, '-');
    sorted_by jsonb := sortable -> ltrim(sort, '-');
    expression text := sorted_by ->> 'expression';
    type_name text;
    nullable boolean := coalesce((sorted_by ->> 'nullable')::boolean, TRUE);
    position jsonb;
    beyond text := CASE WHEN descending THEN '<' ELSE '>' END;
    sort_value text;
    key_value text;
BEGIN
    IF sorted_by IS NULL OR sort NOT IN (order_name, '-' || order_name) THEN
        RAISE EXCEPTION USING
            ERRCODE = '22023',
            MESSAGE = format('sort "%s" is not known', coalesce(sort, 'null')),
            HINT = format(
                'one of: %s; a leading "-" turns the order round',
                (
                    SELECT string_agg(known.name, ', ' ORDER BY known.name)
                    FROM jsonb_object_keys(sortable) AS known (name)
                )
            ),
            COLUMN = 'sort';
    END IF;
    IF page_size IS NULL OR page_size NOT BETWEEN 1 AND 1000 THEN
        RAISE EXCEPTION USING
            ERRCODE = '22023',
            MESSAGE = format('page_size %s is out of range', coalesce(page_size::text, 'null')),
            HINT = '1 to 1000',
            COLUMN = 'page_size';
    END IF;
    type_name := to_regtype(sorted_by ->> 'type')::text;
    IF expression IS NULL OR type_name IS NULL OR key_expression IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = '22023',
            MESSAGE = format('sortable %s has no expression or no known type', sorted_by),
            HINT = '{"name": {"expression": "person.name", "type": "text", "nullable": false}}',
            COLUMN = 'sortable';
    END IF;

    order_by := CASE
        WHEN descending THEN format('%s DESC NULLS FIRST, %s DESC', expression, key_expression)
        ELSE format('%s ASC NULLS LAST, %s ASC', expression, key_expression)
    END;
    cursor_value := format('rota.keyset_cursor(%L, (%s)::text, %s)', sort, expression, key_expression);
    IF keyset_page.cursor IS NULL THEN
        seek := 'true';
        RETURN NEXT;
        RETURN;
    END IF;

    position := rota.read_keyset_cursor(keyset_page.cursor, sort);
    BEGIN
        -- The value passes through its type, so that a forged cursor fails here and under its own name.
        EXECUTE format(
            'SELECT %L::%s::text, %L::bigint::text', position ->> 'value', type_name, position ->> 'key'
        )
        INTO sort_value, key_value;
    EXCEPTION WHEN data_exception THEN
        RAISE EXCEPTION USING
            ERRCODE = '22023',
            MESSAGE = format('cursor does not hold a value of type %s', type_name),
            HINT = 'send next_cursor of the page before, unchanged, or none for the first page',
            COLUMN = 'cursor';
    END;
    seek := CASE
        WHEN sort_value IS NULL THEN
            format('(%s IS NULL AND %s %s %s)', expression, key_expression, beyond, key_value)
        ELSE
            format(
                '((%s, %s) %s (%L::%s, %s))',
                expression, key_expression, beyond, sort_value, type_name, key_value
            )
    END;
    -- NULLs come after every value going up, and before every value going down.
    IF nullable AND NOT descending AND sort_value IS NOT NULL THEN
        seek := format('(%s OR %s IS NULL)', seek, expression);
    ELSIF nullable AND descending AND sort_value IS NULL THEN
        seek := format('(%s OR %s IS NOT NULL)', seek, expression);
    END IF;
    RETURN NEXT;
END
$$;

COMMENT ON FUNCTION rota.keyset_page(text, jsonb, text, text, integer) IS
    'ORDER BY, seek predicate and cursor expression of the page after a cursor, in a sortable order.';
