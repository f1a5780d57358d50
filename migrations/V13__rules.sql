-- Rules that a roster is held against, and the one that holds everywhere until somebody says otherwise.

CREATE TABLE workforce.rules (
    rule_id       bigint GENERATED ALWAYS AS IDENTITY,
    rule_set      text,
    rule_name     text,
    title         text,
    jurisdiction  text,
    rule_type     text NOT NULL,
    parameters    jsonb NOT NULL DEFAULT '{}',
    level         text NOT NULL DEFAULT 'violation',
    mode          text NOT NULL DEFAULT 'warn',
    strict        boolean NOT NULL DEFAULT true,
    priority      smallint NOT NULL DEFAULT 5,
    department_id bigint,
    employee_id   bigint,
    valid         daterange NOT NULL DEFAULT daterange '(,)',
    source        text,

    CONSTRAINT rules_pkey PRIMARY KEY (rule_id),
    CONSTRAINT rules_department_fkey FOREIGN KEY (department_id)
        REFERENCES workforce.departments (department_id),
    CONSTRAINT rules_employee_fkey FOREIGN KEY (employee_id)
        REFERENCES workforce.employees (employee_id),
    CONSTRAINT rules_of_a_department_or_an_employee CHECK (num_nonnulls(department_id, employee_id) <= 1),
    CONSTRAINT rules_rule_set_form CHECK (rule_set ~ '^[a-z0-9][a-z0-9-]{0,49}$'),
    CONSTRAINT rules_rule_name_form CHECK (rule_name ~ '^[A-Za-z0-9][A-Za-z0-9 ._-]{0,49}$'),
    CONSTRAINT rules_named_in_a_set CHECK ((rule_set IS NULL) = (rule_name IS NULL)),
    CONSTRAINT rules_mode_known CHECK (mode IN ('off', 'advise', 'warn', 'refuse')),
    CONSTRAINT rules_rule_type_form CHECK (rule_type ~ '^[a-z][a-z0-9_]{0,99}$'),
    CONSTRAINT rules_parameters_are_an_object CHECK (jsonb_typeof(parameters) = 'object'),
    CONSTRAINT rules_level_known CHECK (level IN ('violation', 'warning', 'advisory')),
    CONSTRAINT rules_priority_from_1_to_10 CHECK (priority BETWEEN 1 AND 10),
    CONSTRAINT rules_valid_not_empty CHECK (NOT isempty(valid)),
    CONSTRAINT rules_valid_finite_or_unbounded
        CHECK (isfinite(lower(valid)) IS NOT FALSE AND isfinite(upper(valid)) IS NOT FALSE),
    -- A rule whose limit cannot be read would be a rule that is silently not applied.
    CONSTRAINT rules_parameters_readable CHECK (rota.require_rule(rule_type, parameters))
);

-- A set holds each rule once for the same people and days.
CREATE UNIQUE INDEX rules_once_in_a_set
    ON workforce.rules (rule_set, rule_name, department_id, employee_id, valid) NULLS NOT DISTINCT
    WHERE rule_set IS NOT NULL;

COMMENT ON TABLE workforce.rules IS
    'Legal and house rules. The type says which check, the parameters say the numbers.';
COMMENT ON COLUMN workforce.rules.rule_set IS
    'The set that it belongs to, such as a copy of rota.preset_rules; NULL for a rule by itself.';
COMMENT ON COLUMN workforce.rules.rule_name IS
    'Its short name in the set, such as A1.';
COMMENT ON COLUMN workforce.rules.title IS
    'What it asks for, in a line.';
COMMENT ON COLUMN workforce.rules.jurisdiction IS
    'Where it is law, such as US, EU, GB, JP; NULL for a house rule.';
COMMENT ON COLUMN workforce.rules.mode IS
    'What becomes of a write that breaks it, on tables with rota.enforce_rules: off (the rule is not looked '
    'at anywhere), advise (NOTICE), warn (WARNING), refuse (error 23514).';
COMMENT ON COLUMN workforce.rules.employee_id IS
    'The one person that it holds for; NULL for a department or all.';
COMMENT ON COLUMN workforce.rules.parameters IS
    'By type. rest_period: {"minimum_minutes": 660}. maximum_minutes: {"maximum_minutes": 2880, "per": '
    '"day", "week" or "window"}, with "week_starts_on": "sunday" for weeks that do not begin on Monday, '
    '"window_days": 14 or "window_minutes": 1440 for windows, and "counts": "worked" (without unpaid breaks, '
    'the default), "elapsed", or for days "spread" (from the first start to the last end). consecutive_days: '
    '{"maximum_days": 6}, with "counts": "begun" (days on which a duty begins, or that it fills, the '
    'default) or "worked" (days with any work).';
COMMENT ON COLUMN workforce.rules.level IS
    'How a breach is reported: violation, warning or advisory.';
COMMENT ON COLUMN workforce.rules.strict IS
    'True where a generated roster may never break it; false where breaking it has a cost.';
COMMENT ON COLUMN workforce.rules.priority IS
    'From 1 to 10: among rules that are not strict, higher weighs more.';
COMMENT ON COLUMN workforce.rules.department_id IS
    'The department it holds for; NULL for all.';
COMMENT ON COLUMN workforce.rules.valid IS
    'Local days, half-open; an unbounded side means always.';
COMMENT ON COLUMN workforce.rules.source IS
    'Where it comes from: the law and article, or the agreement.';

-- The Directive limits weekly hours on average only (article 6), and days in a row only by the weekly rest
-- (article 5; C-306/16 lets it fall anywhere in its week). So there is no further rule that holds everywhere.
INSERT INTO workforce.rules (rule_type, parameters, level, source)
VALUES (
    'rest_period',
    '{"minimum_minutes": 660}',
    'violation',
    'Directive 2003/88/EC, article 3: daily rest of 11 consecutive hours'
);
