-- Employees with what a person wants to read beside them. Look-ups that are not asked for are not run:
-- the department is a LEFT JOIN over its key, the qualifications are one expression.

DROP VIEW IF EXISTS workforce.employee_details;

CREATE VIEW workforce.employee_details AS
SELECT
    employee.employee_id,
    employee.employee_no,
    employee.name,
    employee.email,
    employee.role,
    employee.department_id,
    department.name AS department_name,
    employee.time_zone,
    coalesce(employee.time_zone, department.time_zone, 'UTC') AS effective_time_zone,
    employee.active,
    employee.weekly_minutes,
    employee.min_minutes,
    employee.max_minutes,
    employee.hired_on,
    employee.created_at,
    employee.updated_at,
    ARRAY(
        SELECT DISTINCT qualification.code
        FROM workforce.employee_qualifications AS held
        JOIN workforce.qualifications AS qualification
            ON qualification.qualification_id = held.qualification_id
        WHERE held.employee_id = employee.employee_id
        ORDER BY qualification.code
    ) AS qualifications
FROM workforce.employees AS employee
LEFT JOIN workforce.departments AS department
    ON department.department_id = employee.department_id;

COMMENT ON VIEW workforce.employee_details IS
    'Employees with department name, the zone that applies, and the codes of all qualifications ever held.';
