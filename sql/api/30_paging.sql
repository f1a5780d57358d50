-- Lists: selected fields, keyset pages and totals, the same way for every list.
--
-- A list endpoint names its fields and sort keys as constants, and these functions put the text of one
-- statement together from them. What a caller writes only ever chooses among those constants; values are
-- bound by the endpoint with USING. A page is found by its key, never by counting rows to skip.

CREATE FUNCTION api.selected_fields(fields text, known json, lean text[]) RETURNS text
LANGUAGE plpgsql
IMMUTABLE
AS $$
DECLARE
    chosen text[] := lean;
    unknown text;
    arguments text;
BEGIN
    IF btrim(coalesce(fields, '')) <> '' THEN
        SELECT
            array_agg(btrim(listed.field) ORDER BY listed.position)
        INTO chosen
        FROM
            unnest(string_to_array(fields, ',')) WITH ORDINALITY AS listed (field, position);
    END IF;

    SELECT
        requested.field
    INTO unknown
    FROM
        unnest(chosen) AS requested (field)
    WHERE
        known ->> requested.field IS NULL
    LIMIT 1;
    IF FOUND THEN
        PERFORM api.refuse(
            'fields',
            format('field "%s" is not known', unknown),
            'one of: ' || (SELECT string_agg(name, ', ') FROM json_object_keys(known) AS name)
        );
    END IF;

    SELECT
        string_agg(
            format('%L, %s', requested.field, known ->> requested.field),
            ', '
            ORDER BY requested.position
        )
    INTO arguments
    FROM (
        SELECT
            listed.field,
            min(listed.position) AS position
        FROM
            unnest(chosen) WITH ORDINALITY AS listed (field, position)
        GROUP BY
            listed.field
    ) AS requested;
    RETURN format('json_build_object(%s)', arguments);
END
$$;

COMMENT ON FUNCTION api.selected_fields IS
    'The SQL expression of one item: the comma list fields, or lean when it is blank, out of known (field '
    'name to expression). An unknown field raises 22023 with the list of fields.';

CREATE FUNCTION api.page_query(
    item text,
    source text,
    conditions text,
    sort text,
    sortable jsonb,
    key_expression text,
    cursor text,
    page_size integer,
    total text
) RETURNS text
LANGUAGE plpgsql
STABLE
AS $$
DECLARE
    -- Nobody reads further than this; an estimated total stops counting here.
    countable_rows constant integer := 10000;
    seek record;
    counted text := '';
BEGIN
    PERFORM api.require_one_of('total', total, ARRAY['none', 'exact', 'estimated']);
    SELECT page.* INTO seek FROM rota.keyset_page(sort, sortable, key_expression, cursor, page_size) AS page;

    IF total = 'exact' THEN
        counted := format(
            $query$, 'total', (
                SELECT json_build_object('count', count(*), 'exact', true)
                FROM %s
                WHERE %s
            )$query$,
            source, conditions
        );
    ELSIF total = 'estimated' THEN
        counted := format(
            $query$, 'total', (
                SELECT json_build_object('count', least(count(*), %3$s), 'exact', count(*) <= %3$s)
                FROM (SELECT FROM %1$s WHERE %2$s LIMIT %3$s + 1) AS countable
            )$query$,
            source, conditions, countable_rows
        );
    END IF;

    RETURN format(
        $query$
        WITH
        page AS MATERIALIZED (
            SELECT %1$s AS item, %2$s AS next_cursor
            FROM %3$s
            WHERE (%4$s) AND (%5$s)
            ORDER BY %6$s
            LIMIT %7$s + 1
        ),
        numbered AS (
            SELECT page.item, page.next_cursor, row_number() OVER () AS position
            FROM page
        )
        SELECT json_build_object(
            'items', coalesce(
                json_agg(numbered.item ORDER BY numbered.position) FILTER (WHERE numbered.position <= %7$s),
                '[]'
            ),
            'next_cursor', CASE
                WHEN count(*) > %7$s THEN max(numbered.next_cursor) FILTER (WHERE numbered.position = %7$s)
            END,
            'has_more', count(*) > %7$s
            %8$s
        )
        FROM numbered
        $query$,
        item, seek.cursor_value, source, conditions, seek.seek, seek.order_by, page_size, counted
    );
END
$$;

COMMENT ON FUNCTION api.page_query IS
    'The SQL text of one page: {"items", "next_cursor", "has_more", "total"}. item is the expression of an '
    'item, source the FROM items, conditions the WHERE clause (its $1, $2, ... are bound by the caller), '
    'sort, sortable, key_expression, cursor and page_size as in rota.keyset_page. total is none, exact, or '
    'estimated: counted up to 10,000 rows and said to be inexact beyond.';
