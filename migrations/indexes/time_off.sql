-- Indexes of workforce.time_off. A person's absences are found by their unique constraint.

-- Who is away in a window of time.
CREATE INDEX CONCURRENTLY IF NOT EXISTS time_off_by_during
    ON workforce.time_off USING spgist (during)
    WHERE status = 'approved';
