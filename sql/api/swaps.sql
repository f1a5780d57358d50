-- Swaps: two people exchange two assignments.

CREATE FUNCTION api.require_swappable(assignment_id bigint, other_assignment_id bigint) RETURNS boolean
LANGUAGE plpgsql
STABLE
AS $$
#variable_conflict use_variable
DECLARE
    side record;
    people bigint[] := '{}';
BEGIN
    FOR side IN
        SELECT
            asked.argument,
            asked.id,
            assignment.employee_id,
            assignment.status,
            assignment.binding
        FROM (
                VALUES (1, 'assignment_id', assignment_id), (2, 'other_assignment_id', other_assignment_id)
            ) AS asked (position, argument, id)
            LEFT JOIN workforce.assignments AS assignment ON assignment.assignment_id = asked.id
        ORDER BY
            asked.position
    LOOP
        IF side.employee_id IS NULL THEN
            PERFORM api.refuse_unknown(
                side.argument,
                format('assignment %s does not exist', side.id),
                'GET /api/assignments lists them'
            );
        END IF;
        IF NOT side.binding THEN
            PERFORM api.refuse_state(
                format('assignment %s is %s: nobody is booked by it', side.id, side.status),
                'swap assignments that are assigned or confirmed'
            );
        END IF;
        IF side.employee_id = ANY (people) THEN
            PERFORM api.refuse(
                side.argument,
                format(
                    'assignments %s and %s are both of employee %s',
                    assignment_id, other_assignment_id, side.employee_id
                ),
                'name assignments of two different people'
            );
        END IF;
        people := people || side.employee_id;
    END LOOP;
    RETURN true;
END
$$;

COMMENT ON FUNCTION api.require_swappable IS
    'True when both assignments book somebody, and not the same person; else raises P0002, 55000 or 22023.';

CREATE FUNCTION api.check_swap(
    assignment_id bigint,
    other_assignment_id bigint,
    minimum_rest_minutes integer DEFAULT NULL
) RETURNS json
LANGUAGE sql
STABLE
BEGIN ATOMIC
    WITH
    asked AS MATERIALIZED (
        SELECT
            assignment_id::text AS one,
            other_assignment_id::text AS other
        WHERE
            api.require_between('minimum_rest_minutes', minimum_rest_minutes, 0, 10080)
            AND api.require_swappable(assignment_id, other_assignment_id)
    ),
    found AS MATERIALIZED (
        SELECT
            conflict.*
        FROM
            asked
            CROSS JOIN LATERAL rota.check_swap(asked.one, asked.other, minimum_rest_minutes) AS conflict
    )
    SELECT
        json_build_object(
            'items', coalesce(
                json_agg(
                    json_build_object(
                        'kind', found.kind,
                        'level', found.level,
                        'employee_id', found.person_id::bigint,
                        'employee_name', employee.name,
                        'department_id', found.team_id::bigint,
                        'shift_id', found.shift_id::bigint,
                        'assignment_id', found.assignment_id::bigint,
                        'other_assignment_id', found.other_assignment_id::bigint,
                        'starts_at', lower(found.during),
                        'ends_at', upper(found.during),
                        'minutes', found.minutes,
                        'rule_id', found.rule_id::bigint,
                        'measured', found.measured,
                        'limit', found.limit_value,
                        'message', found.message
                    )
                    ORDER BY found.person_id::bigint, lower(found.during), found.kind
                ),
                '[]'::json
            ),
            'violations', count(*) FILTER (WHERE found.level = 'violation')
        )
    FROM
        found
        LEFT JOIN workforce.employees AS employee ON employee.employee_id = found.person_id::bigint;
END;

COMMENT ON FUNCTION api.check_swap IS
    'What would happen if two people exchanged these assignments: every conflict that it would add or make '
    'worse, for either of them, as GET /api/conflicts would show it afterwards, and rules that it would '
    'break (broken_rule). Nothing is written.';

SELECT rota.expose(
    'api.check_swap'::regproc,
    'POST',
    '/api/swaps/check',
    summary => 'What a swap of two assignments would clash with',
    reads => ARRAY[
        'workforce.assignments',
        'workforce.shifts',
        'workforce.employees',
        'workforce.departments',
        'workforce.time_off',
        'workforce.availability',
        'workforce.employee_qualifications',
        'workforce.qualifications',
        'workforce.duty_kinds',
        'workforce.employee_conditions',
        'workforce.rotations',
        'workforce.postings',
        'workforce.rules'
    ]::regclass[]
);
