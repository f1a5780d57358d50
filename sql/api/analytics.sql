-- Analytics: hours and overtime of a window, in total, by week and by person.
--
-- Whole weeks of everybody are read from rollups. Any other window, band or department is one pass over the
-- bookings. Whatever depends on the shift alone (its minutes, its part of the night band,
-- its week) is worked out once per shift; the bookings then only add up whole numbers by person and week, and
-- every other sum is taken from that small table. The sums are cast down to integer (a person's year is half
-- a million minutes) because PostgreSQL would add the larger type as numeric, at several times the cost.
--
-- Overtime of an ISO week is what a person works beyond weekly_minutes, in order of date. A window that
-- begins in mid-week therefore reads that week from its Monday, and counts what went beyond since from_date:
-- windows laid end to end add up to the whole.

CREATE FUNCTION api.analytics_of_shifts(
    from_date date,
    to_date date,
    department_id bigint,
    band_start time,
    band_end time,
    employee_limit integer
) RETURNS json
LANGUAGE sql
STABLE
-- The sums of every person and week of a large house fit in memory at this, and spill to disk at the default.
SET work_mem = '32MB'
-- Compiling takes longer than what it would speed up.
SET jit = off
BEGIN ATOMIC
    WITH
    asked AS MATERIALIZED (
        SELECT
            date_trunc('week', from_date::timestamp)::date AS monday
    ),
    weighed AS MATERIALIZED (
        SELECT
            shift.shift_id,
            shift.active AND shift.date >= from_date AS counts,
            (shift.date - asked.monday) / 7 AS week,
            (shift.date >= from_date)::integer AS assignments,
            CASE WHEN shift.date >= from_date THEN shift.elapsed_minutes ELSE 0 END AS elapsed_minutes,
            CASE WHEN shift.date >= from_date THEN shift.worked_minutes ELSE 0 END AS worked_minutes,
            CASE WHEN shift.date >= from_date THEN 0 ELSE shift.worked_minutes END AS earlier_minutes,
            CASE
                WHEN shift.date < from_date THEN 0
                -- The usual band is worked out when a shift is written.
                WHEN band_start = '22:00' AND band_end = '06:00' THEN shift.night_minutes
                ELSE rota.minutes_in_band(shift.during, shift.time_zone, band_start, band_end)::integer
            END AS band_minutes
        FROM
            asked
            JOIN workforce.shifts AS shift
                ON shift.date >= asked.monday
                AND shift.date < to_date
        WHERE
            analytics_of_shifts.department_id IS NULL
            OR shift.department_id = analytics_of_shifts.department_id
    ),
    person_week AS MATERIALIZED (
        SELECT
            assignment.employee_id,
            weighed.week,
            sum(weighed.assignments)::integer AS assignments,
            sum(weighed.elapsed_minutes)::integer AS elapsed_minutes,
            sum(weighed.worked_minutes)::integer AS worked_minutes,
            sum(weighed.earlier_minutes)::integer AS earlier_minutes,
            sum(weighed.band_minutes)::integer AS band_minutes
        FROM
            weighed
            JOIN workforce.assignments AS assignment ON assignment.shift_id = weighed.shift_id
        WHERE
            assignment.binding
        GROUP BY
            assignment.employee_id,
            weighed.week
    ),
    counted AS MATERIALIZED (
        SELECT
            person_week.*,
            greatest(person_week.earlier_minutes + person_week.worked_minutes - employee.weekly_minutes, 0)
                - greatest(person_week.earlier_minutes - employee.weekly_minutes, 0) AS overtime_minutes
        FROM
            person_week
            JOIN workforce.employees AS employee USING (employee_id)
        WHERE
            person_week.assignments > 0
    ),
    person AS MATERIALIZED (
        SELECT
            counted.employee_id,
            sum(counted.assignments) AS assignments,
            sum(counted.elapsed_minutes) AS elapsed_minutes,
            sum(counted.worked_minutes) AS worked_minutes,
            sum(counted.band_minutes) AS band_minutes,
            sum(counted.overtime_minutes) AS overtime_minutes
        FROM
            counted
        GROUP BY
            counted.employee_id
    ),
    foremost AS (
        SELECT
            person.*
        FROM
            person
        ORDER BY
            person.overtime_minutes DESC,
            person.worked_minutes DESC,
            person.employee_id
        LIMIT employee_limit
    ),
    weekly AS MATERIALIZED (
        SELECT
            counted.week,
            count(*) AS employees,
            sum(counted.assignments) AS assignments,
            sum(counted.elapsed_minutes) AS elapsed_minutes,
            sum(counted.worked_minutes) AS worked_minutes,
            sum(counted.band_minutes) AS band_minutes,
            sum(counted.overtime_minutes) AS overtime_minutes
        FROM
            counted
        GROUP BY
            counted.week
    )
    SELECT
        json_build_object(
            'from_date', from_date,
            'to_date', to_date,
            'totals', (
                SELECT
                    json_build_object(
                        'employees', (SELECT count(*) FROM person),
                        'shifts', (SELECT count(*) FROM weighed WHERE weighed.counts),
                        'assignments', coalesce(sum(weekly.assignments), 0),
                        'elapsed_minutes', coalesce(sum(weekly.elapsed_minutes), 0),
                        'worked_minutes', coalesce(sum(weekly.worked_minutes), 0),
                        'band_minutes', coalesce(sum(weekly.band_minutes), 0),
                        'overtime_minutes', coalesce(sum(weekly.overtime_minutes), 0)
                    )
                FROM
                    weekly
            ),
            'by_week', (
                SELECT
                    coalesce(
                        json_agg(
                            json_build_object(
                                'week_start', asked.monday + weekly.week * 7,
                                'employees', weekly.employees,
                                'assignments', weekly.assignments,
                                'elapsed_minutes', weekly.elapsed_minutes,
                                'worked_minutes', weekly.worked_minutes,
                                'band_minutes', weekly.band_minutes,
                                'overtime_minutes', weekly.overtime_minutes
                            )
                            ORDER BY weekly.week
                        ),
                        '[]'::json
                    )
                FROM
                    weekly
            ),
            'by_employee', (
                SELECT
                    coalesce(
                        json_agg(
                            json_build_object(
                                'employee_id', foremost.employee_id,
                                'employee_no', employee.employee_no,
                                'name', employee.name,
                                'assignments', foremost.assignments,
                                'elapsed_minutes', foremost.elapsed_minutes,
                                'worked_minutes', foremost.worked_minutes,
                                'band_minutes', foremost.band_minutes,
                                'overtime_minutes', foremost.overtime_minutes
                            )
                            ORDER BY
                                foremost.overtime_minutes DESC,
                                foremost.worked_minutes DESC,
                                foremost.employee_id
                        ),
                        '[]'::json
                    )
                FROM
                    foremost
                    JOIN workforce.employees AS employee USING (employee_id)
            ),
            'has_more', (SELECT count(*) > employee_limit FROM person)
        )
    FROM
        asked;
END;

COMMENT ON FUNCTION api.analytics_of_shifts IS
    'The overview of any window, band and department, added up from shifts and bookings.';

-- The same figures from the people's weeks that are kept (migrations/V17__managed_views.sql). The people
-- shown are looked up once they are known: two sums for everybody are less than five.
CREATE FUNCTION api.analytics_of_weeks(from_date date, to_date date, employee_limit integer) RETURNS json
LANGUAGE sql
STABLE
SET jit = off
BEGIN ATOMIC
    WITH
    person AS MATERIALIZED (
        SELECT
            workload.employee_id,
            sum(workload.overtime_minutes) AS overtime_minutes,
            sum(workload.worked_minutes) AS worked_minutes
        FROM
            workforce.weekly_workload AS workload
        WHERE
            workload.week_start >= from_date
            AND workload.week_start < to_date
        GROUP BY
            workload.employee_id
    ),
    foremost AS MATERIALIZED (
        SELECT
            person.*
        FROM
            person
        ORDER BY
            person.overtime_minutes DESC,
            person.worked_minutes DESC,
            person.employee_id
        LIMIT employee_limit
    ),
    shown AS (
        SELECT
            foremost.employee_id,
            foremost.overtime_minutes,
            foremost.worked_minutes,
            detail.assignments,
            detail.elapsed_minutes,
            detail.band_minutes
        FROM
            foremost
            CROSS JOIN LATERAL (
                SELECT
                    sum(workload.assignments) AS assignments,
                    sum(workload.elapsed_minutes) AS elapsed_minutes,
                    sum(workload.night_minutes) AS band_minutes
                FROM
                    workforce.weekly_workload AS workload
                WHERE
                    workload.employee_id = foremost.employee_id
                    AND workload.week_start >= from_date
                    AND workload.week_start < to_date
            ) AS detail
    ),
    weekly AS MATERIALIZED (
        SELECT
            overview.*
        FROM
            workforce.weekly_overview AS overview
        WHERE
            overview.week_start >= from_date
            AND overview.week_start < to_date
    ),
    everybody AS MATERIALIZED (
        SELECT
            count(*) AS employees
        FROM
            person
    )
    SELECT
        json_build_object(
            'from_date', from_date,
            'to_date', to_date,
            'totals', (
                SELECT
                    json_build_object(
                        'employees', (SELECT everybody.employees FROM everybody),
                        'shifts', coalesce(sum(weekly.shifts), 0),
                        'assignments', coalesce(sum(weekly.assignments), 0),
                        'elapsed_minutes', coalesce(sum(weekly.elapsed_minutes), 0),
                        'worked_minutes', coalesce(sum(weekly.worked_minutes), 0),
                        'band_minutes', coalesce(sum(weekly.night_minutes), 0),
                        'overtime_minutes', coalesce(sum(weekly.overtime_minutes), 0)
                    )
                FROM
                    weekly
            ),
            'by_week', (
                SELECT
                    coalesce(
                        json_agg(
                            json_build_object(
                                'week_start', weekly.week_start,
                                'employees', weekly.employees,
                                'assignments', weekly.assignments,
                                'elapsed_minutes', weekly.elapsed_minutes,
                                'worked_minutes', weekly.worked_minutes,
                                'band_minutes', weekly.night_minutes,
                                'overtime_minutes', weekly.overtime_minutes
                            )
                            ORDER BY weekly.week_start
                        ),
                        '[]'::json
                    )
                FROM
                    weekly
                WHERE
                    weekly.employees > 0
            ),
            'by_employee', (
                SELECT
                    coalesce(
                        json_agg(
                            json_build_object(
                                'employee_id', shown.employee_id,
                                'employee_no', employee.employee_no,
                                'name', employee.name,
                                'assignments', shown.assignments,
                                'elapsed_minutes', shown.elapsed_minutes,
                                'worked_minutes', shown.worked_minutes,
                                'band_minutes', shown.band_minutes,
                                'overtime_minutes', shown.overtime_minutes
                            )
                            ORDER BY
                                shown.overtime_minutes DESC,
                                shown.worked_minutes DESC,
                                shown.employee_id
                        ),
                        '[]'::json
                    )
                FROM
                    shown
                    JOIN workforce.employees AS employee USING (employee_id)
            ),
            'has_more', (SELECT everybody.employees > employee_limit FROM everybody)
        );
END;

COMMENT ON FUNCTION api.analytics_of_weeks IS
    'The overview of whole ISO weeks of everybody with the usual night band, from workforce.weekly_workload.';

CREATE FUNCTION api.analytics_staleness(
    from_date date DEFAULT date_trunc('week', current_date)::date,
    to_date date DEFAULT (date_trunc('week', current_date) + interval '7 days')::date,
    department_id bigint DEFAULT NULL,
    band_start time DEFAULT '22:00',
    band_end time DEFAULT '06:00',
    max_staleness_ms integer DEFAULT 60000
) RETURNS bigint
LANGUAGE sql
STABLE
BEGIN ATOMIC
    SELECT
        CASE
            WHEN
                department_id IS NULL
                AND band_start = '22:00'
                AND band_end = '06:00'
                AND extract(isodow FROM from_date) = 1
                AND extract(isodow FROM to_date) = 1
            THEN
                api.staleness_within(
                    ARRAY['workforce.weekly_workload'::regclass, 'workforce.weekly_overview'::regclass],
                    max_staleness_ms
                )
        END;
END;

COMMENT ON FUNCTION api.analytics_staleness IS
    'How old the overview from the kept weeks is, in milliseconds; NULL where it is added up anew.';

CREATE FUNCTION api.analytics_overview(
    from_date date DEFAULT date_trunc('week', current_date)::date,
    to_date date DEFAULT (date_trunc('week', current_date) + interval '7 days')::date,
    department_id bigint DEFAULT NULL,
    band_start time DEFAULT '22:00',
    band_end time DEFAULT '06:00',
    employee_limit integer DEFAULT 100,
    max_staleness_ms integer DEFAULT 60000
) RETURNS json
LANGUAGE sql
STABLE
BEGIN ATOMIC
    SELECT
        CASE
            WHEN
                api.analytics_staleness(
                    from_date, to_date, department_id, band_start, band_end, max_staleness_ms
                ) IS NOT NULL
            THEN api.analytics_of_weeks(from_date, to_date, employee_limit)
            ELSE
                api.analytics_of_shifts(
                    from_date, to_date, department_id, band_start, band_end, employee_limit
                )
        END
    WHERE
        api.require_window(from_date, to_date, 400)
        AND api.require_between('employee_limit', employee_limit, 0, 10000)
        AND api.require_between('max_staleness_ms', max_staleness_ms, 0, 86400000);
END;

COMMENT ON FUNCTION api.analytics_overview IS
    'Hours of binding assignments to shifts whose local date lies in [from_date, to_date), the current week '
    '(from Monday) unless given. elapsed_minutes '
    'is the time that passes, worked_minutes leaves out the breaks, band_minutes is the elapsed time inside '
    'the daily band (22:00 to 06:00 unless given) on the shift''s own clock, overtime_minutes what was '
    'worked beyond weekly_minutes in an ISO week. by_employee holds the employee_limit people with most '
    'overtime, then most work; totals and by_week hold everybody. With department_id only that '
    'department''s shifts count. Whole weeks of everybody come from figures that are kept, at most '
    'max_staleness_ms old; anything else, and those when they are older, is added up anew.';

SELECT rota.expose(
    'api.analytics_overview'::regproc,
    'GET',
    '/api/analytics/overview',
    summary => 'Hours and overtime',
    -- The current week begins at a midnight.
    cache_ttl_ms => 60000,
    lane => 'batch',
    staleness => 'api.analytics_staleness'::regproc
);
