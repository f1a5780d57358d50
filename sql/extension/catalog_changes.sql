-- The announcement of catalog changes.
--
-- Whoever keeps a copy of the endpoints or imports listens on the channel rota_catalog and reads them again
-- when something arrives. The message carries nothing: a reader that missed one is as well off as one that
-- got ten.

GRANT USAGE ON SCHEMA rota TO PUBLIC;

CREATE FUNCTION rota.announce_catalog_change() RETURNS TRIGGER
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM pg_notify('rota_catalog', '');
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION rota.announce_catalog_change() IS
    'Trigger function: sends NOTIFY rota_catalog, so that listeners read the endpoints and imports again.';

REVOKE ALL ON FUNCTION rota.announce_catalog_change() FROM PUBLIC;
