-- Following definitions: what people CREATE, ALTER, DROP, GRANT and REVOKE.
--
-- An answer depends on definitions as it does on rows. Each transaction that changes some announces it once,
-- as a change of the catalog. Temporary objects are no part of what endpoints use. Roles and their
-- memberships are of the whole cluster, where no event trigger fires.

CREATE FUNCTION rota.follow_definitions() RETURNS event_trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    command record;
BEGIN
    FOR command IN
        SELECT DISTINCT ddl.command_tag, ddl.classid, ddl.objid, ddl.objsubid
        FROM pg_event_trigger_ddl_commands() AS ddl
        WHERE coalesce(ddl.schema_name, '') NOT LIKE 'pg_temp%'
    LOOP
        IF command.classid = 'pg_class'::regclass THEN
            PERFORM rota.keep_watch(command.objid, command.objsubid);
        ELSIF command.classid = 'pg_namespace'::regclass THEN
            PERFORM rota.await_writers(watch.watched_table)
            FROM rota.watches AS watch JOIN pg_class AS relation ON relation.oid = watch.watched_table
            WHERE relation.relnamespace = command.objid;
        END IF;
        -- A new table is nobody's yet, and a new partition is empty. A child by inheritance is written
        -- unseen.
        IF command.command_tag <> 'CREATE TABLE' OR EXISTS (
            SELECT
            FROM pg_inherits AS inheritance JOIN pg_class AS child ON child.oid = inheritance.inhrelid
            WHERE
                inheritance.inhrelid = command.objid
                AND NOT child.relispartition
        ) THEN
            PERFORM rota.note_catalog_change();
        END IF;
    END LOOP;
END
$$;

COMMENT ON FUNCTION rota.follow_definitions() IS
    'Event trigger function: announces changed definitions, and keeps watches complete when tables change.';

CREATE FUNCTION rota.follow_drops() RETURNS event_trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- What else is dropped goes with one of these, or is used by none of them. What belongs to a table is not
    -- marked as temporary with it; unless it was named itself, the table is among the dropped.
    IF EXISTS (
        SELECT
        FROM pg_event_trigger_dropped_objects() AS dropped
        WHERE
            NOT dropped.is_temporary
            AND dropped.object_type IN (
                'aggregate', 'cast', 'function', 'materialized view', 'operator', 'procedure', 'table',
                'table column', 'type', 'view'
            )
            OR dropped.original AND dropped.object_type IN ('policy', 'rule', 'trigger')
    ) THEN
        PERFORM rota.note_catalog_change();
    END IF;
END
$$;

COMMENT ON FUNCTION rota.follow_drops() IS 'Event trigger function: announces dropped definitions.';

CREATE FUNCTION rota.await_writers(watched_table regclass) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', watched_table);
END
$$;

COMMENT ON FUNCTION rota.await_writers(regclass) IS
    'Waits until nobody writes a table or its partitions, and keeps it so until the transaction ends.';

CREATE FUNCTION rota.keep_watch(changed_table oid, changed_column integer) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    root regclass := coalesce(pg_partition_root(changed_table), changed_table);
    watched name[];
    current name[];
    member regclass;
BEGIN
    SELECT watch.keys INTO watched FROM rota.watches AS watch WHERE watch.watched_table = root;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF EXISTS (SELECT FROM pg_partition_tree(root)) THEN
        -- Writers of a partition hold no lock on the parent, whose name their tags bear.
        PERFORM rota.await_writers(root);
    END IF;
    -- A command renames one column at most. The key that is no column any more was its name.
    SELECT array_agg(coalesce(found.attname, renamed.attname, key.name) ORDER BY key.position)
    INTO current
    FROM
        unnest(watched) WITH ORDINALITY AS key (name, position)
        LEFT JOIN pg_attribute AS found ON
            found.attrelid = root
            AND found.attname = key.name
            AND found.attnum > 0
        LEFT JOIN pg_attribute AS renamed ON
            renamed.attrelid = changed_table
            AND renamed.attnum = changed_column
            AND changed_column > 0
            AND NOT renamed.attisdropped;
    FOR member IN
        SELECT root
        WHERE current <> watched
        UNION
        SELECT part.relid
        FROM pg_partition_tree(root) AS part JOIN pg_class AS relation ON relation.oid = part.relid
        WHERE
            -- A foreign table changes unseen, and leaves the watch incomplete.
            relation.relkind IN ('r', 'p')
            AND (current <> watched OR NOT EXISTS (
                SELECT
                FROM pg_trigger AS trigger
                WHERE
                    trigger.tgrelid = part.relid
                    AND trigger.tgfoid = 'rota.watch_changes'::regproc
                    AND rota.trigger_arguments(trigger.tgargs)::name[] = watched
            ))
    LOOP
        PERFORM rota.install_watch(member, coalesce(current, '{}'));
    END LOOP;
END
$$;

COMMENT ON FUNCTION rota.keep_watch(oid, integer) IS
    'Watches new partitions of a watched table, and follows its keys when a column is renamed.';

REVOKE ALL ON FUNCTION
    rota.follow_definitions(),
    rota.follow_drops(),
    rota.await_writers(regclass),
    rota.keep_watch(oid, integer)
FROM PUBLIC;

CREATE EVENT TRIGGER rota_follow_definitions ON ddl_command_end
WHEN TAG IN (
    'ALTER AGGREGATE', 'ALTER DOMAIN', 'ALTER EXTENSION', 'ALTER FUNCTION', 'ALTER MATERIALIZED VIEW',
    'ALTER OPERATOR', 'ALTER POLICY', 'ALTER PROCEDURE', 'ALTER ROUTINE', 'ALTER SCHEMA',
    'ALTER SUBSCRIPTION', 'ALTER TABLE', 'ALTER TRIGGER', 'ALTER TYPE', 'ALTER VIEW',
    'CREATE AGGREGATE', 'CREATE CAST', 'CREATE EXTENSION', 'CREATE FOREIGN TABLE', 'CREATE FUNCTION',
    'CREATE OPERATOR', 'CREATE POLICY', 'CREATE PROCEDURE', 'CREATE RULE', 'CREATE SUBSCRIPTION',
    'CREATE TABLE', 'CREATE TRIGGER', 'CREATE VIEW', 'GRANT', 'REVOKE'
)
EXECUTE FUNCTION rota.follow_definitions();

CREATE EVENT TRIGGER rota_follow_drops ON sql_drop
EXECUTE FUNCTION rota.follow_drops();

-- Also in sessions that apply what was done elsewhere.
ALTER EVENT TRIGGER rota_follow_definitions ENABLE ALWAYS;
ALTER EVENT TRIGGER rota_follow_drops ENABLE ALWAYS;
