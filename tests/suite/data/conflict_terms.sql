-- What the definitions of conflicts are made of: rows of the roster in one shape, and lengths.

CREATE SCHEMA oracle;

CREATE FUNCTION oracle.minutes(during tstzrange)
RETURNS numeric
IMMUTABLE
RETURN extract(epoch FROM upper(during) - lower(during)) / 60;

CREATE FUNCTION oracle.minutes(spans tstzmultirange)
RETURNS numeric
IMMUTABLE
RETURN (SELECT coalesce(sum(oracle.minutes(span)), 0) FROM unnest(spans) AS span);

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

-- Bookings of the wanted people with what is known of them. Who is not in `people` is in no team and lives by
-- UTC.
CREATE FUNCTION oracle.bookings(wanted_people text[], wanted_teams text[])
RETURNS TABLE (
    id text,
    person_id text,
    shift_id text,
    during tstzrange,
    load numeric,
    unpaid_minutes numeric,
    team_id text,
    zone text
)
STABLE
BEGIN ATOMIC
    SELECT
        assignment.assignment_id::text,
        assignment.person_id::text,
        assignment.shift_id::text,
        assignment.during,
        coalesce(assignment.load, 1),
        coalesce(assignment.unpaid_minutes, 0),
        person.team_id::text,
        coalesce(person.time_zone, 'UTC')
    FROM rota_source.assignments AS assignment
    LEFT JOIN rota_source.people AS person
        ON person.person_id::text = assignment.person_id::text
    WHERE assignment.binding
        AND NOT isempty(assignment.during)
        AND (wanted_people IS NULL OR person.person_id::text = ANY (wanted_people))
        AND (wanted_teams IS NULL OR person.team_id::text = ANY (wanted_teams));
END;
