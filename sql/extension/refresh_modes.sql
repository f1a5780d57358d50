-- Refreshing one view: which way, and what is noted about it.

CREATE FUNCTION rota.recompute_rollup(
    known rota.managed_views,
    state rota.view_states,
    owner oid,
    is_intact boolean,
    forced boolean
) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
-- Compiling costs more than a few keys do.
SET jit = off
AS $$
DECLARE
    number_of_keys integer := cardinality(known.key_columns);
    timeout_ms integer := least(rota.milliseconds(known.refresh_timeout), 2147483647);
    limit_keys bigint := rota.partial_limit(state);
    spans boolean := rota.spans_refresh(
        known.view_id, owner, state.last_refreshed_at + state.last_duration_ms * interval '1 millisecond'
    );
    taken jsonb;
    keys bigint;
    arrays text[];
    reason text;
    written bigint;
BEGIN
    PERFORM rota.map_changed_rows(known.view_id, owner, number_of_keys);
    taken := rota.take_pending(known.view_id, owner, number_of_keys);
    keys := taken ->> 'keys';
    reason := CASE
        WHEN forced THEN 'asked for'
        WHEN NOT is_intact THEN 'the queue of changes was lost'
        WHEN (taken ->> 'everything')::boolean THEN rota.everything_reason(taken -> 'sources')
        WHEN spans THEN
            'writers whose mapping reads other tables wrote before the last refresh and committed after it'
        WHEN keys > limit_keys THEN format('%s keys changed, more than %s', keys, limit_keys)
    END;
    IF NOT is_intact THEN
        PERFORM rota.mark_intact(known.view_id, owner);
    END IF;
    IF reason IS NOT NULL THEN
        written := rota.execute_as(owner, state.whole, '{}', timeout_ms, true);
        RETURN jsonb_build_object(
            'mode', 'full', 'reason', reason, 'rows_written', written,
            'too_many', reason LIKE '% keys changed%'
        );
    END IF;
    IF keys > 0 THEN
        arrays := ARRAY(SELECT jsonb_array_elements_text(taken -> 'arrays'));
        written := rota.execute_as(
            owner, rota.key_statement(state, owner, keys, arrays), arrays, timeout_ms, true
        );
    END IF;
    RETURN jsonb_build_object(
        'mode', 'partial',
        'reason', format('%s %s changed', keys, CASE keys WHEN 1 THEN 'key' ELSE 'keys' END),
        'keys', keys, 'rows_written', coalesce(written, 0)
    );
EXCEPTION WHEN cardinality_violation THEN
    PERFORM rota.refuse_management(
        '21000', 'query',
        format('%s gives more than one row for a key of %s', known.query_name, known.view_name),
        'a query whose rows are unique in the key columns'
    );
END
$$;

COMMENT ON FUNCTION rota.recompute_rollup(rota.managed_views, rota.view_states, oid, boolean, boolean) IS
    'Applies the pending changes of a rollup: the keys that they touched, or everything.';

CREATE FUNCTION rota.key_statement(state rota.view_states, owner oid, keys bigint, arrays text[]) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- For so few, planning twice would cost more than it could save.
    few CONSTANT bigint := 4;
    -- The planner takes look-ups to be several times as dear as they are when the pages are in memory.
    -- Without an index that serves the keys they are as many times as dear as there are keys.
    doubt CONSTANT double precision := 10;
BEGIN
    IF keys > few
        AND rota.plan_cost(owner, state.one_by_one, arrays)
            > doubt * rota.plan_cost(owner, state.all_at_once, arrays)
    THEN
        RETURN state.all_at_once;
    END IF;
    RETURN state.one_by_one;
END
$$;

COMMENT ON FUNCTION rota.key_statement(rota.view_states, oid, bigint, text[]) IS
    'The statement that recomputes keys: one by one, or in one pass where no index serves them.';

CREATE FUNCTION rota.everything_reason(sources jsonb) RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN bool_and(source.oid IS NOT NULL) THEN
            format(
                'a change of %s may have touched any key',
                string_agg(coalesce(rota.qualified_name(source.oid::oid), 'a table'), ', ')
            )
        ELSE 'it is new, or a definition has changed'
    END
    FROM jsonb_array_elements_text(coalesce(sources, '[]')) AS source (oid)
$$;

COMMENT ON FUNCTION rota.everything_reason(jsonb) IS 'Why all of a rollup has to be recomputed.';

CREATE FUNCTION rota.recompute_materialized(
    known rota.managed_views,
    state rota.view_states,
    owner oid,
    is_intact boolean,
    forced boolean
) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    name text := rota.qualified_name(state.relation);
    obstacle text := rota.concurrent_refresh_fault(state.relation);
    timeout_ms integer := least(rota.milliseconds(known.refresh_timeout), 2147483647);
BEGIN
    PERFORM rota.execute_as(owner, format('DELETE FROM rota.pending_%s WHERE kind <> ''s''', known.view_id));
    IF NOT is_intact THEN
        PERFORM rota.mark_intact(known.view_id, owner);
    END IF;
    PERFORM rota.execute_as(
        owner,
        'REFRESH MATERIALIZED VIEW ' || CASE WHEN obstacle IS NULL THEN 'CONCURRENTLY ' ELSE '' END || name,
        '{}', timeout_ms, false
    );
    PERFORM rota.announce_tag(name);
    RETURN jsonb_build_object(
        'mode', CASE WHEN obstacle IS NULL THEN 'concurrent' ELSE 'plain' END,
        'reason', CASE WHEN forced THEN 'asked for' WHEN is_intact THEN 'a table that it reads has changed'
            ELSE 'the queue of changes was lost' END
            || coalesce('; not beside its readers, since it ' || obstacle, '')
    );
END
$$;

COMMENT ON FUNCTION rota.recompute_materialized(
    rota.managed_views, rota.view_states, oid, boolean, boolean
) IS
    'Refreshes a materialized view, beside its readers where it can be.';

CREATE FUNCTION rota.record_refresh(wanted bigint, begun timestamptz, outcome jsonb) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- How much the newest figure counts: the last five or so make up most of what is learned.
    weight CONSTANT double precision := 0.3;
    -- Up to so many keys, a refresh costs about what one key costs.
    few CONSTANT bigint := 4;
    took double precision := outcome ->> 'duration_ms';
    recomputed bigint := outcome ->> 'keys';
    is_partial boolean := outcome ->> 'mode' = 'partial';
BEGIN
    UPDATE rota.view_states AS state
    SET
        last_refreshed_at = begun,
        last_mode = outcome ->> 'mode',
        last_reason = outcome ->> 'reason',
        last_keys = recomputed,
        last_rows = (outcome ->> 'rows_written')::bigint,
        last_duration_ms = took,
        whole_ms = CASE
            WHEN is_partial THEN state.whole_ms
            ELSE coalesce(state.whole_ms + weight * (took - state.whole_ms), took)
        END,
        fixed_ms = CASE
            WHEN is_partial AND recomputed BETWEEN 1 AND few
                THEN coalesce(state.fixed_ms + weight * (took - state.fixed_ms), took)
            ELSE state.fixed_ms
        END,
        key_ms = CASE
            -- What is not tried any more is doubted more and more.
            WHEN (outcome ->> 'too_many')::boolean THEN state.key_ms * 0.8
            WHEN is_partial AND recomputed > few
                THEN greatest(took - coalesce(state.fixed_ms, 0), 0) / recomputed * weight
                    + coalesce(state.key_ms, greatest(took - coalesce(state.fixed_ms, 0), 0) / recomputed)
                    * (1 - weight)
            ELSE state.key_ms
        END,
        failures = 0,
        retry_at = NULL,
        last_error = NULL,
        last_sqlstate = NULL
    WHERE state.view_id = wanted;
    PERFORM rota.add_to_history(wanted, begun, outcome);
END
$$;

COMMENT ON FUNCTION rota.record_refresh(bigint, timestamptz, jsonb) IS
    'Notes a refresh that succeeded, and learns what each mode costs.';

CREATE FUNCTION rota.add_to_history(wanted bigint, begun timestamptz, outcome jsonb) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    INSERT INTO rota.refresh_history (
        view_id, begun_at, mode, reason, keys, rows_written, duration_ms, error
    )
    VALUES (
        wanted, begun, outcome ->> 'mode', outcome ->> 'reason', (outcome ->> 'keys')::bigint,
        (outcome ->> 'rows_written')::bigint, (outcome ->> 'duration_ms')::double precision,
        outcome ->> 'error'
    );
    -- A hundred of them say how a view behaves, and those of a thousand views are still few.
    DELETE FROM rota.refresh_history AS past
    WHERE
        past.view_id = wanted
        AND past.refresh_id <= (
            SELECT newer.refresh_id
            FROM rota.refresh_history AS newer
            WHERE newer.view_id = wanted
            ORDER BY newer.refresh_id DESC
            OFFSET 100
            LIMIT 1
        )
$$;

COMMENT ON FUNCTION rota.add_to_history(bigint, timestamptz, jsonb) IS
    'Adds to the history of a view, and keeps the newest 100. The caller holds the view''s lock.';

CREATE FUNCTION rota.track_untracked(wanted bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET rota.managing = 'on'
AS $$
BEGIN
    PERFORM rota.keep_tracking(wanted);
    PERFORM rota.know_view(wanted);
END
$$;

COMMENT ON FUNCTION rota.track_untracked(bigint) IS
    'Tracks what a view reads before it is refreshed for the first time, as after a restored dump.';

CREATE FUNCTION rota.refresh_one(wanted bigint, forced boolean, waits boolean) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    known rota.managed_views;
    state rota.view_states;
    pending jsonb := rota.pending_changes(wanted);
    owner oid;
    begun timestamptz;
    outcome jsonb;
    former_timeout text := current_setting('lock_timeout');
BEGIN
    SELECT found.* INTO state FROM rota.view_states AS found WHERE found.view_id = wanted;
    IF NOT forced AND rota.is_fresh(pending) AND state.fault IS NULL THEN
        RETURN jsonb_build_object('view', state.relation, 'mode', 'skipped', 'reason', 'nothing has changed');
    END IF;
    -- The lock of the view. Everybody takes those of several in the same order.
    IF waits THEN
        SELECT found.* INTO state FROM rota.view_states AS found WHERE found.view_id = wanted FOR UPDATE;
    ELSE
        SELECT found.* INTO state
        FROM rota.view_states AS found
        WHERE found.view_id = wanted
        FOR UPDATE SKIP LOCKED;
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
    END IF;
    IF state.fault IS NOT NULL AND state.last_refreshed_at IS NULL THEN
        PERFORM rota.track_untracked(wanted);
        SELECT found.* INTO state FROM rota.view_states AS found WHERE found.view_id = wanted;
        forced := true;
    END IF;
    PERFORM rota.refuse_unusable(wanted);
    pending := rota.pending_changes(wanted);
    IF NOT forced AND rota.is_fresh(pending) AND state.fault IS NULL THEN
        RETURN jsonb_build_object(
            'view', state.relation, 'mode', 'skipped', 'reason', 'somebody else has just refreshed it'
        );
    END IF;
    SELECT managed.* INTO known FROM rota.managed_views AS managed WHERE managed.view_id = wanted;
    SELECT relation.relowner INTO owner FROM pg_class AS relation WHERE relation.oid = state.relation;
    IF to_regclass(format('rota.pending_%s', wanted)) IS NULL THEN
        PERFORM rota.make_queue(
            wanted, state.relation,
            ARRAY(
                SELECT key.type
                FROM rota.rollup_keys(state.relation) AS key
                WHERE known.query_name IS NOT NULL
                ORDER BY key.number
            )
        );
    END IF;
    begun := clock_timestamp();
    PERFORM set_config('lock_timeout', rota.milliseconds(known.lock_timeout)::bigint::text, true);
    -- What it writes is as old, for the views that read it, as what it applies.
    PERFORM set_config(
        'rota.changes_since',
        rota.microseconds(
            least(
                (pending ->> 'oldest')::timestamptz,
                CASE WHEN forced OR NOT (pending ->> 'intact')::boolean THEN state.last_refreshed_at END
            )
        ),
        true
    );
    IF known.query_name IS NULL THEN
        outcome := rota.recompute_materialized(known, state, owner, (pending ->> 'intact')::boolean, forced);
    ELSE
        outcome := rota.recompute_rollup(
            known, state, owner, (pending ->> 'intact')::boolean, forced OR state.fault IS NOT NULL
        );
    END IF;
    PERFORM set_config('lock_timeout', former_timeout, true), set_config('rota.changes_since', '', true);
    outcome := outcome || jsonb_build_object(
        'view', state.relation, 'duration_ms', rota.milliseconds(clock_timestamp() - begun)
    );
    PERFORM rota.record_refresh(wanted, begun, outcome);
    -- Nobody may write until the transaction ends: only where that is soon.
    IF NOT waits THEN
        PERFORM rota.shrink_queue(wanted, owner);
    END IF;
    RETURN outcome;
END
$$;

COMMENT ON FUNCTION rota.refresh_one(bigint, boolean, boolean) IS
    'Refreshes one view if anything is pending; NULL when another session does and this one does not wait.';

CREATE FUNCTION rota.microseconds(instant timestamptz) RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(((extract(epoch FROM instant) - 946684800) * 1000000)::bigint::text, '')
$$;

COMMENT ON FUNCTION rota.microseconds(timestamptz) IS
    'An instant in microseconds since 2000, as rota.changes_since wants it; empty when there is none.';

CREATE FUNCTION rota.is_fresh(pending jsonb) RETURNS boolean
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT (pending ->> 'intact')::boolean AND (pending ->> 'changes')::bigint = 0
$$;

COMMENT ON FUNCTION rota.is_fresh(jsonb) IS 'Whether a queue is whole and empty.';

CREATE FUNCTION rota.shrink_queue(wanted bigint, owner oid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    queue text := format('rota.pending_%s', wanted);
BEGIN
    -- A megabyte is read in a fraction of a millisecond. More is dead rows that vacuum has not come to.
    IF pg_relation_size(queue) < 1048576 THEN
        RETURN;
    END IF;
    -- Writers hold their lock until they commit: whoever gets this one sees all that was ever queued.
    EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE NOWAIT', queue);
    IF rota.is_fresh(rota.pending_changes(wanted))
        AND current_setting('transaction_isolation') = 'read committed'
    THEN
        PERFORM rota.execute_as(owner, format('TRUNCATE %s', queue));
        PERFORM rota.execute_as(owner, format('INSERT INTO %s (kind) VALUES (''s'')', queue));
    END IF;
EXCEPTION WHEN lock_not_available THEN
    NULL;
END
$$;

COMMENT ON FUNCTION rota.shrink_queue(bigint, oid) IS
    'Empties the file of a queue that holds nothing any more, if nobody is writing.';
