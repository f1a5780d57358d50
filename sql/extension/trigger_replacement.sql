-- Dumps that are restored while somebody refreshes, or whose partitioned tables come before their partitions.

CREATE FUNCTION rota.replace_own_trigger() RETURNS event_trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'rota_replace_trigger';

COMMENT ON FUNCTION rota.replace_own_trigger() IS
    'Event trigger function: a tracking or watching trigger that is created replaces the one that is there.';

CREATE EVENT TRIGGER rota_replace_own_trigger ON ddl_command_start
WHEN TAG IN ('CREATE TRIGGER')
EXECUTE FUNCTION rota.replace_own_trigger();

-- Also in sessions that apply what was done elsewhere.
ALTER EVENT TRIGGER rota_replace_own_trigger ENABLE ALWAYS;

REVOKE ALL ON FUNCTION rota.replace_own_trigger() FROM PUBLIC;
