-- Shifts with the heads they want and the heads they have. Grouped by the key of shifts, so that every
-- filter on a column of the shift is applied before anything is counted.

DROP VIEW IF EXISTS workforce.shift_staffing;

CREATE VIEW workforce.shift_staffing AS
SELECT
    shift.shift_id,
    shift.department_id,
    shift.shift_type,
    shift.date,
    shift.start_time,
    shift.end_time,
    shift.time_zone,
    shift.break_minutes,
    shift.required_staff,
    shift.required_qualifications,
    shift.priority,
    shift.active,
    shift.during,
    shift.elapsed_minutes,
    shift.worked_minutes,
    shift.created_at,
    shift.updated_at,
    count(assignment.shift_id)::integer AS assigned_heads,
    greatest(shift.required_staff - count(assignment.shift_id), 0)::integer AS missing_heads,
    greatest(count(assignment.shift_id) - shift.required_staff, 0)::integer AS surplus_heads
FROM workforce.shifts AS shift
LEFT JOIN workforce.assignments AS assignment
    ON assignment.shift_id = shift.shift_id
    AND assignment.binding
GROUP BY shift.shift_id;

COMMENT ON VIEW workforce.shift_staffing IS
    'Shifts with assigned (binding), missing and surplus heads. Holds withdrawn shifts: filter on active.';
