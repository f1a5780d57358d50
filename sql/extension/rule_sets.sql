-- Rule sets: working-time law as data. Each set is a file of sql/presets, each rule a row with its source.
--
-- They are the extension's, so they come and go with it and no dump holds them. Whoever wants to change one
-- copies it into rules of his own, where rota_source.rules shows them.

CREATE TABLE rota.rule_sets (
    rule_set     text NOT NULL,
    jurisdiction text NOT NULL,
    title        text NOT NULL,
    version      text NOT NULL,
    valid        daterange NOT NULL DEFAULT daterange '(,)',
    sources      text[] NOT NULL,

    CONSTRAINT rule_sets_pkey PRIMARY KEY (rule_set),
    CONSTRAINT rule_sets_rule_set_form CHECK (rule_set ~ '^[a-z0-9][a-z0-9-]{0,49}$'),
    CONSTRAINT rule_sets_sources_named CHECK (cardinality(sources) > 0)
);

COMMENT ON TABLE rota.rule_sets IS 'Sets of rules that are law somewhere.';
COMMENT ON COLUMN rota.rule_sets.version IS 'The edition of the text that the rules were read from.';
COMMENT ON COLUMN rota.rule_sets.sources IS 'The texts, most binding first.';

CREATE TABLE rota.preset_rules (
    rule_set   text NOT NULL,
    rule_name  text NOT NULL,
    title      text NOT NULL,
    rule_type  text NOT NULL,
    parameters jsonb NOT NULL,
    level      text NOT NULL,
    mode       text NOT NULL,
    valid      daterange NOT NULL DEFAULT daterange '(,)',
    source     text NOT NULL,

    CONSTRAINT preset_rules_pkey PRIMARY KEY (rule_set, rule_name),
    CONSTRAINT preset_rules_rule_set_fkey FOREIGN KEY (rule_set) REFERENCES rota.rule_sets (rule_set),
    CONSTRAINT preset_rules_level_known CHECK (level IN ('violation', 'warning', 'advisory')),
    CONSTRAINT preset_rules_mode_known CHECK (mode IN ('off', 'advise', 'warn', 'refuse')),
    CONSTRAINT preset_rules_source_named CHECK (btrim(source) <> ''),
    CONSTRAINT preset_rules_parameters_readable CHECK (rota.require_rule(rule_type, parameters))
);

COMMENT ON TABLE rota.preset_rules IS
    'The rules of each set: type and parameters as in rota.require_rule, and where they are written.';
COMMENT ON COLUMN rota.preset_rules.mode IS
    'off for a rule that is a choice between two readings of the text: copy the set and turn it on.';

GRANT SELECT ON rota.rule_sets, rota.preset_rules TO PUBLIC;
