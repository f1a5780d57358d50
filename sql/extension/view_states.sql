-- Finding out about managed views: their objects, what they read, in which order they are refreshed.

CREATE FUNCTION rota.oids_of(names text[]) RETURNS oid[]
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(array_agg(to_regclass(given.name)::oid ORDER BY given.position), '{}')
    FROM unnest(names) WITH ORDINALITY AS given (name, position)
    WHERE to_regclass(given.name) IS NOT NULL
$$;

COMMENT ON FUNCTION rota.oids_of(text[]) IS 'The relations of these names that exist.';

CREATE FUNCTION rota.tables_with_partitions(reads oid[]) RETURNS oid[]
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(array_agg(member.oid ORDER BY member.oid), '{}')
    FROM
        unnest(reads) AS source (oid)
        JOIN pg_class AS relation ON relation.oid = source.oid AND relation.relkind <> 'm'
        CROSS JOIN LATERAL rota.table_members(source.oid) AS member (oid)
$$;

COMMENT ON FUNCTION rota.tables_with_partitions(oid[]) IS
    'The tables among some relations, and all of their partitions.';

CREATE FUNCTION rota.members_of(wanted bigint) RETURNS oid[]
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        rota.tables_with_partitions(
            ARRAY(SELECT rota.relations_read(coalesce(state.query, state.relation), state.also_reads))
        )
    FROM rota.view_states AS state
    WHERE state.view_id = wanted
$$;

COMMENT ON FUNCTION rota.members_of(bigint) IS
    'The tables and partitions whose changes count for a managed view now.';

CREATE FUNCTION rota.know_view(wanted bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    known rota.managed_views;
    view_oid oid;
    query_oid oid;
    also oid[];
    read_relations oid[];
    tables oid[];
    statements text[];
    fault_found text;
BEGIN
    SELECT managed.* INTO known FROM rota.managed_views AS managed WHERE managed.view_id = wanted;
    SELECT state.relation, state.query, state.also_reads
    INTO view_oid, query_oid, also
    FROM rota.view_states AS state
    WHERE state.view_id = wanted;
    IF NOT FOUND THEN
        view_oid := to_regclass(known.view_name);
        query_oid := to_regclass(known.query_name);
        also := rota.oids_of(known.also_reads);
    END IF;
    -- A dump that is being restored has not made it yet.
    IF rota.qualified_name(view_oid) IS NULL THEN
        RETURN;
    END IF;
    SELECT coalesce(array_agg(source.oid ORDER BY source.oid), '{}')
    INTO read_relations
    FROM rota.relations_read(coalesce(query_oid, view_oid), also) AS source (oid);
    tables := rota.tables_with_partitions(read_relations);
    IF known.query_name IS NULL THEN
        NULL;
    ELSIF rota.qualified_name(query_oid) IS NULL THEN
        fault_found := format('its query %s does not exist', known.query_name);
        query_oid := NULL;
    ELSE
        fault_found := rota.shape_fault(view_oid, query_oid, known.key_columns);
        IF fault_found IS NULL THEN
            statements := rota.rollup_statements(view_oid, query_oid);
        END IF;
    END IF;
    fault_found := coalesce(fault_found, rota.tracking_fault(wanted, read_relations));
    -- A row that is already right is left alone: whoever refreshes holds it, and may wait for the table that
    -- is being changed here.
    IF NOT EXISTS (
        SELECT
        FROM rota.view_states AS state
        WHERE
            state.view_id = wanted
            AND (
                state.query, state.reads, state.members, state.one_by_one, state.all_at_once, state.whole,
                state.fault
            )
                IS NOT DISTINCT FROM
                (query_oid, read_relations, tables, statements[1], statements[2], statements[3], fault_found)
    ) THEN
        INSERT INTO rota.view_states AS state (
            view_id, relation, query, also_reads, reads, members, ancestors, one_by_one, all_at_once, whole,
            fault
        )
        VALUES (
            wanted, view_oid, query_oid, also, read_relations, tables, '{}',
            statements[1], statements[2], statements[3], fault_found
        )
        ON CONFLICT (view_id) DO UPDATE
        SET (query, reads, members, one_by_one, all_at_once, whole, fault)
            = (
                excluded.query, excluded.reads, excluded.members, excluded.one_by_one, excluded.all_at_once,
                excluded.whole, excluded.fault
            );
    END IF;
END
$$;

COMMENT ON FUNCTION rota.know_view(bigint) IS
    'Finds out what a managed view reads and how it is recomputed.';

CREATE FUNCTION rota.view_ways() RETURNS TABLE (view_id bigint, way bigint[], is_circle boolean)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE edge (view_id, reads) AS MATERIALIZED (
        SELECT reader.view_id, read.view_id
        FROM
            rota.view_states AS reader
            JOIN rota.view_states AS read ON read.relation = ANY (reader.reads)
    ),
    way (view_id, way, is_circle) AS (
        SELECT edge.view_id, ARRAY[edge.reads], edge.reads = edge.view_id
        FROM edge
        UNION ALL
        SELECT way.view_id, way.way || edge.reads, edge.reads = way.view_id
        FROM way JOIN edge ON edge.view_id = way.way[cardinality(way.way)]
        WHERE
            NOT way.is_circle
            AND edge.reads <> ALL (way.way)
    )
    SELECT way.view_id, way.way, way.is_circle FROM way
$$;

COMMENT ON FUNCTION rota.view_ways() IS
    'Every way from a managed view to one that it reads, and those that come back to where they began.';

CREATE FUNCTION rota.order_views() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    circle text;
BEGIN
    SELECT string_agg(known.view_name, ' reads ' ORDER BY member.position)
    INTO circle
    FROM (
        SELECT found.view_id || found.way AS members
        FROM rota.view_ways() AS found
        WHERE found.is_circle
        ORDER BY cardinality(found.way), found.view_id
        LIMIT 1
    ) AS shortest
        CROSS JOIN LATERAL unnest(shortest.members) WITH ORDINALITY AS member (view_id, position)
        JOIN rota.managed_views AS known ON known.view_id = member.view_id;
    IF circle IS NOT NULL THEN
        PERFORM rota.refuse_management(
            '42P17', 'managed_view', format('managed views read each other in a circle: %s', circle),
            'refresh one of them from tables alone, or leave it unmanaged'
        );
    END IF;
    UPDATE rota.view_states AS state
    SET ancestors = found.ancestors
    FROM (
        SELECT
            each.view_id,
            ARRAY(
                -- Who reads more of the others stands behind them.
                SELECT ancestor.view_id
                FROM (
                    SELECT DISTINCT unnest(way.way)
                    FROM rota.view_ways() AS way
                    WHERE way.view_id = each.view_id
                ) AS ancestor (view_id)
                ORDER BY
                    (
                        SELECT coalesce(max(cardinality(way.way)), 0)
                        FROM rota.view_ways() AS way
                        WHERE way.view_id = ancestor.view_id
                    ),
                    ancestor.view_id
            ) AS ancestors
        FROM rota.view_states AS each
    ) AS found
    WHERE
        found.view_id = state.view_id
        AND found.ancestors <> state.ancestors;
END
$$;

COMMENT ON FUNCTION rota.order_views() IS
    'Finds the order in which managed views are refreshed; refuses views that read each other in a circle.';

CREATE FUNCTION rota.know_views() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (
        SELECT
        FROM rota.managed_views AS known
        WHERE NOT EXISTS (SELECT FROM rota.view_states AS state WHERE state.view_id = known.view_id)
    ) THEN
        PERFORM rota.know_view(known.view_id)
        FROM rota.managed_views AS known
        WHERE NOT EXISTS (SELECT FROM rota.view_states AS state WHERE state.view_id = known.view_id);
        PERFORM rota.order_views();
    END IF;
END
$$;

COMMENT ON FUNCTION rota.know_views() IS
    'Finds out about the managed views of which nothing is known, as after a dump was restored.';

REVOKE ALL ON FUNCTION rota.know_view(bigint), rota.order_views(), rota.know_views() FROM PUBLIC;
