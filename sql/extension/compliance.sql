-- Standing: how somebody is doing by each rule, and who is nearest to a limit.

CREATE FUNCTION rota.compliance_summary(
    person_id text,
    rule_set text,
    window_start timestamptz,
    window_end timestamptz
) RETURNS TABLE (
    rule_set text,
    rule_id text,
    rule_name text,
    rule_type text,
    title text,
    violations bigint,
    warnings bigint,
    advisories bigint,
    unknown bigint,
    during tstzrange,
    measured numeric,
    limit_value numeric,
    unit text,
    left_over numeric,
    source text
)
LANGUAGE sql
STABLE
PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
    WITH
    told AS (
        SELECT
            verdict.rule_set,
            verdict.rule_id,
            min(verdict.rule_name) AS rule_name,
            min(verdict.rule_type) AS rule_type,
            min(verdict.source) AS source,
            count(*) FILTER (WHERE verdict.level = 'violation') AS violations,
            count(*) FILTER (WHERE verdict.level = 'warning') AS warnings,
            count(*) FILTER (WHERE verdict.level = 'advisory') AS advisories,
            count(*) FILTER (WHERE verdict.level = 'unknown') AS unknown
        FROM
            rota.check_rules($2, $3, $4, ARRAY[$1]) AS verdict
        GROUP BY
            verdict.rule_set,
            verdict.rule_id
    )
    SELECT
        coalesce(room.rule_set, told.rule_set),
        coalesce(room.rule_id, told.rule_id),
        coalesce(room.rule_name, told.rule_name),
        coalesce(room.rule_type, told.rule_type),
        room.title,
        coalesce(told.violations, 0),
        coalesce(told.warnings, 0),
        coalesce(told.advisories, 0),
        coalesce(told.unknown, 0),
        room.during,
        room.measured,
        room.limit_value,
        room.unit,
        room.left_over,
        coalesce(room.source, told.source)
    FROM
        rota.rule_headroom($2, $3, $4, ARRAY[$1]) AS room
        FULL JOIN told ON told.rule_id = room.rule_id
    ORDER BY
        1,
        3,
        2
$$;

COMMENT ON FUNCTION rota.compliance_summary(text, text, timestamptz, timestamptz) IS
    'One person by each rule: how often it is broken or cannot be told, and the window that comes nearest to '
    'its limit with what is left. rule_set NULL: the rules in force here.';

CREATE FUNCTION rota.compliance_risks(
    teams text[],
    rule_set text,
    window_start timestamptz,
    window_end timestamptz,
    most integer DEFAULT 50
) RETURNS TABLE (
    "position" bigint,
    person_id text,
    team_id text,
    minutes_left numeric,
    rule_set text,
    rule_id text,
    rule_name text,
    title text,
    during tstzrange,
    measured numeric,
    limit_value numeric,
    unit text,
    source text
)
LANGUAGE sql
STABLE
PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
    WITH
    -- The most that is allowed, not the least: of a rest, fewer minutes left are no risk to be ranked.
    nearest AS (
        SELECT DISTINCT ON (room.person_id)
            room.*
        FROM
            rota.rule_headroom($2, $3, $4, teams => $1) AS room
        WHERE
            room.minutes_left IS NOT NULL
            AND room.rule_type IN (
                'maximum_minutes', 'average_minutes', 'continuous_duty', 'maximum_overtime'
            )
        ORDER BY
            room.person_id,
            room.minutes_left,
            room.rule_id
    )
    SELECT
        row_number() OVER (ORDER BY nearest.minutes_left, nearest.person_id),
        nearest.person_id,
        nearest.team_id,
        nearest.minutes_left,
        nearest.rule_set,
        nearest.rule_id,
        nearest.rule_name,
        nearest.title,
        nearest.during,
        nearest.measured,
        nearest.limit_value,
        nearest.unit,
        nearest.source
    FROM
        nearest
    ORDER BY
        1
    LIMIT
        $5
$$;

COMMENT ON FUNCTION rota.compliance_risks(text[], text, timestamptz, timestamptz, integer) IS
    'Who of some teams, or of all, is nearest to a limit of hours: each person once, with the rule that '
    'leaves the fewest minutes. Below zero the limit is passed.';
