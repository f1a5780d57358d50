-- Indexes of workforce.daily_coverage, a rollup. Its key leads with the date and serves every window.

-- The days of a week, from which the overview of that week counts shifts.
CREATE INDEX CONCURRENTLY IF NOT EXISTS daily_coverage_by_week
    ON workforce.daily_coverage ((date_trunc('week', date::timestamp)::date));
