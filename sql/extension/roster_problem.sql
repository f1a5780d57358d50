-- The problem of a schedule, read from the source views into the words of rota.solve_roster.
--
-- Ids are compared in their columns' own types, whatever these are, so that the indexes under the views
-- serve. Only the schedule's own id comes as text and is cast to its column's type.

CREATE FUNCTION rota.find_schedule(schedule_id text) RETURNS record
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    id_type text;
    found_schedule record;
BEGIN
    SELECT format_type(attribute.atttypid, NULL)
    INTO id_type
    FROM pg_attribute AS attribute
    WHERE
        attribute.attrelid = to_regclass('rota_source.schedules')
        AND attribute.attname = 'schedule_id';
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = '42P01',
            MESSAGE = 'view rota_source.schedules does not exist',
            HINT = 'the migrations create it, or you do over tables of your own';
    END IF;
    EXECUTE format(
        'SELECT * FROM rota_source.schedules AS schedule WHERE schedule.schedule_id = $1::%s', id_type
    )
    INTO found_schedule
    USING schedule_id;
    RETURN found_schedule;
EXCEPTION
    WHEN data_exception THEN
        RAISE EXCEPTION USING
            ERRCODE = SQLSTATE,
            MESSAGE = format('schedule_id %L is none: %s', schedule_id, SQLERRM),
            COLUMN = 'schedule_id';
END
$$;

COMMENT ON FUNCTION rota.find_schedule(text) IS
    'The row of rota_source.schedules of an id, or a row of nulls.';

CREATE FUNCTION rota.schedule_problem(schedule_id text, task text, options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    -- What is not settled is known: an answer may change it.
    is_movable constant boolean :=
        task IN ('repair', 'explain') OR coalesce((options -> 'replace') = 'true', false);
    freezes_until timestamptz;
    plan record;
    -- What is kept with the schedule; views of others may lack it.
    kept jsonb;
    horizon tstzrange;
    reach_days integer;
    tells_natures boolean;
    absent_people text[];
    absent_during tstzrange[];
    around tstzrange;
    problem jsonb;
BEGIN
    IF schedule_problem.schedule_id IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = '22004', MESSAGE = 'schedule_id must not be null', COLUMN = 'schedule_id';
    END IF;
    PERFORM rota.check_schedule_options(options);
    plan := rota.find_schedule(schedule_problem.schedule_id);
    IF plan.schedule_id IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'P0002',
            MESSAGE = format('schedule %s does not exist', schedule_problem.schedule_id),
            HINT = 'rota_source.schedules lists them',
            COLUMN = 'schedule_id';
    END IF;
    freezes_until := rota.option_instant('freeze_before', options ->> 'freeze_before');
    SELECT array_agg(absence.person), array_agg(absence.during)
    INTO absent_people, absent_during
    FROM rota.read_absences(options) AS absence;
    kept := coalesce(nullif(to_jsonb(plan) -> 'options', 'null'), '{}');
    PERFORM rota.check_schedule_options(kept, 'the schedule''s options');
    horizon := rota.local_days(daterange(plan.from_date, plan.to_date), plan.time_zone);
    -- As far as the rules look, and at least the weeks that the horizon cuts.
    SELECT
        least(
            greatest(
                14,
                max((rule.parameters ->> 'window_days')::integer),
                max((rule.parameters ->> 'maximum_days')::integer),
                max(
                    CASE
                        WHEN rule.parameters ->> 'per' = 'period' THEN
                            plan.from_date
                            - lower(rota.period_days(plan.from_date, rule.parameters ->> 'period'))
                    END
                )
            ) + 2,
            380
        ),
        coalesce(bool_or(rule.parameters ?| '{kinds, except_kinds}'), false)
    INTO reach_days, tells_natures
    FROM rota_source.rules AS rule
    WHERE
        rule.during && horizon
        AND jsonb_typeof(rule.parameters -> 'window_days') IS DISTINCT FROM 'string'
        AND jsonb_typeof(rule.parameters -> 'maximum_days') IS DISTINCT FROM 'string';
    around := rota.local_days(
        daterange(plan.from_date - reach_days, plan.to_date + reach_days), plan.time_zone
    );

    WITH
    shift AS MATERIALIZED (
        SELECT
            wanted.shift_id,
            wanted.kind,
            CASE WHEN tells_natures THEN to_jsonb(wanted) ->> 'nature' END AS nature,
            wanted.during,
            wanted.required,
            wanted.skills,
            wanted.break_minutes
        FROM
            rota_source.shifts AS wanted
        WHERE
            wanted.during && horizon
            AND lower(wanted.during) <@ horizon
            AND (plan.team_id IS NULL OR wanted.team_id = plan.team_id)
    ),
    head AS MATERIALIZED (
        SELECT
            assignment.person_id,
            assignment.shift_id
        FROM
            rota_source.assignments AS assignment
            JOIN shift USING (shift_id)
        WHERE
            assignment.binding
            AND assignment.during && horizon
    ),
    person AS MATERIALIZED (
        SELECT
            somebody.person_id,
            somebody.team_id,
            somebody.active,
            somebody.attributes
        FROM
            rota_source.people AS somebody
        WHERE
            (somebody.active AND (plan.team_id IS NULL OR somebody.team_id = plan.team_id))
            -- Whoever holds a shift that may be given to others takes part, wherever they belong now.
            OR (is_movable AND somebody.person_id IN (SELECT head.person_id FROM head))
    ),
    work AS MATERIALIZED (
        SELECT
            assignment.person_id,
            assignment.shift_id,
            assignment.during,
            assignment.kind,
            CASE WHEN tells_natures THEN to_jsonb(assignment) ->> 'nature' END AS nature,
            assignment.unpaid_minutes,
            shift.shift_id IS NOT NULL AS is_wanted,
            is_movable
                AND shift.shift_id IS NOT NULL
                AND lower(assignment.during) >= coalesce(freezes_until, '-infinity')
                -- Several on one day are a day of their own making.
                AND count(*) OVER (
                    PARTITION BY
                        assignment.person_id,
                        (lower(assignment.during) AT TIME ZONE plan.time_zone)::date
                ) = 1 AS is_known
        FROM
            rota_source.assignments AS assignment
            JOIN person USING (person_id)
            LEFT JOIN shift USING (shift_id)
        WHERE
            assignment.binding
            AND assignment.during && around
    ),
    absence AS (
        SELECT away.person_id, away.during
        FROM rota_source.absences AS away
        JOIN person USING (person_id)
        WHERE away.during && around
        UNION ALL
        SELECT person.person_id, named.during
        FROM unnest(absent_people, absent_during) AS named (person_id, during)
        JOIN person ON person.person_id::text = named.person_id
        UNION ALL
        SELECT person.person_id, tstzrange(NULL, NULL)
        FROM person
        WHERE NOT person.active
    ),
    described AS (
        SELECT
            person.person_id,
            jsonb_strip_nulls(
                jsonb_build_object(
                    'id', person.person_id::text,
                    'team', person.team_id::text,
                    'hired_on', contract.hired_on,
                    'skills', held.skills,
                    'absences', gone.absences,
                    'availability', told.availability,
                    'work', standing.work,
                    'weekly_minutes', contract.weekly_minutes,
                    'limits', (
                        SELECT jsonb_build_array(
                            jsonb_build_object(
                                'counted', 'minutes',
                                'least', CASE
                                    WHEN contract.min_minutes IS NOT NULL THEN
                                        jsonb_build_object('value', contract.min_minutes, 'weight', 2)
                                END,
                                'most', contract.max_minutes
                            )
                        )
                        WHERE contract.min_minutes IS NOT NULL OR contract.max_minutes IS NOT NULL
                    )
                )
            ) AS document
        FROM
            person
            CROSS JOIN LATERAL jsonb_to_record(coalesce(person.attributes, '{}')) AS contract (
                weekly_minutes integer, min_minutes integer, max_minutes integer, hired_on date
            )
            LEFT JOIN LATERAL (
                SELECT
                    jsonb_agg(
                        CASE
                            WHEN holding.during @> around THEN to_jsonb(holding.skill)
                            ELSE jsonb_build_object(
                                'skill', holding.skill,
                                'starts_at', lower(holding.during),
                                'ends_at', upper(holding.during)
                            )
                        END
                        ORDER BY holding.skill, holding.during
                    ) AS skills
                FROM rota_source.skills AS holding
                WHERE holding.person_id = person.person_id AND holding.during && horizon
            ) AS held ON true
            LEFT JOIN LATERAL (
                SELECT
                    jsonb_agg(
                        jsonb_build_object(
                            'starts_at', lower(absence.during), 'ends_at', upper(absence.during)
                        )
                        ORDER BY absence.during
                    ) AS absences
                FROM absence
                WHERE absence.person_id = person.person_id
            ) AS gone ON true
            LEFT JOIN LATERAL (
                SELECT
                    jsonb_agg(
                        jsonb_build_object(
                            'preference', said.preference,
                            'starts_at', lower(said.during),
                            'ends_at', upper(said.during)
                        )
                        ORDER BY said.during, said.preference
                    ) AS availability
                FROM rota_source.availability AS said
                WHERE
                    said.person_id = person.person_id
                    AND said.during && horizon
                    AND said.preference <> 'available'
            ) AS told ON true
            LEFT JOIN LATERAL (
                SELECT
                    jsonb_agg(
                        jsonb_build_object(
                            'shift', CASE WHEN work.is_wanted THEN work.shift_id::text END,
                            'kind', work.kind,
                            'nature', work.nature,
                            'starts_at', lower(work.during),
                            'ends_at', upper(work.during),
                            'worked_minutes', greatest(
                                rota.worked_minutes(work.during)::integer
                                - coalesce(work.unpaid_minutes, 0)::integer,
                                0
                            )
                        )
                        ORDER BY work.during
                    ) AS work
                FROM work
                WHERE work.person_id = person.person_id AND NOT work.is_known
            ) AS standing ON true
    )
    SELECT
        jsonb_build_object(
            'schedule', jsonb_build_object('schedule_id', plan.schedule_id::text, 'team', plan.team_id::text),
            'from_date', plan.from_date,
            'to_date', plan.to_date,
            'time_zone', plan.time_zone,
            'known_from', plan.from_date - reach_days,
            'known_to', plan.to_date + reach_days,
            'weights', coalesce(kept -> 'weights', '{}')
                || coalesce(nullif(options -> 'weights', 'null'), '{}'),
            'shifts', (
                SELECT
                    coalesce(
                        jsonb_agg(
                            jsonb_strip_nulls(
                                jsonb_build_object(
                                    'id', shift.shift_id::text,
                                    'kind', shift.kind,
                                    'nature', shift.nature,
                                    'starts_at', lower(shift.during),
                                    'ends_at', upper(shift.during),
                                    'worked_minutes', greatest(
                                        rota.worked_minutes(shift.during)::integer
                                        - coalesce(shift.break_minutes, 0)::integer,
                                        0
                                    ),
                                    'skills', shift.skills,
                                    -- Heads of people who take no part are there already.
                                    'required', greatest(
                                        shift.required - (
                                            SELECT count(*)
                                            FROM head
                                            WHERE
                                                head.shift_id = shift.shift_id
                                                AND head.person_id NOT IN (
                                                    SELECT person.person_id FROM person
                                                )
                                        ),
                                        0
                                    )
                                )
                            )
                            ORDER BY lower(shift.during), shift.shift_id
                        ),
                        '[]'
                    )
                FROM shift
            ),
            'people', (
                SELECT coalesce(jsonb_agg(described.document ORDER BY described.person_id), '[]')
                FROM described
            ),
            'known', (
                SELECT
                    coalesce(
                        jsonb_agg(
                            jsonb_build_object('person', work.person_id::text, 'shift', work.shift_id::text)
                            ORDER BY work.during, work.person_id
                        ),
                        '[]'
                    )
                FROM work
                WHERE work.is_known
            ),
            'rules', (
                SELECT
                    coalesce(
                        jsonb_agg(
                            jsonb_strip_nulls(
                                jsonb_build_object(
                                    'id', rule.rule_id::text,
                                    'rule_type', rule.rule_type,
                                    'parameters', rule.parameters,
                                    'level', rule.level,
                                    'strict', said.strict,
                                    'priority', said.priority,
                                    'team', rule.scope,
                                    'person', said.person_id
                                )
                            )
                            ORDER BY rule.rule_id
                        ),
                        '[]'
                    )
                    || CASE
                        -- Where no rule says anything about rest, the usual one holds, as for conflicts.
                        WHEN
                            count(*) FILTER (
                                WHERE rule.rule_type = 'rest_period' AND said.person_id IS NULL
                            ) = 0
                        THEN
                            '[{"rule_type": "rest_period", "parameters": {"minimum_minutes": 660}}]'::jsonb
                        ELSE '[]'
                    END
                FROM
                    rota_source.rules AS rule
                    -- Views of others may lack these columns.
                    CROSS JOIN jsonb_to_record(to_jsonb(rule)) AS said (
                        person_id text, mode text, strict boolean, priority integer
                    )
                WHERE
                    rule.during && horizon
                    AND said.mode IS DISTINCT FROM 'off'
                    AND (
                        said.person_id IS NULL
                        OR said.person_id IN (SELECT person.person_id::text FROM person)
                    )
            )
        )
    INTO problem;
    RETURN problem
        || coalesce(kept -> 'house_rules', '{}')
        || coalesce(nullif(options -> 'house_rules', 'null'), '{}');
END
$$;

COMMENT ON FUNCTION rota.schedule_problem(text, text, jsonb) IS
    'The problem of a schedule in the words of rota.solve_roster. generate: what is booked stands, or is '
    'known where options replace it; repair, explain: who is on the schedule''s shifts is '
    'known, and may change. house_rules and weights of the options replace, member by member, those that are '
    'kept with the schedule.';
