-- Schedules generated, repaired and explained: the problem is read from the source views, searched on plain
-- data (rota.solve_roster and its sisters), and written on request.

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

CREATE FUNCTION rota.write_answer(schedule_id text, task text, options jsonb, problem jsonb, answer jsonb)
RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    changes record;
    before text[];
    example text;
BEGIN
    SELECT change.removed, change.added
    INTO changes
    FROM rota.roster_changes(problem, answer) AS change;
    PERFORM rota_source.lock_people(
        ARRAY(SELECT person ->> 'id' FROM jsonb_array_elements(problem -> 'people') AS person)
    );
    -- Whoever was booking one of them has ended by now, and nobody begins: what is read here stays so.
    IF rota.schedule_problem(schedule_id, task, options) IS DISTINCT FROM problem THEN
        RAISE EXCEPTION USING
            ERRCODE = '55000',
            MESSAGE = format(
                'what schedule %s is made from changed while its roster was searched', schedule_id
            ),
            HINT = 'nothing was written; search again';
    END IF;
    before := ARRAY(SELECT violation::text FROM rota.roster_violations(problem, changes.added) AS violation);
    PERFORM rota_source.write_roster(schedule_id, changes.removed, changes.added);
    IF (options -> 'allow_conflicts') IS DISTINCT FROM 'true' THEN
        SELECT violation.message
        INTO example
        FROM rota.roster_violations(problem, changes.added) AS violation
        WHERE violation::text <> ALL (before)
        ORDER BY violation.during, violation.person_id
        LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION USING
                ERRCODE = '55000',
                MESSAGE = format('the roster of schedule %s would break a rule: %s', schedule_id, example),
                HINT = 'nothing was written; rules_not_searched of the proposal tells what the search leaves '
                    'out, and options {"allow_conflicts": true} writes all the same';
        END IF;
    END IF;
    RETURN answer || jsonb_build_object('committed', true) || to_jsonb(changes);
END
$$;

COMMENT ON FUNCTION rota.write_answer(text, text, jsonb, jsonb, jsonb) IS
    'Writes the roster of an answer as one set, if what it was made from is still true and it breaks no rule '
    'that was not broken before.';

CREATE FUNCTION rota.finish_answer(schedule_id text, task text, options jsonb, problem jsonb, answer jsonb)
RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    changes record;
BEGIN
    IF options -> 'commit' = 'true' THEN
        RETURN rota.write_answer(schedule_id, task, options, problem, answer);
    END IF;
    SELECT change.removed, change.added
    INTO changes
    FROM rota.roster_changes(problem, answer) AS change;
    RETURN answer || jsonb_build_object('committed', false) || to_jsonb(changes) || jsonb_build_object(
        -- What goes could be the reason of a conflict, so only additions are judged before they are written.
        'conflicts', CASE
            WHEN changes.removed = '[]' AND jsonb_array_length(changes.added) <= 10000 THEN
                rota.proposal_conflicts(changes.added)
        END
    );
END
$$;

COMMENT ON FUNCTION rota.finish_answer(text, text, jsonb, jsonb, jsonb) IS
    'Writes an answer where the options say so, else tells what writing it would change and clash with.';

CREATE FUNCTION rota.generate_schedule(schedule_id text, options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    problem constant jsonb := rota.schedule_problem(schedule_id, 'generate', options);
BEGIN
    RETURN rota.finish_answer(
        schedule_id, 'generate', options, problem,
        rota.solve_roster(problem, rota.search_options(options))
    );
END
$$;

COMMENT ON FUNCTION rota.generate_schedule(text, jsonb) IS
    'A roster for the open shifts of a schedule, proposed; {"commit": true} writes it as one set. What is '
    'booked stands; with {"replace": true} only what is booked elsewhere, or before "freeze_before". '
    '"weights" as in rota.solve_roster, "absent" as further absences, and every option of rota.solve_roster.';

CREATE FUNCTION rota.repair_schedule(schedule_id text, options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    problem constant jsonb := rota.schedule_problem(schedule_id, 'repair', options);
BEGIN
    RETURN rota.finish_answer(
        schedule_id, 'repair', options, problem,
        rota.repair_roster(problem, rota.search_options(options))
    );
END
$$;

COMMENT ON FUNCTION rota.repair_schedule(text, jsonb) IS
    'The roster of a schedule with as few changes as possible after somebody dropped out or came back, a '
    'shift moved or wants other heads. Work before {"freeze_before"} stays; {"absent": [{"person", '
    '"starts_at", "ends_at"}]} asks what if. Proposed, or written with {"commit": true}.';

CREATE FUNCTION rota.explain_schedule(schedule_id text, options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        rota.explain_roster(rota.schedule_problem(schedule_id, 'explain', options))
$$;

COMMENT ON FUNCTION rota.explain_schedule(text, jsonb) IS
    'What the roster of a schedule costs by rule and person, every rule that it breaks, and for every '
    'missing head which rule keeps which people off and what relaxing it would change.';
