-- Accreditation Council for Graduate Medical Education: hours of residents in the United States.
--
-- CPR: Common Program Requirements (Residency), 2025 numbering 6.20 to 6.28 (before: VI.F.1 to VI.F.8). FAQ:
-- the council's answers to questions about them. Duties of the kinds call, home_call, education (transition
-- and teaching, no new patients), moonlighting; rotations of the kind night_float. The part of a home call
-- that is spent on patients is a duty of its own: the rest of it counts no hours, but is no free day.

INSERT INTO rota.rule_sets (rule_set, jurisdiction, title, version, valid, sources)
VALUES (
    'acgme',
    'US',
    'ACGME: clinical experience and education of residents',
    'Common Program Requirements in force since 2017-07-01, numbering of 2025',
    '[2017-07-01,)',
    ARRAY[
        'ACGME Common Program Requirements (Residency), section 6',
        'ACGME frequently asked questions on the Common Program Requirements; e-Bulletin, April 2004'
    ]
);

INSERT INTO rota.preset_rules (rule_set, rule_name, title, rule_type, parameters, level, mode, valid, source)
VALUES
(
    'acgme', 'A1', 'At most 80 hours a week, averaged over the rotation, leave left out',
    'average_minutes', '{"maximum_minutes": 4800, "per": "rotation", "except_kinds": ["home_call"]}',
    'violation', 'refuse', '[2017-07-01,)',
    'CPR 6.20; FAQ: a four-week block, a month, or the whole rotation if shorter; no rolling average'
),
(
    'acgme', 'A1c', 'Above 80 hours a week in some four weeks',
    'average_minutes',
    '{"maximum_minutes": 4800, "per": "window", "window_days": 28, "except_kinds": ["home_call"]}',
    'advisory', 'advise', '[2017-07-01,)',
    'Follows from CPR 6.20; an early sign and no verdict'
),
(
    'acgme', 'A1d', 'Above 80 hours in one week',
    'maximum_minutes', '{"maximum_minutes": 4800, "per": "week", "except_kinds": ["home_call"]}',
    'advisory', 'advise', '[2017-07-01,)',
    'CPR 6.20, background and intent; University at Buffalo: no violation by itself'
),
(
    'acgme', 'A2', 'One day in seven free, averaged over the rotation; home call is no free day',
    'days_off', '{"minimum_days": 1, "per_days": 7, "per": "rotation"}',
    'violation', 'refuse', '[2017-07-01,)',
    'CPR 6.21.b; FAQ: a day is 24 hours in a row free of all duties. Where days do not divide by seven the '
    'share is left out, which the text does not settle'
),
(
    'acgme', 'A2 exact', 'As A2, a share of a day counting as a day',
    'days_off', '{"minimum_days": 1, "per_days": 7, "rounding": "exact", "per": "rotation"}',
    'violation', 'off', '[2017-07-01,)',
    'CPR 6.21.b, read strictly for rotations whose days do not divide by seven'
),
(
    'acgme', 'A2c', 'Seven days without a free one',
    'days_off', '{"minimum_days": 1, "per_days": 7, "per": "window", "window_days": 7}',
    'advisory', 'advise', '[2017-07-01,)',
    'American College of Physicians on the draft of 2017: 24 days in a row pass the average'
),
(
    'acgme', 'A3', 'At most 24 hours on duty, and 4 more for transitions and education',
    'continuous_duty',
    '{"maximum_minutes": 1440, "extension_minutes": 240, "extension_kinds": ["education"],
      "except_kinds": ["home_call"]}',
    'violation', 'refuse', '[2017-07-01,)',
    'CPR 6.22 and 6.22.a; for first-year residents too since 2017-07-01'
),
(
    'acgme', 'A3 nominal', 'As A3, by the clock on the wall where the clocks change',
    'continuous_duty',
    '{"maximum_minutes": 1440, "extension_minutes": 240, "extension_kinds": ["education"],
      "except_kinds": ["home_call"], "clock": "nominal"}',
    'violation', 'off', '[2017-07-01,)',
    'CPR 6.22, which does not say how the night of a clock change is counted'
),
(
    'acgme', 'A5', '14 hours free after 24 hours of in-house call',
    'rest_after_duty',
    '{"after_minutes": 1440, "minimum_minutes": 840, "except_kinds": ["home_call"]}',
    'violation', 'refuse', '[2017-07-01,)',
    'CPR 6.21.a; FAQ: counted from the time of actual departure'
),
(
    'acgme', 'A6', '8 hours between scheduled periods',
    'rest_period', '{"minimum_minutes": 480, "except_kinds": ["home_call"]}',
    'warning', 'warn', '[2017-07-01,)',
    'CPR 6.21: should, not must'
),
(
    'acgme', 'A7', 'In-house call no more than every third night, averaged over the rotation',
    'maximum_duties', '{"maximum_duties": 1, "per_days": 3, "per": "rotation", "kinds": ["call"]}',
    'violation', 'refuse', '[2017-07-01,)',
    'CPR 6.27'
),
(
    'acgme', 'A8', 'On night float, one free day in any seven days, not averaged',
    'days_off',
    '{"minimum_days": 1, "per_days": 7, "per": "window", "window_days": 7, "rotations": ["night_float"]}',
    'violation', 'refuse', '[2017-07-01,)',
    'CPR 6.26 with the monograph of 2011, by way of FAQ'
),
(
    'acgme', 'A8a', 'At most six nights in a row on night float',
    'consecutive_nights',
    '{"maximum_nights": 6, "night_from": "00:00", "night_to": "05:00", "minimum_night_minutes": 180,
      "rotations": ["night_float"]}',
    'warning', 'warn', '[2017-07-01,)',
    'Rule VI.G.6 of 2011; CPR 6.26 states no number any more, review committees may'
),
(
    'acgme', 'A10', 'First-year residents do not moonlight',
    'forbidden_work', '{"kinds": ["moonlighting"], "only_if": "first_year_resident"}',
    'violation', 'refuse', '[2017-07-01,)',
    'CPR 6.25.b'
);
