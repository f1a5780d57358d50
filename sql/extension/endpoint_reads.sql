-- What the function of an endpoint reads, calls and depends on: the ground for caching its answers.
--
-- Functions with a BEGIN ATOMIC body, views and policies are known to the catalog: pg_depend says which
-- tables and functions they use, their stored trees which built-in ones. Any other function is a text, whose
-- reads are declared in rota.expose; functions that its text names with their schema are followed too.

CREATE FUNCTION rota.source_view_readers() RETURNS SETOF text
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    VALUES
        ('check_assignments'), ('check_rules'), ('check_swap'), ('compliance_risks'), ('compliance_summary'),
        ('explain_verdict'), ('find_conflicts'), ('prepare_search'), ('read_absences'), ('rule_headroom'),
        ('schedule_problem')
$$;

COMMENT ON FUNCTION rota.source_view_readers() IS
    'The functions of the extension that read the views of rota_source, which the catalog cannot know.';

CREATE FUNCTION rota.reads_nothing(function_oid oid) RETURNS boolean
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        procedure.provolatile = 'i'
        OR procedure.pronamespace = 'pg_catalog'::regnamespace
        OR procedure.pronamespace = 'rota'::regnamespace AND procedure.proname IN (
            -- Who asks how stale a view is tells it with the answer, and only fresh answers are kept.
            'explain_roster', 'keyset_page', 'option_instant', 'roster_fingerprints', 'roster_places',
            'staleness_ms', 'time_zone_version', 'version'
        )
    FROM pg_proc AS procedure
    WHERE procedure.oid = function_oid
$$;

COMMENT ON FUNCTION rota.reads_nothing(oid) IS
    'Whether a function is known to read no table: immutable ones, the system''s, a few of the extension.';

CREATE FUNCTION rota.object_uses()
RETURNS TABLE (class_oid oid, object_oid oid, used_class_oid oid, used_object_oid oid)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
    WITH
    -- What a view or a table's policies depend on counts as used by the view or table.
    dependent (class_oid, object_oid, dependent_class_oid, dependent_oid) AS (
        SELECT 'pg_proc'::regclass, procedure.oid, 'pg_proc'::regclass, procedure.oid
        FROM pg_proc AS procedure
        WHERE procedure.oid >= 16384
        UNION ALL
        SELECT 'pg_class'::regclass, rule.ev_class, 'pg_rewrite'::regclass, rule.oid
        FROM pg_rewrite AS rule
        UNION ALL
        SELECT 'pg_class'::regclass, policy.polrelid, 'pg_policy'::regclass, policy.oid
        FROM pg_policy AS policy
    )
    -- Operators stand for their functions.
    SELECT
        dependent.class_oid,
        dependent.object_oid,
        CASE WHEN operator.oid IS NULL THEN dependency.refclassid ELSE 'pg_proc'::regclass END,
        coalesce(operator.oprcode::oid, dependency.refobjid)
    FROM
        dependent
        JOIN pg_depend AS dependency ON
            dependency.classid = dependent.dependent_class_oid
            AND dependency.objid = dependent.dependent_oid
        LEFT JOIN pg_operator AS operator ON
            dependency.refclassid = 'pg_operator'::regclass
            AND operator.oid = dependency.refobjid
    WHERE
        dependency.refclassid IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_operator'::regclass)
    UNION ALL
    -- What changes a partition may be announced under its topmost parent alone.
    SELECT 'pg_class'::regclass, part.oid, 'pg_class'::regclass, pg_partition_root(part.oid)
    FROM pg_class AS part
    WHERE part.relispartition
    UNION ALL
    SELECT 'pg_proc'::regclass, reader.oid, 'pg_class'::regclass, source.oid
    FROM pg_proc AS reader CROSS JOIN pg_class AS source
    WHERE
        reader.pronamespace = 'rota'::regnamespace
        AND reader.proname IN (SELECT rota.source_view_readers())
        AND source.relnamespace = to_regnamespace('rota_source')
        AND source.relkind IN ('r', 'p', 'v', 'm', 'f')
        -- Where jobs are kept, which only functions in SQL read.
        AND source.relname NOT IN ('jobs', 'job_progress')
    UNION ALL
    SELECT 'pg_proc'::regclass, text.oid, 'pg_proc'::regclass, named.oid
    FROM
        pg_proc AS text
        JOIN pg_language AS language ON language.oid = text.prolang
        CROSS JOIN LATERAL regexp_matches(text.prosrc, '(\w+)"?\."?(\w+)"?\(', 'g') AS mention (names)
        JOIN pg_namespace AS schema ON schema.nspname = mention.names[1]
        JOIN pg_proc AS named ON
            named.pronamespace = schema.oid
            AND named.proname = mention.names[2]
    WHERE
        text.oid >= 16384
        AND text.prosqlbody IS NULL
        AND language.lanname NOT IN ('c', 'internal')
        AND named.oid >= 16384
        AND NOT (text.pronamespace = 'rota'::regnamespace AND rota.reads_nothing(text.oid))
$$;

COMMENT ON FUNCTION rota.object_uses() IS
    'Tables, views and functions that each function, each view and each table''s policies use directly.';

CREATE FUNCTION rota.endpoint_objects()
RETURNS TABLE (method text, path text, class_oid oid, object_oid oid)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
    WITH RECURSIVE
    endpoint AS MATERIALIZED (
        SELECT resolved.method, resolved.path, resolved.function_oid
        FROM rota.resolve_endpoints() AS resolved
        WHERE resolved.fault IS NULL
    ),
    use AS MATERIALIZED (
        SELECT * FROM rota.object_uses()
    ),
    used (method, path, class_oid, object_oid) AS (
        SELECT endpoint.method, endpoint.path, 'pg_proc'::regclass::oid, endpoint.function_oid
        FROM endpoint
        UNION
        SELECT endpoint.method, endpoint.path, 'pg_class'::regclass::oid, to_regclass(declared.name)::oid
        FROM
            endpoint
            JOIN rota.endpoints AS exposed USING (method, path)
            CROSS JOIN LATERAL unnest(exposed.reads) AS declared (name)
        WHERE
            to_regclass(declared.name) IS NOT NULL
        UNION
        SELECT used.method, used.path, use.used_class_oid, use.used_object_oid
        FROM used JOIN use USING (class_oid, object_oid)
    )
    SELECT used.method, used.path, used.class_oid, used.object_oid FROM used
$$;

COMMENT ON FUNCTION rota.endpoint_objects() IS
    'Everything that the function of each endpoint uses, itself included, however indirectly.';

CREATE FUNCTION rota.endpoint_calls() RETURNS TABLE (method text, path text, kind text, word text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
    WITH
    used AS MATERIALIZED (
        SELECT * FROM rota.endpoint_objects()
    ),
    object AS (
        SELECT DISTINCT used.class_oid, used.object_oid FROM used
    ),
    tree (class_oid, object_oid, text) AS MATERIALIZED (
        SELECT object.class_oid, object.object_oid, concat(procedure.prosqlbody, procedure.proargdefaults)
        FROM object JOIN pg_proc AS procedure ON procedure.oid = object.object_oid
        WHERE object.class_oid = 'pg_proc'::regclass
        UNION ALL
        SELECT object.class_oid, object.object_oid, rule.ev_action::text
        FROM object JOIN pg_rewrite AS rule ON rule.ev_class = object.object_oid
        WHERE object.class_oid = 'pg_class'::regclass
        UNION ALL
        SELECT object.class_oid, object.object_oid, concat(policy.polqual, policy.polwithcheck)
        FROM object JOIN pg_policy AS policy ON policy.polrelid = object.object_oid
        WHERE object.class_oid = 'pg_class'::regclass
    ),
    -- Tables and views of the system, which pg_depend does not mention.
    system_read (class_oid, object_oid, name) AS (
        SELECT DISTINCT tree.class_oid, tree.object_oid, relation.relname::text
        FROM
            tree
            CROSS JOIN LATERAL regexp_matches(tree.text, ':relid (\d+)', 'g') AS found (match)
            JOIN pg_class AS relation ON relation.oid = found.match[1]::oid
        WHERE
            relation.relnamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
    ),
    word (class_oid, object_oid, name, is_volatile) AS (
        SELECT DISTINCT tree.class_oid, tree.object_oid, procedure.proname::text, procedure.provolatile = 'v'
        FROM
            tree
            CROSS JOIN LATERAL regexp_matches(
                tree.text, ':(?:funcid|opfuncid|aggfnoid|winfnoid) (\d+)', 'g'
            ) AS found (match)
            JOIN pg_proc AS procedure ON procedure.oid = found.match[1]::oid
        WHERE
            procedure.pronamespace = 'pg_catalog'::regnamespace
            -- age of one argument counts from the current date.
            AND (procedure.proname <> 'age' OR procedure.pronargs = 1)
        UNION
        -- The words of SQL that are no functions, in the order of the server's SQLValueFunctionOp.
        SELECT
            tree.class_oid,
            tree.object_oid,
            (
                ARRAY[
                    'current_date', 'current_time', 'current_time', 'current_timestamp', 'current_timestamp',
                    'localtime', 'localtime', 'localtimestamp', 'localtimestamp', 'current_role',
                    'current_user', 'current_user', 'session_user', 'current_catalog', 'current_schema'
                ]
            )[found.match[1]::integer + 1],
            false
        FROM
            tree
            CROSS JOIN LATERAL regexp_matches(tree.text, 'SQLVALUEFUNCTION :op (\d+)', 'g') AS found (match)
        UNION
        -- A function without a stored tree is a text that may use these.
        SELECT object.class_oid, object.object_oid, lower(found.match[1]), false
        FROM
            object
            JOIN pg_proc AS procedure ON procedure.oid = object.object_oid
            JOIN pg_language AS language ON language.oid = procedure.prolang
            CROSS JOIN LATERAL regexp_matches(
                procedure.prosrc,
                '\m(now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday|age|current_date|'
                'current_time|current_timestamp|localtime|localtimestamp|current_user|session_user|'
                'current_role|current_setting|random|gen_random_uuid|nextval)\M',
                'gi'
            ) AS found (match)
        WHERE
            object.class_oid = 'pg_proc'::regclass
            AND procedure.prosqlbody IS NULL
            AND language.lanname NOT IN ('c', 'internal')
        UNION
        SELECT object.class_oid, object.object_oid, procedure.oid::regprocedure::text, true
        FROM object JOIN pg_proc AS procedure ON procedure.oid = object.object_oid
        WHERE
            object.class_oid = 'pg_proc'::regclass
            AND procedure.provolatile = 'v'
    ),
    sorted AS (
        SELECT
            word.class_oid,
            word.object_oid,
            word.name,
            CASE
                WHEN word.name IN (
                    'now', 'clock_timestamp', 'statement_timestamp', 'transaction_timestamp', 'timeofday',
                    'age', 'current_date', 'current_time', 'current_timestamp', 'localtime', 'localtimestamp'
                ) THEN 'time'
                WHEN word.name IN (
                    'current_user', 'session_user', 'current_role', 'current_schema', 'current_schemas',
                    'inet_client_addr', 'inet_client_port', 'pg_backend_pid', 'row_security_active'
                ) OR starts_with(word.name, 'has_') THEN 'session'
                WHEN word.name = 'current_setting' THEN 'setting'
                WHEN word.is_volatile OR word.name IN ('random', 'gen_random_uuid', 'nextval') THEN 'volatile'
            END AS kind
        FROM word
        UNION ALL
        SELECT system_read.class_oid, system_read.object_oid, system_read.name, 'system'
        FROM system_read
    )
    SELECT DISTINCT used.method, used.path, sorted.kind, sorted.name
    FROM used JOIN sorted USING (class_oid, object_oid)
    WHERE sorted.kind IS NOT NULL
$$;

COMMENT ON FUNCTION rota.endpoint_calls() IS
    'What the answers of each endpoint depend on besides tables: time, session, setting, system, volatile.';
