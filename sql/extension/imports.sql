-- The imports: which function takes which file of rows, and with which columns.
--
-- An import function has no arguments: it reads pg_temp.import_rows, which the loader made and filled.

CREATE TABLE rota.imports (
    name text PRIMARY KEY,
    function_signature text NOT NULL,
    columns text[] NOT NULL,
    required_columns text[] NOT NULL,
    summary text,
    body_limit_bytes bigint,
    CONSTRAINT imports_required_columns_known CHECK (required_columns <@ columns),
    CONSTRAINT imports_body_limit_not_negative CHECK (body_limit_bytes >= 0)
);

COMMENT ON TABLE rota.imports IS 'Imports: the function that takes a file of rows.';
COMMENT ON COLUMN rota.imports.name IS 'Name in commands and paths, such as time-off.';
COMMENT ON COLUMN rota.imports.function_signature IS 'Schema-qualified, as regprocedure prints it.';
COMMENT ON COLUMN rota.imports.columns IS 'Columns that a file may have.';
COMMENT ON COLUMN rota.imports.required_columns IS 'Columns that a file must have.';
COMMENT ON COLUMN rota.imports.summary IS 'One line for people; NULL = none.';
COMMENT ON COLUMN rota.imports.body_limit_bytes IS 'Largest file sent over HTTP; NULL = the general setting.';

SELECT pg_catalog.pg_extension_config_dump('rota.imports', '');

GRANT SELECT ON rota.imports TO PUBLIC;

CREATE TRIGGER imports_announce
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON rota.imports
FOR EACH STATEMENT EXECUTE FUNCTION rota.announce_catalog_change();

CREATE FUNCTION rota.expose_import(
    name text,
    import_function regprocedure,
    columns text[],
    required_columns text[],
    summary text DEFAULT NULL,
    body_limit_bytes bigint DEFAULT NULL
) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    faulty text;
BEGIN
    IF expose_import.name IS NULL OR expose_import.name !~ '^[a-z][a-z0-9-]*$' THEN
        RAISE EXCEPTION USING
            ERRCODE = '22023',
            MESSAGE = format('name %s is not a name', coalesce(quote_literal(expose_import.name), 'null')),
            HINT = 'lower-case letters, digits and "-", such as time-off',
            COLUMN = 'name';
    END IF;
    IF import_function IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = '22004',
            MESSAGE = 'import_function must not be null',
            COLUMN = 'import_function';
    END IF;
    PERFORM rota.check_json_function(import_function, 'import_function');
    IF EXISTS (
        SELECT FROM pg_proc AS procedure
        WHERE
            procedure.oid = import_function
            AND (procedure.pronargs > 0 OR procedure.provolatile <> 'v')
    ) THEN
        RAISE EXCEPTION USING
            ERRCODE = '22023',
            MESSAGE = format('function %s has arguments or is not volatile', import_function),
            HINT = 'an import function takes no argument, reads pg_temp.import_rows and writes',
            COLUMN = 'import_function';
    END IF;

    IF coalesce(cardinality(expose_import.columns), 0) = 0 THEN
        RAISE EXCEPTION USING
            ERRCODE = '22023',
            MESSAGE = 'columns is empty',
            HINT = 'name at least one column',
            COLUMN = 'columns';
    END IF;
    SELECT given.name INTO faulty
    FROM unnest(expose_import.columns) AS given (name)
    GROUP BY given.name
    HAVING
        given.name IS NULL
        OR given.name !~ '^[a-z_][a-z0-9_]*$'
        OR given.name = 'line_number'
        OR count(*) > 1
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = '22023',
            MESSAGE = format('column %s cannot be accepted', coalesce(quote_literal(faulty), 'null')),
            HINT = 'lower-case letters, digits and "_", each name once, and not line_number',
            COLUMN = 'columns';
    END IF;
    SELECT given.name INTO faulty
    FROM unnest(expose_import.required_columns) AS given (name)
    WHERE (given.name = ANY (expose_import.columns)) IS NOT TRUE
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = '22023',
            MESSAGE = format('required column %s is no column', coalesce(quote_literal(faulty), 'null')),
            HINT = format('columns: %s', array_to_string(expose_import.columns, ', ')),
            COLUMN = 'required_columns';
    END IF;
    PERFORM rota.check_endpoint_limits(200, NULL, NULL, body_limit_bytes);

    INSERT INTO rota.imports AS import (
        name, function_signature, columns, required_columns, summary, body_limit_bytes
    )
    VALUES (
        expose_import.name, import_function::text, expose_import.columns,
        coalesce(expose_import.required_columns, '{}'), expose_import.summary, expose_import.body_limit_bytes
    )
    ON CONFLICT (name) DO UPDATE SET
        function_signature = excluded.function_signature,
        columns = excluded.columns,
        required_columns = excluded.required_columns,
        summary = excluded.summary,
        body_limit_bytes = excluded.body_limit_bytes;
END
$$;

COMMENT ON FUNCTION rota.expose_import(text, regprocedure, text[], text[], text, bigint) IS
    'Makes a function take files of rows under a name, or replaces what was said about it before.';

CREATE FUNCTION rota.conceal_import(name text) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM rota.imports AS import WHERE import.name = conceal_import.name
$$;

COMMENT ON FUNCTION rota.conceal_import(text) IS 'Takes an import away; one that does not exist is no error.';

CREATE FUNCTION rota.import_catalog()
RETURNS TABLE (
    name text,
    function_schema text,
    function_name text,
    columns text[],
    required_columns text[],
    summary text,
    body_limit_bytes bigint
)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        import.name,
        schema.nspname::text,
        procedure.proname::text,
        import.columns,
        import.required_columns,
        import.summary,
        import.body_limit_bytes
    FROM
        rota.imports AS import
        JOIN rota.user_functions() AS named USING (function_signature)
        JOIN pg_proc AS procedure ON procedure.oid = named.function_oid
        JOIN pg_namespace AS schema ON schema.oid = procedure.pronamespace
    ORDER BY
        import.name
$$;

COMMENT ON FUNCTION rota.import_catalog() IS 'Every import whose function exists, with the columns it takes.';

REVOKE ALL ON FUNCTION
    rota.expose_import(text, regprocedure, text[], text[], text, bigint),
    rota.conceal_import(text)
FROM PUBLIC;
