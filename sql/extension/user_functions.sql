-- How the catalogs find a function again by the signature text they keep.
--
-- Text is compared with text: to resolve a signature that names a dropped type is an error on older servers,
-- and one broken endpoint must not take the others with it. The pinned search_path makes every printed name
-- schema-qualified, for every caller alike.

CREATE FUNCTION rota.user_functions()
RETURNS TABLE (function_signature text, function_oid oid)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        procedure.oid::regprocedure::text,
        procedure.oid
    FROM
        pg_proc AS procedure
    WHERE
        procedure.prokind = 'f'
        AND procedure.pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
$$;

COMMENT ON FUNCTION rota.user_functions() IS
    'Every function outside of the system''s schemas with its schema-qualified signature.';
