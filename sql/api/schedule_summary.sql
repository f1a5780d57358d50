-- Schedules with what they hold: assignments, people, shifts and hours of each.

CREATE FUNCTION api.schedule_summary_staleness(max_staleness_ms integer DEFAULT 0) RETURNS bigint
LANGUAGE sql
STABLE
BEGIN ATOMIC
    SELECT api.staleness_within(ARRAY['workforce.schedule_summary'::regclass], max_staleness_ms);
END;

COMMENT ON FUNCTION api.schedule_summary_staleness IS
    'How old the kept sums of the plans are, in milliseconds; NULL where they are counted anew.';

CREATE FUNCTION api.schedule_sums(schedule_ids bigint[], are_kept boolean)
RETURNS SETOF workforce.schedule_summary
LANGUAGE sql
STABLE
BEGIN ATOMIC
    SELECT kept.*
    FROM workforce.schedule_summary AS kept
    WHERE
        are_kept
        AND kept.schedule_id = ANY (schedule_ids)
    UNION ALL
    SELECT counted.*
    FROM workforce.schedule_summary_query AS counted
    WHERE
        NOT are_kept
        AND counted.schedule_id = ANY (schedule_ids);
END;

COMMENT ON FUNCTION api.schedule_sums IS 'What plans hold, from workforce.schedule_summary or counted anew.';

CREATE FUNCTION api.schedule_summary(
    from_date date,
    to_date date,
    department_id bigint DEFAULT NULL,
    status text DEFAULT NULL,
    max_staleness_ms integer DEFAULT 0
) RETURNS json
LANGUAGE sql
STABLE
BEGIN ATOMIC
    WITH
    plan AS MATERIALIZED (
        SELECT
            schedule.schedule_id,
            schedule.department_id,
            department.name AS department,
            lower(schedule.period) AS from_date,
            upper(schedule.period) AS to_date,
            schedule.status,
            schedule.version
        FROM
            workforce.schedules AS schedule
            LEFT JOIN workforce.departments AS department USING (department_id)
        WHERE
            api.require_window(from_date, to_date, 400)
            AND api.require_one_of('status', status, ARRAY['draft', 'published', 'archived'])
            AND api.require_between('max_staleness_ms', max_staleness_ms, 0, 86400000)
            AND schedule.period && daterange(from_date, to_date)
            AND (
                schedule_summary.department_id IS NULL
                OR schedule.department_id = schedule_summary.department_id
            )
            AND (schedule_summary.status IS NULL OR schedule.status = schedule_summary.status)
    ),
    sums AS MATERIALIZED (
        SELECT
            held.*
        FROM
            api.schedule_sums(
                ARRAY(SELECT plan.schedule_id FROM plan),
                api.schedule_summary_staleness(max_staleness_ms) IS NOT NULL
            ) AS held
    )
    SELECT
        json_build_object(
            'items', coalesce(
                json_agg(
                    json_build_object(
                        'schedule_id', plan.schedule_id,
                        'department_id', plan.department_id,
                        'department', plan.department,
                        'from_date', plan.from_date,
                        'to_date', plan.to_date,
                        'status', plan.status,
                        'version', plan.version,
                        'assignments', coalesce(sums.assignments, 0),
                        'binding_assignments', coalesce(sums.binding_assignments, 0),
                        'employees', coalesce(sums.employees, 0),
                        'shifts', coalesce(sums.shifts, 0),
                        'elapsed_minutes', coalesce(sums.elapsed_minutes, 0)
                    )
                    ORDER BY plan.from_date, plan.department, plan.schedule_id
                ),
                '[]'::json
            )
        )
    FROM
        plan
        LEFT JOIN sums USING (schedule_id);
END;

COMMENT ON FUNCTION api.schedule_summary IS
    'Schedules whose period meets [from_date, to_date), with what each holds: assignments of every status, '
    'and of the binding ones the people, the shifts that have somebody, and the elapsed minutes. Sums '
    'that are kept serve while nothing has changed since, or within max_staleness_ms.';

SELECT rota.expose(
    'api.schedule_summary'::regproc,
    'GET',
    '/api/schedules/summary',
    summary => 'Schedules with their sums',
    staleness => 'api.schedule_summary_staleness'::regproc
);
