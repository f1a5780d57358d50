-- The audit log: what was done, by whom, to what. Rows are added and never changed.

CREATE TABLE access.audit_log (
    audit_log_id bigint GENERATED ALWAYS AS IDENTITY,
    at           timestamptz NOT NULL DEFAULT now(),
    user_id      bigint DEFAULT access.acting_user_id(),
    entity_type  text NOT NULL,
    entity_id    text NOT NULL,
    action       text NOT NULL,
    change       jsonb,

    CONSTRAINT audit_log_pkey PRIMARY KEY (audit_log_id),
    CONSTRAINT audit_log_user_fkey FOREIGN KEY (user_id)
        REFERENCES access.users (user_id),
    CONSTRAINT audit_log_entity_type_length
        CHECK (btrim(entity_type) <> '' AND char_length(entity_type) <= 100),
    CONSTRAINT audit_log_entity_id_length
        CHECK (btrim(entity_id) <> '' AND char_length(entity_id) <= 200),
    CONSTRAINT audit_log_action_length CHECK (btrim(action) <> '' AND char_length(action) <= 100)
);

COMMENT ON TABLE access.audit_log IS
    'Append-only: UPDATE, DELETE and TRUNCATE are refused for everybody, owner included.';
COMMENT ON COLUMN access.audit_log.user_id IS
    'Who did it; NULL for the system itself.';
COMMENT ON COLUMN access.audit_log.change IS
    'What changed, as {"column": {"old": ..., "new": ...}}; NULL where the action says it all.';

CREATE FUNCTION access.refuse_change_of_the_past()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = '42501',
        MESSAGE = format(
            '%s of %s.%s is refused: its rows are never changed',
            TG_OP,
            TG_TABLE_SCHEMA,
            TG_TABLE_NAME
        ),
        HINT = 'add a row that says what is right';
END;
$$;

COMMENT ON FUNCTION access.refuse_change_of_the_past() IS
    'Statement trigger before UPDATE, DELETE and TRUNCATE of an append-only table: 42501.';

CREATE TRIGGER audit_log_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON access.audit_log
    FOR EACH STATEMENT
    EXECUTE FUNCTION access.refuse_change_of_the_past();

-- ALWAYS: also for sessions that switch ordinary triggers off.
ALTER TABLE access.audit_log ENABLE ALWAYS TRIGGER audit_log_append_only;
