-- The Fair Labor Standards Act of the United States. It limits the hours of minors only; of others it says
-- from when on overtime is owed (rota.pay_rules, rota.regular_rate_pay), which is worth knowing.

INSERT INTO rota.rule_sets (rule_set, jurisdiction, title, version, valid, sources)
VALUES (
    'flsa',
    'US',
    'Fair Labor Standards Act: overtime and child labor',
    '29 USC 207 and 29 CFR 570, 778 as of 2025',
    '[2010-07-19,)',
    ARRAY['29 USC 207', '29 CFR part 778', '29 CFR part 570', 'Department of Labor, Fact Sheet 54']
);

INSERT INTO rota.preset_rules (rule_set, rule_name, title, rule_type, parameters, level, mode, valid, source)
VALUES
(
    'flsa', 'F2', 'Overtime is owed beyond 40 hours in a workweek',
    'maximum_minutes', '{"maximum_minutes": 2400, "per": "period", "period": "week from sunday"}',
    'advisory', 'advise', '[2010-07-19,)',
    '29 USC 207(a); 29 CFR 778.104 and 778.105: each workweek by itself, from the instant the employer chose'
),
(
    'flsa', 'F6 day', '8 and 80: overtime is owed beyond 8 hours in a workday',
    'maximum_minutes', '{"maximum_minutes": 480, "per": "day"}',
    'advisory', 'off', '[2010-07-19,)',
    '29 USC 207(j): hospitals, by agreement before the work'
),
(
    'flsa', 'F6 fortnight', '8 and 80: overtime is owed beyond 80 hours in 14 days',
    'maximum_minutes',
    '{"maximum_minutes": 4800, "per": "period", "period": "14 days from 2026-01-04"}',
    'advisory', 'off', '[2010-07-19,)',
    '29 USC 207(j): hospitals, by agreement before the work; the anchor of the 14 days is the employer''s'
),
(
    'flsa', 'F8 day', 'At most 8 hours a day below the age of 16',
    'maximum_minutes', '{"maximum_minutes": 480, "per": "day", "younger_than_years": 16}',
    'violation', 'refuse', '[2010-07-19,)',
    '29 CFR 570.35(a)(4): on days without school'
),
(
    'flsa', 'F8 week', 'At most 40 hours a week below the age of 16',
    'maximum_minutes', '{"maximum_minutes": 2400, "per": "week", "week_starts_on": "sunday",
      "younger_than_years": 16}',
    'violation', 'refuse', '[2010-07-19,)',
    '29 CFR 570.35(a)(2): in weeks without school'
),
(
    'flsa', 'F8 night', 'No work between 21:00 and 07:00 below the age of 16',
    'forbidden_work', '{"night_from": "21:00", "night_to": "07:00", "younger_than_years": 16}',
    'violation', 'refuse', '[2010-07-19,)',
    '29 CFR 570.35(a)(6): from 19:00 on outside of June to Labor Day'
);
