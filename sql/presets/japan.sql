-- The Labour Standards Act of Japan: hours by agreement under article 36.
--
-- Overtime is what rota.classify_pay finds with rota.pay_rules('japan'): beyond 8 hours a duty and 40 hours a
-- week, by the month of the payroll. Whoever has agreed on the special clause states it (special_clause).

INSERT INTO rota.rule_sets (rule_set, jurisdiction, title, version, valid, sources)
VALUES (
    'japan',
    'JP',
    'Labour Standards Act: article 36 caps, rest days and minors',
    'Labour Standards Act as amended by Act 71 of 2018',
    '[2019-04-01,)',
    ARRAY['Labour Standards Act, articles 32 to 41 and 60 to 61', 'Act 71 of 2018 (work style reform)']
);

INSERT INTO rota.preset_rules (rule_set, rule_name, title, rule_type, parameters, level, mode, valid, source)
VALUES
(
    'japan', 'J6', 'Four days off in four weeks',
    'days_off',
    '{"minimum_days": 4, "per_days": 28, "per": "period", "period": "28 days from 2024-03-31"}',
    'violation', 'warn', '[2019-04-01,)',
    'Article 35: one a week, or four in four weeks; counted as 24 hours free'
),
(
    'japan', 'J11 month', 'At most 45 hours of overtime a month',
    'maximum_overtime', '{"maximum_minutes": 2700, "period": "month", "unless": "special_clause"}',
    'violation', 'refuse', '[2019-04-01,)',
    'Article 36(4)'
),
(
    'japan', 'J11 year', 'At most 360 hours of overtime a year',
    'maximum_overtime',
    '{"maximum_minutes": 21600, "period": "12 months from 2024-04-01", "unless": "special_clause"}',
    'violation', 'refuse', '[2019-04-01,)',
    'Article 36(4); the year begins as the agreement says'
),
(
    'japan', 'J12 year', 'At most 720 hours of overtime a year with the special clause',
    'maximum_overtime', '{"maximum_minutes": 43200, "period": "12 months from 2024-04-01"}',
    'violation', 'refuse', '[2019-04-01,)',
    'Article 36(5)'
),
(
    'japan', 'J12 month', 'Less than 100 hours of overtime and work on statutory holidays a month',
    'maximum_overtime',
    '{"below_minutes": 6000, "period": "month", "counts": "overtime_and_holidays"}',
    'violation', 'refuse', '[2019-04-01,)',
    'Article 36(6)(ii); holds without the special clause, too'
),
(
    'japan', 'J12 mean', 'At most 80 hours of both on average over 2, 3, 4, 5 and 6 months',
    'maximum_overtime',
    '{"maximum_minutes": 4800, "period": "month", "mean_of": [2, 3, 4, 5, 6],
      "counts": "overtime_and_holidays"}',
    'violation', 'refuse', '[2019-04-01,)',
    'Article 36(6)(iii); holds without the special clause, too'
),
(
    'japan', 'J12 months', 'More than 45 hours of overtime in at most six months a year',
    'exceeded_periods',
    '{"more_than_minutes": 2700, "period": "month", "within": "12 months from 2024-04-01",
      "maximum_periods": 6}',
    'violation', 'refuse', '[2019-04-01,)',
    'Article 36(5)'
),
(
    'japan', 'J16 overtime', 'No overtime below the age of 18',
    'maximum_overtime', '{"maximum_minutes": 0, "period": "month", "younger_than_years": 18}',
    'violation', 'refuse', '[2019-04-01,)',
    'Article 60(1)'
),
(
    'japan', 'J16 night', 'No work between 22:00 and 05:00 below the age of 18',
    'forbidden_work', '{"night_from": "22:00", "night_to": "05:00", "younger_than_years": 18}',
    'violation', 'refuse', '[2019-04-01,)',
    'Article 61(1)'
);
