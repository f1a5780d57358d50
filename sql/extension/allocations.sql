-- Allocations: shares of days that were planned, against those that were worked, and what they cost.

CREATE FUNCTION rota.compare_plan(
    planned_workers text[],
    planned_days date[],
    planned_percents numeric[],
    worked_workers text[],
    worked_days date[],
    worked_percents numeric[],
    notable_percent numeric DEFAULT 20
) RETURNS TABLE (
    worker text,
    day date,
    planned numeric,
    worked numeric,
    variance numeric,
    variance_percent numeric,
    kind text,
    notable boolean
)
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH
    plan AS (
        SELECT given.worker, given.day, sum(given.percent) AS percent
        FROM unnest($1, $2, $3) AS given (worker, day, percent)
        GROUP BY given.worker, given.day
    ),
    work AS (
        SELECT given.worker, given.day, sum(given.percent) AS percent
        FROM unnest($4, $5, $6) AS given (worker, day, percent)
        GROUP BY given.worker, given.day
    ),
    -- By worker and day: one person's work is no substitute for another's.
    compared AS (
        SELECT
            worker,
            day,
            coalesce(plan.percent, 0) AS planned,
            coalesce(work.percent, 0) AS worked
        FROM
            plan
            FULL JOIN work USING (worker, day)
    )
    SELECT
        compared.worker,
        compared.day,
        compared.planned,
        compared.worked,
        compared.worked - compared.planned,
        (compared.worked - compared.planned) * 100 / nullif(compared.planned, 0),
        CASE
            WHEN compared.planned = 0 THEN 'unplanned'
            WHEN compared.worked = 0 THEN 'unworked'
            ELSE 'planned'
        END,
        -- A share of nothing has no size, and is always worth a look.
        coalesce(
            abs(compared.worked - compared.planned) * 100 >= $7 * nullif(compared.planned, 0),
            compared.worked <> 0
        )
    FROM
        compared
    ORDER BY
        compared.day,
        compared.worker
$$;

COMMENT ON FUNCTION rota.compare_plan(text[], date[], numeric[], text[], date[], numeric[], numeric) IS
    'Planned and worked shares in percent, by worker and day: the variance, in percent of the plan too (NULL '
    'where nothing was planned), whether it was unplanned or unworked, and whether it reaches '
    'notable_percent.';

CREATE FUNCTION rota.allocation_cost(
    days date[],
    percents numeric[],
    hours_per_day numeric,
    rate_periods daterange[],
    hourly_rates numeric[]
) RETURNS TABLE (day date, percent numeric, hourly_rate numeric, cost numeric)
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        given.day,
        given.percent,
        rate.hourly_rate,
        given.percent * $3 * rate.hourly_rate / 100
    FROM
        unnest($1, $2) AS given (day, percent)
        LEFT JOIN unnest($4, $5) AS rate (period, hourly_rate) ON rate.period @> given.day
    ORDER BY
        given.day
$$;

COMMENT ON FUNCTION rota.allocation_cost(date[], numeric[], numeric, daterange[], numeric[]) IS
    'What shares of days cost, each at the rate of its day; rate and cost are NULL where no rate is in '
    'force, so that a missing one shows. Keep the periods of rates apart with rota.guard_overlaps.';
