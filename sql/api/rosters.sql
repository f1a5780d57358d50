-- Rosters: generated, repaired, explained.

CREATE FUNCTION api.require_open_schedule(schedule_id bigint) RETURNS boolean
LANGUAGE plpgsql
STABLE
AS $$
#variable_conflict use_variable
DECLARE
    status text;
BEGIN
    SELECT schedule.status
    INTO status
    FROM workforce.schedules AS schedule
    WHERE schedule.schedule_id = require_open_schedule.schedule_id;
    RETURN CASE
        WHEN NOT FOUND THEN api.refuse_unknown(
            'schedule_id', format('schedule %s does not exist', schedule_id), 'GET /api/schedules lists them'
        )
        WHEN status = 'archived' THEN api.refuse_state(
            format('schedule %s is archived', schedule_id), 'open a new schedule for the period'
        )
        ELSE true
    END;
END
$$;

COMMENT ON FUNCTION api.require_open_schedule IS
    'True for a schedule that may still change; else raises P0002 or 55000.';

CREATE FUNCTION api.generate_schedule(schedule_id bigint, options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE plpgsql
VOLATILE
AS $$
BEGIN
    PERFORM api.require_open_schedule(schedule_id);
    RETURN rota.generate_schedule(schedule_id::text, options);
END
$$;

COMMENT ON FUNCTION api.generate_schedule IS
    'A roster for the open shifts of a schedule. Nothing is written unless options say {"commit": true}; '
    'then all of it is, or nothing. options: time_ms, steps, seed, threads, memory_mb, target, gap_percent, '
    'patience_ms, parts, replace, weights, house_rules, absent, freeze_before, allow_conflicts, explain, '
    'remember.';

SELECT rota.expose(
    'api.generate_schedule'::regproc,
    'POST',
    '/api/schedules/{schedule_id}/generate',
    summary => 'Generate the roster of a schedule',
    lane => 'batch'
);

CREATE FUNCTION api.repair_schedule(schedule_id bigint, options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE plpgsql
VOLATILE
AS $$
BEGIN
    PERFORM api.require_open_schedule(schedule_id);
    RETURN rota.repair_schedule(schedule_id::text, options);
END
$$;

COMMENT ON FUNCTION api.repair_schedule IS
    'The roster of a schedule with as few changes as possible after somebody dropped out or came back, or a '
    'shift moved or wants other heads. options as for generating; freeze_before keeps what begins earlier.';

SELECT rota.expose(
    'api.repair_schedule'::regproc,
    'POST',
    '/api/schedules/{schedule_id}/repair',
    summary => 'Repair the roster of a schedule with as few changes as possible'
);

CREATE FUNCTION api.explain_schedule(schedule_id bigint) RETURNS jsonb
LANGUAGE plpgsql
STABLE
AS $$
BEGIN
    IF NOT EXISTS (
        SELECT
        FROM workforce.schedules AS schedule
        WHERE schedule.schedule_id = explain_schedule.schedule_id
    ) THEN
        RETURN NULL;
    END IF;
    RETURN rota.explain_schedule(schedule_id::text);
END
$$;

COMMENT ON FUNCTION api.explain_schedule IS
    'What the roster of a schedule costs by rule and person, every rule that it breaks, and for every '
    'missing head which rule keeps which people off and what relaxing it would change.';

SELECT rota.expose(
    'api.explain_schedule'::regproc,
    'GET',
    '/api/schedules/{schedule_id}/explanation',
    summary => 'Why the roster of a schedule is as it is',
    reads => ARRAY[
        'workforce.schedules',
        'workforce.assignments',
        'workforce.shifts',
        'workforce.employees',
        'workforce.departments',
        'workforce.time_off',
        'workforce.availability',
        'workforce.employee_qualifications',
        'workforce.qualifications',
        'workforce.rules'
    ]::regclass[],
    lane => 'batch',
    cached => false
);

CREATE FUNCTION api.solve_roster(problem jsonb, options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE sql
VOLATILE
BEGIN ATOMIC
    SELECT rota.solve_roster(problem, options);
END;

COMMENT ON FUNCTION api.solve_roster IS
    'A roster for a problem that stands in the request alone: days, shifts, people, rules. Nothing is read '
    'from tables or written.';

SELECT rota.expose(
    'api.solve_roster'::regproc,
    'POST',
    '/api/rosters/solve',
    summary => 'Solve a roster problem on plain data',
    lane => 'batch'
);
