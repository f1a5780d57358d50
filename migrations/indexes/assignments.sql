-- Indexes of workforce.assignments, the largest table: each has to earn its keep on every insert.
-- The unique constraint finds the people on a shift and counts them without reading the table;
-- assignments_by_employee, which stands with the table, has each person's roster in the order of time.

-- The assignments of a plan in the order of time; the foreign key.
CREATE INDEX CONCURRENTLY IF NOT EXISTS assignments_by_schedule
    ON workforce.assignments (schedule_id, lower(during), assignment_id)
    WHERE schedule_id IS NOT NULL;

-- The list in the order of time, page by page in both directions.
CREATE INDEX CONCURRENTLY IF NOT EXISTS assignments_by_start
    ON workforce.assignments (lower(during), assignment_id);

-- Everybody's bookings in a window of time: conflicts, coverage, hours. SP-GiST and not GiST: it costs
-- an insert a quarter as much and finds as much.
CREATE INDEX CONCURRENTLY IF NOT EXISTS assignments_by_during
    ON workforce.assignments USING spgist (during)
    WHERE binding;
