-- Indexes of workforce.shifts. The shifts of a department by date are found by their unique constraint.

-- All shifts of a range of dates, page by page in the order of dates.
CREATE INDEX CONCURRENTLY IF NOT EXISTS shifts_by_date
    ON workforce.shifts (date, shift_id);

-- The shifts of one type, in the order of dates.
CREATE INDEX CONCURRENTLY IF NOT EXISTS shifts_by_type
    ON workforce.shifts (shift_type, date, shift_id);

-- The shifts that meet a window of time: conflicts and coverage.
CREATE INDEX CONCURRENTLY IF NOT EXISTS shifts_by_during
    ON workforce.shifts USING spgist (during)
    WHERE active;
