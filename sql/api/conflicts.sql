-- Conflicts: what is wrong with the roster of some days.

CREATE FUNCTION api.conflicts(
    from_date date,
    to_date date,
    department_id bigint DEFAULT NULL,
    employee_id bigint DEFAULT NULL,
    kind text DEFAULT NULL,
    minimum_rest_minutes integer DEFAULT NULL,
    time_zone text DEFAULT 'UTC',
    "limit" integer DEFAULT 200
) RETURNS json
LANGUAGE sql
STABLE
BEGIN ATOMIC
    WITH
    asked AS MATERIALIZED (
        SELECT
            api.window_instants(from_date, to_date, time_zone, 400) AS during
        WHERE
            api.require_between('limit', "limit", 1, 10000)
            AND api.require_between('minimum_rest_minutes', minimum_rest_minutes, 0, 10080)
            AND api.require_one_of(
                'kind',
                kind,
                ARRAY[
                    'overlap', 'duplicate', 'over_allocated', 'insufficient_rest', 'excessive_hours',
                    'consecutive_days', 'time_off', 'unavailable', 'missing_qualification', 'understaffed',
                    'overstaffed'
                ]
            )
    ),
    found AS MATERIALIZED (
        SELECT
            conflict.*
        FROM
            asked
            CROSS JOIN LATERAL rota.find_conflicts(
                lower(asked.during),
                upper(asked.during),
                CASE WHEN employee_id IS NOT NULL THEN ARRAY[employee_id::text] END,
                CASE WHEN department_id IS NOT NULL THEN ARRAY[department_id::text] END,
                minimum_rest_minutes
            ) AS conflict
    ),
    wanted AS MATERIALIZED (
        SELECT
            found.*,
            row_number() OVER (
                ORDER BY
                    lower(found.during),
                    found.kind,
                    found.shift_id,
                    found.person_id,
                    found.assignment_id,
                    found.rule_id,
                    upper(found.during)
            ) AS position
        FROM
            found
        WHERE
            conflicts.kind IS NULL
            OR found.kind = conflicts.kind
    ),
    per_kind AS (
        SELECT
            wanted.kind,
            count(*) AS conflicts
        FROM
            wanted
        GROUP BY
            wanted.kind
    )
    SELECT
        json_build_object(
            'items', (
                SELECT
                    coalesce(
                        json_agg(
                            json_build_object(
                                'kind', wanted.kind,
                                'level', wanted.level,
                                'employee_id', wanted.person_id::bigint,
                                'employee_name', employee.name,
                                'department_id', wanted.team_id::bigint,
                                'department', department.name,
                                'shift_id', wanted.shift_id::bigint,
                                'assignment_id', wanted.assignment_id::bigint,
                                'other_assignment_id', wanted.other_assignment_id::bigint,
                                'starts_at', lower(wanted.during),
                                'ends_at', upper(wanted.during),
                                'minutes', wanted.minutes,
                                'rule_id', wanted.rule_id::bigint,
                                'measured', wanted.measured,
                                'limit', wanted.limit_value,
                                'message', wanted.message
                            )
                            ORDER BY wanted.position
                        ),
                        '[]'::json
                    )
                FROM
                    wanted
                    LEFT JOIN workforce.employees AS employee
                        ON employee.employee_id = wanted.person_id::bigint
                    LEFT JOIN workforce.departments AS department
                        ON department.department_id = wanted.team_id::bigint
                WHERE
                    wanted.position <= "limit"
            ),
            'counts', (
                SELECT
                    coalesce(
                        json_object_agg(per_kind.kind, per_kind.conflicts ORDER BY per_kind.kind), '{}'::json
                    )
                FROM
                    per_kind
            ),
            'heads', (
                SELECT
                    json_build_object(
                        'missing', coalesce(
                            sum(found.limit_value - found.measured)
                                FILTER (WHERE found.kind = 'understaffed'),
                            0
                        ),
                        'surplus', coalesce(
                            sum(found.measured - found.limit_value)
                                FILTER (WHERE found.kind = 'overstaffed'),
                            0
                        )
                    )
                FROM
                    found
            ),
            'has_more', (SELECT count(*) > "limit" FROM wanted)
        );
END;

COMMENT ON FUNCTION api.conflicts IS
    'Conflicts that meet the local days [from_date, to_date) of time_zone, in order of time, at most '
    '"limit"; counts covers all of them by kind. kind: overlap, duplicate, over_allocated, '
    'insufficient_rest, excessive_hours, consecutive_days, time_off, unavailable, missing_qualification, '
    'understaffed, overstaffed. heads sums the heads missing and surplus; staffing is not judged when '
    'employee_id is given. minimum_rest_minutes takes the place of the rest rules.';

SELECT rota.expose(
    'api.conflicts'::regproc,
    'GET',
    '/api/conflicts',
    summary => 'Conflicts in the roster',
    reads => ARRAY[
        'workforce.assignments',
        'workforce.shifts',
        'workforce.employees',
        'workforce.departments',
        'workforce.time_off',
        'workforce.availability',
        'workforce.employee_qualifications',
        'workforce.qualifications',
        'workforce.rules'
    ]::regclass[]
);
