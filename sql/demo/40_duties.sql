-- Duties: who works when. Five days on and two off, early, late and night by turns, so that the rests are
-- long enough; then, on purpose, a few duties that break a rule.

CREATE FUNCTION demo.make_time_off(seed bigint, start date, weeks integer) RETURNS void
LANGUAGE sql
AS $$
    INSERT INTO workforce.time_off (employee_id, days, time_zone, kind, status, excluded_from_averages)
    SELECT
        person.employee_id,
        daterange(
            start + block.number * 7 - person.day_offset,
            start + block.number * 7 - person.day_offset + 7
        ),
        person.time_zone,
        'annual_leave',
        CASE
            WHEN demo.chance(seed, 'granted ' || person.number || ' ' || block.number) < 0.9 THEN 'approved'
            ELSE 'requested'
        END,
        true
    FROM
        demo.people AS person
        CROSS JOIN generate_series(0, weeks) AS block (number)
    WHERE
        demo.chance(seed, 'leave ' || person.number || ' ' || block.number) < 0.05
    ORDER BY
        person.number,
        block.number;

    INSERT INTO workforce.availability (employee_id, during, preference, note)
    SELECT
        person.employee_id,
        rota.local_days(daterange(days.day, days.day + 1), person.time_zone),
        demo.pick(
            ARRAY['unavailable', 'preferred', 'available'], seed, 'wish ' || person.number || ' ' || days.day
        ),
        NULL
    FROM
        demo.people AS person
        CROSS JOIN LATERAL (
            SELECT start + floor(demo.chance(seed, 'wish day ' || person.number) * weeks * 7)::integer AS day
        ) AS days
    WHERE
        demo.chance(seed, 'wishes ' || person.number) < 0.2
    ORDER BY
        person.number;
$$;

COMMENT ON FUNCTION demo.make_time_off(bigint, date, integer) IS
    'Makes a week''s leave here and there, nine in ten granted, and a day''s wish for one person in five.';

CREATE FUNCTION demo.make_duties(seed bigint, start date, weeks integer) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO demo.duties (
        person_number, unit_number, employee_id, department_id, time_zone, date, kind, status
    )
    SELECT
        planned.number,
        planned.unit_number,
        planned.employee_id,
        planned.department_id,
        planned.time_zone,
        planned.date,
        -- A late duty followed by an early one: seven and a half hours of rest.
        CASE
            WHEN planned.kind = 'late'
                AND planned.place = 3
                AND demo.chance(seed, 'short rest ' || planned.number || ' ' || planned.block) < 0.03
            THEN 'early'
            ELSE planned.kind
        END,
        CASE
            WHEN planned.throw < 0.015 THEN 'declined'
            WHEN planned.throw < 0.025 THEN 'cancelled'
            WHEN planned.date < start + weeks * 7 / 2 THEN 'confirmed'
            ELSE 'assigned'
        END
    FROM (
        SELECT
            person.*,
            start + days.day AS date,
            (days.day + person.day_offset) % 7 AS place,
            (days.day + person.day_offset) / 7 AS block,
            CASE person.pattern
                WHEN 'rotating' THEN
                    (ARRAY['early', 'late', 'night'])[
                        1 + (person.phase + (days.day + person.day_offset) / 7) % 3
                    ]
                WHEN 'alternating' THEN
                    (ARRAY['early', 'late'])[1 + (person.phase + (days.day + person.day_offset) / 7) % 2]
                ELSE person.pattern
            END AS kind,
            demo.chance(seed, 'status ' || person.number || ' ' || days.day) AS throw
        FROM
            demo.people AS person
            CROSS JOIN generate_series(0, weeks * 7 - 1) AS days (day)
    ) AS planned
    WHERE
        CASE
            WHEN planned.pattern = 'duty' THEN planned.place IN (0, 3)
            ELSE planned.place < planned.duties_per_week
        END
        -- Leave keeps people away, but for one duty in a hundred.
        AND (
            demo.chance(seed, 'leave ' || planned.number || ' ' || planned.block) >= 0.05
            OR demo.chance(seed, 'despite leave ' || planned.number || ' ' || planned.date) < 0.01
        );
    ANALYZE demo.duties;
END
$$;

COMMENT ON FUNCTION demo.make_duties(bigint, date, integer) IS
    'Makes the duties of everybody for the weeks from start, a Monday; a few rest too short or ignore '
    'leave.';
