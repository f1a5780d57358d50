-- Pay: rules that are law, totals of a pay period, and the regular rate of the United States.
--
-- Money is numeric and is rounded once, on the total of a kind of time in a pay period; rounding every day
-- would take from the worker (Japan: notice 1988-03-14 Kihatsu 150).

CREATE FUNCTION rota.unknown_pay_rules(preset text) RETURNS jsonb
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = '22023',
        MESSAGE = format('pay rules "%s" are not known', preset),
        HINT = 'one of japan, flsa, flsa-8-and-80; or write a document of your own',
        COLUMN = 'preset';
END
$$;

COMMENT ON FUNCTION rota.unknown_pay_rules(text) IS
    'Refuses the name of a preset.';

CREATE FUNCTION rota.pay_rules(preset text) RETURNS jsonb
LANGUAGE plpgsql
IMMUTABLE
STRICT
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN CASE preset
        -- Labour Standards Act, articles 32 (8 h a day, 40 h a week), 35 and 37 (premiums); enforcement
        -- ordinance, article 20 (premiums add up); work over midnight belongs to the day on which it
        -- began, but a statutory holiday is a calendar day (notices 1988-01-01 Kihatsu 1, 1994-05-31
        -- Kihatsu 331); beyond 60 h of overtime a month 50 % (all firms since 2023-04-01). The week starts
        -- on Sunday and Sunday is the statutory holiday unless the work rules say otherwise.
        WHEN 'japan' THEN jsonb_build_object(
            'daily_minutes', 480,
            'daily_by', 'duty',
            'weekly_minutes', 2400,
            'week', 'week from sunday',
            'weekly_by', 'duty',
            'pay_period', 'month',
            'overtime', jsonb_build_array(
                jsonb_build_object('after_minutes', 0, 'premium_percent', 25),
                jsonb_build_object('after_minutes', 3600, 'premium_percent', 50)
            ),
            'holiday_weekday', 'sunday',
            'holiday_premium_percent', 35,
            'night', jsonb_build_object('from', '22:00', 'to', '05:00'),
            'night_premium_percent', 25
        )
        -- 29 CFR 778.100, .104 and .105: a fixed workweek of 168 hours, each by itself, by the instant.
        WHEN 'flsa' THEN jsonb_build_object(
            'weekly_minutes', 2400,
            'week', 'week from sunday',
            'weekly_by', 'instant',
            'pay_period', 'week from sunday',
            'overtime', jsonb_build_array(jsonb_build_object('after_minutes', 0, 'premium_percent', 50))
        )
        -- 29 USC 207(j): hospitals may agree on more than 8 h a day and more than 80 h in 14 days instead.
        -- The anchor of the 14 days is the employer's.
        WHEN 'flsa-8-and-80' THEN jsonb_build_object(
            'daily_minutes', 480,
            'daily_by', 'instant',
            'weekly_minutes', 4800,
            'week', '14 days from 2026-01-04',
            'weekly_by', 'instant',
            'pay_period', '14 days from 2026-01-04',
            'overtime', jsonb_build_array(jsonb_build_object('after_minutes', 0, 'premium_percent', 50))
        )
        ELSE rota.unknown_pay_rules(preset)
    END;
END
$$;

COMMENT ON FUNCTION rota.pay_rules(text) IS
    'Pay rules that are law: japan, flsa, flsa-8-and-80. Change them with ||, such as '
    '{"pay_period": "month to 20"}.';

CREATE FUNCTION rota.pay_totals(
    duties tstzrange[],
    time_zone text,
    rules jsonb,
    hourly_rate numeric DEFAULT NULL,
    breaks tstzrange[] DEFAULT '{}',
    break_minutes integer[] DEFAULT '{}',
    round_to_minutes integer DEFAULT 1,
    amount_decimals integer DEFAULT 0,
    weekly_minutes_before integer DEFAULT 0,
    overtime_minutes_before integer DEFAULT 0
) RETURNS TABLE (
    pay_period_start date,
    kind text,
    overtime_tier integer,
    at_night boolean,
    pay_factor numeric,
    minutes numeric,
    rounded_minutes numeric,
    amount numeric
)
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    IF round_to_minutes IS NULL OR round_to_minutes < 1 THEN
        RAISE EXCEPTION USING
            ERRCODE = '22023',
            MESSAGE = format('round_to_minutes is %s, 1 or more would be right', round_to_minutes),
            HINT = '60 rounds totals to whole hours, 1 does not round them',
            COLUMN = 'round_to_minutes';
    END IF;
    RETURN QUERY
    WITH
    totals AS (
        SELECT
            piece.pay_period_start,
            piece.kind,
            piece.overtime_tier,
            piece.at_night,
            piece.pay_factor,
            sum(piece.minutes) AS minutes
        FROM
            rota.classify_pay(
                duties,
                time_zone,
                rules,
                breaks,
                break_minutes,
                weekly_minutes_before,
                overtime_minutes_before
            ) AS piece
        GROUP BY
            piece.pay_period_start,
            piece.kind,
            piece.overtime_tier,
            piece.at_night,
            piece.pay_factor
    ),
    rounded AS (
        SELECT
            totals.*,
            CASE
                WHEN round_to_minutes = 1 THEN totals.minutes
                ELSE round(totals.minutes / round_to_minutes) * round_to_minutes
            END AS rounded_minutes
        FROM
            totals
    )
    SELECT
        rounded.pay_period_start,
        rounded.kind,
        rounded.overtime_tier,
        rounded.at_night,
        rounded.pay_factor,
        rounded.minutes,
        rounded.rounded_minutes,
        round(rounded.rounded_minutes * hourly_rate * rounded.pay_factor / 60, amount_decimals)
    FROM
        rounded
    ORDER BY
        rounded.pay_period_start,
        rounded.kind DESC,
        rounded.overtime_tier,
        rounded.at_night;
END
$$;

COMMENT ON FUNCTION rota.pay_totals(
    tstzrange[], text, jsonb, numeric, tstzrange[], integer[], integer, integer, integer, integer
) IS
    'The time of each kind in each pay period and what it is paid at an hourly rate. round_to_minutes rounds '
    'the totals, half up (60 for whole hours, 1 for not at all); amounts are rounded half up, each total once.';

CREATE FUNCTION rota.regular_rate_pay(
    minutes numeric[],
    hourly_rates numeric[],
    overtime_minutes numeric,
    amount_decimals integer DEFAULT 2
) RETURNS numeric
LANGUAGE sql
IMMUTABLE
STRICT
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    -- Multiplied before it is divided, so that the one division and the one rounding come last.
    SELECT
        round(
            sum(work.minutes * work.rate) * (2 * sum(work.minutes) + overtime_minutes)
                / nullif(120 * sum(work.minutes), 0),
            amount_decimals
        )
    FROM
        unnest(minutes, hourly_rates) AS work (minutes, rate)
$$;

COMMENT ON FUNCTION rota.regular_rate_pay(numeric[], numeric[], numeric, integer) IS
    'Straight pay at several hourly rates, and half of the regular rate for each hour of overtime. The regular '
    'rate is all pay by all hours (29 CFR 778.115). NULL when nothing was worked.';
