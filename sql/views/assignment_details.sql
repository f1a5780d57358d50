-- Assignments with the shift and the person they join. Look-ups are LEFT JOINs over keys that foreign
-- keys guarantee: none loses a row, and one whose columns are not asked for is not run.

DROP VIEW IF EXISTS workforce.assignment_details;

CREATE VIEW workforce.assignment_details AS
SELECT
    assignment.assignment_id,
    assignment.schedule_id,
    assignment.shift_id,
    assignment.employee_id,
    employee.employee_no,
    employee.name AS employee_name,
    shift.department_id,
    department.name AS department_name,
    shift.shift_type,
    shift.date,
    shift.start_time,
    shift.end_time,
    shift.time_zone,
    assignment.during,
    shift.elapsed_minutes,
    shift.worked_minutes,
    assignment.status,
    assignment.binding,
    assignment.note,
    assignment.created_at,
    assignment.updated_at
FROM workforce.assignments AS assignment
LEFT JOIN workforce.shifts AS shift
    ON shift.shift_id = assignment.shift_id
LEFT JOIN workforce.employees AS employee
    ON employee.employee_id = assignment.employee_id
LEFT JOIN workforce.departments AS department
    ON department.department_id = shift.department_id;

COMMENT ON VIEW workforce.assignment_details IS
    'Assignments with employee, shift and the shift''s department; the minutes are those of the shift.';
