-- The Worker Dispatch Act of Japan: how long somebody may be dispatched to one place.
--
-- The limit of a workplace counts whoever is there: rota.dispatch_clocks tells both clocks and their dates.

INSERT INTO rota.rule_sets (rule_set, jurisdiction, title, version, valid, sources)
VALUES (
    'japan-dispatch',
    'JP',
    'Worker Dispatch Act: three-year limits',
    'Worker Dispatch Act as amended by Act 73 of 2015',
    '[2015-09-30,)',
    ARRAY['Worker Dispatch Act, articles 35-2, 35-3, 40-2 and 40-3', 'Civil Code, article 143']
);

INSERT INTO rota.preset_rules (rule_set, rule_name, title, rule_type, parameters, level, mode, valid, source)
VALUES
(
    'japan-dispatch', 'K1', 'At most three years in the same organisational unit',
    'assignment_term',
    '{"maximum_months": 36, "cooling_off_months": 3, "notice_months": 1, "place": "unit"}',
    'violation', 'refuse', '[2015-09-30,)',
    'Articles 35-3 and 40-3; a gap of more than three months begins anew'
);
