-- Refreshing one view.
--
-- The queue is consumed first, and only then is anything recomputed, each by a statement of its own: what the
-- later statement sees includes what the earlier one saw. So whatever left the queue is in the result, and
-- what commits meanwhile stays in the queue. All of it is one transaction: if it fails, nothing was consumed.

CREATE FUNCTION rota.pending_changes(wanted bigint) RETURNS jsonb
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    queue oid := to_regclass(format('rota.pending_%s', wanted));
BEGIN
    -- A standby has no unlogged tables.
    IF queue IS NULL OR pg_is_in_recovery() THEN
        RETURN '{"intact": false, "changes": 0, "keys": 0, "everything": false}';
    END IF;
    RETURN rota.read_as(
        (SELECT relation.relowner FROM pg_class AS relation WHERE relation.oid = queue),
        format(
            'SELECT jsonb_build_object('
            '''intact'', coalesce(bool_or(kind = ''s''), false), '
            '''changes'', count(*) FILTER (WHERE kind <> ''s''), '
            '''keys'', count(*) FILTER (WHERE kind = ''k''), '
            '''everything'', coalesce(bool_or(kind = ''e''), false), '
            '''oldest'', min(queued_at) FILTER (WHERE kind <> ''s''), '
            '''newest'', max(queued_at) FILTER (WHERE kind <> ''s'')) FROM rota.pending_%s',
            wanted
        )
    );
END
$$;

COMMENT ON FUNCTION rota.pending_changes(bigint) IS
    'What is in the queue of a view: whether it is whole, how many changes, since when.';

CREATE FUNCTION rota.refuse_unusable(wanted bigint) RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    unusable record;
BEGIN
    SELECT state.relation, state.fault
    INTO unusable
    FROM rota.view_states AS state JOIN rota.managed_views AS known USING (view_id)
    WHERE
        state.view_id = wanted
        AND known.query_name IS NOT NULL
        AND state.whole IS NULL;
    IF FOUND THEN
        PERFORM rota.refuse_management(
            '55000', 'managed_view',
            format('%s cannot be refreshed: %s', unusable.relation::regclass, unusable.fault),
            'mend it, or drop it with rota.drop_rollup and create it anew'
        );
    END IF;
END
$$;

COMMENT ON FUNCTION rota.refuse_unusable(bigint) IS 'Refuses a rollup that cannot be recomputed.';

CREATE FUNCTION rota.mark_intact(wanted bigint, owner oid) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM rota.execute_as(owner, format('INSERT INTO rota.pending_%s (kind) VALUES (''s'')', wanted));
END
$$;

COMMENT ON FUNCTION rota.mark_intact(bigint, oid) IS
    'Puts the row into a queue that is there as long as the queue was not lost.';

CREATE FUNCTION rota.take_pending(wanted bigint, owner oid, number_of_keys integer) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN rota.execute_as(
        owner,
        format(
            'WITH taken AS (DELETE FROM rota.pending_%1$s WHERE kind <> ''s'' RETURNING *), '
            'key AS (SELECT DISTINCT %2$s FROM taken WHERE kind = ''k'') '
            'SELECT jsonb_build_object('
            '''everything'', (SELECT coalesce(bool_or(kind = ''e''), false) FROM taken), '
            '''sources'', (SELECT jsonb_agg(DISTINCT source) FROM taken WHERE kind = ''e''), '
            '''keys'', (SELECT count(*) FROM key), '
            '''arrays'', (SELECT jsonb_build_array(%3$s) FROM key))',
            wanted, coalesce(rota.key_names(number_of_keys, '', '', ', '), 'kind'),
            coalesce(rota.key_names(number_of_keys, 'array_agg(', ')::text', ', '), '')
        )
    );
END
$$;

COMMENT ON FUNCTION rota.take_pending(bigint, oid, integer) IS
    'Consumes the visible rows of a queue, and tells which keys they named.';

CREATE FUNCTION rota.map_changed_rows(wanted bigint, owner oid, number_of_keys integer) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tracking record;
BEGIN
    FOR tracking IN
        SELECT DISTINCT known.table_oid, known.mapping
        FROM rota.tracking_triggers AS known
        WHERE
            known.view_id = wanted
            AND known.reads_others
    LOOP
        PERFORM rota.execute_as(
            owner,
            format(
                'WITH taken AS (DELETE FROM rota.pending_%1$s WHERE kind = ''r'' AND source = %2$s '
                'RETURNING queued_at, changed), '
                'changed AS (SELECT * FROM jsonb_populate_recordset('
                'NULL::%3$s, (SELECT jsonb_agg(taken.changed) FROM taken))) '
                'INSERT INTO rota.pending_%1$s (kind, queued_at, %4$s) SELECT DISTINCT ''k''::"char", '
                '(SELECT min(queued_at) FROM taken), %5$s FROM (%6$s) AS mapped (%4$s) WHERE %7$s',
                wanted, tracking.table_oid, rota.qualified_name(tracking.table_oid),
                rota.key_names(number_of_keys, '', '', ', '),
                rota.key_names(number_of_keys, 'mapped.', '', ', '), tracking.mapping,
                rota.key_names(number_of_keys, 'mapped.', ' IS NOT NULL', ' AND ')
            )
        );
    END LOOP;
END
$$;

COMMENT ON FUNCTION rota.map_changed_rows(bigint, oid, integer) IS
    'Maps rows whose mapping reads other tables once more, to the keys that they touch now.';

CREATE FUNCTION rota.spans_refresh(wanted bigint, owner oid, last_ended_at timestamptz) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN rota.read_as(
        owner,
        format(
            'SELECT count(DISTINCT xmin::text) > 1 AND min(queued_at) < %L FROM rota.pending_%s '
            'WHERE kind = ''r''',
            last_ended_at, wanted
        )
    );
END
$$;

COMMENT ON FUNCTION rota.spans_refresh(bigint, oid, timestamptz) IS
    'Whether rows of several writers are to be mapped, one of whom wrote before the last refresh and '
    'committed after it: together they may have touched a key that neither of them sees.';

CREATE FUNCTION rota.partial_limit(state rota.view_states) RETURNS bigint
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN state.whole_ms IS NOT NULL AND state.key_ms IS NOT NULL THEN
            greatest(
                (state.whole_ms - coalesce(state.fixed_ms, 0)) / greatest(state.key_ms, 0.0001), 1
            )::bigint
        -- Nothing learned: 15 % of the rows, which is where others break even at the earliest. A table that
        -- was never analyzed is taken to have rows of 100 bytes.
        ELSE greatest(
            0.15 * coalesce(nullif(relation.reltuples, -1), pg_relation_size(relation.oid) / 100.0), 10
        )::bigint
    END
    FROM pg_class AS relation
    WHERE relation.oid = state.relation
$$;

COMMENT ON FUNCTION rota.partial_limit(rota.view_states) IS
    'With how many keys it is as cheap to recompute a rollup as a whole.';

CREATE FUNCTION rota.plan_cost(owner oid, statement text, parameters text[]) RETURNS double precision
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        (rota.execute_as(owner, 'EXPLAIN (FORMAT JSON) ' || statement, parameters)::jsonb
            #>> '{0,Plan,Total Cost}')::double precision
$$;

COMMENT ON FUNCTION rota.plan_cost(oid, text, text[]) IS 'What the planner expects a statement to cost.';

CREATE FUNCTION rota.milliseconds(duration interval) RETURNS double precision
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT extract(epoch FROM duration)::double precision * 1000
$$;

COMMENT ON FUNCTION rota.milliseconds(interval) IS 'An interval in milliseconds.';

COMMENT ON FUNCTION rota.read_as(oid, text) IS
    'Reads as a role, with the snapshot of the statement that asks. For the engine alone.';

REVOKE ALL ON FUNCTION rota.read_as(oid, text) FROM PUBLIC;
