-- Indexes of workforce.department_history.

-- One person's moves, newest first; the foreign key.
CREATE INDEX CONCURRENTLY IF NOT EXISTS department_history_by_employee
    ON workforce.department_history (employee_id, changed_at, department_history_id);

-- Who left a department, newest first; the foreign key.
CREATE INDEX CONCURRENTLY IF NOT EXISTS department_history_by_from_department
    ON workforce.department_history (from_department_id, changed_at, department_history_id)
    WHERE from_department_id IS NOT NULL;

-- Who came to a department, newest first; the foreign key.
CREATE INDEX CONCURRENTLY IF NOT EXISTS department_history_by_to_department
    ON workforce.department_history (to_department_id, changed_at, department_history_id)
    WHERE to_department_id IS NOT NULL;

-- All moves, newest first.
CREATE INDEX CONCURRENTLY IF NOT EXISTS department_history_by_changed_at
    ON workforce.department_history (changed_at, department_history_id);
