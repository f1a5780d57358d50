-- Watching tables: which transaction changed what, for caches outside of the server.
--
-- Four statement triggers per table, and per partition, since a statement fires those of the table it names
-- alone. They fire whatever session_replication_role says. Their arguments are the key columns. What a
-- trigger cannot see cannot be watched.

CREATE VIEW rota.watches AS
WITH
trigger AS (
    SELECT
        watching.tgrelid AS table_oid,
        rota.trigger_arguments(watching.tgargs)::name[] AS keys,
        -- Bits of INSERT, DELETE, UPDATE and TRUNCATE, where the trigger fires always and after each
        -- statement.
        CASE
            WHEN watching.tgenabled = 'A' AND watching.tgqual IS NULL AND watching.tgtype & 3 = 0
                THEN watching.tgtype & 60
            ELSE 0
        END AS events
    FROM
        pg_catalog.pg_trigger AS watching
    WHERE
        watching.tgfoid = 'rota.watch_changes'::pg_catalog.regproc
),
member AS (
    SELECT
        trigger.table_oid,
        pg_catalog.min(trigger.keys) AS keys,
        pg_catalog.bit_or(trigger.events) = 60 AND pg_catalog.count(DISTINCT trigger.keys) = 1 AS complete
    FROM
        trigger
    GROUP BY
        trigger.table_oid
)
SELECT
    root.table_oid::pg_catalog.regclass AS watched_table,
    root.keys,
    root.complete
        AND NOT EXISTS (
            SELECT
            FROM
                pg_catalog.pg_partition_tree(root.table_oid) AS part
                LEFT JOIN member AS other ON other.table_oid = part.relid AND other.keys = root.keys
            WHERE
                other.complete IS NOT TRUE
        )
        AND NOT EXISTS (
            SELECT
            FROM
                pg_catalog.pg_inherits AS inheritance
                JOIN pg_catalog.pg_class AS child ON child.oid = inheritance.inhrelid
            WHERE
                root.table_oid IN (inheritance.inhparent, inheritance.inhrelid)
                AND NOT child.relispartition
        )
        AND NOT EXISTS (
            SELECT
            FROM pg_catalog.pg_subscription_rel AS subscribed
            WHERE subscribed.srrelid = root.table_oid
        ) AS complete
FROM
    member AS root
    JOIN pg_catalog.pg_class AS relation ON relation.oid = root.table_oid
WHERE
    NOT relation.relispartition;

COMMENT ON VIEW rota.watches IS
    'Watched tables, their key columns, and whether every change is seen (all triggers, all partitions).';

GRANT SELECT ON rota.watches TO PUBLIC;

CREATE FUNCTION rota.check_watchable(watched_table regclass) RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    relation pg_class;
    fault text;
BEGIN
    SELECT candidate.* INTO relation FROM pg_class AS candidate WHERE candidate.oid = watched_table;
    fault := CASE
        WHEN NOT FOUND THEN 'does not exist'
        WHEN relation.relispartition THEN
            format('is a partition: watch %s, which includes it', pg_partition_root(watched_table))
        WHEN relation.relkind NOT IN ('r', 'p') THEN 'is no table: views and others change unseen'
        WHEN relation.relpersistence = 't' THEN 'is temporary: no other session can read it'
        WHEN relation.relnamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace) THEN
            'belongs to the system: nothing fires when it changes'
        WHEN EXISTS (
            SELECT
            FROM pg_inherits AS inheritance JOIN pg_class AS child ON child.oid = inheritance.inhrelid
            WHERE watched_table IN (inheritance.inhparent, inheritance.inhrelid) AND NOT child.relispartition
        ) THEN 'takes part in inheritance: a statement fires the triggers of the table it names alone'
        WHEN EXISTS (
            SELECT FROM pg_subscription_rel AS subscribed WHERE subscribed.srrelid = watched_table
        ) THEN 'is written by a subscription, which fires no statement triggers'
        WHEN EXISTS (
            SELECT
            FROM pg_partition_tree(watched_table) AS part JOIN pg_class AS child ON child.oid = part.relid
            WHERE child.relkind = 'f'
        ) THEN 'has a foreign table as a partition, which changes unseen'
        WHEN getdatabaseencoding() <> 'UTF8' THEN 'is in a database of another encoding than UTF8'
    END;
    IF fault IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = CASE WHEN relation.oid IS NULL THEN '42P01' ELSE '42809' END,
            MESSAGE = format('%s cannot be watched: it %s', watched_table, fault),
            HINT = 'an ordinary or partitioned table of yours would be right',
            COLUMN = 'watched_table';
    END IF;
END
$$;

COMMENT ON FUNCTION rota.check_watchable(regclass) IS
    'Refuses a table whose changes no statement trigger sees.';

CREATE FUNCTION rota.check_watch_keys(watched_table regclass, keys name[]) RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    key name;
    fault text;
BEGIN
    FOREACH key IN ARRAY coalesce(keys, '{}') LOOP
        SELECT
            CASE
                WHEN number.attribute IS NULL THEN format('is no column of %s', watched_table)
                WHEN cardinality(array_positions(keys, key)) > 1 THEN 'stands more than once in keys'
                WHEN attribute.attgenerated NOT IN ('', 's') THEN 'is computed when it is read'
                WHEN rota.key_type(attribute.atttypid) IS NULL THEN
                    format('is of type %s', format_type(attribute.atttypid, attribute.atttypmod))
                WHEN NOT coalesce(text_order.collisdeterministic, true) THEN
                    format('has collation %s, in which different texts are equal', text_order.collname)
            END
        INTO fault
        FROM
            (
                SELECT found.attnum AS attribute
                FROM (SELECT key AS name) AS wanted LEFT JOIN pg_attribute AS found ON
                    found.attrelid = watched_table
                    AND found.attname = wanted.name
                    AND found.attnum > 0
                    AND NOT found.attisdropped
            ) AS number
            LEFT JOIN pg_attribute AS attribute ON
                attribute.attrelid = watched_table
                AND attribute.attnum = number.attribute
            LEFT JOIN pg_collation AS text_order ON text_order.oid = attribute.attcollation;
        IF fault IS NOT NULL THEN
            RAISE EXCEPTION USING
                ERRCODE = '22023',
                MESSAGE = format('key %s %s', coalesce(quote_ident(key), 'null'), fault),
                HINT = 'a column whose equal values have equal texts: an integer, oid, uuid, boolean, text, '
                    'varchar, name or enum',
                COLUMN = 'keys';
        END IF;
    END LOOP;
END
$$;

COMMENT ON FUNCTION rota.check_watch_keys(regclass, name[]) IS
    'Refuses keys that are no columns, or whose equal values may have different texts.';

CREATE FUNCTION rota.install_watch(watched_table regclass, keys name[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    arguments text;
    kind record;
BEGIN
    SELECT coalesce(string_agg(quote_literal(key.name), ', ' ORDER BY key.position), '')
    INTO arguments
    FROM unnest(keys) WITH ORDINALITY AS key (name, position);
    FOR kind IN
        SELECT *
        FROM (
            VALUES
            ('insert', 'REFERENCING NEW TABLE AS rota_new'),
            ('update', 'REFERENCING OLD TABLE AS rota_old NEW TABLE AS rota_new'),
            ('delete', 'REFERENCING OLD TABLE AS rota_old'),
            ('truncate', '')
        ) AS kind (event, row_sets)
    LOOP
        EXECUTE format(
            'CREATE OR REPLACE TRIGGER %1$I AFTER %2$s ON %3$s %4$s FOR EACH STATEMENT '
            'EXECUTE FUNCTION rota.watch_changes(%5$s)',
            'rota_watch_' || kind.event, kind.event, watched_table, kind.row_sets, arguments
        );
        EXECUTE format(
            'ALTER TABLE ONLY %s ENABLE ALWAYS TRIGGER %I', watched_table, 'rota_watch_' || kind.event
        );
    END LOOP;
END
$$;

COMMENT ON FUNCTION rota.install_watch(regclass, name[]) IS
    'Makes the triggers of one table or partition; the caller has checked it.';

CREATE FUNCTION rota.watch(watched_table regclass, keys name[] DEFAULT '{}') RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF watched_table IS NULL OR keys IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = '22004',
            MESSAGE = CASE WHEN keys IS NULL THEN 'keys' ELSE 'watched_table' END || ' must not be null',
            HINT = 'rota.watch(''schema.table'', ''{column}'')',
            COLUMN = CASE WHEN keys IS NULL THEN 'keys' ELSE 'watched_table' END;
    END IF;
    PERFORM rota.check_watchable(watched_table);
    -- Who writes has finished, and who reads the catalog after us knows that it is watched from now on.
    EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', watched_table);
    PERFORM rota.check_watch_keys(watched_table, keys);
    PERFORM rota.install_watch(member.relid, keys)
    FROM (
        -- A table without partitions has no tree.
        SELECT watched_table AS relid
        UNION
        SELECT part.relid FROM pg_partition_tree(watched_table) AS part
    ) AS member;
    IF (SELECT status.mode FROM rota.invalidation_status() AS status) = 'notify' THEN
        RAISE WARNING USING
            MESSAGE = format(
                'changes of %s are announced by NOTIFY, which makes commits wait for each other',
                watched_table
            ),
            DETAIL = 'Measured with 8 writers, commits a second bare / with NOTIFY / preloaded: with flushes '
                'of 3 ms 2,900-5,000 / 345 / 2,600-3,200, fast ones 7,300-14,700 / 3,300 / 5,500-11,200.',
            HINT = 'set shared_preload_libraries = ''rota'' and restart the server';
    END IF;
END
$$;

COMMENT ON FUNCTION rota.watch(regclass, name[]) IS
    'Announces every change of a table, and the old and new values of key columns; again to change the keys.';

CREATE FUNCTION rota.unwatch(watched_table regclass) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    watching record;
BEGIN
    FOR watching IN
        SELECT
            trigger.tgrelid::regclass AS member,
            trigger.tgname AS name
        FROM
            pg_trigger AS trigger
        WHERE
            trigger.tgfoid = 'rota.watch_changes'::regproc
            AND (
                trigger.tgrelid = watched_table
                OR trigger.tgrelid IN (SELECT part.relid FROM pg_partition_tree(watched_table) AS part)
            )
    LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', watching.name, watching.member);
    END LOOP;
END
$$;

COMMENT ON FUNCTION rota.unwatch(regclass) IS
    'Announces changes of a table no more; one that is not watched is no error.';
