-- The Working Time Regulations 1998 of the United Kingdom.

INSERT INTO rota.rule_sets (rule_set, jurisdiction, title, version, valid, sources)
VALUES (
    'uk-working-time',
    'GB',
    'Working Time Regulations 1998',
    'S.I. 1998/1833 as amended up to 2024',
    '[1998-10-01,)',
    ARRAY['Working Time Regulations 1998 (S.I. 1998/1833)']
);

INSERT INTO rota.preset_rules (rule_set, rule_name, title, rule_type, parameters, level, mode, valid, source)
VALUES
(
    'uk-working-time', 'B1', 'At most 48 hours a week over 17 weeks; days of leave are made up by days after',
    'average_minutes',
    '{"maximum_minutes": 2880, "per": "window", "window_days": 119, "leave": "replaced",
      "unless": "opted_out"}',
    'violation', 'refuse', '[1998-10-01,)',
    'Regulations 4(1), 4(3), 4(4), 4(6) and 5'
),
(
    'uk-working-time', 'B1 26 weeks', 'As B1, over 26 weeks',
    'average_minutes',
    '{"maximum_minutes": 2880, "per": "window", "window_days": 182, "leave": "replaced",
      "unless": "opted_out"}',
    'violation', 'off', '[1998-10-01,)',
    'Regulations 4(5) and 21: hospitals, security and other listed work'
),
(
    'uk-working-time', 'B2', '11 hours of rest in each 24 hours from the start of work',
    'rest_within', '{"minimum_minutes": 660, "within_minutes": 1440}',
    'violation', 'refuse', '[1998-10-01,)',
    'Regulation 10(1)'
),
(
    'uk-working-time', 'B2 young', '12 hours of rest in each 24 hours for young workers',
    'rest_within', '{"minimum_minutes": 720, "within_minutes": 1440, "younger_than_years": 18}',
    'violation', 'refuse', '[1998-10-01,)',
    'Regulation 10(2)'
),
(
    'uk-working-time', 'B3', '35 hours of rest in each week: 24, and the 11 of the day',
    'weekly_rest', '{"minimum_minutes": 2100, "per": "week"}',
    'violation', 'refuse', '[1998-10-01,)',
    'Regulations 11(1) and 11(7)'
),
(
    'uk-working-time', 'B3 fortnight', 'As B3, two such rests in 14 days',
    'weekly_rest',
    '{"minimum_minutes": 2100, "minimum_rests": 2, "per": "period", "period": "14 days from 2024-01-01"}',
    'violation', 'off', '[1998-10-01,)',
    'Regulation 11(2)(a)'
),
(
    'uk-working-time', 'B3 young', '48 hours of rest in each week for young workers',
    'weekly_rest', '{"minimum_minutes": 2880, "per": "week", "younger_than_years": 18}',
    'violation', 'refuse', '[1998-10-01,)',
    'Regulation 11(3)'
),
(
    'uk-working-time', 'B4 young day', 'At most 8 hours a day for young workers',
    'maximum_minutes', '{"maximum_minutes": 480, "per": "day", "younger_than_years": 18}',
    'violation', 'refuse', '[2003-04-06,)',
    'Regulation 5A(1)(a)'
),
(
    'uk-working-time', 'B4 young week', 'At most 40 hours a week for young workers',
    'maximum_minutes', '{"maximum_minutes": 2400, "per": "week", "younger_than_years": 18}',
    'violation', 'refuse', '[2003-04-06,)',
    'Regulation 5A(1)(b)'
),
(
    'uk-working-time', 'B5', 'Night workers: at most 8 hours a day, averaged, a day of rest a week left out',
    'average_minutes',
    '{"maximum_minutes": 2880, "per": "window", "window_days": 119, "only_if": "night_worker"}',
    'violation', 'refuse', '[1998-10-01,)',
    'Regulations 6(1), 6(3) and 6(5)'
),
(
    'uk-working-time', 'B5 hazards', 'At most 8 hours in any 24 hours of night work with special hazards',
    'maximum_minutes',
    '{"maximum_minutes": 480, "per": "window", "window_minutes": 1440, "kinds": ["hazardous_night"]}',
    'violation', 'refuse', '[1998-10-01,)',
    'Regulation 6(7)'
);
