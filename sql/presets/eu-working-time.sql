-- The Working Time Directive of the European Union, as far as it states numbers.
--
-- Member states choose within it: the reference period, the start of the week, derogations by agreement. What
-- they may choose is here as rules that are off. Duties of the kind hazardous_night are night work with
-- special hazards or heavy strain.

INSERT INTO rota.rule_sets (rule_set, jurisdiction, title, version, valid, sources)
VALUES (
    'eu-working-time',
    'EU',
    'Directive 2003/88/EC: organisation of working time',
    'Directive 2003/88/EC of 2003-11-04',
    '[2004-08-02,)',
    ARRAY[
        'Directive 2003/88/EC (CELEX 32003L0088)',
        'Court of Justice, C-306/16, C-254/18, C-477/21',
        'Commission communications 2017/C 165/01 and 2023/C 109/01'
    ]
);

INSERT INTO rota.preset_rules (rule_set, rule_name, title, rule_type, parameters, level, mode, valid, source)
VALUES
(
    'eu-working-time', 'B1', 'At most 48 hours a week, averaged over any four months, leave left out',
    'average_minutes',
    '{"maximum_minutes": 2880, "per": "window", "window_days": 122, "unless": "opted_out"}',
    'violation', 'refuse', '[2004-08-02,)',
    'Articles 6(b), 16(b) and 22; C-254/18: every period of that length, not only calendar ones'
),
(
    'eu-working-time', 'B1 six months', 'As B1, averaged over any six months',
    'average_minutes',
    '{"maximum_minutes": 2880, "per": "window", "window_days": 182, "unless": "opted_out"}',
    'violation', 'off', '[2004-08-02,)',
    'Article 19, first paragraph: by derogation'
),
(
    'eu-working-time', 'B1 twelve months', 'As B1, averaged over any twelve months',
    'average_minutes',
    '{"maximum_minutes": 2880, "per": "window", "window_days": 365, "unless": "opted_out"}',
    'violation', 'off', '[2004-08-02,)',
    'Article 19, second paragraph: by collective agreement'
),
(
    'eu-working-time', 'B2', '11 hours of rest in each 24 hours from the start of work',
    'rest_within', '{"minimum_minutes": 660, "within_minutes": 1440}',
    'violation', 'refuse', '[2004-08-02,)',
    'Article 3'
),
(
    'eu-working-time', 'B3', '35 hours of rest in each week: 24, and the 11 of the day before',
    'weekly_rest', '{"minimum_minutes": 2100, "per": "week"}',
    'violation', 'refuse', '[2004-08-02,)',
    'Article 5; C-477/21: the daily rest is added; C-306/16: anywhere in each seven days'
),
(
    'eu-working-time', 'B3 fortnight', 'As B3, two such rests in 14 days',
    'weekly_rest',
    '{"minimum_minutes": 2100, "minimum_rests": 2, "per": "period", "period": "14 days from 2024-01-01"}',
    'violation', 'off', '[2004-08-02,)',
    'Article 16(a): a reference period of up to 14 days'
),
(
    'eu-working-time', 'B3 rolling', 'Seven days without 35 hours of rest',
    'weekly_rest', '{"minimum_minutes": 2100, "per": "window", "window_days": 7}',
    'advisory', 'advise', '[2004-08-02,)',
    'C-306/16: eleven or twelve days in a row can be lawful; an early sign'
),
(
    'eu-working-time', 'B5', 'Night workers: at most 8 hours a day, averaged, a day of rest a week left out',
    'average_minutes',
    '{"maximum_minutes": 2880, "per": "window", "window_days": 122, "only_if": "night_worker"}',
    'violation', 'refuse', '[2004-08-02,)',
    'Articles 8(a) and 16(c): the weekly rest of 24 hours leaves six days a week'
),
(
    'eu-working-time', 'B5 hazards', 'At most 8 hours in any 24 hours of night work with special hazards',
    'maximum_minutes',
    '{"maximum_minutes": 480, "per": "window", "window_minutes": 1440, "kinds": ["hazardous_night"]}',
    'violation', 'refuse', '[2004-08-02,)',
    'Article 8(b)'
);
