-- Rule sets: those that are law, those of this house, and copies.

CREATE FUNCTION api.rule_sets() RETURNS json
LANGUAGE sql
STABLE
BEGIN ATOMIC
    WITH
    own AS (
        SELECT
            rule.rule_set,
            count(*) AS rules,
            count(*) FILTER (WHERE rule.mode <> 'off') AS rules_in_force
        FROM
            workforce.rules AS rule
        WHERE
            rule.rule_set IS NOT NULL
        GROUP BY
            rule.rule_set
    )
    SELECT
        json_build_object(
            'presets', (
                SELECT
                    coalesce(
                        json_agg(
                            json_build_object(
                                'rule_set', preset.rule_set,
                                'jurisdiction', preset.jurisdiction,
                                'title', preset.title,
                                'version', preset.version,
                                'valid_from', lower(preset.valid),
                                'valid_to', upper(preset.valid),
                                'sources', preset.sources,
                                'rules', (
                                    SELECT count(*)
                                    FROM rota.preset_rules AS rule
                                    WHERE rule.rule_set = preset.rule_set
                                )
                            )
                            ORDER BY preset.rule_set
                        ),
                        '[]'::json
                    )
                FROM
                    rota.rule_sets AS preset
            ),
            'own', (
                SELECT
                    coalesce(
                        json_agg(
                            json_build_object(
                                'rule_set', own.rule_set,
                                'rules', own.rules,
                                'rules_in_force', own.rules_in_force
                            )
                            ORDER BY own.rule_set
                        ),
                        '[]'::json
                    )
                FROM
                    own
            )
        );
END;

COMMENT ON FUNCTION api.rule_sets IS
    'The sets of rules that are law somewhere (presets), and those kept here (own).';

SELECT rota.expose(
    'api.rule_sets'::regproc, 'GET', '/api/rule-sets', summary => 'Sets of working-time rules'
);

CREATE FUNCTION api.rule_set(rule_set text) RETURNS json
LANGUAGE sql
STABLE
BEGIN ATOMIC
    SELECT
        json_build_object(
            'rule_set', rule_set.rule_set,
            'rules', json_agg(
                json_build_object(
                    'rule_name', rule.rule_name,
                    'title', rule.title,
                    'rule_type', rule.rule_type,
                    'parameters', rule.parameters,
                    'level', rule.level,
                    'mode', rule.mode,
                    'valid_from', lower(rule.valid),
                    'valid_to', upper(rule.valid),
                    'source', rule.source
                )
                ORDER BY rule.rule_name
            )
        )
    FROM
        rota.preset_rules AS rule
    WHERE
        rule.rule_set = rule_set.rule_set
    HAVING
        count(*) > 0;
END;

COMMENT ON FUNCTION api.rule_set IS 'The rules of one preset, each with its source; NULL for an unknown one.';

SELECT rota.expose(
    'api.rule_set'::regproc, 'GET', '/api/rule-sets/{rule_set}', summary => 'The rules of one preset'
);

CREATE FUNCTION api.copy_rule_set(
    preset text,
    name text DEFAULT NULL,
    department_id bigint DEFAULT NULL,
    employee_id bigint DEFAULT NULL,
    mode text DEFAULT NULL,
    valid_from date DEFAULT NULL,
    valid_to date DEFAULT NULL
) RETURNS json
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
DECLARE
    known text;
    answer json;
BEGIN
    PERFORM api.require_one_of('mode', mode, ARRAY['off', 'advise', 'warn', 'refuse']);
    IF NOT EXISTS (SELECT FROM rota.rule_sets AS known_set WHERE known_set.rule_set = preset) THEN
        SELECT string_agg(known_set.rule_set, ', ' ORDER BY known_set.rule_set)
        INTO known
        FROM rota.rule_sets AS known_set;
        PERFORM api.refuse_unknown(
            'preset', format('rule set "%s" is not known', preset), 'one of: ' || known
        );
    END IF;
    IF name !~ '^[a-z0-9][a-z0-9-]{0,49}$' THEN
        PERFORM api.refuse(
            'name', format('name "%s" is none', name), 'lower-case letters, digits and hyphens, at most 50'
        );
    END IF;
    IF num_nonnulls(department_id, employee_id) > 1 THEN
        PERFORM api.refuse(
            'employee_id', 'rules are of a department or of one employee, not both', 'leave one of them out'
        );
    END IF;
    IF valid_to <= valid_from THEN
        PERFORM api.refuse(
            'valid_to', format('valid_to %s is not after valid_from', valid_to), 'the day after the last one'
        );
    END IF;
    IF department_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM workforce.departments AS department
        WHERE department.department_id = copy_rule_set.department_id
    ) THEN
        PERFORM api.refuse_unknown(
            'department_id',
            format('department %s does not exist', department_id),
            'GET /api/departments lists them'
        );
    END IF;
    IF employee_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM workforce.employees AS employee
        WHERE employee.employee_id = copy_rule_set.employee_id
    ) THEN
        PERFORM api.refuse_unknown(
            'employee_id', format('employee %s does not exist', employee_id), 'GET /api/employees lists them'
        );
    END IF;
    WITH copied AS (
        INSERT INTO workforce.rules AS own (
            rule_set, rule_name, title, jurisdiction, rule_type, parameters, level, mode, department_id,
            employee_id, valid, source
        )
        SELECT
            coalesce(name, preset),
            rule.rule_name,
            rule.title,
            preset_set.jurisdiction,
            rule.rule_type,
            rule.parameters,
            rule.level,
            -- A choice that the set leaves open stays open.
            CASE WHEN rule.mode = 'off' THEN 'off' ELSE coalesce(mode, rule.mode) END,
            department_id,
            employee_id,
            rule.valid * daterange(valid_from, valid_to),
            rule.source
        FROM
            rota.preset_rules AS rule
            JOIN rota.rule_sets AS preset_set ON preset_set.rule_set = rule.rule_set
        WHERE
            rule.rule_set = preset
            AND rule.valid && daterange(valid_from, valid_to)
        ORDER BY
            rule.rule_name
        RETURNING
            own.rule_id,
            own.rule_name,
            own.mode
    )
    SELECT
        json_build_object(
            'rule_set', coalesce(name, preset),
            'rules', coalesce(
                json_agg(
                    json_build_object(
                        'rule_id', copied.rule_id, 'rule_name', copied.rule_name, 'mode', copied.mode
                    )
                    ORDER BY copied.rule_name
                ),
                '[]'::json
            )
        )
    INTO answer
    FROM copied;
    RETURN answer;
EXCEPTION
    WHEN unique_violation THEN
        PERFORM api.refuse_clash(
            'name',
            format(
                'the rules of "%s" are kept here already for the same people and days', coalesce(name, preset)
            ),
            'change those, or give another name'
        );
END
$$;

COMMENT ON FUNCTION api.copy_rule_set IS
    'Copies a preset into the rules in force here, to be changed as you like: for all, a department or one '
    'employee, from valid_from up to valid_to. mode (off, advise, warn, refuse) takes the place of the '
    'rules'' own.';

SELECT rota.expose(
    'api.copy_rule_set'::regproc,
    'POST',
    '/api/rule-sets/{preset}/copies',
    summary => 'Copy a preset into the rules in force here'
);
