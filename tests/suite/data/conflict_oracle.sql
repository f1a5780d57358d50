-- What a conflict is, written as joins: slow, plain, and apart from the engine. `defined` says what there
-- should be, `found` what the extension says, both in the same columns.
--
-- Where two assignments start or end together, which of them is named first is nobody's business: pairs are
-- compared as sorted lists, a rest by its person and its time.

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
    booking AS (
        SELECT * FROM oracle.bookings(wanted_people, wanted_teams)
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
            AND one.load = 1
            AND two.load = 1
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
        UNION ALL
        SELECT kind, level, person_id, team_id, NULL, NULL, during, rule_id, measured, limit_value, NULL
        FROM oracle.sums(span, wanted_people, wanted_teams)
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
        WHEN kind IN (
            'overlap', 'duplicate', 'time_off', 'unavailable', 'missing_qualification'
        ) THEN oracle.sorted(assignments)
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

-- What proposals would add. Each that replaces nothing goes by `new` and its position.
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
            ARRAY[
                assignment_id,
                other_assignment_id,
                CASE WHEN proposed -> proposal ->> 'replaces' IS NULL THEN 'new' || proposal END,
                CASE WHEN proposed -> other_proposal ->> 'replaces' IS NULL THEN 'new' || other_proposal END
            ],
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

-- What a swap would add.
CREATE FUNCTION oracle.swapped(one text, other text, minimum_rest_minutes integer)
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
    FROM rota.check_swap(one, other, minimum_rest_minutes);
END;

-- Whether what was there before makes what is there after no new conflict.
CREATE FUNCTION oracle.is_as_bad(before oracle.conflict, after oracle.conflict)
RETURNS boolean
IMMUTABLE
RETURN (before).kind = (after).kind
    AND (before).level = (after).level
    AND (before).person_id IS NOT DISTINCT FROM (after).person_id
    AND (before).assignments IS NOT DISTINCT FROM (after).assignments
    AND (before).rule_id IS NOT DISTINCT FROM (after).rule_id
    AND (before).limit_value IS NOT DISTINCT FROM (after).limit_value
    AND (before).skill IS NOT DISTINCT FROM (after).skill
    AND (
        (after).kind NOT IN ('understaffed', 'overstaffed', 'missing_qualification')
        OR (before).shift_id IS NOT DISTINCT FROM (after).shift_id
    )
    AND (before).during @> (after).during
    AND CASE
        WHEN (after).kind IN ('insufficient_rest', 'understaffed') THEN (before).measured <= (after).measured
        ELSE coalesce((before).measured >= (after).measured, true)
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
