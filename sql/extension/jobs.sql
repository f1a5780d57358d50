-- Jobs: searches that somebody asked for and does not wait for. They are rows of rota_source.jobs, whoever's
-- tables stand behind it; these functions are all that writes them.
--
-- Whoever calls rota.run_job() runs one. It is claimed with SKIP LOCKED, so any number of runners share the
-- work. A runner says every second that it lives. One that falls silent has lost its job, which is claimed
-- again; what the lost one may still write is refused, since it no longer has the attempt's number.

CREATE FUNCTION rota.submit_job(
    task text,
    arguments jsonb,
    priority integer DEFAULT 5,
    due_at timestamptz DEFAULT NULL,
    attempt_limit integer DEFAULT 3
) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    new_id bigint;
    fault record;
BEGIN
    SELECT checked.argument, checked.message, checked.hint
    INTO fault
    FROM (
        VALUES
        (
            task IN ('generate', 'repair', 'solve'), 'task',
            format('task %s is not known', coalesce(quote_literal(task), 'null')),
            'one of: generate, repair, solve'
        ),
        (
            jsonb_typeof(arguments) = 'object', 'arguments',
            format('arguments is %s', coalesce(arguments::text, 'null')),
            'an object: {"schedule_id", "options"}, or {"problem", "options"} to solve'
        ),
        (
            arguments ? CASE WHEN task = 'solve' THEN 'problem' ELSE 'schedule_id' END, 'arguments',
            format('arguments of %s lacks what it is about', task),
            '{"schedule_id", "options"}, or {"problem", "options"} to solve'
        ),
        (
            priority BETWEEN 1 AND 10, 'priority',
            format('priority is %s', coalesce(priority::text, 'null')), 'from 1 to 10, higher runs first'
        ),
        (
            attempt_limit BETWEEN 1 AND 100, 'attempt_limit',
            format('attempt_limit is %s', coalesce(attempt_limit::text, 'null')), 'from 1 to 100'
        )
    ) AS checked (is_right, argument, message, hint)
    WHERE checked.is_right IS NOT TRUE
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = '22023', MESSAGE = fault.message, HINT = fault.hint, COLUMN = fault.argument;
    END IF;
    INSERT INTO rota_source.jobs AS job (task, arguments, priority, due_at, attempt_limit)
    VALUES (task, arguments, priority, coalesce(due_at, now()), attempt_limit)
    RETURNING job.job_id INTO new_id;
    RETURN new_id;
END
$$;

COMMENT ON FUNCTION rota.submit_job(text, jsonb, integer, timestamptz, integer) IS
    'Asks for a search without waiting for it: generate or repair with {"schedule_id", "options"}, solve '
    'with {"problem", "options"}. Higher priorities run first. A failed attempt is tried again, each time '
    'later.';

CREATE FUNCTION rota.cancel_job(job_id bigint) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    new_state text;
BEGIN
    UPDATE rota_source.jobs AS job
    SET
        cancel_requested = true,
        state = CASE WHEN job.state = 'queued' THEN 'cancelled' ELSE job.state END,
        finished_at = CASE WHEN job.state = 'queued' THEN clock_timestamp() END
    WHERE
        job.job_id = cancel_job.job_id
        AND job.state IN ('queued', 'running')
    RETURNING job.state INTO new_state;
    IF NOT FOUND THEN
        SELECT job.state
        INTO new_state
        FROM rota_source.jobs AS job
        WHERE job.job_id = cancel_job.job_id;
    END IF;
    RETURN new_state;
END
$$;

COMMENT ON FUNCTION rota.cancel_job(bigint) IS
    'Cancels a queued job at once; a running one ends within a tenth of a second and keeps what it had '
    'found. Gives the state: a job that has ended stays as it is; NULL where there is none.';

CREATE FUNCTION rota.jobs(wanted_state text DEFAULT NULL)
RETURNS TABLE (
    job_id bigint,
    task text,
    arguments jsonb,
    priority integer,
    state text,
    attempts integer,
    attempt_limit integer,
    due_at timestamptz,
    created_at timestamptz,
    started_at timestamptz,
    heartbeat_at timestamptz,
    finished_at timestamptz,
    cancel_requested boolean,
    progress jsonb,
    answer jsonb,
    error jsonb
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT
        job.job_id,
        job.task,
        job.arguments,
        job.priority::integer,
        job.state,
        job.attempts,
        job.attempt_limit,
        job.due_at,
        job.created_at,
        job.started_at,
        job.heartbeat_at,
        job.finished_at,
        job.cancel_requested,
        job.progress,
        job.answer,
        job.error
    FROM rota_source.jobs AS job
    WHERE wanted_state IS NULL OR job.state = wanted_state
    ORDER BY job.job_id DESC;
END
$$;

COMMENT ON FUNCTION rota.jobs(text) IS
    'Jobs, the newest first: queued, running, done, failed, cancelled.';

CREATE FUNCTION rota.job_silence() RETURNS interval
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- A runner is heard every second. Ten seconds is more than a busy machine or a slow commit takes.
    SELECT interval '10 seconds'
$$;

COMMENT ON FUNCTION rota.job_silence() IS
    'How long a runner may be silent before its job is claimed by another.';

CREATE FUNCTION rota.due_job() RETURNS bigint
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF to_regclass('rota_source.jobs') IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN (
        SELECT job.job_id
        FROM rota_source.jobs AS job
        WHERE
            job.state IN ('queued', 'running')
            AND job.due_at <= clock_timestamp()
            AND (job.state = 'queued' OR job.heartbeat_at < clock_timestamp() - rota.job_silence())
        ORDER BY job.priority DESC, job.due_at, job.job_id
        LIMIT 1
    );
END
$$;

COMMENT ON FUNCTION rota.due_job() IS
    'The job that a runner would claim now; NULL for none.';

CREATE FUNCTION rota.claim_job(job_id bigint DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    claimed record;
BEGIN
    LOOP
        SELECT
            job.job_id,
            job.state,
            job.attempts,
            job.attempt_limit,
            job.cancel_requested
        INTO claimed
        FROM rota_source.jobs AS job
        WHERE
            job.state IN ('queued', 'running')
            AND (job.state = 'queued' OR job.heartbeat_at < clock_timestamp() - rota.job_silence())
            -- Whoever names a job does not wait until it is due.
            AND CASE
                WHEN claim_job.job_id IS NULL THEN job.due_at <= clock_timestamp()
                ELSE job.job_id = claim_job.job_id
            END
        ORDER BY job.priority DESC, job.due_at, job.job_id
        LIMIT 1
        FOR UPDATE SKIP LOCKED;
        IF NOT FOUND THEN
            RETURN NULL;
        END IF;
        IF NOT claimed.cancel_requested AND claimed.attempts < claimed.attempt_limit THEN
            EXIT;
        END IF;
        -- Its runner is gone, and nobody wants it or nobody may try it again.
        UPDATE rota_source.jobs AS job
        SET
            state = CASE WHEN claimed.cancel_requested THEN 'cancelled' ELSE 'failed' END,
            finished_at = clock_timestamp(),
            error = coalesce(job.error, '{"message": "its runner was lost"}')
        WHERE job.job_id = claimed.job_id;
    END LOOP;
    UPDATE rota_source.jobs AS job
    SET
        state = 'running',
        attempts = job.attempts + 1,
        started_at = clock_timestamp(),
        heartbeat_at = clock_timestamp(),
        runner_pid = pg_backend_pid(),
        progress = NULL
    WHERE job.job_id = claimed.job_id;
    RETURN jsonb_build_object('job_id', claimed.job_id, 'attempt', claimed.attempts + 1);
END
$$;

COMMENT ON FUNCTION rota.claim_job(bigint) IS
    'Takes a job, the most urgent one that is due where none is named: its number and that of the attempt. '
    'NULL where there is none to take.';

CREATE FUNCTION rota.holds_job(claim jsonb) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM
    FROM rota_source.jobs AS job
    WHERE
        job.job_id = (claim ->> 'job_id')::bigint
        AND job.attempts = (claim ->> 'attempt')::integer
        AND job.state = 'running'
    FOR NO KEY UPDATE;
    RETURN FOUND;
END
$$;

COMMENT ON FUNCTION rota.holds_job(jsonb) IS
    'Whether a claim is still the job''s; nobody else can claim it until the transaction ends.';

CREATE FUNCTION rota.fail_job(claim jsonb, error jsonb) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    UPDATE rota_source.jobs AS job
    SET
        error = fail_job.error,
        state = CASE
            WHEN job.cancel_requested THEN 'cancelled'
            WHEN job.attempts >= job.attempt_limit OR (fail_job.error ->> 'code') LIKE '22%' THEN 'failed'
            ELSE 'queued'
        END,
        finished_at = CASE
            WHEN
                job.cancel_requested
                OR job.attempts >= job.attempt_limit
                -- What was asked cannot be read: it will not be read the next time either.
                OR (fail_job.error ->> 'code') LIKE '22%'
            THEN clock_timestamp()
        END,
        -- One second, two, four and so on, five minutes at most.
        due_at = clock_timestamp() + least(power(2, least(job.attempts, 20) - 1), 300) * interval '1 second'
    WHERE
        job.job_id = (claim ->> 'job_id')::bigint;
END
$$;

COMMENT ON FUNCTION rota.fail_job(jsonb, jsonb) IS
    'Notes that an attempt failed: the job waits for the next one, or has failed for good.';

CREATE FUNCTION rota.prepare_job(claim jsonb) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    asked record;
    options jsonb;
    code text;
    message text;
    hint text;
BEGIN
    IF NOT rota.holds_job(claim) THEN
        RETURN NULL;
    END IF;
    SELECT job.task, job.arguments
    INTO asked
    FROM rota_source.jobs AS job
    WHERE job.job_id = (claim ->> 'job_id')::bigint;
    options := coalesce(asked.arguments -> 'options', '{}');
    IF asked.task = 'solve' THEN
        RETURN jsonb_build_object(
            'task', 'solve', 'problem', asked.arguments -> 'problem', 'options', options
        );
    END IF;
    RETURN rota.prepare_search(asked.arguments ->> 'schedule_id', asked.task, options);
EXCEPTION
    WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
        PERFORM rota.fail_job(
            claim, jsonb_build_object('code', code, 'message', message, 'hint', nullif(hint, ''))
        );
        RETURN NULL;
END
$$;

COMMENT ON FUNCTION rota.prepare_job(jsonb) IS
    'What a claimed job is to search: {"task", "problem", "options"}. NULL where it cannot be read, which '
    'the job then says, or where the claim was lost.';

CREATE FUNCTION rota.note_job_progress(claim jsonb, point jsonb) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    held record;
BEGIN
    SELECT
        job.cancel_requested,
        job.progress IS DISTINCT FROM nullif(point, 'null') AS is_news,
        job.heartbeat_at < clock_timestamp() - interval '1 second' AS is_silent
    INTO held
    FROM rota_source.jobs AS job
    WHERE
        job.job_id = (claim ->> 'job_id')::bigint
        AND job.attempts = (claim ->> 'attempt')::integer
        AND job.state = 'running';
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF held.is_news OR held.is_silent THEN
        UPDATE rota_source.jobs AS job
        SET
            progress = nullif(point, 'null'),
            heartbeat_at = clock_timestamp()
        WHERE
            job.job_id = (claim ->> 'job_id')::bigint
            AND job.attempts = (claim ->> 'attempt')::integer;
    END IF;
    IF held.is_news AND point <> 'null' THEN
        INSERT INTO rota_source.job_progress (
            job_id, attempt, elapsed_ms, broken_hard, cost, lower_bound
        )
        SELECT
            (claim ->> 'job_id')::bigint,
            (claim ->> 'attempt')::integer,
            told.elapsed_ms,
            told.broken_hard,
            told.cost,
            told.lower_bound
        FROM
            jsonb_to_record(point) AS told (
                elapsed_ms bigint, broken_hard bigint, cost bigint, lower_bound bigint
            )
        ON CONFLICT DO NOTHING;
    END IF;
    RETURN NOT held.cancel_requested;
END
$$;

COMMENT ON FUNCTION rota.note_job_progress(jsonb, jsonb) IS
    'Tells how far a job has come and that its runner lives. Gives false where the runner should stop: the '
    'job is cancelled, or no longer its own.';

CREATE FUNCTION rota.finish_job(claim jsonb, problem jsonb, answer jsonb, fault jsonb) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    asked record;
    options jsonb;
    finished jsonb := answer;
    code text;
    message text;
    hint text;
BEGIN
    IF NOT rota.holds_job(claim) THEN
        RETURN;
    END IF;
    IF fault <> 'null' THEN
        PERFORM rota.fail_job(claim, fault);
        RETURN;
    END IF;
    SELECT job.task, job.arguments, job.cancel_requested
    INTO asked
    FROM rota_source.jobs AS job
    WHERE job.job_id = (claim ->> 'job_id')::bigint;
    options := coalesce(asked.arguments -> 'options', '{}');
    -- A cancelled search keeps what it had found as a proposal.
    IF asked.task <> 'solve' AND NOT asked.cancel_requested THEN
        finished := rota.finish_search(
            asked.arguments ->> 'schedule_id', asked.task, options, problem, answer
        );
    END IF;
    UPDATE rota_source.jobs AS job
    SET
        state = CASE WHEN job.cancel_requested THEN 'cancelled' ELSE 'done' END,
        finished_at = clock_timestamp(),
        answer = finished,
        error = NULL
    WHERE job.job_id = (claim ->> 'job_id')::bigint;
EXCEPTION
    WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
        PERFORM rota.fail_job(
            claim, jsonb_build_object('code', code, 'message', message, 'hint', nullif(hint, ''))
        );
END
$$;

COMMENT ON FUNCTION rota.finish_job(jsonb, jsonb, jsonb, jsonb) IS
    'Ends a job with its answer, which is written where its options say so, or with a fault.';
