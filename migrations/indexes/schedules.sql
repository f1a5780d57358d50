-- Indexes of workforce.schedules. The plans of a department are found by their unique constraint.

-- The list in the order of periods.
CREATE INDEX CONCURRENTLY IF NOT EXISTS schedules_by_period_start
    ON workforce.schedules (lower(period), schedule_id);

-- The plans whose period meets a range of dates.
CREATE INDEX CONCURRENTLY IF NOT EXISTS schedules_by_period
    ON workforce.schedules USING spgist (period);

-- The plans in one state, newest or oldest first.
CREATE INDEX CONCURRENTLY IF NOT EXISTS schedules_by_status
    ON workforce.schedules (status, created_at, schedule_id);

-- The plans that a user made; the foreign key.
CREATE INDEX CONCURRENTLY IF NOT EXISTS schedules_by_creator
    ON workforce.schedules (created_by, created_at, schedule_id)
    WHERE created_by IS NOT NULL;
