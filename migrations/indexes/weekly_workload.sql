-- Indexes of workforce.weekly_workload, a rollup. Its key leads with the week and serves the overview.

-- One person's weeks in the order of time.
CREATE INDEX CONCURRENTLY IF NOT EXISTS weekly_workload_by_employee
    ON workforce.weekly_workload (employee_id, week_start);
