-- Employees, written: hire, change, let go.

CREATE FUNCTION api.set_qualifications(employee_id bigint, qualifications text[]) RETURNS void
LANGUAGE sql
VOLATILE
BEGIN ATOMIC
    DELETE FROM workforce.employee_qualifications AS held
    USING
        workforce.qualifications AS qualification
    WHERE
        held.employee_id = set_qualifications.employee_id
        AND qualification.qualification_id = held.qualification_id
        AND held.valid @> current_date
        AND qualification.code <> ALL (qualifications);

    INSERT INTO workforce.employee_qualifications (employee_id, qualification_id)
    SELECT
        set_qualifications.employee_id,
        qualification.qualification_id
    FROM
        workforce.qualifications AS qualification
    WHERE
        qualification.code = ANY (qualifications)
        AND NOT EXISTS (
            SELECT
            FROM workforce.employee_qualifications AS held
            WHERE held.employee_id = set_qualifications.employee_id
                AND held.qualification_id = qualification.qualification_id
        );
END;

COMMENT ON FUNCTION api.set_qualifications IS
    'Makes these codes the qualifications that the employee holds today; dated rows of the codes stay.';

CREATE FUNCTION api.create_employee(
    employee_no text,
    name text,
    email text,
    role text DEFAULT NULL,
    department_id bigint DEFAULT NULL,
    time_zone text DEFAULT NULL,
    weekly_minutes integer DEFAULT 2400,
    min_minutes integer DEFAULT NULL,
    max_minutes integer DEFAULT NULL,
    hired_on date DEFAULT NULL,
    qualifications text[] DEFAULT '{}'
) RETURNS json
LANGUAGE plpgsql
VOLATILE
AS $$
#variable_conflict use_variable
DECLARE
    new_id bigint;
BEGIN
    PERFORM api.require_employee_fields(
        employee_no, name, email, role, department_id, time_zone,
        weekly_minutes, min_minutes, max_minutes, qualifications
    );
    INSERT INTO workforce.employees AS inserted (
        employee_no, name, email, role, department_id, time_zone,
        weekly_minutes, min_minutes, max_minutes, hired_on
    )
    VALUES (
        btrim(employee_no), btrim(name), btrim(email), role, department_id, time_zone,
        coalesce(weekly_minutes, 2400), min_minutes, max_minutes, hired_on
    )
    ON CONFLICT DO NOTHING
    RETURNING inserted.employee_id INTO new_id;
    IF new_id IS NULL THEN
        PERFORM api.refuse_employee_clash(NULL, btrim(employee_no), btrim(email));
    END IF;
    PERFORM api.set_qualifications(new_id, qualifications);
    RETURN api.employee(new_id);
END
$$;

COMMENT ON FUNCTION api.create_employee IS
    'Creates an employee. time_zone defaults to the department''s; weekly_minutes is the contract''s '
    'working time, above which a week''s minutes are overtime; qualifications are codes.';

SELECT rota.expose(
    'api.create_employee'::regproc,
    'POST',
    '/api/employees',
    summary => 'Create an employee',
    success_status => 201
);

CREATE FUNCTION api.update_employee(
    employee_id bigint,
    employee_no text DEFAULT NULL,
    name text DEFAULT NULL,
    email text DEFAULT NULL,
    role text DEFAULT NULL,
    department_id bigint DEFAULT NULL,
    time_zone text DEFAULT NULL,
    weekly_minutes integer DEFAULT NULL,
    min_minutes integer DEFAULT NULL,
    max_minutes integer DEFAULT NULL,
    hired_on date DEFAULT NULL,
    active boolean DEFAULT NULL,
    qualifications text[] DEFAULT NULL,
    clear text[] DEFAULT '{}'
) RETURNS json
LANGUAGE plpgsql
VOLATILE
AS $$
#variable_conflict use_variable
DECLARE
    employee workforce.employees;
BEGIN
    PERFORM api.require_clearable(
        clear,
        given => array_remove(ARRAY[
            CASE WHEN role IS NOT NULL THEN 'role' END,
            CASE WHEN department_id IS NOT NULL THEN 'department_id' END,
            CASE WHEN time_zone IS NOT NULL THEN 'time_zone' END,
            CASE WHEN min_minutes IS NOT NULL THEN 'min_minutes' END,
            CASE WHEN max_minutes IS NOT NULL THEN 'max_minutes' END,
            CASE WHEN hired_on IS NOT NULL THEN 'hired_on' END
        ], NULL),
        nullable => ARRAY['role', 'department_id', 'time_zone', 'min_minutes', 'max_minutes', 'hired_on']
    );
    SELECT
        locked.*
    INTO employee
    FROM
        workforce.employees AS locked
    WHERE
        locked.employee_id = update_employee.employee_id
    FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        PERFORM api.refuse_unknown(
            'employee_id',
            format('employee %s does not exist', employee_id),
            'GET /api/employees lists them'
        );
    END IF;

    employee.employee_no := btrim(coalesce(employee_no, employee.employee_no));
    employee.name := btrim(coalesce(name, employee.name));
    employee.email := btrim(coalesce(email, employee.email));
    employee.role := CASE WHEN 'role' = ANY (clear) THEN NULL ELSE coalesce(role, employee.role) END;
    employee.department_id := CASE
        WHEN 'department_id' = ANY (clear) THEN NULL
        ELSE coalesce(department_id, employee.department_id)
    END;
    employee.time_zone := CASE
        WHEN 'time_zone' = ANY (clear) THEN NULL
        ELSE coalesce(time_zone, employee.time_zone)
    END;
    employee.weekly_minutes := coalesce(weekly_minutes, employee.weekly_minutes);
    employee.min_minutes := CASE
        WHEN 'min_minutes' = ANY (clear) THEN NULL
        ELSE coalesce(min_minutes, employee.min_minutes)
    END;
    employee.max_minutes := CASE
        WHEN 'max_minutes' = ANY (clear) THEN NULL
        ELSE coalesce(max_minutes, employee.max_minutes)
    END;
    employee.hired_on := CASE
        WHEN 'hired_on' = ANY (clear) THEN NULL
        ELSE coalesce(hired_on, employee.hired_on)
    END;
    employee.active := coalesce(active, employee.active);
    PERFORM api.require_employee_fields(
        employee.employee_no, employee.name, employee.email, employee.role, employee.department_id,
        employee.time_zone, employee.weekly_minutes, employee.min_minutes, employee.max_minutes,
        qualifications
    );

    BEGIN
        UPDATE workforce.employees AS changed
        SET
            employee_no = employee.employee_no,
            name = employee.name,
            email = employee.email,
            role = employee.role,
            department_id = employee.department_id,
            time_zone = employee.time_zone,
            weekly_minutes = employee.weekly_minutes,
            min_minutes = employee.min_minutes,
            max_minutes = employee.max_minutes,
            hired_on = employee.hired_on,
            active = employee.active
        WHERE
            changed.employee_id = update_employee.employee_id;
    EXCEPTION
        WHEN unique_violation THEN
            PERFORM api.refuse_employee_clash(employee_id, employee.employee_no, employee.email);
    END;
    IF qualifications IS NOT NULL THEN
        PERFORM api.set_qualifications(employee_id, qualifications);
    END IF;
    RETURN api.employee(employee_id);
END
$$;

COMMENT ON FUNCTION api.update_employee IS
    'Changes an employee. What is left out stays; clear names the fields to empty: role, department_id, '
    'time_zone, min_minutes, max_minutes, hired_on. qualifications, when given, replaces the whole set.';

SELECT rota.expose(
    'api.update_employee'::regproc,
    'PATCH',
    '/api/employees/{employee_id}',
    summary => 'Change an employee'
);

CREATE FUNCTION api.deactivate_employee(employee_id bigint) RETURNS json
LANGUAGE plpgsql
VOLATILE
AS $$
#variable_conflict use_variable
DECLARE
    open_assignments bigint;
BEGIN
    UPDATE workforce.employees AS changed
    SET
        active = false
    WHERE
        changed.employee_id = deactivate_employee.employee_id;
    IF NOT FOUND THEN
        PERFORM api.refuse_unknown(
            'employee_id',
            format('employee %s does not exist', employee_id),
            'GET /api/employees lists them'
        );
    END IF;
    SELECT
        count(*)
    INTO open_assignments
    FROM
        workforce.assignments AS assignment
    WHERE
        assignment.employee_id = deactivate_employee.employee_id
        AND assignment.binding
        AND upper(assignment.during) > now();
    RETURN json_build_object(
        'employee_id', employee_id,
        'active', false,
        'open_assignments', open_assignments
    );
END
$$;

COMMENT ON FUNCTION api.deactivate_employee IS
    'Marks an employee as having left; the past stays. open_assignments counts the bookings that are not '
    'over: they are left for a planner to hand on.';

SELECT rota.expose(
    'api.deactivate_employee'::regproc,
    'POST',
    '/api/employees/{employee_id}/deactivate',
    summary => 'Mark an employee as having left'
);
