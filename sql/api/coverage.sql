-- Coverage: heads wanted and heads booked, day by day.

CREATE FUNCTION api.coverage(from_date date, to_date date, department_id bigint DEFAULT NULL) RETURNS json
LANGUAGE sql
STABLE
BEGIN ATOMIC
    WITH
    staffed AS (
        SELECT
            shift.date,
            shift.required_staff AS required,
            count(assignment.shift_id) AS assigned
        FROM
            workforce.shifts AS shift
            LEFT JOIN workforce.assignments AS assignment
                ON assignment.shift_id = shift.shift_id
                AND assignment.binding
        WHERE
            api.require_window(from_date, to_date, 400)
            AND shift.active
            AND shift.date >= from_date
            AND shift.date < to_date
            AND (coverage.department_id IS NULL OR shift.department_id = coverage.department_id)
        GROUP BY
            shift.shift_id
    ),
    per_day AS MATERIALIZED (
        SELECT
            staffed.date,
            count(*) AS shifts,
            sum(staffed.required) AS required,
            sum(staffed.assigned) AS assigned,
            sum(greatest(staffed.required - staffed.assigned, 0)) AS missing,
            sum(greatest(staffed.assigned - staffed.required, 0)) AS surplus
        FROM
            staffed
        GROUP BY
            staffed.date
    )
    SELECT
        json_build_object(
            'items', coalesce(
                json_agg(
                    json_build_object(
                        'date', per_day.date,
                        'shifts', per_day.shifts,
                        'required', per_day.required,
                        'assigned', per_day.assigned,
                        'missing', per_day.missing,
                        'surplus', per_day.surplus
                    )
                    ORDER BY per_day.date
                ),
                '[]'::json
            ),
            'totals', json_build_object(
                'shifts', coalesce(sum(per_day.shifts), 0),
                'required', coalesce(sum(per_day.required), 0),
                'assigned', coalesce(sum(per_day.assigned), 0),
                'missing', coalesce(sum(per_day.missing), 0),
                'surplus', coalesce(sum(per_day.surplus), 0)
            )
        )
    FROM
        per_day;
END;

COMMENT ON FUNCTION api.coverage IS
    'Heads that active shifts require and heads booked on them, per local date of the shift in [from_date, '
    'to_date). missing and surplus are summed shift by shift: one shift''s surplus fills no other.';

SELECT rota.expose('api.coverage'::regproc, 'GET', '/api/coverage', summary => 'Coverage by day');
