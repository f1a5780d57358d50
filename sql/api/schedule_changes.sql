-- Schedules, written: open one and publish it.

CREATE FUNCTION api.create_schedule(
    from_date date,
    to_date date,
    department_id bigint DEFAULT NULL
) RETURNS json
LANGUAGE plpgsql
VOLATILE
AS $$
#variable_conflict use_variable
DECLARE
    new_id bigint;
    known_id bigint;
BEGIN
    PERFORM api.require_window(from_date, to_date, 366);
    IF department_id IS NOT NULL AND NOT EXISTS (
        SELECT
        FROM workforce.departments AS department
        WHERE department.department_id = create_schedule.department_id
    ) THEN
        PERFORM api.refuse_unknown(
            'department_id',
            format('department %s does not exist', department_id),
            'GET /api/departments lists them'
        );
    END IF;

    INSERT INTO workforce.schedules AS inserted (department_id, period)
    VALUES (department_id, daterange(from_date, to_date))
    ON CONFLICT ON CONSTRAINT schedules_period_unique_in_department DO NOTHING
    RETURNING inserted.schedule_id INTO new_id;
    -- The insert waited for whoever was making the same schedule, so what this reads is committed.
    SELECT
        existing.schedule_id
    INTO known_id
    FROM
        workforce.schedules AS existing
    WHERE
        existing.department_id IS NOT DISTINCT FROM create_schedule.department_id
        AND existing.period = daterange(from_date, to_date);
    RETURN (
        SELECT
            json_build_object(
                'schedule_id', plan.schedule_id,
                'created', new_id IS NOT NULL,
                'department_id', plan.department_id,
                'from_date', lower(plan.period),
                'to_date', upper(plan.period),
                'status', plan.status,
                'version', plan.version
            )
        FROM
            workforce.schedules AS plan
        WHERE
            plan.schedule_id = known_id
    );
END
$$;

COMMENT ON FUNCTION api.create_schedule IS
    'The schedule of a department for the local days [from_date, to_date): the one that exists, else a new '
    'draft. created says which. Without department_id it is the whole organisation''s.';

SELECT rota.expose(
    'api.create_schedule'::regproc,
    'POST',
    '/api/schedules',
    summary => 'Open a schedule, or get the one that exists',
    success_status => 201
);

CREATE FUNCTION api.publish_schedule(schedule_id bigint, force boolean DEFAULT false) RETURNS json
LANGUAGE plpgsql
VOLATILE
AS $$
#variable_conflict use_variable
DECLARE
    schedule workforce.schedules;
    period tstzrange;
    violations bigint;
    example text;
BEGIN
    SELECT locked.* INTO schedule
    FROM workforce.schedules AS locked
    WHERE locked.schedule_id = publish_schedule.schedule_id
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        PERFORM api.refuse_unknown(
            'schedule_id', format('schedule %s does not exist', schedule_id), 'GET /api/schedules lists them'
        );
    END IF;
    IF schedule.status = 'archived' THEN
        PERFORM api.refuse_state(
            format('schedule %s is archived', schedule_id), 'open a new schedule for the period'
        );
    END IF;

    IF schedule.status = 'draft' THEN
        period := rota.local_days(
            schedule.period,
            coalesce(
                (
                    SELECT department.time_zone
                    FROM workforce.departments AS department
                    WHERE department.department_id = schedule.department_id
                ),
                'UTC'
            )
        );
        SELECT
            count(*),
            min(conflict.message)
        INTO violations, example
        FROM
            rota.find_conflicts(
                lower(period),
                upper(period),
                teams => CASE
                    WHEN schedule.department_id IS NOT NULL THEN ARRAY[schedule.department_id::text]
                END
            ) AS conflict
        WHERE
            conflict.level = 'violation';
        IF violations > 0 AND force IS NOT TRUE THEN
            PERFORM api.refuse_state(
                format('schedule %s has %s violations, among them: %s', schedule_id, violations, example),
                'GET /api/conflicts lists them; mend them, or send force true'
            );
        END IF;
        UPDATE workforce.schedules AS changed
        SET
            status = 'published',
            published_at = now()
        WHERE
            changed.schedule_id = publish_schedule.schedule_id
        RETURNING changed.* INTO schedule;
    END IF;
    RETURN json_build_object(
        'schedule_id', schedule.schedule_id,
        'department_id', schedule.department_id,
        'from_date', lower(schedule.period),
        'to_date', upper(schedule.period),
        'status', schedule.status,
        'version', schedule.version,
        'published_at', schedule.published_at,
        'violations', violations
    );
END
$$;

COMMENT ON FUNCTION api.publish_schedule IS
    'Publishes a draft; one that is published already is answered unchanged. Violations in the department '
    'and period refuse it with 55000 unless force is true. violations is null when nothing had to be '
    'checked.';

SELECT rota.expose(
    'api.publish_schedule'::regproc,
    'POST',
    '/api/schedules/{schedule_id}/publish',
    summary => 'Publish a schedule'
);
