-- Coverage: heads wanted and heads booked, day by day.

CREATE FUNCTION api.coverage_of_shifts(from_date date, to_date date, department_id bigint) RETURNS TABLE (
    date date,
    shifts bigint,
    required bigint,
    assigned bigint,
    missing bigint,
    surplus bigint
)
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
            shift.active
            AND shift.date >= from_date
            AND shift.date < to_date
            AND (
                coverage_of_shifts.department_id IS NULL
                OR shift.department_id = coverage_of_shifts.department_id
            )
        GROUP BY
            shift.shift_id
    )
    SELECT
        staffed.date,
        count(*),
        sum(staffed.required)::bigint,
        sum(staffed.assigned)::bigint,
        sum(greatest(staffed.required - staffed.assigned, 0))::bigint,
        sum(greatest(staffed.assigned - staffed.required, 0))::bigint
    FROM
        staffed
    GROUP BY
        staffed.date;
END;

COMMENT ON FUNCTION api.coverage_of_shifts IS 'Coverage by day, counted from shifts and bookings.';

CREATE FUNCTION api.coverage_of_days(from_date date, to_date date, department_id bigint) RETURNS TABLE (
    date date,
    shifts bigint,
    required bigint,
    assigned bigint,
    missing bigint,
    surplus bigint
)
LANGUAGE sql
STABLE
BEGIN ATOMIC
    SELECT
        covered.date,
        sum(covered.shifts)::bigint,
        sum(covered.required)::bigint,
        sum(covered.assigned)::bigint,
        sum(covered.missing)::bigint,
        sum(covered.surplus)::bigint
    FROM
        workforce.daily_coverage AS covered
    WHERE
        covered.date >= from_date
        AND covered.date < to_date
        AND (
            coverage_of_days.department_id IS NULL
            OR covered.department_id = coverage_of_days.department_id
        )
    GROUP BY
        covered.date;
END;

COMMENT ON FUNCTION api.coverage_of_days IS 'Coverage by day, from workforce.daily_coverage.';

CREATE FUNCTION api.coverage_staleness(
    department_id bigint DEFAULT NULL,
    max_staleness_ms integer DEFAULT 0
) RETURNS bigint
LANGUAGE sql
STABLE
BEGIN ATOMIC
    SELECT
        CASE
            -- There it stands for none.
            WHEN department_id IS DISTINCT FROM 0
                THEN api.staleness_within(ARRAY['workforce.daily_coverage'::regclass], max_staleness_ms)
        END;
END;

COMMENT ON FUNCTION api.coverage_staleness IS
    'How old the coverage from the kept days is, in milliseconds; NULL where it is counted anew.';

CREATE FUNCTION api.coverage(
    from_date date,
    to_date date,
    department_id bigint DEFAULT NULL,
    max_staleness_ms integer DEFAULT 0
) RETURNS json
LANGUAGE sql
STABLE
BEGIN ATOMIC
    WITH
    asked AS MATERIALIZED (
        SELECT
            from_date,
            to_date,
            api.coverage_staleness(department_id, max_staleness_ms) IS NOT NULL AS is_kept
        WHERE
            api.require_window(from_date, to_date, 400)
            AND api.require_between('max_staleness_ms', max_staleness_ms, 0, 86400000)
    ),
    per_day AS MATERIALIZED (
        SELECT
            kept.*
        FROM
            asked
            CROSS JOIN LATERAL api.coverage_of_days(asked.from_date, asked.to_date, department_id) AS kept
        WHERE
            asked.is_kept
        UNION ALL
        SELECT
            counted.*
        FROM
            asked
            CROSS JOIN LATERAL api.coverage_of_shifts(asked.from_date, asked.to_date, department_id)
                AS counted
        WHERE
            NOT asked.is_kept
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
    'to_date). missing and surplus are summed shift by shift: one shift''s surplus fills no other. '
    'Figures that are kept serve while nothing has changed since, or within max_staleness_ms.';

SELECT rota.expose(
    'api.coverage'::regproc,
    'GET',
    '/api/coverage',
    summary => 'Coverage by day',
    staleness => 'api.coverage_staleness'::regproc
);
