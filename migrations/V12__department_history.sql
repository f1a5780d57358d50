-- Department history: every arrival in a department and every move between two, written by the tables
-- themselves, so that no writer can forget it. One statement, one set-based insert.

CREATE TABLE workforce.department_history (
    department_history_id bigint GENERATED ALWAYS AS IDENTITY,
    employee_id           bigint NOT NULL,
    from_department_id    bigint,
    to_department_id      bigint,
    changed_at            timestamptz NOT NULL DEFAULT now(),
    changed_by            bigint DEFAULT access.acting_user_id(),

    CONSTRAINT department_history_pkey PRIMARY KEY (department_history_id),
    CONSTRAINT department_history_employee_fkey FOREIGN KEY (employee_id)
        REFERENCES workforce.employees (employee_id),
    CONSTRAINT department_history_from_fkey FOREIGN KEY (from_department_id)
        REFERENCES workforce.departments (department_id),
    CONSTRAINT department_history_to_fkey FOREIGN KEY (to_department_id)
        REFERENCES workforce.departments (department_id),
    CONSTRAINT department_history_changed_by_fkey FOREIGN KEY (changed_by)
        REFERENCES access.users (user_id),
    CONSTRAINT department_history_is_a_change
        CHECK (from_department_id IS DISTINCT FROM to_department_id)
);

COMMENT ON TABLE workforce.department_history IS
    'Moves of employees between departments, first arrival included.';
COMMENT ON COLUMN workforce.department_history.from_department_id IS
    'NULL on first arrival, or after a time without a department.';
COMMENT ON COLUMN workforce.department_history.to_department_id IS
    'NULL when the person left without a new department.';
COMMENT ON COLUMN workforce.department_history.changed_at IS
    'The start of the changing transaction; moves in one transaction are in the order of their ids.';

CREATE FUNCTION workforce.record_department_changes()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO workforce.department_history (employee_id, to_department_id)
        SELECT
            arrived.employee_id,
            arrived.department_id
        FROM new_rows AS arrived
        WHERE arrived.department_id IS NOT NULL
        ORDER BY arrived.employee_id;
    ELSE
        INSERT INTO workforce.department_history (employee_id, from_department_id, to_department_id)
        SELECT
            after_change.employee_id,
            before_change.department_id,
            after_change.department_id
        FROM old_rows AS before_change
        JOIN new_rows AS after_change USING (employee_id)
        WHERE before_change.department_id IS DISTINCT FROM after_change.department_id
        ORDER BY after_change.employee_id;
    END IF;
    RETURN NULL;
END;
$$;

COMMENT ON FUNCTION workforce.record_department_changes() IS
    'Statement trigger on employees: one row of history for each department that changed.';

CREATE TRIGGER employees_department_history_on_insert
    AFTER INSERT ON workforce.employees
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT
    EXECUTE FUNCTION workforce.record_department_changes();

CREATE TRIGGER employees_department_history_on_update
    AFTER UPDATE ON workforce.employees
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT
    EXECUTE FUNCTION workforce.record_department_changes();
