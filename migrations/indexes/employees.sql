-- Indexes of workforce.employees. employee_no and lower(email) have unique ones already.

-- The list in the order of names, page by page in both directions.
CREATE INDEX CONCURRENTLY IF NOT EXISTS employees_by_name
    ON workforce.employees (name, employee_id);

-- The people of a department in the order of names; heads per department; the foreign key.
CREATE INDEX CONCURRENTLY IF NOT EXISTS employees_by_department
    ON workforce.employees (department_id, name, employee_id);

-- The people of a role in the order of names.
CREATE INDEX CONCURRENTLY IF NOT EXISTS employees_by_role
    ON workforce.employees (role, name, employee_id);

-- The list in the order of seniority; people without a date come last, or first when descending.
CREATE INDEX CONCURRENTLY IF NOT EXISTS employees_by_hired_on
    ON workforce.employees (hired_on, employee_id);

-- The newest records first.
CREATE INDEX CONCURRENTLY IF NOT EXISTS employees_by_created_at
    ON workforce.employees (created_at, employee_id);

-- Search for a part of a name, an address or a number, without regard to case.
CREATE INDEX CONCURRENTLY IF NOT EXISTS employees_by_text
    ON workforce.employees
    USING gin (name public.gin_trgm_ops, email public.gin_trgm_ops, employee_no public.gin_trgm_ops);
