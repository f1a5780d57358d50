-- What adds up over a person's work: loads, hours and rows of days, defined on multiranges.

-- What is paid: an unpaid break lies in the middle.
CREATE FUNCTION oracle.paid(during tstzrange, unpaid_minutes numeric)
RETURNS tstzmultirange
IMMUTABLE
RETURN CASE
    WHEN unpaid_minutes <= 0 THEN tstzmultirange(during)
    WHEN unpaid_minutes >= oracle.minutes(during) THEN '{}'
    ELSE tstzmultirange(during) - tstzmultirange(
        tstzrange(
            lower(during) + make_interval(secs => ((oracle.minutes(during) - unpaid_minutes) * 30)::float8),
            lower(during) + make_interval(secs => ((oracle.minutes(during) + unpaid_minutes) * 30)::float8)
        )
    )
END;

-- The local days of a zone around a time, each with its span.
CREATE FUNCTION oracle.days(span tstzrange, zone text)
RETURNS TABLE (day date, during tstzrange)
STABLE
BEGIN ATOMIC
    SELECT
        day::date,
        tstzrange(day::timestamp AT TIME ZONE zone, (day::timestamp + interval '1 day') AT TIME ZONE zone)
    FROM generate_series(
        lower(span)::timestamp - interval '60 days',
        upper(span)::timestamp + interval '60 days',
        interval '1 day'
    ) AS drawn (at)
    CROSS JOIN LATERAL (SELECT date_trunc('day', at) AS day) AS midnight;
END;

CREATE FUNCTION oracle.sums(span tstzrange, wanted_people text[], wanted_teams text[])
RETURNS TABLE (
    kind text,
    level text,
    person_id text,
    team_id text,
    during tstzrange,
    rule_id text,
    measured numeric,
    limit_value numeric
)
STABLE
BEGIN ATOMIC
    WITH
    booking AS MATERIALIZED (
        SELECT * FROM oracle.bookings(wanted_people, wanted_teams)
    ),
    person AS MATERIALIZED (
        SELECT
            booking.person_id,
            booking.team_id,
            booking.zone,
            range_agg(booking.during) AS elapsed,
            coalesce(range_agg(part), '{}') AS worked
        FROM booking
        LEFT JOIN LATERAL unnest(oracle.paid(booking.during, booking.unpaid_minutes)) AS part ON true
        GROUP BY booking.person_id, booking.team_id, booking.zone
    ),
    -- Loads between one start or end and the next.
    step AS (
        SELECT
            person_id,
            team_id,
            tstzrange(at, lead(at) OVER (PARTITION BY person_id ORDER BY at)) AS during
        FROM (
            SELECT person_id, team_id, lower(during) AS at FROM booking
            UNION
            SELECT person_id, team_id, upper(during) FROM booking
        ) AS edge
    ),
    loaded AS (
        SELECT step.person_id, step.team_id, step.during, sum(booking.load) AS load
        FROM step
        JOIN booking
            ON booking.person_id = step.person_id
            AND booking.during @> step.during
        GROUP BY step.person_id, step.team_id, step.during
        HAVING sum(booking.load) > 1
            AND bool_or(booking.load NOT IN (0, 1))
    ),
    over_allocated AS (
        SELECT stretch.person_id, stretch.team_id, stretch.during, max(loaded.load) AS peak
        FROM (
            SELECT person_id, team_id, unnest(range_agg(during)) AS during
            FROM loaded
            GROUP BY person_id, team_id
        ) AS stretch
        JOIN loaded
            ON loaded.person_id = stretch.person_id
            AND loaded.during && stretch.during
        GROUP BY stretch.person_id, stretch.team_id, stretch.during
    ),
    -- Each person with the rules that are theirs.
    held AS MATERIALIZED (
        SELECT
            person.*,
            rule.rule_id::text AS rule_id,
            rule.rule_type,
            rule.level,
            rule.during AS valid,
            rule.parameters ->> 'per' AS per,
            rule.parameters ->> 'counts' AS counts,
            coalesce(rule.parameters ->> 'week_starts_on', 'monday') AS week_starts_on,
            (rule.parameters ->> 'window_days')::integer AS window_days,
            make_interval(mins => (rule.parameters ->> 'window_minutes')::integer) AS window_length,
            (rule.parameters ->> 'maximum_minutes')::numeric AS maximum_minutes,
            (rule.parameters ->> 'maximum_days')::numeric AS maximum_days,
            CASE
                WHEN rule.parameters ->> 'counts' IN ('elapsed', 'spread') THEN person.elapsed
                ELSE person.worked
            END AS counted
        FROM person
        JOIN rota_source.rules AS rule
            ON NOT isempty(rule.during)
            AND (rule.scope IS NULL OR rule.scope::text = person.team_id)
    ),
    zoned AS MATERIALIZED (
        SELECT zone.zone, day.*
        FROM (SELECT DISTINCT person.zone FROM person) AS zone
        CROSS JOIN LATERAL oracle.days(span, zone.zone) AS day
    ),
    period AS (
        SELECT held.*, day.during AS during
        FROM held
        JOIN zoned AS day USING (zone)
        WHERE held.per = 'day'
        UNION ALL
        SELECT held.*, tstzrange(lower(first.during), lower(next.during))
        FROM held
        JOIN zoned AS first USING (zone)
        JOIN zoned AS next
            ON next.zone = first.zone
            AND next.day = first.day + coalesce(held.window_days, 7)
        WHERE held.per = 'week'
            AND trim(to_char(first.day, 'day')) = held.week_starts_on
            OR held.per = 'window'
            AND held.window_days IS NOT NULL
            AND held.counted && first.during
    ),
    summed AS (
        SELECT
            rule_id,
            level,
            person_id,
            team_id,
            during,
            valid,
            maximum_minutes,
            CASE
                WHEN counts = 'spread'
                    THEN coalesce(oracle.minutes(range_merge(counted * tstzmultirange(during))), 0)
                ELSE oracle.minutes(counted * tstzmultirange(during))
            END AS minutes
        FROM period
        UNION ALL
        SELECT rule_id, level, person_id, team_id, during, valid, maximum_minutes, minutes
        FROM (
            SELECT
                held.*,
                here.during,
                here.minutes,
                held.elapsed @> (lower(part) - interval '1 microsecond') AS resumes,
                lower(part) - lag(lower(part)) OVER parts < held.window_length AS is_near,
                lag(here.minutes) OVER parts AS minutes_before
            FROM held
            CROSS JOIN LATERAL unnest(held.counted) AS part
            CROSS JOIN LATERAL (
                SELECT span AS during, oracle.minutes(held.counted * tstzmultirange(span)) AS minutes
                FROM (SELECT tstzrange(lower(part), lower(part) + held.window_length) AS span) AS moved
            ) AS here
            WHERE held.window_length IS NOT NULL
            WINDOW parts AS (PARTITION BY held.person_id, held.rule_id ORDER BY lower(part))
        ) AS windows
        WHERE NOT coalesce(resumes AND is_near AND minutes_before >= minutes, false)
    ),
    day_of_work AS (
        SELECT
            held.rule_id,
            held.level,
            held.person_id,
            held.team_id,
            held.maximum_days,
            day.day,
            day.during,
            day.day - (row_number() OVER rows_of_one)::integer AS island
        FROM held
        JOIN zoned AS day
            ON day.zone = held.zone
            AND held.valid @> lower(day.during)
            AND held.elapsed && day.during
        WHERE held.rule_type = 'consecutive_days'
            AND (
                held.counts = 'worked'
                OR held.elapsed @> day.during
                OR EXISTS (SELECT FROM unnest(held.elapsed) AS duty WHERE day.during @> lower(duty))
            )
        WINDOW rows_of_one AS (PARTITION BY held.person_id, held.rule_id ORDER BY day.day)
    )
    SELECT 'over_allocated', 'violation', person_id, team_id, during, NULL, peak, 1
    FROM over_allocated
    UNION ALL
    SELECT 'excessive_hours', level, person_id, team_id, during, rule_id, minutes, maximum_minutes
    FROM summed
    WHERE minutes > maximum_minutes
        AND valid @> lower(during)
    UNION ALL
    SELECT
        'consecutive_days',
        level,
        person_id,
        team_id,
        range_merge(range_agg(during)),
        rule_id,
        count(*),
        maximum_days
    FROM day_of_work
    GROUP BY rule_id, level, person_id, team_id, maximum_days, island
    HAVING count(*) > maximum_days;
END;
