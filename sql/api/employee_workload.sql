-- One person's weeks: what they work, how much of it at night, and how much beyond the contract.

CREATE FUNCTION api.employee_workload_staleness(max_staleness_ms integer DEFAULT 0) RETURNS bigint
LANGUAGE sql
STABLE
BEGIN ATOMIC
    SELECT api.staleness_within(ARRAY['workforce.weekly_workload'::regclass], max_staleness_ms);
END;

COMMENT ON FUNCTION api.employee_workload_staleness IS
    'How old the kept weeks are, in milliseconds; NULL where they are added up anew.';

CREATE FUNCTION api.weeks_of_employee(employee_id bigint, from_date date, to_date date, are_kept boolean)
RETURNS SETOF workforce.weekly_workload
LANGUAGE sql
STABLE
BEGIN ATOMIC
    SELECT kept.*
    FROM workforce.weekly_workload AS kept
    WHERE
        are_kept
        AND kept.employee_id = weeks_of_employee.employee_id
        AND kept.week_start > from_date - 7
        AND kept.week_start < to_date
    UNION ALL
    SELECT counted.*
    FROM workforce.weekly_workload_query AS counted
    WHERE
        NOT are_kept
        AND counted.employee_id = weeks_of_employee.employee_id
        AND counted.week_start > from_date - 7
        AND counted.week_start < to_date;
END;

COMMENT ON FUNCTION api.weeks_of_employee IS
    'The weeks of a person that meet a window, from workforce.weekly_workload or added up anew.';

CREATE FUNCTION api.employee_workload(
    employee_id bigint,
    from_date date,
    to_date date,
    max_staleness_ms integer DEFAULT 0
) RETURNS json
LANGUAGE sql
STABLE
BEGIN ATOMIC
    SELECT
        json_build_object(
            'employee_id', employee.employee_id,
            'employee_no', employee.employee_no,
            'name', employee.name,
            'weekly_minutes', employee.weekly_minutes,
            'items', (
                SELECT
                    coalesce(
                        json_agg(
                            json_build_object(
                                'week_start', week.week_start,
                                'assignments', week.assignments,
                                'elapsed_minutes', week.elapsed_minutes,
                                'worked_minutes', week.worked_minutes,
                                'night_minutes', week.night_minutes,
                                'overtime_minutes', week.overtime_minutes
                            )
                            ORDER BY week.week_start
                        ),
                        '[]'::json
                    )
                FROM
                    api.weeks_of_employee(
                        employee.employee_id,
                        from_date,
                        to_date,
                        api.employee_workload_staleness(max_staleness_ms) IS NOT NULL
                    ) AS week
            )
        )
    FROM
        workforce.employees AS employee
    WHERE
        api.require_window(from_date, to_date, 1100)
        AND api.require_between('max_staleness_ms', max_staleness_ms, 0, 86400000)
        AND employee.employee_id = employee_workload.employee_id;
END;

COMMENT ON FUNCTION api.employee_workload IS
    'The ISO weeks of a person that meet [from_date, to_date), each whole: minutes of binding assignments, '
    'of them at night (22:00 to 06:00 on the shift''s clock), and worked beyond weekly_minutes. Weeks that '
    'are kept serve while nothing has changed since, or within max_staleness_ms.';

SELECT rota.expose(
    'api.employee_workload'::regproc,
    'GET',
    '/api/employees/{employee_id}/workload',
    summary => 'Workload of a person by week',
    staleness => 'api.employee_workload_staleness'::regproc
);
