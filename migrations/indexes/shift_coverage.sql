-- Indexes of workforce.shift_coverage, a rollup.

-- The shifts of a department's day, from which the coverage of that day is added up.
CREATE INDEX CONCURRENTLY IF NOT EXISTS shift_coverage_by_date
    ON workforce.shift_coverage (date, department_id);
