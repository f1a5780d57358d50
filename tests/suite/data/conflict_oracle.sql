-- What a conflict is, written as joins: slow, plain, and apart from the engine. `defined` says what there
-- should be, `found` what the extension says, both in the same columns.
--
-- Where two assignments start or end together, which of them is named first is nobody's business: pairs are
-- compared as sorted lists, a rest by its person and its time.

CREATE SCHEMA oracle;

CREATE FUNCTION oracle.minutes(during tstzrange)
RETURNS numeric
IMMUTABLE
RETURN extract(epoch FROM upper(during) - lower(during)) / 60;

CREATE FUNCTION oracle.sorted(ids text[])
RETURNS text[]
IMMUTABLE
RETURN (SELECT array_agg(id ORDER BY id) FROM unnest(ids) AS id WHERE id IS NOT NULL);

CREATE TYPE oracle.conflict AS (
    kind text,
    level text,
    person_id text,
    team_id text,
    shift_id text,
    assignments text[],
    during tstzrange,
    minutes numeric,
    rule_id text,
    measured numeric,
    limit_value numeric,
    skill text
);

CREATE FUNCTION oracle.defined(
    span tstzrange,
    wanted_people text[],
    wanted_teams text[],
    minimum_rest_minutes integer
)
RETURNS SETOF oracle.conflict
STABLE
BEGIN ATOMIC
    WITH
    member AS (
        SELECT person_id::text AS person_id, team_id::text AS team_id
        FROM rota_source.people
    ),
    booking AS (
        SELECT
            assignment.assignment_id::text AS id,
            assignment.person_id::text AS person_id,
            assignment.shift_id::text AS shift_id,
            assignment.during,
            member.team_id
        FROM rota_source.assignments AS assignment
        LEFT JOIN member
            ON member.person_id = assignment.person_id::text
        WHERE assignment.binding
            AND NOT isempty(assignment.during)
            AND (wanted_people IS NULL OR member.person_id = ANY (wanted_people))
            AND (wanted_teams IS NULL OR member.team_id = ANY (wanted_teams))
    ),
    pair AS (
        SELECT
            one.person_id,
            one.team_id,
            one.shift_id IS NOT NULL AND one.shift_id IS NOT DISTINCT FROM two.shift_id AS on_one_shift,
            one.shift_id,
            ARRAY[one.id, two.id] AS assignments,
            one.during * two.during AS during
        FROM booking AS one
        JOIN booking AS two
            ON one.person_id = two.person_id
            AND one.id < two.id
            AND one.during && two.during
    ),
    duty AS (
        SELECT people_duties.person_id, people_duties.team_id, duty
        FROM (
            SELECT person_id, team_id, range_agg(during) AS duties
            FROM booking
            GROUP BY person_id, team_id
        ) AS people_duties
        CROSS JOIN LATERAL unnest(people_duties.duties) AS duty
    ),
    rest AS (
        SELECT
            person_id,
            team_id,
            tstzrange(upper(duty), lead(lower(duty)) OVER (PARTITION BY person_id ORDER BY duty)) AS during
        FROM duty
    ),
    rest_rule AS (
        SELECT
            rule_id::text AS rule_id,
            level,
            scope::text AS scope,
            (parameters ->> 'minimum_minutes')::numeric AS minimum,
            during
        FROM rota_source.rules
        WHERE rule_type = 'rest_period'
            AND NOT isempty(during)
            AND minimum_rest_minutes IS NULL
        UNION ALL
        SELECT NULL, 'violation', NULL, coalesce(minimum_rest_minutes, 660), '(,)'
        WHERE minimum_rest_minutes IS NOT NULL
            OR NOT EXISTS (
                SELECT FROM rota_source.rules WHERE rule_type = 'rest_period' AND NOT isempty(during)
            )
    ),
    staffing AS (
        SELECT
            shift.shift_id::text AS shift_id,
            shift.team_id::text AS team_id,
            shift.during,
            shift.required,
            (
                SELECT count(DISTINCT assignment.person_id)
                FROM rota_source.assignments AS assignment
                WHERE assignment.shift_id = shift.shift_id
                    AND assignment.binding
                    AND NOT isempty(assignment.during)
            ) AS heads
        FROM rota_source.shifts AS shift
        WHERE wanted_people IS NULL
            AND (wanted_teams IS NULL OR shift.team_id::text = ANY (wanted_teams))
            AND NOT isempty(shift.during)
    ),
    conflict AS (
        SELECT
            CASE WHEN on_one_shift THEN 'duplicate' ELSE 'overlap' END AS kind,
            'violation' AS level,
            person_id,
            team_id,
            CASE WHEN on_one_shift THEN shift_id END AS shift_id,
            oracle.sorted(assignments) AS assignments,
            during,
            NULL AS rule_id,
            NULL::numeric AS measured,
            NULL::numeric AS limit_value,
            NULL AS skill
        FROM pair
        UNION ALL
        SELECT
            'insufficient_rest',
            rest_rule.level,
            rest.person_id,
            rest.team_id,
            NULL,
            NULL,
            rest.during,
            rest_rule.rule_id,
            oracle.minutes(rest.during),
            rest_rule.minimum,
            NULL
        FROM rest
        JOIN rest_rule
            ON rest_rule.during @> lower(rest.during)
            AND (rest_rule.scope IS NULL OR rest_rule.scope = rest.team_id)
            AND oracle.minutes(rest.during) < rest_rule.minimum
        UNION ALL
        SELECT
            'time_off',
            'violation',
            booking.person_id,
            booking.team_id,
            booking.shift_id,
            ARRAY[booking.id],
            booking.during * absence.during,
            NULL,
            NULL,
            NULL,
            NULL
        FROM booking
        JOIN rota_source.absences AS absence
            ON absence.person_id::text = booking.person_id
            AND absence.during && booking.during
        UNION ALL
        SELECT
            'unavailable',
            'warning',
            booking.person_id,
            booking.team_id,
            booking.shift_id,
            ARRAY[booking.id],
            booking.during * told.during,
            NULL,
            NULL,
            NULL,
            NULL
        FROM booking
        JOIN rota_source.availability AS told
            ON told.person_id::text = booking.person_id
            AND told.during && booking.during
            AND told.preference = 'unavailable'
        UNION ALL
        SELECT
            'missing_qualification',
            'violation',
            booking.person_id,
            booking.team_id,
            booking.shift_id,
            ARRAY[booking.id],
            booking.during,
            NULL,
            NULL,
            NULL,
            wanted.skill
        FROM booking
        JOIN rota_source.shifts AS shift
            ON shift.shift_id::text = booking.shift_id
            AND NOT isempty(shift.during)
        CROSS JOIN LATERAL (SELECT DISTINCT skill FROM unnest(shift.skills) AS skill) AS wanted
        WHERE NOT coalesce(
            (
                SELECT range_agg(held.during)
                FROM rota_source.skills AS held
                WHERE held.person_id::text = booking.person_id
                    AND held.skill = wanted.skill
            ),
            '{}'
        ) @> booking.during
        UNION ALL
        SELECT
            CASE WHEN heads < required THEN 'understaffed' ELSE 'overstaffed' END,
            CASE WHEN heads < required THEN 'warning' ELSE 'advisory' END,
            NULL,
            team_id,
            shift_id,
            NULL,
            during,
            NULL,
            heads,
            required,
            NULL
        FROM staffing
        WHERE heads <> required
    )
    SELECT
        kind,
        level,
        person_id,
        team_id,
        shift_id,
        assignments,
        during,
        oracle.minutes(during),
        rule_id,
        measured,
        limit_value,
        skill
    FROM conflict
    WHERE during && span;
END;

-- One row of the extension in the columns of the oracle.
CREATE FUNCTION oracle.comparable(
    kind text,
    level text,
    person_id text,
    team_id text,
    shift_id text,
    assignments text[],
    during tstzrange,
    minutes numeric,
    rule_id text,
    measured numeric,
    limit_value numeric,
    message text
)
RETURNS oracle.conflict
IMMUTABLE
RETURN ROW(
    kind,
    level,
    person_id,
    team_id,
    CASE WHEN kind NOT IN ('overlap', 'insufficient_rest') THEN shift_id END,
    CASE
        WHEN kind NOT IN ('insufficient_rest', 'understaffed', 'overstaffed') THEN oracle.sorted(assignments)
    END,
    during,
    minutes,
    rule_id,
    measured,
    limit_value,
    CASE WHEN kind = 'missing_qualification' THEN substring(message FROM 'qualification (\S+) for') END
)::oracle.conflict;

CREATE FUNCTION oracle.found(
    span tstzrange,
    wanted_people text[],
    wanted_teams text[],
    minimum_rest_minutes integer
)
RETURNS SETOF oracle.conflict
STABLE
BEGIN ATOMIC
    SELECT (
        oracle.comparable(
            kind,
            level,
            person_id,
            team_id,
            shift_id,
            ARRAY[assignment_id, other_assignment_id],
            during,
            minutes,
            rule_id,
            measured,
            limit_value,
            message
        )
    ).*
    FROM rota.find_conflicts(lower(span), upper(span), wanted_people, wanted_teams, minimum_rest_minutes);
END;

-- What proposals would add, each as `new` with its position.
CREATE FUNCTION oracle.checked(proposed jsonb, minimum_rest_minutes integer)
RETURNS SETOF oracle.conflict
STABLE
BEGIN ATOMIC
    SELECT (
        oracle.comparable(
            kind,
            level,
            person_id,
            team_id,
            shift_id,
            ARRAY[assignment_id, other_assignment_id, 'new' || proposal, 'new' || other_proposal],
            during,
            minutes,
            rule_id,
            measured,
            limit_value,
            message
        )
    ).*
    FROM rota.check_assignments(proposed, minimum_rest_minutes);
END;

-- Rows on one side only.
CREATE FUNCTION oracle.difference(
    span tstzrange,
    wanted_people text[],
    wanted_teams text[],
    minimum_rest_minutes integer
)
RETURNS TABLE (fault text, conflict text)
STABLE
BEGIN ATOMIC
    WITH
    found AS (
        SELECT * FROM oracle.found(span, wanted_people, wanted_teams, minimum_rest_minutes)
    ),
    defined AS (
        SELECT * FROM oracle.defined(span, wanted_people, wanted_teams, minimum_rest_minutes)
    ),
    surplus AS (SELECT * FROM found EXCEPT ALL SELECT * FROM defined),
    missed AS (SELECT * FROM defined EXCEPT ALL SELECT * FROM found)
    SELECT 'found, but not defined', surplus::text FROM surplus
    UNION ALL
    SELECT 'defined, but not found', missed::text FROM missed;
END;
