-- A random roster over two weeks on a grid of hours, so that starts and ends often meet. setseed() before.
-- Somebody works who is not among the people; somebody has no team; assignments may be a part of their shift,
-- or on none, and take a part of a person; validities of a skill may touch; a rule may hold for a team, or
-- for a time. In Berlin the clocks go forward on 29 March, in the middle.

INSERT INTO rota_source.people (person_id, name, team_id, time_zone)
SELECT
    'p' || number,
    'Person ' || number,
    (ARRAY['t1', 't2', 't3', NULL])[1 + number % 4],
    (ARRAY['Europe/Berlin', 'America/New_York', NULL, 'Asia/Kolkata', 'UTC'])[1 + number % 5]
FROM generate_series(1, 7) AS number;

INSERT INTO rota_source.shifts (shift_id, team_id, break_minutes, during, required, skills)
SELECT
    's' || number,
    (ARRAY['t1', 't2', 't3', NULL])[1 + floor(random() * 4)::integer],
    (ARRAY[0, 30, 45, 60, 200])[1 + floor(random() * 5)::integer],
    tstzrange(start, start + make_interval(hours => (ARRAY[2, 4, 8, 8, 12, 24, 36, 60])[length])),
    nullif(floor(random() * 5)::integer, 4),
    (ARRAY['{}', '{a}', '{a,b}', '{b,b}', '{c}'])[1 + floor(random() * 5)::integer]::text[]
FROM (
    SELECT
        number,
        timestamptz '2026-03-23 00:00Z' + make_interval(hours => floor(random() * 14 * 24)::integer) AS start,
        1 + floor(random() * 8)::integer AS length
    FROM generate_series(1, 30) AS number
) AS drawn;

INSERT INTO rota_source.assignments (
    assignment_id, person_id, shift_id, unpaid_minutes, load, during, binding
)
SELECT
    'a' || number,
    'p' || 1 + floor(random() * 8)::integer,
    CASE WHEN share < 0.9 THEN shift_id END,
    CASE WHEN share < 0.9 THEN break_minutes END,
    (ARRAY[1, 1, 1, 1, 1, 1, NULL, 0.5, 0.5, 0.3, 1.2, 0])[1 + floor(random() * 12)::integer],
    CASE
        WHEN share < 0.6 THEN during
        WHEN share < 0.75 THEN tstzrange(lower(during), lower(during) + (upper(during) - lower(during)) / 2)
        WHEN share < 0.98 THEN tstzrange(lower(during) + (upper(during) - lower(during)) / 2, upper(during))
        ELSE 'empty'
    END,
    random() < 0.85
FROM (
    SELECT number, random() AS share, 's' || 1 + floor(random() * 30)::integer AS shift_id
    FROM generate_series(1, 70) AS number
    OFFSET 0
) AS drawn
JOIN rota_source.shifts USING (shift_id);

INSERT INTO rota_source.absences (person_id, during)
SELECT
    'p' || 1 + floor(random() * 8)::integer,
    tstzrange(start, CASE WHEN random() < 0.9 THEN start + interval '30 hours' END)
FROM (
    SELECT timestamptz '2026-03-23 00:00Z' + make_interval(hours => floor(random() * 14 * 24)::integer) AS start
    FROM generate_series(1, 8)
) AS drawn;

INSERT INTO rota_source.availability (person_id, during, preference)
SELECT
    'p' || 1 + floor(random() * 8)::integer,
    tstzrange(start, start + interval '20 hours'),
    (ARRAY['available', 'preferred', 'unavailable', 'unavailable'])[1 + floor(random() * 4)::integer]
FROM (
    SELECT timestamptz '2026-03-23 00:00Z' + make_interval(hours => floor(random() * 14 * 24)::integer) AS start
    FROM generate_series(1, 12)
) AS drawn;

-- Most hold a skill, many with a seam or a gap in the middle.
INSERT INTO rota_source.skills (person_id, skill, during)
SELECT person_id, skill, validity
FROM (
    SELECT
        'p' || number AS person_id,
        skill,
        timestamptz '2026-03-23 00:00Z' + make_interval(hours => floor(random() * 14 * 24)::integer) AS seam,
        random() AS share
    FROM generate_series(1, 8) AS number
    CROSS JOIN unnest(ARRAY['a', 'b', 'c']) AS skill
) AS drawn
CROSS JOIN LATERAL unnest(
    CASE
        WHEN share < 0.3 THEN ARRAY['(,)'::tstzrange]
        WHEN share < 0.7 THEN ARRAY[tstzrange(NULL, seam), tstzrange(seam, NULL)]
        WHEN share < 0.85 THEN ARRAY[tstzrange(NULL, seam), tstzrange(seam + interval '5 hours', NULL)]
        ELSE '{}'
    END
) AS validity;

INSERT INTO rota_source.rules (rule_id, rule_type, parameters, level, scope, during)
SELECT *
FROM (
    VALUES
        ('everybody', 'rest_period', '{"minimum_minutes": 660}'::jsonb, 'violation', NULL, '(,)'::tstzrange),
        ('one team', 'rest_period', '{"minimum_minutes": 1200}', 'warning', 't1', '[2026-03-26 00:00Z,)'),
        ('once', 'rest_period', '{"minimum_minutes": 1500}', 'advisory', NULL, '(,2026-03-28 12:00Z)'),
        ('never', 'rest_period', '{"minimum_minutes": 9999}', 'violation', NULL, 'empty'),
        ('day', 'maximum_minutes', '{"maximum_minutes": 500, "per": "day"}', 'violation', NULL, '(,)'),
        (
            'spread', 'maximum_minutes', '{"maximum_minutes": 780, "per": "day", "counts": "spread"}',
            'advisory', NULL, '(,)'
        ),
        ('week', 'maximum_minutes', '{"maximum_minutes": 1800, "per": "week"}', 'violation', NULL, '(,)'),
        (
            'week of a team', 'maximum_minutes',
            '{"maximum_minutes": 1200, "per": "week", "week_starts_on": "sunday", "counts": "elapsed"}', 'warning',
            't2', '[2026-03-26 00:00Z,)'
        ),
        (
            'three days', 'maximum_minutes', '{"maximum_minutes": 1200, "per": "window", "window_days": 3}',
            'violation', NULL, '(,)'
        ),
        (
            'any day', 'maximum_minutes', '{"maximum_minutes": 500, "per": "window", "window_minutes": 1440}',
            'violation', NULL, '(,2026-04-02 12:00Z)'
        ),
        (
            'any ten hours', 'maximum_minutes',
            '{"maximum_minutes": 400, "per": "window", "window_minutes": 600, "counts": "elapsed"}', 'warning', 't3',
            '(,)'
        ),
        ('days', 'consecutive_days', '{"maximum_days": 2}', 'violation', NULL, '(,)'),
        (
            'days of a team', 'consecutive_days', '{"maximum_days": 1, "counts": "worked"}', 'advisory', 't1',
            '[2026-03-27 00:00Z,)'
        ),
        (
            'something else', 'weekly_rest', '{"minimum_minutes": 1, "per": "week"}', 'violation', NULL, '(,)'
        )
) AS rule (rule_id, rule_type, parameters, level, scope, during)
WHERE random() < 0.6;
