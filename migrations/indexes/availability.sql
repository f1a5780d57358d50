-- Indexes of workforce.availability.

-- What one person said, in the order of time; the foreign key.
CREATE INDEX CONCURRENTLY IF NOT EXISTS availability_by_employee
    ON workforce.availability (employee_id, lower(during));

-- What everybody said about a window of time.
CREATE INDEX CONCURRENTLY IF NOT EXISTS availability_by_during
    ON workforce.availability USING spgist (during);
