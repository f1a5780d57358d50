-- Half days: mornings and afternoons without times, as some rosters have them.

CREATE FUNCTION rota.half_day_range(
    date date,
    half text,
    half_day_minutes integer,
    time_zone text,
    starts_at time DEFAULT '08:00'
) RETURNS tstzrange
LANGUAGE plpgsql
IMMUTABLE
PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    whole tstzrange;
    noon timestamptz;
BEGIN
    IF date IS NULL OR half IS NULL THEN
        RETURN NULL;
    END IF;
    -- How long half a day is, nobody can guess: systems before took 6 hours in one place and 12 in another.
    IF half_day_minutes IS NULL THEN
        PERFORM rota.refuse_guard(
            '22004', 'half_day_minutes', 'half_day_minutes is null', 'say how many minutes half a day has'
        );
    END IF;
    IF half_day_minutes NOT BETWEEN 1 AND 720 THEN
        PERFORM rota.refuse_guard(
            '22023',
            'half_day_minutes',
            format('half_day_minutes is %s', half_day_minutes),
            'from 1 to 720 would be right'
        );
    END IF;
    IF lower(half) NOT IN ('am', 'pm') THEN
        PERFORM rota.refuse_guard('22023', 'half', format('half "%s" is not known', half), 'am or pm');
    END IF;
    whole := rota.shift_lasting(date, starts_at, 2 * half_day_minutes, time_zone);
    noon := lower(whole) + make_interval(mins => half_day_minutes);
    RETURN CASE lower(half)
        WHEN 'am' THEN tstzrange(lower(whole), noon)
        ELSE tstzrange(noon, upper(whole))
    END;
END
$$;

COMMENT ON FUNCTION rota.half_day_range(date, text, integer, text, time) IS
    'The times made up for a morning (am) or an afternoon (pm), which touch. A source view that uses it '
    'shows such work as estimated, and so do verdicts.';
