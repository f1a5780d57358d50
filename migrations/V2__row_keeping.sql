-- Trigger functions that more than one table uses: the time of the last change, and the check of a
-- time zone's name.

CREATE FUNCTION workforce.set_updated_at()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END;
$$;

COMMENT ON FUNCTION workforce.set_updated_at() IS
    'Row trigger BEFORE UPDATE: updated_at becomes the start of the changing transaction.';

-- A trigger and not a CHECK: what the server knows changes with its time zone data, so a CHECK over it
-- would not be immutable, and a dump could refuse to load into a server with older data.
-- The test itself is the extension's, so that a table accepts exactly what the functions accept.
CREATE FUNCTION workforce.refuse_unknown_time_zone()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM rota.local_days(daterange '[2000-01-01,2000-01-02)', NEW.time_zone);
    RETURN NULL;
END;
$$;

COMMENT ON FUNCTION workforce.refuse_unknown_time_zone() IS
    'Row trigger AFTER INSERT OR UPDATE OF time_zone: 22023 when the server does not know the zone.';
