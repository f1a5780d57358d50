-- What the month's rows are worth: every wish, sum and head read off the tables.
WITH
booked AS (
    SELECT assignment.employee_id, shift.*
    FROM workforce.assignments AS assignment
    JOIN workforce.shifts AS shift USING (shift_id)
    WHERE assignment.binding AND shift.date >= '2026-03-02' AND shift.date < '2026-04-01'
),
heads AS (
    SELECT shift.required_staff AS required, count(booked.employee_id) AS heads
    FROM workforce.shifts AS shift
    LEFT JOIN booked USING (shift_id)
    WHERE shift.date >= '2026-03-02' AND shift.date < '2026-04-01'
    GROUP BY shift.shift_id, shift.required_staff
),
staffing AS (
    SELECT
        sum(greatest(required - heads, 0)) AS missing,
        sum(greatest(heads - required, 0)) AS surplus
    FROM heads
),
told AS (
    SELECT
        availability.preference,
        (
            SELECT count(*)
            FROM booked
            WHERE
                booked.employee_id = availability.employee_id
                AND CASE availability.preference
                    WHEN 'unavailable' THEN booked.during && availability.during
                    ELSE booked.during <@ availability.during
                END
        ) AS worked
    FROM workforce.availability AS availability
),
wishes AS (
    SELECT
        coalesce(sum(worked) FILTER (WHERE preference = 'unavailable'), 0) AS unavailable,
        count(*) FILTER (WHERE preference = 'preferred' AND worked = 0) AS not_preferred
    FROM told
),
contracts AS (
    SELECT sum(greatest(employee.min_minutes - coalesce(worked.minutes, 0), 0)) AS too_few
    FROM workforce.employees AS employee
    LEFT JOIN (
        SELECT booked.employee_id, sum(booked.worked_minutes) AS minutes
        FROM booked
        GROUP BY booked.employee_id
    ) AS worked USING (employee_id)
)
SELECT
    (
        10000 * staffing.missing
        + 2000 * staffing.surplus
        + 300 * wishes.unavailable
        + 20 * wishes.not_preferred
        + 2 * contracts.too_few
    )::bigint AS cost,
    staffing.missing::bigint AS missing,
    (
        SELECT count(*)
        FROM rota.find_conflicts('2026-03-02 00:00+01', '2026-04-01 00:00+02')
        WHERE level = 'violation'
    ) AS violations
FROM staffing, wishes, contracts
