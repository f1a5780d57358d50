-- The clocks of dispatched work in Japan (Worker Dispatch Act, articles 35-3, 40-2 and 40-3).
--
-- Individual: the same worker in the same organisational unit of a client, three years. Workplace: anybody at
-- the same establishment, three years from the first one. A gap of more than three months starts either anew.
-- Calendar arithmetic is that of the Civil Code, article 143: a period of months that has no matching day
-- ends with the month, so that the day after it is the first of the next.

CREATE FUNCTION rota.day_after_months(first_day date, months integer) RETURNS date
LANGUAGE sql
IMMUTABLE
STRICT
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        CASE
            WHEN extract(day FROM first_day)
                > extract(day FROM target.month + interval '1 month' - interval '1 day')
            THEN (target.month + interval '1 month')::date
            ELSE target.month::date + (extract(day FROM first_day)::integer - 1)
        END
    FROM
        (
            SELECT date_trunc('month', first_day::timestamp) + make_interval(months => months) AS month
        ) AS target
$$;

COMMENT ON FUNCTION rota.day_after_months(date, integer) IS
    'The first day after a period of months that starts on a day: the same day of a later month, or the '
    'first of the month after where that has no such day (Civil Code of Japan, article 143).';

CREATE FUNCTION rota.dispatch_clocks(
    workers text[],
    units text[],
    establishments text[],
    periods daterange[],
    exempt boolean[] DEFAULT '{}',
    as_of date DEFAULT NULL,
    months integer DEFAULT 36,
    cooling_off_months integer DEFAULT 3
) RETURNS TABLE (
    clock text,
    worker text,
    unit text,
    establishment text,
    started_on date,
    last_lawful_day date,
    conflict_date date,
    notify_from date,
    level text
)
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    unequal text := (
        SELECT
            given.argument
        FROM (
                VALUES
                    ('units', cardinality(units)),
                    ('establishments', cardinality(establishments)),
                    ('periods', cardinality(periods)),
                    ('exempt', nullif(cardinality(exempt), 0))
            ) AS given (argument, elements)
        WHERE given.elements <> cardinality(workers)
        LIMIT 1
    );
BEGIN
    IF unequal IS NOT NULL THEN
        PERFORM rota.refuse_guard(
            '22023',
            unequal,
            format('%s has another length than workers', unequal),
            'one element for each time of dispatch would be right'
        );
    END IF;
    IF months IS NULL OR months < 1 OR cooling_off_months IS NULL OR cooling_off_months < 0 THEN
        PERFORM rota.refuse_guard(
            '22023',
            CASE WHEN months >= 1 THEN 'cooling_off_months' ELSE 'months' END,
            format('months %s and cooling_off_months %s make no clock', months, cooling_off_months),
            '36 and 3 are the law'
        );
    END IF;
    RETURN QUERY
    WITH
    stint AS (
        SELECT
            given.*
        FROM
            unnest(workers, units, establishments, periods, exempt)
                AS given (worker, unit, establishment, period, exempt)
        WHERE
            given.exempt IS NOT TRUE
            AND NOT isempty(given.period)
    ),
    -- Each stint on the two clocks that it drives. Whoever drives the workplace's clock makes no difference.
    driven AS (
        SELECT 'individual' AS clock, stint.worker, stint.unit, stint.establishment, stint.period
        FROM stint
        UNION ALL
        SELECT 'workplace', NULL, NULL, stint.establishment, stint.period
        FROM stint
    ),
    told AS (
        SELECT
            driven.*,
            lower(driven.period) AS first_day,
            coalesce(upper(driven.period), 'infinity') AS day_after,
            max(coalesce(upper(driven.period), 'infinity')) OVER (
                PARTITION BY driven.clock, driven.worker, driven.unit, driven.establishment
                ORDER BY lower(driven.period)
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS day_after_before
        FROM
            driven
    ),
    run AS (
        SELECT
            told.*,
            count(*) FILTER (
                WHERE told.day_after_before IS NULL
                    OR isfinite(told.day_after_before)
                    AND told.first_day > rota.day_after_months(told.day_after_before, cooling_off_months)
            ) OVER (
                PARTITION BY told.clock, told.worker, told.unit, told.establishment
                ORDER BY told.first_day
            ) AS number
        FROM
            told
    ),
    ticking AS (
        SELECT
            run.clock,
            run.worker,
            run.unit,
            run.establishment,
            min(run.first_day) AS started_on,
            max(run.day_after) AS day_after,
            rota.day_after_months(min(run.first_day), months) AS conflict_date
        FROM
            run
        GROUP BY
            run.clock,
            run.worker,
            run.unit,
            run.establishment,
            run.number
    )
    SELECT
        ticking.clock,
        ticking.worker,
        ticking.unit,
        ticking.establishment,
        ticking.started_on,
        ticking.conflict_date - 1,
        ticking.conflict_date,
        (ticking.conflict_date - interval '1 month')::date,
        CASE
            WHEN ticking.day_after > ticking.conflict_date
                AND (as_of IS NULL AND isfinite(ticking.day_after) OR as_of >= ticking.conflict_date)
                THEN 'violation'
            WHEN ticking.day_after > as_of
                AND as_of >= (ticking.conflict_date - interval '1 month')::date
                AND as_of < ticking.conflict_date
                THEN 'warning'
        END
    FROM
        ticking
    ORDER BY
        ticking.clock,
        ticking.worker,
        ticking.unit,
        ticking.establishment,
        ticking.started_on;
END
$$;

COMMENT ON FUNCTION
    rota.dispatch_clocks(text[], text[], text[], daterange[], boolean[], date, integer, integer)
IS
    'The clocks that times of dispatch have set going, one element of each array for each time: a unit is '
    'one of an establishment of the client. Exempt times (indefinite contract, from the age of 60, projects '
    'with an end) drive none. level is violation from the conflict date on, warning in the month before it, '
    'in which the agency must notify; as_of NULL judges what has an end.';
