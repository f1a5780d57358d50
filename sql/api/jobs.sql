-- Jobs: searches that run without anybody waiting for them.

CREATE FUNCTION api.submit_job(
    task text,
    arguments jsonb,
    priority integer DEFAULT 5,
    due_at timestamptz DEFAULT NULL
) RETURNS json
LANGUAGE plpgsql
VOLATILE
AS $$
#variable_conflict use_variable
BEGIN
    -- Whatever else is wrong is said by rota.submit_job.
    IF task IN ('generate', 'repair') AND jsonb_typeof(arguments -> 'schedule_id') = 'number' THEN
        PERFORM api.require_open_schedule((arguments ->> 'schedule_id')::bigint);
    END IF;
    RETURN json_build_object(
        'job_id', rota.submit_job(task, arguments, priority, due_at),
        'state', 'queued'
    );
END
$$;

COMMENT ON FUNCTION api.submit_job IS
    'Asks for a search without waiting for it. task: generate or repair with arguments {"schedule_id", '
    '"options"}, or solve with {"problem", "options"}. priority from 1 to 10, higher runs first; not before '
    'due_at.';

SELECT rota.expose(
    'api.submit_job'::regproc,
    'POST',
    '/api/jobs',
    summary => 'Submit a search as a job',
    success_status => 202
);

CREATE FUNCTION api.jobs(
    state text DEFAULT NULL,
    before_job_id bigint DEFAULT NULL,
    "limit" integer DEFAULT 100
) RETURNS json
LANGUAGE sql
STABLE
BEGIN ATOMIC
    SELECT
        json_build_object(
            'items', coalesce(
                json_agg(
                    json_build_object(
                        'job_id', listed.job_id,
                        'task', listed.task,
                        'schedule_id', listed.arguments ->> 'schedule_id',
                        'priority', listed.priority,
                        'state', listed.state,
                        'attempts', listed.attempts,
                        'created_at', listed.created_at,
                        'started_at', listed.started_at,
                        'finished_at', listed.finished_at,
                        'progress', listed.progress
                    )
                    ORDER BY listed.job_id DESC
                ),
                '[]'::json
            )
        )
    FROM (
            SELECT
                job.*
            FROM
                workforce.jobs AS job
            WHERE
                api.require_between('limit', "limit", 1, 1000)
                AND api.require_one_of(
                    'state', jobs.state, ARRAY['queued', 'running', 'done', 'failed', 'cancelled']
                )
                AND (jobs.state IS NULL OR job.state = jobs.state)
                AND job.job_id < coalesce(before_job_id, 9223372036854775807)
            ORDER BY
                job.job_id DESC
            LIMIT "limit"
        ) AS listed;
END;

COMMENT ON FUNCTION api.jobs IS
    'Jobs, the newest first; before_job_id goes on where a list ended.';

SELECT rota.expose('api.jobs'::regproc, 'GET', '/api/jobs', summary => 'Jobs', cached => false);

CREATE FUNCTION api.job(job_id bigint) RETURNS json
LANGUAGE sql
STABLE
BEGIN ATOMIC
    SELECT
        json_build_object(
            'job_id', known.job_id,
            'task', known.task,
            'arguments', known.arguments,
            'priority', known.priority,
            'state', known.state,
            'attempts', known.attempts,
            'attempt_limit', known.attempt_limit,
            'due_at', known.due_at,
            'created_at', known.created_at,
            'started_at', known.started_at,
            'finished_at', known.finished_at,
            'cancel_requested', known.cancel_requested,
            'progress', known.progress,
            'points', (
                SELECT
                    coalesce(
                        json_agg(
                            json_build_object(
                                'elapsed_ms', point.elapsed_ms,
                                'broken_hard', point.broken_hard,
                                'cost', point.cost,
                                'lower_bound', point.lower_bound
                            )
                            ORDER BY point.elapsed_ms
                        ),
                        '[]'::json
                    )
                FROM
                    workforce.job_progress AS point
                WHERE
                    point.job_id = known.job_id
                    AND point.attempt = known.attempts
            ),
            'answer', known.answer,
            'error', known.error
        )
    FROM
        workforce.jobs AS known
    WHERE
        known.job_id = job.job_id;
END;

COMMENT ON FUNCTION api.job IS
    'A job: its state, best cost and bound over time, and its answer or why it failed.';

SELECT rota.expose('api.job'::regproc, 'GET', '/api/jobs/{job_id}', summary => 'One job', cached => false);

CREATE FUNCTION api.cancel_job(job_id bigint) RETURNS json
LANGUAGE sql
VOLATILE
BEGIN ATOMIC
    SELECT
        json_build_object('job_id', job_id, 'state', cancelled.state, 'cancel_requested', true)
    FROM
        rota.cancel_job(job_id) AS cancelled (state)
    WHERE
        cancelled.state IS NOT NULL;
END;

COMMENT ON FUNCTION api.cancel_job IS
    'Cancels a job: a queued one at once, a running one within moments, keeping what it had found. One that '
    'has ended stays as it is.';

SELECT rota.expose(
    'api.cancel_job'::regproc, 'POST', '/api/jobs/{job_id}/cancel', summary => 'Cancel a job'
);

CREATE FUNCTION api.job_events(job_id bigint, last_event_id bigint DEFAULT 0) RETURNS json
LANGUAGE sql
STABLE
BEGIN ATOMIC
    WITH
    known AS (
        SELECT
            job.job_id,
            job.state,
            job.error,
            job.state IN ('done', 'failed', 'cancelled') AS has_ended
        FROM
            workforce.jobs AS job
        WHERE
            job.job_id = job_events.job_id
    ),
    event AS (
        SELECT
            -- Attempts follow one another, and no search lasts longer than a day.
            point.attempt * 1000000000::bigint + point.elapsed_ms AS id,
            'progress' AS name,
            json_build_object(
                'attempt', point.attempt,
                'elapsed_ms', point.elapsed_ms,
                'broken_hard', point.broken_hard,
                'cost', point.cost,
                'lower_bound', point.lower_bound
            ) AS data
        FROM
            workforce.job_progress AS point
        WHERE
            point.job_id = job_events.job_id
        UNION ALL
        SELECT
            9000000000000000000::bigint,
            known.state,
            json_build_object('job_id', known.job_id, 'state', known.state, 'error', known.error)
        FROM
            known
        WHERE
            known.has_ended
    )
    SELECT
        json_build_object(
            'events', (
                SELECT
                    coalesce(
                        json_agg(
                            json_build_object('id', event.id, 'event', event.name, 'data', event.data)
                            ORDER BY event.id
                        ),
                        '[]'::json
                    )
                FROM
                    event
                WHERE
                    event.id > coalesce(last_event_id, 0)
            ),
            'ends', known.has_ended
        )
    FROM
        known;
END;

COMMENT ON FUNCTION api.job_events IS
    'The progress of a job as it happens: an event whenever cost or bound is better, and a last one named '
    'after the state in which the job ended.';

SELECT rota.expose(
    'api.job_events'::regproc,
    'GET',
    '/api/jobs/{job_id}/events',
    summary => 'The progress of a job, as server-sent events',
    cached => false,
    event_stream => true
);
