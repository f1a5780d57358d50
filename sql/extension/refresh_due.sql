-- Refreshing views on request and when they are due, each after those that it reads.

CREATE FUNCTION rota.refresh_graph(managed_view oid, caller oid, arguments jsonb) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    known rota.managed_views;
    member bigint;
    outcome jsonb;
    outcomes jsonb := '[]';
BEGIN
    IF pg_is_in_recovery() THEN
        PERFORM rota.refuse_management(
            '25006', 'managed_view', 'a standby refreshes nothing', 'call rota.refresh on its primary'
        );
    END IF;
    PERFORM rota.know_views();
    known := rota.known_view(managed_view);
    FOR member IN
        SELECT ancestor.view_id
        FROM
            rota.view_states AS state
            CROSS JOIN LATERAL unnest(state.ancestors) WITH ORDINALITY AS ancestor (view_id, position)
        WHERE state.view_id = known.view_id
        ORDER BY ancestor.position
    LOOP
        outcome := rota.refresh_one(member, false, true);
        IF outcome ->> 'mode' <> 'skipped' THEN
            outcomes := outcomes || outcome;
        END IF;
    END LOOP;
    RETURN outcomes
        || rota.refresh_one(known.view_id, coalesce((arguments ->> 'full_refresh')::boolean, false), true);
END
$$;

COMMENT ON FUNCTION rota.refresh_graph(oid, oid, jsonb) IS
    'Refreshes a view after the managed views that it reads. Called by rota.act_on_view.';

CREATE FUNCTION rota.refresh_for_transaction(managed_view oid, caller oid, arguments jsonb) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    awaited xid8 := arguments ->> 'transaction';
BEGIN
    IF NOT pg_visible_in_snapshot(awaited, pg_current_snapshot())
        AND awaited IS DISTINCT FROM pg_current_xact_id_if_assigned()
    THEN
        PERFORM rota.refuse_management(
            '55000', 'at_least_as_fresh_as',
            format('transaction %s has not ended yet, as far as is seen here', awaited),
            'ask after its COMMIT, in a transaction that began later'
        );
    END IF;
    RETURN rota.refresh_graph(managed_view, caller, '{}');
END
$$;

COMMENT ON FUNCTION rota.refresh_for_transaction(oid, oid, jsonb) IS
    'Refreshes a view unless it holds what a transaction did. Called by rota.act_on_view.';

CREATE FUNCTION rota.refresh(managed_view regclass, full_refresh boolean DEFAULT false)
RETURNS TABLE (
    refreshed_view regclass, mode text, reason text, keys bigint, rows_written bigint,
    duration_ms double precision, error text
)
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT told."view", told.mode, told.reason, told.keys, told.rows_written, told.duration_ms, told.error
    FROM
        jsonb_to_recordset(
            rota.act_on_view('refresh_graph', managed_view, jsonb_build_object('full_refresh', full_refresh))
        ) AS told (
            "view" oid, mode text, reason text, keys bigint, rows_written bigint,
            duration_ms double precision, error text
        )
$$;

COMMENT ON FUNCTION rota.refresh(regclass, boolean) IS
    'Refreshes a managed view now, after the managed views that it reads; does nothing where nothing '
    'changed.';

CREATE FUNCTION rota.refresh_for(managed_view regclass, at_least_as_fresh_as xid8)
RETURNS TABLE (
    refreshed_view regclass, mode text, reason text, keys bigint, rows_written bigint,
    duration_ms double precision, error text
)
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT told."view", told.mode, told.reason, told.keys, told.rows_written, told.duration_ms, told.error
    FROM
        jsonb_to_recordset(
            rota.act_on_view(
                'refresh_for_transaction', managed_view,
                jsonb_build_object('transaction', at_least_as_fresh_as::text)
            )
        ) AS told (
            "view" oid, mode text, reason text, keys bigint, rows_written bigint,
            duration_ms double precision, error text
        )
$$;

COMMENT ON FUNCTION rota.refresh_for(regclass, xid8) IS
    'Refreshes a managed view unless it holds what a committed transaction did.';

CREATE FUNCTION rota.view_dues()
RETURNS TABLE (view_id bigint, pending jsonb, due_at timestamptz)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        state.view_id,
        found.pending,
        greatest(
            least(
                CASE
                    WHEN NOT (found.pending ->> 'intact')::boolean THEN '-infinity'::timestamptz
                    WHEN (found.pending ->> 'changes')::bigint > 0 THEN
                        greatest(
                            least(
                                (found.pending ->> 'newest')::timestamptz + known.quiet_period,
                                (found.pending ->> 'oldest')::timestamptz + known.max_staleness
                            ),
                            -- At most half of the time goes into one view.
                            state.last_refreshed_at + state.last_duration_ms * interval '2 milliseconds'
                        )
                    WHEN state.fault IS NOT NULL THEN
                        coalesce(state.last_refreshed_at, '-infinity') + known.max_staleness
                END,
                coalesce(state.last_refreshed_at, '-infinity') + known.refresh_every
            ),
            CASE WHEN state.failures > 0 THEN state.retry_at END
        )
    FROM
        rota.view_states AS state
        JOIN rota.managed_views AS known USING (view_id)
        CROSS JOIN LATERAL (SELECT rota.pending_changes(state.view_id) AS pending) AS found
    WHERE
        known.query_name IS NULL
        OR state.whole IS NOT NULL
$$;

COMMENT ON FUNCTION rota.view_dues() IS
    'When each managed view is due; NULL where nothing is pending.';

CREATE FUNCTION rota.refresh_if_free(wanted bigint) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    member record;
    outcome jsonb;
    outcomes jsonb := '[]';
BEGIN
    FOR member IN
        SELECT ancestor.view_id, false AS is_itself, ancestor.position
        FROM
            rota.view_states AS state
            CROSS JOIN LATERAL unnest(state.ancestors) WITH ORDINALITY AS ancestor (view_id, position)
            JOIN rota.view_states AS other ON other.view_id = ancestor.view_id
        WHERE
            state.view_id = wanted
            -- One that fails is tried again in its own time.
            AND coalesce(other.retry_at <= clock_timestamp(), true)
        UNION ALL
        SELECT wanted, true, NULL
        ORDER BY position NULLS LAST
    LOOP
        outcome := rota.refresh_one(
            member.view_id,
            -- The clock alone may be why.
            member.is_itself AND EXISTS (
                SELECT
                FROM rota.view_states AS state JOIN rota.managed_views AS known USING (view_id)
                WHERE
                    state.view_id = wanted
                    AND coalesce(state.last_refreshed_at, '-infinity') + known.refresh_every
                        <= clock_timestamp()
            ),
            false
        );
        IF outcome IS NULL THEN
            RETURN NULL;
        ELSIF outcome ->> 'mode' <> 'skipped' THEN
            outcomes := outcomes || outcome;
        END IF;
    END LOOP;
    RETURN outcomes;
END
$$;

COMMENT ON FUNCTION rota.refresh_if_free(bigint) IS
    'Refreshes a view after those that it reads; NULL when another session works on one of them.';

CREATE FUNCTION rota.record_failure(wanted bigint, begun timestamptz, failure text, code text) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- After so many in a row the circuit is open: waiting longer and longer would mend nothing.
    most CONSTANT integer := 5;
    failed rota.view_states;
    outcome jsonb;
BEGIN
    UPDATE rota.view_states AS state
    SET
        failures = state.failures + 1,
        retry_at = clock_timestamp() + CASE
            WHEN state.failures + 1 < most THEN interval '1 second' * 2 ^ state.failures
            ELSE interval '10 minutes'
        END,
        last_error = failure,
        last_sqlstate = code
    WHERE state.view_id = wanted
    RETURNING state.* INTO failed;
    outcome := jsonb_build_object(
        'view', failed.relation, 'mode', 'failed', 'error', failure,
        'reason', format('failure %s in a row, tried again at %s', failed.failures, failed.retry_at),
        'duration_ms', rota.milliseconds(clock_timestamp() - begun)
    );
    PERFORM rota.add_to_history(wanted, begun, outcome);
    RETURN outcome;
END
$$;

COMMENT ON FUNCTION rota.record_failure(bigint, timestamptz, text, text) IS
    'Notes that a refresh failed, and when it is tried again: after 1, 2, 4, 8 seconds, then every 10 '
    'minutes.';

CREATE FUNCTION rota.refresh_due(at_most integer DEFAULT 1)
RETURNS TABLE (
    refreshed_view regclass, mode text, reason text, keys bigint, rows_written bigint,
    duration_ms double precision, error text
)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    candidate record;
    outcomes jsonb;
    begun timestamptz;
    failure text;
    code text;
    refreshed integer := 0;
BEGIN
    IF pg_is_in_recovery() THEN
        RETURN;
    END IF;
    PERFORM rota.know_views();
    FOR candidate IN
        SELECT due.view_id
        FROM rota.view_dues() AS due JOIN rota.view_states AS state USING (view_id)
        WHERE due.due_at <= clock_timestamp()
        ORDER BY cardinality(state.ancestors), due.due_at
    LOOP
        EXIT WHEN refreshed >= at_most;
        begun := clock_timestamp();
        BEGIN
            outcomes := rota.refresh_if_free(candidate.view_id);
        EXCEPTION WHEN query_canceled OR OTHERS THEN
            GET STACKED DIAGNOSTICS failure = MESSAGE_TEXT, code = RETURNED_SQLSTATE;
            -- Somebody else may be at it by now.
            CONTINUE WHEN NOT EXISTS (
                SELECT
                FROM rota.view_states AS state
                WHERE state.view_id = candidate.view_id
                FOR UPDATE SKIP LOCKED
            );
            outcomes := jsonb_build_array(rota.record_failure(candidate.view_id, begun, failure, code));
        END;
        refreshed := refreshed + CASE WHEN jsonb_array_length(outcomes) > 0 THEN 1 ELSE 0 END;
        RETURN QUERY
        SELECT
            told."view"::regclass, told.mode, told.reason, told.keys, told.rows_written, told.duration_ms,
            told.error
        FROM
            jsonb_to_recordset(coalesce(outcomes, '[]')) AS told (
                "view" oid, mode text, reason text, keys bigint, rows_written bigint,
                duration_ms double precision, error text
            );
    END LOOP;
END
$$;

COMMENT ON FUNCTION rota.refresh_due(integer) IS
    'Refreshes the managed views that are due, one by default, each after those that it reads. Call it until '
    'it returns no row. Runs as its owner: grant EXECUTE to the role that drives refreshes.';

CREATE FUNCTION rota.next_refresh_ms() RETURNS bigint
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        CASE
            WHEN min(due.due_at) <= clock_timestamp() THEN 0
            ELSE ceil(extract(epoch FROM min(due.due_at) - clock_timestamp()) * 1000)
        END::bigint
    FROM rota.view_dues() AS due
    WHERE NOT pg_is_in_recovery()
$$;

COMMENT ON FUNCTION rota.next_refresh_ms() IS
    'How long until a managed view is due: 0 when one is, NULL when nothing is pending.';

REVOKE ALL ON FUNCTION rota.refresh_due(integer) FROM PUBLIC;
