-- How a rollup is recomputed: statements that are made once, and run as the rollup's owner.
--
-- $1 is an array of texts, one for each key column, each the text of an array: together the keys in
-- question. Every statement gives the number of rows that it wrote or removed. Rows are compared by their
-- bytes, so that any type does, and what is equal but not the same is written.

CREATE FUNCTION rota.rollup_keys(rollup oid)
RETURNS TABLE (number integer, name text, type text, equality text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        key.position::integer,
        quote_ident(attribute.attname),
        format_type(attribute.atttypid, attribute.atttypmod),
        format('OPERATOR(%I.%s)', schema.nspname, equality.oprname)
    FROM
        pg_index AS index
        CROSS JOIN LATERAL unnest(index.indkey::smallint[], index.indclass::oid[])
            WITH ORDINALITY AS key (attribute, class, position)
        JOIN pg_attribute AS attribute ON
            attribute.attrelid = rollup
            AND attribute.attnum = key.attribute
        JOIN pg_opclass AS class ON class.oid = key.class
        JOIN pg_amop AS member ON
            member.amopfamily = class.opcfamily
            AND member.amoplefttype = class.opcintype
            AND member.amoprighttype = class.opcintype
            AND member.amopstrategy = 3
        JOIN pg_operator AS equality ON equality.oid = member.amopopr
        JOIN pg_namespace AS schema ON schema.oid = equality.oprnamespace
    WHERE
        index.indrelid = rollup
        AND index.indisprimary
$$;

COMMENT ON FUNCTION rota.rollup_keys(oid) IS
    'The columns of a rollup''s primary key, their types and the operators by which it compares them.';

CREATE FUNCTION rota.column_list(prefix text, columns text[]) RETURNS text
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT string_agg(prefix || given.name, ', ' ORDER BY given.position)
    FROM unnest(columns) WITH ORDINALITY AS given (name, position)
$$;

COMMENT ON FUNCTION rota.column_list(text, text[]) IS 'Columns in a row, each with a prefix.';

CREATE FUNCTION rota.rollup_statements(rollup oid, query oid) RETURNS text[]
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    target text := rota.qualified_name(rollup);
    source text := rota.qualified_name(query);
    columns text[];
    kept text[];
    keys text[];
    given_keys text;
    is_wanted text;
    is_key_of_source text;
    is_key_of_stored text;
    is_same text;
    differs text := 'false';
    on_conflict text := 'DO NOTHING';
    key_changes text;
    rows_changed CONSTANT text := 'SELECT (SELECT count(*) FROM written) + (SELECT count(*) FROM removed)';
BEGIN
    SELECT
        array_agg(key.name ORDER BY key.number),
        format(
            'key AS (SELECT * FROM unnest(%s) AS key (%s))',
            string_agg(format('($1[%s])::%s[]', key.number, key.type), ', ' ORDER BY key.number),
            string_agg(format('key_%s', key.number), ', ' ORDER BY key.number)
        ),
        string_agg(
            format(
                'source.%s %s ANY (ARRAY(SELECT DISTINCT key_%s FROM key))',
                key.name, key.equality, key.number
            ),
            ' AND '
        ),
        string_agg(format('source.%s %s key.key_%s', key.name, key.equality, key.number), ' AND '),
        string_agg(format('stored.%s %s key.key_%s', key.name, key.equality, key.number), ' AND '),
        string_agg(format('stored.%1$s %2$s fresh.%1$s', key.name, key.equality), ' AND ')
    INTO keys, given_keys, is_wanted, is_key_of_source, is_key_of_stored, is_same
    FROM rota.rollup_keys(rollup) AS key;
    SELECT array_agg(shown.name ORDER BY shown.number),
        array_agg(shown.name ORDER BY shown.number) FILTER (WHERE shown.name <> ALL (keys))
    INTO columns, kept
    FROM (
        SELECT quote_ident(attribute.attname) AS name, attribute.attnum AS number
        FROM pg_attribute AS attribute
        WHERE
            attribute.attrelid = query
            AND attribute.attnum > 0
            AND NOT attribute.attisdropped
    ) AS shown;
    IF kept IS NOT NULL THEN
        differs := format(
            'ROW(%s)::record OPERATOR(pg_catalog.*<>) ROW(%s)::record',
            rota.column_list('stored.', kept), rota.column_list('fresh.', kept)
        );
        on_conflict := format(
            'DO UPDATE SET (%s) = ROW(%s) WHERE ROW(%s)::record '
            'OPERATOR(pg_catalog.*<>) ROW(%s)::record',
            rota.column_list('', kept), rota.column_list('excluded.', kept),
            rota.column_list('stored.', kept), rota.column_list('excluded.', kept)
        );
    END IF;
    on_conflict := format('ON CONFLICT (%s) ', rota.column_list('', keys)) || on_conflict;
    key_changes := format(
        'written AS (INSERT INTO %1$s AS stored (%2$s) SELECT %2$s FROM fresh %3$s RETURNING 1), '
        'removed AS (DELETE FROM %1$s AS stored USING key WHERE %4$s '
        'AND NOT EXISTS (SELECT FROM fresh WHERE %5$s) RETURNING 1) ',
        target, rota.column_list('', columns), on_conflict, is_key_of_stored, is_same
    );
    RETURN ARRAY[
        format(
            'WITH %s, fresh AS MATERIALIZED (SELECT found.* FROM key CROSS JOIN LATERAL '
            '(SELECT * FROM %s AS source WHERE %s OFFSET 0) AS found), ',
            given_keys, source, is_key_of_source
        ) || key_changes || rows_changed,
        format(
            'WITH %s, fresh AS MATERIALIZED (SELECT source.* FROM %s AS source JOIN key ON %s WHERE %s), ',
            given_keys, source, is_key_of_source, is_wanted
        ) || key_changes || rows_changed,
        format(
            'WITH fresh AS MATERIALIZED (SELECT * FROM %1$s), '
            'written AS (INSERT INTO %2$s AS stored (%3$s) SELECT %4$s FROM fresh LEFT JOIN %2$s AS stored '
            'ON %5$s WHERE NOT coalesce(%5$s, false) OR %6$s %7$s RETURNING 1), '
            'removed AS (DELETE FROM %2$s AS stored WHERE NOT EXISTS (SELECT FROM fresh WHERE %5$s) '
            'RETURNING 1) ',
            source, target, rota.column_list('', columns), rota.column_list('fresh.', columns), is_same,
            differs, on_conflict
        ) || rows_changed
    ];
END
$$;

COMMENT ON FUNCTION rota.rollup_statements(oid, oid) IS
    'Statements that recompute a rollup: keys one by one, keys all at once, everything.';

CREATE FUNCTION rota.shape_fault(rollup oid, query oid, key_columns name[]) RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(
        (
            SELECT format(
                'its query and its table differ in columns: %s',
                string_agg(quote_ident(coalesce(shown.attname, stored.attname)), ', ')
            )
            FROM
                (
                    SELECT *
                    FROM pg_attribute
                    WHERE attrelid = query AND attnum > 0 AND NOT attisdropped
                ) AS shown
                FULL JOIN (
                    SELECT *
                    FROM pg_attribute
                    WHERE attrelid = rollup AND attnum > 0 AND NOT attisdropped
                ) AS stored USING (attname)
            WHERE shown.atttypid IS DISTINCT FROM stored.atttypid
            HAVING count(*) > 0
        ),
        CASE
            WHEN ARRAY(SELECT key.name FROM rota.rollup_keys(rollup) AS key ORDER BY key.number)
                IS DISTINCT FROM ARRAY(
                    SELECT quote_ident(given.name)
                    FROM unnest(key_columns) WITH ORDINALITY AS given (name, position)
                    ORDER BY given.position
                )
                THEN format('its primary key is not (%s)', array_to_string(key_columns, ', '))
        END
    )
$$;

COMMENT ON FUNCTION rota.shape_fault(oid, oid, name[]) IS
    'Says how a rollup''s table does not fit its query and key; NULL when it does.';
