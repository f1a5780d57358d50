-- How fresh managed views are, and why they were refreshed as they were.

CREATE FUNCTION rota.staleness_of(wanted bigint) RETURNS bigint
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    member record;
    pending jsonb;
    oldest timestamptz;
BEGIN
    FOR member IN
        SELECT other.view_id, other.fault, other.last_refreshed_at, known.refresh_every
        FROM
            rota.view_states AS state
            JOIN rota.view_states AS other ON
                other.view_id = state.view_id
                OR other.view_id = ANY (state.ancestors)
            JOIN rota.managed_views AS known ON known.view_id = other.view_id
        WHERE state.view_id = wanted
    LOOP
        pending := rota.pending_changes(member.view_id);
        IF member.fault IS NOT NULL OR NOT (pending ->> 'intact')::boolean THEN
            RETURN NULL;
        END IF;
        -- What looks at the clock has changed since, for all that is known.
        oldest := least(
            oldest,
            (pending ->> 'oldest')::timestamptz,
            CASE
                WHEN member.refresh_every IS NOT NULL THEN coalesce(member.last_refreshed_at, '-infinity')
            END
        );
    END LOOP;
    RETURN CASE
        WHEN NOT FOUND OR oldest = '-infinity' THEN NULL
        WHEN oldest IS NULL THEN 0
        ELSE greatest(ceil(extract(epoch FROM clock_timestamp() - oldest) * 1000), 1)
    END;
END
$$;

COMMENT ON FUNCTION rota.staleness_of(bigint) IS
    'Age in milliseconds of the oldest change that a view, or one that it reads, does not hold; NULL = '
    'unknown.';

CREATE FUNCTION rota.staleness_ms(managed regclass[]) RETURNS bigint
LANGUAGE plpgsql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    managed_view oid;
    view_id bigint;
    staleness bigint;
    highest bigint := 0;
BEGIN
    -- Queues are unlogged, so a standby has none.
    IF managed IS NULL OR pg_is_in_recovery() THEN
        RETURN NULL;
    END IF;
    FOREACH managed_view IN ARRAY managed::oid[] LOOP
        SELECT state.view_id INTO view_id FROM rota.view_states AS state WHERE state.relation = managed_view;
        staleness := rota.staleness_of(view_id);
        IF staleness IS NULL THEN
            RETURN NULL;
        END IF;
        highest := greatest(highest, staleness);
    END LOOP;
    RETURN highest;
END
$$;

COMMENT ON FUNCTION rota.staleness_ms(regclass[]) IS
    'Age of the oldest change that any of these managed views does not hold: 0 when they are fresh, NULL '
    'when it is not known (one is not managed, its queue was lost, on a standby).';

CREATE FUNCTION rota.view_statuses()
RETURNS TABLE (
    "view" regclass, kind text, staleness_ms bigint, pending_keys bigint, pending_everything boolean,
    next_due_at timestamptz, last_refreshed_at timestamptz, last_mode text, last_reason text,
    last_keys bigint, last_rows bigint, last_duration_ms double precision, failures integer,
    retry_at timestamptz, last_sqlstate text, fault text
)
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        state.relation::regclass,
        CASE WHEN known.query_name IS NULL THEN 'materialized view' ELSE 'rollup' END,
        rota.staleness_of(state.view_id),
        (due.pending ->> 'keys')::bigint,
        NOT (due.pending ->> 'intact')::boolean OR (due.pending ->> 'everything')::boolean,
        due.due_at,
        state.last_refreshed_at, state.last_mode, state.last_reason, state.last_keys, state.last_rows,
        state.last_duration_ms, state.failures, state.retry_at, state.last_sqlstate, state.fault
    FROM
        rota.view_states AS state
        JOIN rota.managed_views AS known USING (view_id)
        LEFT JOIN rota.view_dues() AS due USING (view_id)
    WHERE NOT pg_is_in_recovery()
    UNION ALL
    -- A standby knows what was done and not what is pending.
    SELECT
        state.relation::regclass,
        CASE WHEN known.query_name IS NULL THEN 'materialized view' ELSE 'rollup' END,
        NULL, NULL, NULL, NULL,
        state.last_refreshed_at, state.last_mode, state.last_reason, state.last_keys, state.last_rows,
        state.last_duration_ms, state.failures, state.retry_at, state.last_sqlstate, state.fault
    FROM rota.view_states AS state JOIN rota.managed_views AS known USING (view_id)
    WHERE pg_is_in_recovery()
$$;

COMMENT ON FUNCTION rota.view_statuses() IS 'The rows of rota.view_status.';

CREATE VIEW rota.view_status AS
SELECT * FROM rota.view_statuses();

COMMENT ON VIEW rota.view_status IS
    'Managed views: how stale, what is pending, when it is due, and what the last refresh did and cost. '
    'What a failure said may quote values: rota.explain_refresh tells it to who may refresh.';

GRANT SELECT ON rota.view_status TO PUBLIC;

CREATE FUNCTION rota.explain_modes(managed_view oid, caller oid, arguments jsonb) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    known rota.managed_views := rota.known_view(managed_view);
    state rota.view_states;
    pending jsonb := rota.pending_changes(known.view_id);
    keys bigint := pending ->> 'keys';
    limit_keys bigint;
    partial_ms double precision;
    obstacle text;
    why_whole text;
    is_fresh boolean;
    failed jsonb := '[]';
BEGIN
    SELECT found.* INTO state FROM rota.view_states AS found WHERE found.view_id = known.view_id;
    is_fresh := rota.is_fresh(pending) AND state.fault IS NULL;
    IF state.last_error IS NOT NULL THEN
        failed := jsonb_build_array(jsonb_build_object(
            'mode', 'failed', 'chosen', false,
            'reason', format(
                'failed %s times in a row, tried again at %s: %s',
                state.failures, state.retry_at, state.last_error
            )
        ));
    END IF;
    why_whole := CASE
        WHEN state.fault IS NOT NULL THEN state.fault
        WHEN NOT (pending ->> 'intact')::boolean THEN 'the queue of changes was lost'
        WHEN (pending ->> 'everything')::boolean THEN 'a change touched any key'
    END;
    IF known.query_name IS NULL THEN
        obstacle := rota.concurrent_refresh_fault(managed_view);
        RETURN failed || jsonb_build_array(
            jsonb_build_object('mode', 'skipped', 'chosen', is_fresh, 'estimated_ms', 0, 'reason', CASE
                WHEN is_fresh THEN 'nothing has changed' ELSE 'there are changes' END),
            jsonb_build_object('mode', 'concurrent', 'chosen', NOT is_fresh AND obstacle IS NULL,
                'estimated_ms', CASE WHEN obstacle IS NULL THEN state.whole_ms END,
                'reason', coalesce('not possible: it ' || obstacle, 'beside its readers, by a unique index')),
            jsonb_build_object('mode', 'plain', 'chosen', NOT is_fresh AND obstacle IS NOT NULL,
                'estimated_ms', CASE WHEN obstacle IS NOT NULL THEN state.whole_ms END,
                'reason', coalesce('readers wait: it ' || obstacle, 'not needed'))
        );
    END IF;
    limit_keys := rota.partial_limit(state);
    partial_ms := coalesce(state.fixed_ms, state.key_ms) + coalesce(state.key_ms, 0) * keys;
    why_whole := coalesce(
        why_whole,
        CASE
            WHEN keys > limit_keys THEN
                format('%s changes are pending, more than %s keys', keys, limit_keys)
        END
    );
    RETURN failed || jsonb_build_array(
        jsonb_build_object('mode', 'skipped', 'chosen', is_fresh, 'estimated_ms', 0, 'reason', CASE
            WHEN is_fresh THEN 'nothing has changed' ELSE 'there are changes' END),
        jsonb_build_object('mode', 'partial', 'chosen', NOT is_fresh AND why_whole IS NULL,
            'estimated_ms', partial_ms,
            'reason', coalesce('not possible, or not worth it: ' || why_whole,
                format('%s changes are pending; up to %s keys are recomputed one by one', keys, limit_keys))),
        jsonb_build_object('mode', 'full', 'chosen', NOT is_fresh AND why_whole IS NOT NULL,
            'estimated_ms', state.whole_ms,
            'reason', coalesce(why_whole, format('not needed up to %s keys', limit_keys)))
    );
END
$$;

COMMENT ON FUNCTION rota.explain_modes(oid, oid, jsonb) IS
    'What the next refresh would do, and why. Called by rota.act_on_view.';

CREATE FUNCTION rota.explain_refresh(managed_view regclass)
RETURNS TABLE (mode text, chosen boolean, reason text, estimated_ms double precision)
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT told.mode, told.chosen, told.reason, told.estimated_ms
    FROM
        jsonb_to_recordset(rota.act_on_view('explain_modes', managed_view, '{}')) AS told (
            mode text, chosen boolean, reason text, estimated_ms double precision
        )
$$;

COMMENT ON FUNCTION rota.explain_refresh(regclass) IS
    'What the next refresh of a view would do and why, and what each way would cost by experience.';
