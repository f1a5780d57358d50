-- What keeps managed views whole when definitions change.
--
-- Whoever alters a table may have changed what it holds without a statement that a trigger sees, so the views
-- over it are recomputed as a whole once. Names follow renames; what is dropped is forgotten.

CREATE FUNCTION rota.follow_names() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    owned record;
BEGIN
    UPDATE rota.managed_views AS known
    SET
        view_name = rota.qualified_name(state.relation),
        query_name = coalesce(rota.qualified_name(state.query), known.query_name),
        also_reads = ARRAY(
            SELECT rota.qualified_name(other.oid)
            FROM unnest(state.also_reads) AS other (oid)
            WHERE rota.qualified_name(other.oid) IS NOT NULL
        )
    FROM rota.view_states AS state
    WHERE
        state.view_id = known.view_id
        AND rota.qualified_name(state.relation) IS NOT NULL
        AND (
            known.view_name <> rota.qualified_name(state.relation)
            OR known.query_name <> rota.qualified_name(state.query)
            OR known.also_reads <> ARRAY(
                SELECT rota.qualified_name(other.oid)
                FROM unnest(state.also_reads) AS other (oid)
                WHERE rota.qualified_name(other.oid) IS NOT NULL
            )
        );
    FOR owned IN
        SELECT queue.oid::regclass AS queue, relation.relowner AS owner
        FROM
            rota.view_states AS state
            JOIN pg_class AS relation ON relation.oid = state.relation
            JOIN pg_class AS queue ON queue.oid = to_regclass(format('rota.pending_%s', state.view_id))
        WHERE queue.relowner <> relation.relowner
    LOOP
        EXECUTE format('ALTER TABLE %s OWNER TO %I', owned.queue, pg_get_userbyid(owned.owner));
    END LOOP;
END
$$;

COMMENT ON FUNCTION rota.follow_names() IS
    'Brings the names of managed views up to date, and the owners of their queues.';

CREATE FUNCTION rota.keep_tracking(wanted bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    state rota.view_states;
    owner oid;
    needed record;
BEGIN
    SELECT known.* INTO state FROM rota.view_states AS known WHERE known.view_id = wanted;
    SELECT relation.relowner INTO owner FROM pg_class AS relation WHERE relation.oid = state.relation;
    IF owner IS NULL THEN
        RETURN;
    END IF;
    -- Tables that it reads no more, and partitions that are none any more.
    PERFORM rota.remove_tracking(wanted, gone.table_oid)
    FROM (
        SELECT DISTINCT tracking.table_oid
        FROM rota.tracking_triggers AS tracking
        WHERE
            tracking.view_id = wanted
            AND tracking.table_oid NOT IN (
                SELECT member.oid
                FROM
                    rota.relations_read(coalesce(state.query, state.relation), state.also_reads) AS read (oid)
                    CROSS JOIN LATERAL rota.table_members(read.oid) AS member (oid)
            )
    ) AS gone;
    FOR needed IN
        SELECT
            member.oid,
            above.mapping,
            above.reads_others,
            above.key_columns,
            above.table_oid IS NULL AS is_new,
            read.oid AS source
        FROM
            rota.relations_read(coalesce(state.query, state.relation), state.also_reads) AS read (oid)
            JOIN pg_class AS relation ON relation.oid = read.oid AND relation.relkind <> 'm'
            CROSS JOIN LATERAL rota.table_members(read.oid) AS member (oid)
            LEFT JOIN LATERAL (
                SELECT tracking.*
                FROM rota.tracking_triggers AS tracking
                WHERE
                    tracking.view_id = wanted
                    AND tracking.table_oid = read.oid
                LIMIT 1
            ) AS above ON true
        WHERE
            NOT EXISTS (
                SELECT
                FROM rota.tracking_triggers AS tracking
                WHERE
                    tracking.view_id = wanted
                    AND tracking.table_oid = member.oid
            )
        ORDER BY member.oid
    LOOP
        IF needed.is_new THEN
            PERFORM rota.check_source_rights(state.relation, owner, needed.source);
            PERFORM rota.check_trackable(needed.source);
        END IF;
        PERFORM rota.install_tracking(
            wanted, needed.oid, needed.mapping, coalesce(needed.reads_others, false),
            (
                SELECT cardinality(known.key_columns)
                FROM rota.managed_views AS known
                WHERE known.view_id = wanted
            ),
            needed.key_columns
        );
    END LOOP;
END
$$;

COMMENT ON FUNCTION rota.keep_tracking(bigint) IS
    'Tracks the tables and partitions that a view has come to read, and no others.';

CREATE FUNCTION rota.refuse_broken_mappings(wanted bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tracking record;
    message text;
BEGIN
    FOR tracking IN
        SELECT DISTINCT ON (known.table_oid)
            known.table_oid, known.mapping, relation.relowner AS owner, managed.view_name,
            cardinality(managed.key_columns) AS number_of_keys
        FROM
            rota.tracking_triggers AS known
            JOIN rota.managed_views AS managed ON managed.view_id = known.view_id
            JOIN rota.view_states AS state ON state.view_id = known.view_id
            JOIN pg_class AS relation ON relation.oid = state.relation
        WHERE
            known.view_id = wanted
            AND known.mapping IS NOT NULL
    LOOP
        BEGIN
            PERFORM rota.mapping_reads_others(
                wanted, tracking.owner, tracking.table_oid, tracking.mapping, tracking.number_of_keys
            );
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
            RAISE EXCEPTION USING
                ERRCODE = '2BP01',
                MESSAGE = format(
                    'rollup %s could not be kept fresh after that: %s', tracking.view_name, message
                ),
                HINT = 'drop it with rota.drop_rollup, make the change, and create it with another mapping';
        END;
    END LOOP;
END
$$;

COMMENT ON FUNCTION rota.refuse_broken_mappings(bigint) IS
    'Refuses a change after which a mapping could not be evaluated.';

CREATE FUNCTION rota.follow_change(wanted bigint, is_refresh boolean, is_trigger boolean) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET rota.managing = 'on'
AS $$
BEGIN
    IF NOT is_refresh THEN
        -- A dump that is being restored makes its triggers itself: a view that was never refreshed here waits
        -- for its first refresh.
        IF EXISTS (
            SELECT
            FROM rota.view_states AS state
            WHERE
                state.view_id = wanted
                AND state.last_refreshed_at IS NOT NULL
                AND state.members <> rota.members_of(wanted)
        ) THEN
            PERFORM rota.keep_tracking(wanted);
        END IF;
        PERFORM rota.know_view(wanted);
    END IF;
    IF NOT is_trigger THEN
        PERFORM rota.refuse_broken_mappings(wanted);
        PERFORM rota.note_everything(wanted);
    END IF;
END
$$;

COMMENT ON FUNCTION rota.follow_change(bigint, boolean, boolean) IS
    'Keeps one managed view complete when something that it uses has changed.';

CREATE FUNCTION rota.follow_managed_views() RETURNS event_trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    affected record;
BEGIN
    IF current_setting('rota.managing', true) = 'on' OR NOT EXISTS (SELECT FROM rota.managed_views) THEN
        RETURN;
    END IF;
    -- No view reads temporary tables, nor functions that nothing depends on. Imports make the ones, programs
    -- hundreds of the others, and looking at every view costs each of them.
    IF tg_tag LIKE 'CREATE %' AND NOT EXISTS (
        SELECT
        FROM pg_event_trigger_ddl_commands() AS ddl
        WHERE
            coalesce(ddl.schema_name, '') <> 'pg_temp'
            AND (
                ddl.classid <> 'pg_proc'::regclass
                OR EXISTS (
                    SELECT
                    FROM pg_depend AS use
                    WHERE
                        use.refclassid = ddl.classid
                        AND use.refobjid = ddl.objid
                )
            )
    ) THEN
        RETURN;
    END IF;
    PERFORM rota.know_views();
    IF tg_tag LIKE 'ALTER %' THEN
        PERFORM rota.follow_names();
    END IF;
    FOR affected IN
        WITH command AS (
            SELECT DISTINCT
                CASE WHEN tracking.oid IS NULL THEN ddl.classid ELSE 'pg_class'::regclass END AS class_oid,
                coalesce(tracking.tgrelid, ddl.objid) AS object_oid,
                tracking.oid IS NOT NULL AS is_trigger
            FROM
                pg_event_trigger_ddl_commands() AS ddl
                LEFT JOIN pg_trigger AS tracking ON
                    ddl.classid = 'pg_trigger'::regclass
                    AND tracking.oid = ddl.objid
            WHERE
                NOT ddl.in_extension
                AND coalesce(ddl.schema_name, '') <> 'pg_temp'
                AND (tracking.oid IS NULL OR tracking.tgfoid = 'rota.track_changes'::regproc)
        )
        SELECT state.view_id, bool_and(command.is_trigger) AS is_trigger
        FROM command JOIN rota.view_states AS state ON
            command.class_oid = 'pg_namespace'::regclass
            OR command.object_oid = state.relation AND tg_tag <> 'REFRESH MATERIALIZED VIEW'
            OR EXISTS (
                SELECT
                FROM rota.objects_used(coalesce(state.query, state.relation), state.also_reads) AS used
                WHERE
                    used.class_oid = command.class_oid
                    AND used.object_oid IN (command.object_oid, pg_partition_root(command.object_oid))
                    AND (used.object_oid <> state.relation OR tg_tag <> 'REFRESH MATERIALIZED VIEW')
            )
        GROUP BY state.view_id
        ORDER BY state.view_id
    LOOP
        PERFORM rota.follow_change(
            affected.view_id, tg_tag = 'REFRESH MATERIALIZED VIEW', affected.is_trigger
        );
    END LOOP;
    IF tg_tag <> 'REFRESH MATERIALIZED VIEW' THEN
        PERFORM rota.order_views();
    END IF;
END
$$;

COMMENT ON FUNCTION rota.follow_managed_views() IS
    'Event trigger function: keeps managed views complete when what they use is altered.';

CREATE FUNCTION rota.follow_dropped_views() RETURNS event_trigger
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET rota.managing = 'on'
AS $$
DECLARE
    gone record;
BEGIN
    IF NOT EXISTS (SELECT FROM rota.managed_views) THEN
        RETURN;
    END IF;
    FOR gone IN
        SELECT state.view_id
        FROM pg_event_trigger_dropped_objects() AS dropped JOIN rota.view_states AS state ON
            dropped.classid = 'pg_class'::regclass
            AND dropped.objsubid = 0
            AND dropped.objid = state.relation
    LOOP
        PERFORM rota.remove_tracking(gone.view_id, NULL);
        EXECUTE format('DROP TABLE IF EXISTS rota.pending_%s', gone.view_id);
        DELETE FROM rota.refresh_history AS past WHERE past.view_id = gone.view_id;
        DELETE FROM rota.managed_views AS known WHERE known.view_id = gone.view_id;
    END LOOP;
    -- A query, or a table or partition with its tracking triggers.
    FOR gone IN
        SELECT DISTINCT state.view_id
        FROM pg_event_trigger_dropped_objects() AS dropped JOIN rota.view_states AS state ON
            dropped.classid = 'pg_class'::regclass
            AND (dropped.objid = state.query OR dropped.objid = ANY (state.members))
            OR dropped.object_type = 'trigger'
            AND dropped.address_names[cardinality(dropped.address_names)]
                LIKE format('rota\_refresh\_%s\_%%', state.view_id)
    LOOP
        PERFORM rota.know_view(gone.view_id);
        PERFORM rota.note_everything(gone.view_id);
    END LOOP;
    IF EXISTS (
        SELECT
        FROM pg_event_trigger_dropped_objects() AS dropped
        WHERE
            NOT dropped.is_temporary
            AND dropped.object_type IN ('function', 'operator', 'table', 'table column', 'type', 'view')
    ) THEN
        PERFORM rota.refuse_broken_mappings(state.view_id) FROM rota.view_states AS state;
    END IF;
END
$$;

COMMENT ON FUNCTION rota.follow_dropped_views() IS
    'Event trigger function: forgets managed views that were dropped, and notes what others lost.';

CREATE EVENT TRIGGER rota_follow_managed_views ON ddl_command_end
WHEN TAG IN (
    'ALTER FUNCTION', 'ALTER MATERIALIZED VIEW', 'ALTER SCHEMA', 'ALTER TABLE', 'ALTER VIEW',
    'CREATE FUNCTION', 'CREATE RULE', 'CREATE TABLE', 'CREATE TRIGGER', 'CREATE VIEW',
    'REFRESH MATERIALIZED VIEW'
)
EXECUTE FUNCTION rota.follow_managed_views();

CREATE EVENT TRIGGER rota_follow_dropped_views ON sql_drop
EXECUTE FUNCTION rota.follow_dropped_views();

-- Also in sessions that apply what was done elsewhere.
ALTER EVENT TRIGGER rota_follow_managed_views ENABLE ALWAYS;
ALTER EVENT TRIGGER rota_follow_dropped_views ENABLE ALWAYS;

REVOKE ALL ON FUNCTION
    rota.follow_names(),
    rota.keep_tracking(bigint),
    rota.refuse_broken_mappings(bigint),
    rota.follow_change(bigint, boolean, boolean),
    rota.follow_managed_views(),
    rota.follow_dropped_views()
FROM PUBLIC;
