-- Changes of the catalog: of endpoints, imports and watches, of functions, views, policies and rights.
--
-- Whoever keeps a copy of the endpoints or imports listens on the channel rota_catalog and reads them again
-- when something arrives. The message carries nothing: a reader that missed one is as well off as one that
-- got ten. Whoever keeps answers follows the tag rota.catalog, as those of tables.

GRANT USAGE ON SCHEMA rota TO PUBLIC;

-- One row per transaction that changed the catalog. Rows and not a counter, because those who change one
-- counter wait for each other until the first of them commits.
CREATE TABLE rota.catalog_changes (
    change_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    changes bigint NOT NULL
);

COMMENT ON TABLE rota.catalog_changes IS 'Transactions that changed the catalog, some of them summed up.';
COMMENT ON COLUMN rota.catalog_changes.change_id IS 'Identity, in no particular order.';
COMMENT ON COLUMN rota.catalog_changes.changes IS 'Transactions that the row stands for.';

-- An extension that is dropped and made again goes on above every generation that it had.
INSERT INTO rota.catalog_changes (changes)
SELECT pg_catalog.pg_current_xact_id()::text::bigint;

CREATE FUNCTION rota.catalog_generation() RETURNS bigint
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT sum(change.changes)::bigint FROM rota.catalog_changes AS change
$$;

COMMENT ON FUNCTION rota.catalog_generation() IS
    'Rises with each transaction that changed endpoints, watches, functions, views, policies or rights.';

CREATE FUNCTION rota.note_catalog_change() RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- Summed by every reader of the generation: a few dozen rows cost nothing.
    kept CONSTANT bigint := 64;
BEGIN
    IF NOT rota.announce_tag('rota.catalog') THEN
        RETURN;
    END IF;
    PERFORM pg_notify('rota_catalog', '');
    INSERT INTO rota.catalog_changes (changes) VALUES (1);
    -- Rows that somebody else is summing up are left to them. Under a stricter isolation they would be an
    -- error.
    IF current_setting('transaction_isolation') = 'read committed'
        AND (SELECT count(*) FROM rota.catalog_changes) > kept
    THEN
        WITH summed AS (
            DELETE FROM rota.catalog_changes AS change
            WHERE change.change_id IN (
                SELECT old.change_id FROM rota.catalog_changes AS old FOR UPDATE SKIP LOCKED
            )
            RETURNING change.changes
        )
        INSERT INTO rota.catalog_changes (changes)
        SELECT sum(summed.changes) FROM summed HAVING count(*) > 0;
    END IF;
END
$$;

COMMENT ON FUNCTION rota.note_catalog_change() IS
    'Announces that the catalog changed, once per transaction: tag rota.catalog, NOTIFY rota_catalog.';

CREATE FUNCTION rota.announce_catalog_change() RETURNS TRIGGER
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM rota.note_catalog_change();
    RETURN NULL;
END
$$;

COMMENT ON FUNCTION rota.announce_catalog_change() IS
    'Trigger function: announces that the catalog changed, so that readers read it again.';

REVOKE ALL ON FUNCTION rota.note_catalog_change(), rota.announce_catalog_change() FROM PUBLIC;
