-- Indexes of workforce.jobs. Lists of jobs, newest first, go by the primary key.

-- The job that is run next, and those whose runner may be gone.
CREATE INDEX CONCURRENTLY IF NOT EXISTS jobs_open
    ON workforce.jobs (priority DESC, due_at, job_id)
    WHERE state IN ('queued', 'running');
