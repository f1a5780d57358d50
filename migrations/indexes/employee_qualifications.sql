-- Indexes of workforce.employee_qualifications. A person's qualifications are found by the primary key.

-- Who holds a qualification; the foreign key.
CREATE INDEX CONCURRENTLY IF NOT EXISTS employee_qualifications_by_qualification
    ON workforce.employee_qualifications (qualification_id, employee_id);
