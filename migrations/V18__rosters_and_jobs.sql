-- Rosters: what the search reads besides the other source views, how a roster is written, and its jobs.
--
-- Functions of the extension know these names of schema rota_source only. Who keeps tables of their own
-- replaces the views and the two functions, and has generation, repair and jobs over those tables.

CREATE VIEW rota_source.schedules AS
SELECT
    schedule.schedule_id,
    schedule.department_id AS team_id,
    lower(schedule.period) AS from_date,
    upper(schedule.period) AS to_date,
    coalesce(department.time_zone, 'UTC') AS time_zone,
    coalesce(department.roster_options, '{}') || schedule.roster_options AS options
FROM workforce.schedules AS schedule
LEFT JOIN workforce.departments AS department
    ON department.department_id = schedule.department_id;

COMMENT ON VIEW rota_source.schedules IS
    'Plans to be filled: local days, half-open, of one team or, where team_id is NULL, of all. options are '
    'house_rules and weights that hold for every roster of it.';

CREATE FUNCTION rota_source.lock_people(people text[]) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    -- FOR UPDATE waits for everybody who has just booked one of them, since a booking refers to its person.
    SELECT
    FROM workforce.employees AS employee
    WHERE employee.employee_id = ANY (people::bigint[])
    ORDER BY employee.employee_id
    FOR UPDATE
$$;

COMMENT ON FUNCTION rota_source.lock_people(text[]) IS
    'Keeps others from booking these people until the transaction ends, in the order that all bookings use.';

CREATE FUNCTION rota_source.write_roster(schedule_id text, removed jsonb, added jsonb) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
BEGIN
    UPDATE workforce.assignments AS assignment
    SET status = 'cancelled'
    FROM jsonb_to_recordset(removed) AS item (person bigint, shift bigint)
    WHERE
        assignment.employee_id = item.person
        AND assignment.shift_id = item.shift
        AND assignment.binding;

    INSERT INTO workforce.assignments AS written (employee_id, shift_id, during, schedule_id, status)
    SELECT
        item.person,
        item.shift,
        shift.during,
        write_roster.schedule_id::bigint,
        'assigned'
    FROM
        jsonb_to_recordset(added) AS item (person bigint, shift bigint)
        JOIN workforce.shifts AS shift ON shift.shift_id = item.shift
    ORDER BY
        item.person,
        shift.during
    -- A row that was cancelled, declined or proposed is booked rather than doubled.
    ON CONFLICT (shift_id, employee_id) DO UPDATE
    SET
        status = excluded.status,
        schedule_id = excluded.schedule_id;
END
$$;

COMMENT ON FUNCTION rota_source.write_roster(text, jsonb, jsonb) IS
    'Writes a roster as one set, [{"person", "shift"}] each: bookings that go are cancelled, new ones are '
    'made. If the guard refuses one, none is written.';

CREATE TABLE workforce.jobs (
    job_id           bigint GENERATED ALWAYS AS IDENTITY,
    task             text NOT NULL,
    arguments        jsonb NOT NULL DEFAULT '{}',
    priority         smallint NOT NULL DEFAULT 5,
    state            text NOT NULL DEFAULT 'queued',
    attempts         integer NOT NULL DEFAULT 0,
    attempt_limit    integer NOT NULL DEFAULT 3,
    due_at           timestamptz NOT NULL DEFAULT now(),
    created_at       timestamptz NOT NULL DEFAULT now(),
    started_at       timestamptz,
    heartbeat_at     timestamptz,
    finished_at      timestamptz,
    runner_pid       integer,
    cancel_requested boolean NOT NULL DEFAULT false,
    progress         jsonb,
    answer           jsonb,
    error            jsonb,

    CONSTRAINT jobs_pkey PRIMARY KEY (job_id),
    CONSTRAINT jobs_task_known CHECK (task IN ('generate', 'repair', 'solve')),
    CONSTRAINT jobs_arguments_are_an_object CHECK (jsonb_typeof(arguments) = 'object'),
    CONSTRAINT jobs_priority_from_1_to_10 CHECK (priority BETWEEN 1 AND 10),
    CONSTRAINT jobs_state_known CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    CONSTRAINT jobs_attempts_not_negative CHECK (attempts >= 0),
    CONSTRAINT jobs_attempt_limit_positive CHECK (attempt_limit BETWEEN 1 AND 100),
    CONSTRAINT jobs_running_has_a_start CHECK (state <> 'running' OR started_at IS NOT NULL),
    CONSTRAINT jobs_end_has_a_time CHECK (
        (state IN ('done', 'failed', 'cancelled')) = (finished_at IS NOT NULL)
    )
)
-- A heartbeat changes no indexed column: with room in its page it touches no index.
WITH (fillfactor = 50);

COMMENT ON TABLE workforce.jobs IS
    'Searches that somebody asked for and does not wait for. They stand here and not in the extension, since '
    'a job and its answer are user data: dumped, restored, and kept when the extension is dropped.';
COMMENT ON COLUMN workforce.jobs.arguments IS
    'generate, repair: {"schedule_id", "options"}. solve: {"problem", "options"}.';
COMMENT ON COLUMN workforce.jobs.priority IS
    'From 1 to 10, higher runs first.';
COMMENT ON COLUMN workforce.jobs.due_at IS
    'Not before; a failed attempt moves it away, each time twice as far.';
COMMENT ON COLUMN workforce.jobs.heartbeat_at IS
    'When its runner last said that it lives. A running job whose runner is silent is claimed again.';
COMMENT ON COLUMN workforce.jobs.progress IS
    'The newest point: {"elapsed_ms", "broken_hard", "cost", "lower_bound"}.';
COMMENT ON COLUMN workforce.jobs.error IS
    'Why the last attempt failed: {"code", "message", "hint"}.';

CREATE TABLE workforce.job_progress (
    job_id      bigint NOT NULL,
    attempt     integer NOT NULL,
    elapsed_ms  bigint NOT NULL,
    broken_hard bigint NOT NULL,
    cost        bigint NOT NULL,
    lower_bound bigint NOT NULL,

    CONSTRAINT job_progress_pkey PRIMARY KEY (job_id, attempt, elapsed_ms),
    CONSTRAINT job_progress_job_fkey FOREIGN KEY (job_id)
        REFERENCES workforce.jobs (job_id) ON DELETE CASCADE
);

COMMENT ON TABLE workforce.job_progress IS
    'Best cost and bound of a job over time: a point whenever one of them is better.';

CREATE VIEW rota_source.jobs AS
SELECT
    job.job_id,
    job.task,
    job.arguments,
    job.priority,
    job.state,
    job.attempts,
    job.attempt_limit,
    job.due_at,
    job.created_at,
    job.started_at,
    job.heartbeat_at,
    job.finished_at,
    job.runner_pid,
    job.cancel_requested,
    job.progress,
    job.answer,
    job.error
FROM workforce.jobs AS job;

COMMENT ON VIEW rota_source.jobs IS
    'Jobs of any kind of table; functions of the extension write through it.';

CREATE VIEW rota_source.job_progress AS
SELECT
    point.job_id,
    point.attempt,
    point.elapsed_ms,
    point.broken_hard,
    point.cost,
    point.lower_bound
FROM workforce.job_progress AS point;

COMMENT ON VIEW rota_source.job_progress IS
    'Points of progress; functions of the extension write through it.';
