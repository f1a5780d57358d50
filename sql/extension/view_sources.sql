-- What a managed view reads, and the triggers that track it.
--
-- Four statement triggers per table, and per partition. Their arguments are the view's number, the mapping
-- of changed rows to keys (empty: any change counts for every key), whether the mapping reads other tables,
-- the number of keys, and the key columns where the keys are columns of the table. They fire whatever
-- session_replication_role says.

CREATE FUNCTION rota.objects_used(managed_view oid, also_reads oid[])
RETURNS TABLE (class_oid oid, object_oid oid)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE used (class_oid, object_oid) AS (
        SELECT 'pg_class'::regclass::oid, start.oid
        FROM unnest(managed_view || also_reads) AS start (oid)
        UNION
        SELECT next.class_oid, next.object_oid
        FROM
            used
            CROSS JOIN LATERAL (
                SELECT dependency.refclassid, dependency.refobjid
                FROM
                    pg_rewrite AS rule
                    JOIN pg_class AS relation ON relation.oid = rule.ev_class
                    JOIN pg_depend AS dependency ON
                        dependency.classid = 'pg_rewrite'::regclass
                        AND dependency.objid = rule.oid
                WHERE
                    used.class_oid = 'pg_class'::regclass
                    AND rule.ev_class = used.object_oid
                    -- What another materialized view holds changes when that is refreshed, and not before.
                    AND (relation.relkind = 'v' OR relation.oid = managed_view)
                UNION ALL
                SELECT dependency.refclassid, dependency.refobjid
                FROM pg_depend AS dependency
                WHERE
                    used.class_oid = 'pg_proc'::regclass
                    AND dependency.classid = 'pg_proc'::regclass
                    AND dependency.objid = used.object_oid
                UNION ALL
                SELECT 'pg_proc'::regclass, operator.oprcode
                FROM pg_operator AS operator
                WHERE
                    used.class_oid = 'pg_operator'::regclass
                    AND operator.oid = used.object_oid
                UNION ALL
                SELECT 'pg_class'::regclass, source.oid
                FROM pg_proc AS reader JOIN pg_class AS source ON
                    source.relnamespace = to_regnamespace('rota_source')
                    AND source.relkind IN ('r', 'p', 'v', 'm', 'f')
                WHERE
                    used.class_oid = 'pg_proc'::regclass
                    AND reader.oid = used.object_oid
                    AND reader.pronamespace = 'rota'::regnamespace
                    AND reader.proname IN (SELECT rota.source_view_readers())
            ) AS next (class_oid, object_oid)
        WHERE
            next.class_oid IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_operator'::regclass)
    )
    SELECT used.class_oid, used.object_oid FROM used
$$;

COMMENT ON FUNCTION rota.objects_used(oid, oid[]) IS
    'A view and everything that it uses, through views and functions whose reads are known.';

CREATE FUNCTION rota.relations_read(managed_view oid, also_reads oid[]) RETURNS SETOF oid
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT DISTINCT coalesce(pg_partition_root(relation.oid), relation.oid)
    FROM
        rota.objects_used(managed_view, also_reads) AS used
        JOIN pg_class AS relation ON relation.oid = used.object_oid
    WHERE
        used.class_oid = 'pg_class'::regclass
        AND relation.relkind IN ('r', 'p', 'm', 'f')
        AND relation.oid <> managed_view
$$;

COMMENT ON FUNCTION rota.relations_read(oid, oid[]) IS
    'Tables and materialized views that a view reads; of a partition its topmost parent.';

CREATE VIEW rota.tracking_triggers AS
SELECT
    told.arguments[1]::bigint AS view_id,
    tracking.tgrelid AS table_oid,
    tracking.tgname AS trigger_name,
    nullif(told.arguments[2], '') AS mapping,
    told.arguments[3] = 'late' AS reads_others,
    told.arguments[5] AS key_columns,
    -- Bits of INSERT, DELETE, UPDATE and TRUNCATE, where the trigger fires always and after each statement.
    CASE
        WHEN tracking.tgenabled = 'A' AND tracking.tgqual IS NULL AND tracking.tgtype & 3 = 0
            THEN tracking.tgtype & 60
        ELSE 0
    END AS events
FROM
    pg_catalog.pg_trigger AS tracking
    CROSS JOIN LATERAL (SELECT rota.trigger_arguments(tracking.tgargs) AS arguments) AS told
WHERE
    tracking.tgfoid = 'rota.track_changes'::pg_catalog.regproc;

COMMENT ON VIEW rota.tracking_triggers IS 'Every trigger that tracks changes for a managed view.';

CREATE FUNCTION rota.check_trackable(source regclass) RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    refused text;
BEGIN
    PERFORM rota.check_watchable(source);
EXCEPTION WHEN wrong_object_type THEN
    GET STACKED DIAGNOSTICS refused = MESSAGE_TEXT;
    PERFORM rota.refuse_management(
        '42809', 'managed_view', replace(refused, 'cannot be watched', 'cannot be tracked'),
        'manage views whose tables are ordinary or partitioned tables of yours'
    );
END
$$;

COMMENT ON FUNCTION rota.check_trackable(regclass) IS
    'Refuses a table whose changes no statement trigger sees.';

CREATE FUNCTION rota.install_tracking(
    view_id bigint,
    source regclass,
    mapping text,
    reads_others boolean,
    number_of_keys integer,
    key_columns text
) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    kind record;
    trigger_name name;
BEGIN
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
        trigger_name := format('rota_refresh_%s_%s', view_id, kind.event);
        EXECUTE format(
            'CREATE OR REPLACE TRIGGER %1$I AFTER %2$s ON %3$s %4$s FOR EACH STATEMENT '
            'EXECUTE FUNCTION rota.track_changes(%5$L, %6$L, %7$L, %8$L, %9$L)',
            trigger_name, kind.event, source, kind.row_sets, view_id, coalesce(mapping, ''),
            CASE WHEN reads_others THEN 'late' ELSE 'early' END, coalesce(number_of_keys, 0),
            coalesce(key_columns, '')
        );
        EXECUTE format('ALTER TABLE ONLY %s ENABLE ALWAYS TRIGGER %I', source, trigger_name);
    END LOOP;
END
$$;

COMMENT ON FUNCTION rota.install_tracking(bigint, regclass, text, boolean, integer, text) IS
    'Makes the tracking triggers of one table or partition; the caller has checked it.';

CREATE FUNCTION rota.remove_tracking(view_id bigint, source oid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    tracking record;
BEGIN
    FOR tracking IN
        SELECT known.table_oid::regclass AS member, known.trigger_name
        FROM rota.tracking_triggers AS known
        WHERE
            known.view_id = view_id
            AND (source IS NULL OR known.table_oid = source)
    LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', tracking.trigger_name, tracking.member);
    END LOOP;
END
$$;

COMMENT ON FUNCTION rota.remove_tracking(bigint, oid) IS
    'Drops the tracking triggers of a view on one table, or on all of them.';

CREATE FUNCTION rota.table_members(source oid) RETURNS SETOF oid
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- A table without partitions has no tree.
    SELECT source
    UNION
    SELECT part.relid FROM pg_partition_tree(source) AS part
$$;

COMMENT ON FUNCTION rota.table_members(oid) IS 'A table and all of its partitions.';

CREATE FUNCTION rota.tracking_fault(view_id bigint, reads oid[]) RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('changes of %s are not tracked', string_agg(member.oid::regclass::text, ', '))
    FROM
        unnest(reads) AS source (oid)
        JOIN pg_class AS relation ON relation.oid = source.oid AND relation.relkind <> 'm'
        CROSS JOIN LATERAL rota.table_members(source.oid) AS member (oid)
    WHERE
        60 IS DISTINCT FROM (
            SELECT bit_or(tracking.events)
            FROM rota.tracking_triggers AS tracking
            WHERE
                tracking.view_id = tracking_fault.view_id
                AND tracking.table_oid = member.oid
        )
    HAVING count(*) > 0
$$;

COMMENT ON FUNCTION rota.tracking_fault(bigint, oid[]) IS
    'Names the tables whose changes would be missed; NULL when there is none.';
