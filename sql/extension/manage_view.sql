-- Putting views under management. What needs the rights of the extension's owner runs behind
-- rota.act_on_view, which has checked that the caller owns the view.

CREATE FUNCTION rota.check_freshness(arguments jsonb) RETURNS void
LANGUAGE plpgsql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    argument text;
    given interval;
BEGIN
    FOREACH argument IN ARRAY
        '{max_staleness,quiet_period,refresh_every,refresh_timeout,lock_timeout}'::text[]
    LOOP
        given := arguments ->> argument;
        IF given IS NULL AND argument <> 'refresh_every' THEN
            PERFORM rota.refuse_management(
                '22004', argument, format('%s must not be null', argument), 'leave it out for the default'
            );
        ELSIF given < '0' OR given = '0' AND argument NOT IN ('max_staleness', 'quiet_period') THEN
            PERFORM rota.refuse_management(
                '22023', argument, format('%s is %s', argument, given),
                'a longer time, such as ''10 seconds'''
            );
        ELSIF given > '10 years' THEN
            PERFORM rota.refuse_management(
                '22023', argument, format('%s is %s', argument, given), 'at most ten years'
            );
        END IF;
    END LOOP;
END
$$;

COMMENT ON FUNCTION rota.check_freshness(jsonb) IS 'Refuses times of a managed view that make no sense.';

CREATE FUNCTION rota.check_source_rights(managed_view oid, caller oid, source oid) RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT has_table_privilege(caller, source, 'TRIGGER') THEN
        PERFORM rota.refuse_management(
            '42501', 'managed_view',
            format(
                'role %s may not track changes of %s, which %s reads',
                pg_get_userbyid(caller), source::regclass, managed_view::regclass
            ),
            format('GRANT TRIGGER ON %s TO %I', source::regclass, pg_get_userbyid(caller))
        );
    END IF;
END
$$;

COMMENT ON FUNCTION rota.check_source_rights(oid, oid, oid) IS
    'Refuses to track a table on which the caller could not make triggers.';

CREATE FUNCTION rota.make_queue(view_id bigint, managed_view oid, key_types text[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    key_definitions text;
BEGIN
    SELECT coalesce(string_agg(format(', key_%s %s', key.number, key.type), '' ORDER BY key.number), '')
    INTO key_definitions
    FROM unnest(key_types) WITH ORDINALITY AS key (type, number);
    -- Unlogged: a crash empties it, with the mark that says so. No index: it is read whole, and short.
    EXECUTE format(
        'CREATE UNLOGGED TABLE rota.pending_%1$s ('
        'queued_at timestamptz NOT NULL DEFAULT rota.change_time(), '
        'kind "char" NOT NULL, source oid, changed jsonb %2$s'
        ') WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000)',
        view_id, key_definitions
    );
    EXECUTE format(
        'COMMENT ON TABLE rota.pending_%s IS %L', view_id,
        format('Changes that are still to be applied to %s.', rota.qualified_name(managed_view))
    );
    EXECUTE format('INSERT INTO rota.pending_%s (kind) VALUES (''s'')', view_id);
    EXECUTE format(
        'ALTER TABLE rota.pending_%s OWNER TO %I', view_id,
        (
            SELECT pg_get_userbyid(relation.relowner)
            FROM pg_class AS relation
            WHERE relation.oid = managed_view
        )
    );
END
$$;

COMMENT ON FUNCTION rota.make_queue(bigint, oid, text[]) IS
    'Makes the queue of a view, which belongs to the view''s owner.';

CREATE FUNCTION rota.note_everything(view_id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    queue oid := to_regclass(format('rota.pending_%s', view_id));
BEGIN
    IF queue IS NOT NULL THEN
        PERFORM rota.execute_as(
            (SELECT relation.relowner FROM pg_class AS relation WHERE relation.oid = queue),
            format('INSERT INTO %s (kind) VALUES (''e'')', queue::regclass)
        );
    END IF;
END
$$;

COMMENT ON FUNCTION rota.note_everything(bigint) IS
    'Notes that any row of a view may have changed, so that it is recomputed as a whole.';

CREATE FUNCTION rota.attempt(action text, managed_view oid, caller oid, arguments jsonb) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    result jsonb;
    code text;
    message text;
    detail text;
    hint text;
    argument text;
BEGIN
    EXECUTE format('SELECT rota.%I($1, $2, $3)', action) INTO result USING managed_view, caller, arguments;
    RETURN jsonb_build_object('result', result);
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS
        code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
        hint = PG_EXCEPTION_HINT, argument = COLUMN_NAME;
    RETURN jsonb_build_object(
        'refused', jsonb_build_object(
            'sqlstate', code, 'message', message, 'detail', nullif(detail, ''), 'hint', nullif(hint, ''),
            'column', nullif(argument, '')
        )
    );
END
$$;

COMMENT ON FUNCTION rota.attempt(text, oid, oid, jsonb) IS
    'Does something to a view, and tells what was refused. rota.act_on_view raises it with all of its '
    'fields.';

CREATE FUNCTION rota.manage_relation(managed_view oid, caller oid, arguments jsonb) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET rota.managing = 'on'
AS $$
DECLARE
    query oid := to_regclass(arguments ->> 'query');
    keys name[] := ARRAY(SELECT jsonb_array_elements_text(arguments -> 'key_columns'));
    also text[] := ARRAY(
        SELECT rota.qualified_name(other.oid::oid)
        FROM jsonb_array_elements_text(arguments -> 'also_reads') AS other (oid)
    );
    source oid;
    new_id bigint;
BEGIN
    PERFORM rota.check_freshness(arguments);
    PERFORM rota.know_views();
    IF EXISTS (SELECT FROM rota.view_states AS state WHERE state.relation = managed_view) THEN
        PERFORM rota.refuse_management(
            '42710', 'managed_view', format('%s is managed already', managed_view::regclass),
            'rota.unmanage_view or rota.drop_rollup first'
        );
    END IF;
    INSERT INTO rota.managed_views (
        view_name, query_name, key_columns, max_staleness, quiet_period, refresh_every, also_reads,
        refresh_timeout, lock_timeout
    )
    VALUES (
        rota.qualified_name(managed_view), rota.qualified_name(query), nullif(keys, '{}'),
        (arguments ->> 'max_staleness')::interval, (arguments ->> 'quiet_period')::interval,
        (arguments ->> 'refresh_every')::interval, also, (arguments ->> 'refresh_timeout')::interval,
        (arguments ->> 'lock_timeout')::interval
    )
    RETURNING view_id INTO new_id;
    PERFORM rota.make_queue(
        new_id, managed_view,
        ARRAY(
            SELECT key.type
            FROM rota.rollup_keys(managed_view) AS key
            WHERE query IS NOT NULL
            ORDER BY key.number
        )
    );
    -- In the order of their ids, so that two who register views over the same tables do not wait for each
    -- other.
    FOR source IN
        SELECT read.oid
        FROM rota.relations_read(coalesce(query, managed_view), rota.oids_of(also)) AS read (oid)
        ORDER BY read.oid
    LOOP
        PERFORM rota.track_source(
            new_id, managed_view, caller, source, arguments -> 'mappings', cardinality(keys)
        );
    END LOOP;
    PERFORM rota.know_view(new_id);
    PERFORM rota.order_views();
    PERFORM rota.check_mapped_tables(new_id, arguments -> 'mappings');
    PERFORM rota.note_everything(new_id);
    RETURN to_jsonb(new_id);
END
$$;

COMMENT ON FUNCTION rota.manage_relation(oid, oid, jsonb) IS
    'Tracks what a view reads and notes that it is to be refreshed. Called by rota.act_on_view.';

CREATE FUNCTION rota.unmanage_relation(managed_view oid, caller oid, arguments jsonb) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET rota.managing = 'on'
AS $$
DECLARE
    known rota.managed_views := rota.known_view(managed_view);
BEGIN
    PERFORM rota.remove_tracking(known.view_id, NULL);
    EXECUTE format('DROP TABLE IF EXISTS rota.pending_%s', known.view_id);
    DELETE FROM rota.refresh_history AS past WHERE past.view_id = known.view_id;
    DELETE FROM rota.managed_views AS managed WHERE managed.view_id = known.view_id;
    PERFORM rota.order_views();
    RETURN to_jsonb(known.view_id);
END
$$;

COMMENT ON FUNCTION rota.unmanage_relation(oid, oid, jsonb) IS
    'Forgets a managed view; its rows stay. Called by rota.act_on_view.';

CREATE FUNCTION rota.manage_view(
    managed_view regclass,
    max_staleness interval DEFAULT '1 minute',
    quiet_period interval DEFAULT '0',
    refresh_every interval DEFAULT NULL,
    also_reads regclass[] DEFAULT '{}',
    refresh_timeout interval DEFAULT '10 minutes',
    lock_timeout interval DEFAULT '5 seconds'
) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM rota.check_manageable(managed_view);
    PERFORM rota.act_on_view(
        'manage_relation', managed_view,
        jsonb_build_object(
            'max_staleness', max_staleness, 'quiet_period', quiet_period, 'refresh_every', refresh_every,
            'also_reads', coalesce(also_reads::oid[], '{}'), 'refresh_timeout', refresh_timeout,
            'lock_timeout', lock_timeout
        )
    );
    IF rota.concurrent_refresh_fault(managed_view) IS NOT NULL THEN
        RAISE WARNING USING
            MESSAGE = format(
                'readers of %s wait while it is refreshed: it %s',
                managed_view, rota.concurrent_refresh_fault(managed_view)
            ),
            HINT = 'CREATE UNIQUE INDEX on columns of it, without a WHERE; then they read on';
    END IF;
END
$$;

COMMENT ON FUNCTION rota.manage_view(
    regclass, interval, interval, interval, regclass[], interval, interval
) IS
    'Keeps a materialized view fresh: refreshed when a table that it reads has changed, and not otherwise.';

CREATE FUNCTION rota.check_manageable(managed_view regclass) RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF managed_view IS NULL THEN
        PERFORM rota.refuse_management(
            '22004', 'managed_view', 'managed_view must not be null', 'rota.manage_view(''schema.view'')'
        );
    ELSIF NOT EXISTS (
        SELECT FROM pg_class AS relation WHERE relation.oid = managed_view AND relation.relkind = 'm'
    ) THEN
        PERFORM rota.refuse_management(
            '42809', 'managed_view', format('%s is no materialized view', managed_view),
            'rota.create_rollup makes a table that is kept fresh from a plain view'
        );
    END IF;
END
$$;

COMMENT ON FUNCTION rota.check_manageable(regclass) IS 'Refuses what is no materialized view.';

CREATE FUNCTION rota.concurrent_refresh_fault(managed_view oid) RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN NOT relation.relispopulated THEN 'has never been filled'
        -- As is_usable_unique_index in the server's matview.c.
        WHEN NOT EXISTS (
            SELECT
            FROM pg_index AS index
            WHERE
                index.indrelid = managed_view
                AND index.indisunique
                AND index.indisvalid
                AND index.indimmediate
                AND index.indpred IS NULL
                AND 0 <> ALL (index.indkey::smallint[])
        ) THEN 'has no usable unique index'
    END
    FROM pg_class AS relation
    WHERE relation.oid = managed_view
$$;

COMMENT ON FUNCTION rota.concurrent_refresh_fault(oid) IS
    'Why a materialized view cannot be refreshed beside its readers; NULL when it can.';

CREATE FUNCTION rota.unmanage_view(managed_view regclass) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM rota.act_on_view('unmanage_relation', managed_view, '{}');
END
$$;

COMMENT ON FUNCTION rota.unmanage_view(regclass) IS
    'Forgets a managed view or rollup and stops tracking its tables; its rows stay as they are.';

COMMENT ON FUNCTION rota.change_time() IS
    'When a change that is queued now was made: what a refresh writes is as old as the oldest change that it '
    'applies.';

COMMENT ON FUNCTION rota.act_on_view(text, oid, jsonb) IS
    'The door to what needs the rights of the extension''s owner: asks whether the caller owns the view.';

REVOKE ALL ON FUNCTION
    rota.attempt(text, oid, oid, jsonb),
    rota.execute_as(oid, text, text[], integer, boolean),
    rota.install_tracking(bigint, regclass, text, boolean, integer, text),
    rota.remove_tracking(bigint, oid),
    rota.track_source(bigint, oid, oid, oid, jsonb, integer),
    rota.make_queue(bigint, oid, text[]),
    rota.note_everything(bigint),
    rota.manage_relation(oid, oid, jsonb),
    rota.unmanage_relation(oid, oid, jsonb)
FROM PUBLIC;
