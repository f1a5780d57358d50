-- Schedules generated, repaired and explained: the problem is read from the source views, searched on plain
-- data (rota.solve_roster and its sisters), and written on request.

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

CREATE FUNCTION rota.prepare_search(schedule_id text, task text, options jsonb) RETURNS jsonb
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    problem constant jsonb := rota.schedule_problem(schedule_id, task, options);
    start jsonb;
BEGIN
    IF rota.remembers_rosters(task, options) THEN
        start := rota.recall_roster(problem);
    END IF;
    RETURN jsonb_build_object(
        'task', task,
        'problem', problem,
        'options', rota.search_options(options)
        || CASE WHEN start IS NULL THEN '{}' ELSE jsonb_build_object('start', start) END
    );
END
$$;

COMMENT ON FUNCTION rota.prepare_search(text, text, jsonb) IS
    'What a schedule asks of a search: {"task", "problem", "options"}, with what is known from before.';

CREATE FUNCTION rota.finish_search(schedule_id text, task text, options jsonb, problem jsonb, answer jsonb)
RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    changes record;
BEGIN
    IF rota.remembers_rosters(task, options) THEN
        PERFORM rota.remember_roster(problem, answer);
    END IF;
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

COMMENT ON FUNCTION rota.finish_search(text, text, jsonb, jsonb, jsonb) IS
    'Writes an answer where the options say so, else tells what writing it would change and clash with.';

CREATE FUNCTION rota.answer_schedule(schedule_id text, task text, options jsonb) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    search constant jsonb := rota.prepare_search(schedule_id, task, options);
    problem constant jsonb := search -> 'problem';
BEGIN
    RETURN rota.finish_search(
        schedule_id,
        task,
        options,
        problem,
        CASE task
            WHEN 'repair' THEN rota.repair_roster(problem, search -> 'options')
            ELSE rota.solve_roster(problem, search -> 'options')
        END
    );
END
$$;

COMMENT ON FUNCTION rota.answer_schedule(text, text, jsonb) IS
    'The roster of a schedule: read, searched, proposed or written. task is generate or repair.';

CREATE FUNCTION rota.generate_schedule(schedule_id text, options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT rota.answer_schedule(schedule_id, 'generate', options)
$$;

COMMENT ON FUNCTION rota.generate_schedule(text, jsonb) IS
    'A roster for the open shifts of a schedule, proposed; {"commit": true} writes it as one set. What is '
    'booked stands; with {"replace": true} only what is booked elsewhere, or before "freeze_before". '
    '"weights" as in rota.solve_roster, "house_rules" as its everybody, successions, minimum_rest, '
    'minimum_day_off, fairness and pairings; both replace, member by member, what is kept with the schedule. '
    '"absent" as further absences, and every option of rota.solve_roster. What was searched before is begun '
    'with, or answered at once where it was searched as long; not with "steps", whose answer depends on '
    'nothing else, nor with {"remember": false}.';

CREATE FUNCTION rota.repair_schedule(schedule_id text, options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT rota.answer_schedule(schedule_id, 'repair', options)
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
