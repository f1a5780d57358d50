-- What an answer says of the tables: its rows, what writing it changes, and what that would clash with.

CREATE FUNCTION rota.roster_rows(answer jsonb)
RETURNS TABLE (person_id text, shift_id text, date date, settled boolean)
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        item.person,
        item.shift,
        item.date,
        item.settled
    FROM
        jsonb_to_recordset(answer -> 'assignments')
            AS item (person text, shift text, date date, settled boolean)
$$;

COMMENT ON FUNCTION rota.roster_rows(jsonb) IS
    'The roster of an answer as rows; settled is what stood before the search.';

CREATE FUNCTION rota.roster_changes(problem jsonb, answer jsonb, OUT removed jsonb, OUT added jsonb)
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH
    known AS (
        SELECT pair.person, pair.shift
        FROM jsonb_to_recordset(coalesce(problem -> 'known', '[]')) AS pair (person text, shift text)
    ),
    found AS (
        SELECT entry.person_id AS person, entry.shift_id AS shift
        FROM rota.roster_rows(answer) AS entry
        WHERE NOT entry.settled
    )
    SELECT
        (
            SELECT coalesce(jsonb_agg(to_jsonb(gone) ORDER BY gone.person, gone.shift), '[]')
            FROM (SELECT * FROM known EXCEPT SELECT * FROM found) AS gone
        ),
        (
            SELECT coalesce(jsonb_agg(to_jsonb(fresh) ORDER BY fresh.person, fresh.shift), '[]')
            FROM (SELECT * FROM found EXCEPT SELECT * FROM known) AS fresh
        )
$$;

COMMENT ON FUNCTION rota.roster_changes(jsonb, jsonb) IS
    'What writing an answer takes away and adds, [{"person", "shift"}] each.';

CREATE FUNCTION rota.proposal_conflicts(added jsonb) RETURNS jsonb
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        coalesce(
            jsonb_agg(
                jsonb_build_object(
                    'kind', conflict.kind,
                    'level', conflict.level,
                    'person', conflict.person_id,
                    'shift', conflict.shift_id,
                    'rule_id', conflict.rule_id,
                    'message', conflict.message
                )
                ORDER BY conflict.proposal, conflict.kind, lower(conflict.during)
            ),
            '[]'
        )
    FROM
        rota.check_assignments(
            (
                SELECT
                    coalesce(
                        jsonb_agg(
                            jsonb_build_object('person_id', item.person, 'shift_id', item.shift)
                            ORDER BY item.person, item.shift
                        ),
                        '[]'
                    )
                FROM
                    jsonb_to_recordset(added) AS item (person text, shift text)
            )
        ) AS conflict
    WHERE
        conflict.kind NOT IN ('understaffed', 'overstaffed')
$$;

COMMENT ON FUNCTION rota.proposal_conflicts(jsonb) IS
    'The conflicts that bookings would add, as rota.check_assignments judges them, without staffing.';

CREATE FUNCTION rota.roster_violations(problem jsonb, added jsonb)
RETURNS TABLE (kind text, person_id text, rule_id text, during tstzrange, message text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        conflict.kind,
        conflict.person_id,
        conflict.rule_id,
        conflict.during,
        conflict.message
    FROM
        jsonb_to_record(problem) AS plan (from_date date, to_date date, time_zone text)
        CROSS JOIN rota.local_days(daterange(plan.from_date, plan.to_date), plan.time_zone) AS horizon
        CROSS JOIN LATERAL rota.find_conflicts(
            lower(horizon),
            upper(horizon),
            ARRAY(
                SELECT DISTINCT item.person
                FROM jsonb_to_recordset(added) AS item (person text)
                ORDER BY item.person
            )
        ) AS conflict
    WHERE
        conflict.level = 'violation'
$$;

COMMENT ON FUNCTION rota.roster_violations(jsonb, jsonb) IS
    'What is wrong now with the days of those whom a roster books.';
