-- The roster of one person: what they work, and when they are away.

CREATE FUNCTION api.employee_roster(employee_id bigint, from_date date, to_date date) RETURNS json
LANGUAGE sql
STABLE
BEGIN ATOMIC
    WITH
    person AS MATERIALIZED (
        SELECT
            employee.employee_id,
            employee.employee_no,
            employee.name,
            coalesce(employee.time_zone, department.time_zone, 'UTC') AS time_zone,
            api.window_instants(
                from_date, to_date, coalesce(employee.time_zone, department.time_zone, 'UTC'), 400
            ) AS asked
        FROM
            workforce.employees AS employee
            LEFT JOIN workforce.departments AS department USING (department_id)
        WHERE
            employee.employee_id = employee_roster.employee_id
    ),
    duty AS MATERIALIZED (
        SELECT
            assignment.assignment_id,
            assignment.schedule_id,
            assignment.status,
            assignment.binding,
            assignment.note,
            shift.*,
            department.name AS department
        FROM
            person
            JOIN workforce.assignments AS assignment ON assignment.employee_id = person.employee_id
            JOIN workforce.shifts AS shift ON shift.shift_id = assignment.shift_id
            LEFT JOIN workforce.departments AS department ON department.department_id = shift.department_id
        WHERE
            shift.date >= from_date
            AND shift.date < to_date
    )
    SELECT
        json_build_object(
            'employee_id', person.employee_id,
            'employee_no', person.employee_no,
            'name', person.name,
            'time_zone', person.time_zone,
            'from_date', from_date,
            'to_date', to_date,
            'items', (
                SELECT
                    coalesce(
                        json_agg(
                            json_build_object(
                                'assignment_id', duty.assignment_id,
                                'schedule_id', duty.schedule_id,
                                'shift_id', duty.shift_id,
                                'department_id', duty.department_id,
                                'department', duty.department,
                                'shift_type', duty.shift_type,
                                'date', duty.date,
                                'start_time', duty.start_time,
                                'end_time', duty.end_time,
                                'time_zone', duty.time_zone,
                                'starts_at', lower(duty.during),
                                'ends_at', upper(duty.during),
                                'elapsed_minutes', duty.elapsed_minutes,
                                'worked_minutes', duty.worked_minutes,
                                'status', duty.status,
                                'binding', duty.binding,
                                'note', duty.note
                            )
                            ORDER BY lower(duty.during), duty.assignment_id
                        ),
                        '[]'::json
                    )
                FROM
                    duty
            ),
            'time_off', (
                SELECT
                    coalesce(
                        json_agg(
                            json_build_object(
                                'time_off_id', absence.time_off_id,
                                'kind', absence.kind,
                                'status', absence.status,
                                'from_date', lower(absence.days),
                                'to_date', upper(absence.days)
                            )
                            ORDER BY absence.days, absence.time_off_id
                        ),
                        '[]'::json
                    )
                FROM
                    workforce.time_off AS absence
                WHERE
                    absence.employee_id = person.employee_id
                    AND absence.during && person.asked
                    AND absence.status <> 'rejected'
            ),
            'totals', (
                SELECT
                    json_build_object(
                        'assignments', count(*),
                        'elapsed_minutes', coalesce(sum(duty.elapsed_minutes), 0),
                        'worked_minutes', coalesce(sum(duty.worked_minutes), 0)
                    )
                FROM
                    duty
                WHERE
                    duty.binding
            )
        )
    FROM
        person;
END;

COMMENT ON FUNCTION api.employee_roster IS
    'One person''s shifts whose local date lies in [from_date, to_date), of every status, in order of time, '
    'with the time off that meets these days. totals counts binding assignments; minutes are elapsed ones, '
    'and worked ones without the breaks.';

SELECT rota.expose(
    'api.employee_roster'::regproc,
    'GET',
    '/api/employees/{employee_id}/roster',
    summary => 'One person''s roster',
    keyed_reads => '{
        "workforce.employees": {"employee_id": "employee_id"},
        "workforce.assignments": {"employee_id": "employee_id"},
        "workforce.time_off": {"employee_id": "employee_id"}
    }'
);
