-- Compliance: what working-time rules say about people's work, and how near to a limit somebody is.

CREATE FUNCTION api.tables_of_rules() RETURNS regclass[]
LANGUAGE sql
STABLE
RETURN ARRAY[
    'workforce.assignments',
    'workforce.shifts',
    'workforce.duty_kinds',
    'workforce.employees',
    'workforce.employee_conditions',
    'workforce.departments',
    'workforce.time_off',
    'workforce.rotations',
    'workforce.postings',
    'workforce.rules',
    'rota.rule_sets',
    'rota.preset_rules'
]::regclass[];

COMMENT ON FUNCTION api.tables_of_rules IS
    'The tables of working-time rules and of the work that they judge.';

CREATE FUNCTION api.compliance(
    from_date date,
    to_date date,
    rule_set text DEFAULT NULL,
    department_id bigint DEFAULT NULL,
    employee_id bigint DEFAULT NULL,
    level text DEFAULT NULL,
    time_zone text DEFAULT 'UTC',
    "limit" integer DEFAULT 200
) RETURNS json
LANGUAGE sql
STABLE
BEGIN ATOMIC
    WITH
    asked AS MATERIALIZED (
        SELECT
            api.window_instants(from_date, to_date, time_zone, 400) AS during
        WHERE
            api.require_between('limit', "limit", 1, 10000)
            AND api.require_one_of('level', level, ARRAY['violation', 'warning', 'advisory', 'unknown'])
    ),
    found AS MATERIALIZED (
        SELECT
            verdict.*
        FROM
            asked
            CROSS JOIN LATERAL rota.check_rules(
                rule_set,
                lower(asked.during),
                upper(asked.during),
                CASE WHEN employee_id IS NOT NULL THEN ARRAY[employee_id::text] END,
                CASE WHEN department_id IS NOT NULL THEN ARRAY[department_id::text] END
            ) AS verdict
    ),
    wanted AS MATERIALIZED (
        SELECT
            found.*,
            row_number() OVER (
                ORDER BY lower(found.during), found.person_id, found.rule_set, found.rule_name, found.rule_id
            ) AS position
        FROM
            found
        WHERE
            compliance.level IS NULL
            OR found.level = compliance.level
    ),
    per_level AS (
        SELECT
            wanted.level,
            count(*) AS verdicts
        FROM
            wanted
        GROUP BY
            wanted.level
    )
    SELECT
        json_build_object(
            'items', (
                SELECT
                    coalesce(
                        json_agg(
                            json_build_object(
                                'level', wanted.level,
                                'mode', wanted.mode,
                                'rule_set', wanted.rule_set,
                                'rule_id', wanted.rule_id,
                                'rule_name', wanted.rule_name,
                                'rule_type', wanted.rule_type,
                                'employee_id', wanted.person_id::bigint,
                                'employee_name', employee.name,
                                'department_id', wanted.team_id::bigint,
                                'starts_at', lower(wanted.during),
                                'ends_at', upper(wanted.during),
                                'measured', wanted.measured,
                                'limit', wanted.limit_value,
                                'unit', wanted.unit,
                                'estimated', wanted.estimated,
                                'assignment_ids', wanted.assignment_ids::bigint[],
                                'source', wanted.source,
                                'message', wanted.message
                            )
                            ORDER BY wanted.position
                        ),
                        '[]'::json
                    )
                FROM
                    wanted
                    LEFT JOIN workforce.employees AS employee
                        ON employee.employee_id = wanted.person_id::bigint
                WHERE
                    wanted.position <= "limit"
            ),
            'counts', (
                SELECT
                    coalesce(
                        json_object_agg(per_level.level, per_level.verdicts ORDER BY per_level.level),
                        '{}'::json
                    )
                FROM
                    per_level
            ),
            'has_more', (SELECT count(*) > "limit" FROM wanted)
        );
END;

COMMENT ON FUNCTION api.compliance IS
    'What rules say about work in the local days [from_date, to_date) of time_zone, in order of time, at '
    'most "limit"; counts covers all of it by level (violation, warning, advisory, unknown). rule_set: one '
    'of GET /api/rule-sets; without it, the rules in force here. measured and limit are of the unit.';

SELECT rota.expose(
    'api.compliance'::regproc,
    'GET',
    '/api/compliance',
    summary => 'What working-time rules say about a range of days',
    reads => api.tables_of_rules()
);

CREATE FUNCTION api.compliance_summary(
    employee_id bigint,
    from_date date,
    to_date date,
    rule_set text DEFAULT NULL
) RETURNS json
LANGUAGE sql
STABLE
BEGIN ATOMIC
    WITH
    person AS MATERIALIZED (
        SELECT
            employee.employee_id,
            employee.name,
            shown.time_zone
        FROM
            workforce.employees AS employee
            JOIN rota_source.people AS shown ON shown.person_id = employee.employee_id
        WHERE
            employee.employee_id = compliance_summary.employee_id
    ),
    summed AS MATERIALIZED (
        SELECT
            rule.*
        FROM
            person
            CROSS JOIN LATERAL api.window_instants(from_date, to_date, person.time_zone, 400) AS during
            CROSS JOIN LATERAL rota.compliance_summary(
                person.employee_id::text,
                rule_set,
                lower(during),
                upper(during)
            ) AS rule
    )
    SELECT
        json_build_object(
            'employee_id', person.employee_id,
            'employee_name', person.name,
            'time_zone', person.time_zone,
            'from_date', from_date,
            'to_date', to_date,
            'compliant', NOT EXISTS (SELECT FROM summed WHERE summed.violations > 0),
            'rules', (
                SELECT
                    coalesce(
                        json_agg(
                            json_build_object(
                                'rule_set', summed.rule_set,
                                'rule_id', summed.rule_id,
                                'rule_name', summed.rule_name,
                                'rule_type', summed.rule_type,
                                'title', summed.title,
                                'violations', summed.violations,
                                'warnings', summed.warnings,
                                'advisories', summed.advisories,
                                'unknown', summed.unknown,
                                'starts_at', lower(summed.during),
                                'ends_at', upper(summed.during),
                                'measured', summed.measured,
                                'limit', summed.limit_value,
                                'left', summed.left_over,
                                'unit', summed.unit,
                                'source', summed.source
                            )
                            ORDER BY summed.rule_set, summed.rule_name, summed.rule_id
                        ),
                        '[]'::json
                    )
                FROM
                    summed
            )
        )
    FROM
        person;
END;

COMMENT ON FUNCTION api.compliance_summary IS
    'One person''s standing by each rule in the local days [from_date, to_date): how often it is broken, and '
    'the window that is fullest with what is left in it. NULL for somebody who does not exist.';

SELECT rota.expose(
    'api.compliance_summary'::regproc,
    'GET',
    '/api/employees/{employee_id}/compliance',
    summary => 'A person''s standing by each working-time rule',
    reads => api.tables_of_rules()
);

CREATE FUNCTION api.compliance_risks(
    from_date date,
    to_date date,
    department_id bigint DEFAULT NULL,
    rule_set text DEFAULT NULL,
    time_zone text DEFAULT 'UTC',
    "limit" integer DEFAULT 50
) RETURNS json
LANGUAGE sql
STABLE
BEGIN ATOMIC
    WITH
    asked AS MATERIALIZED (
        SELECT
            api.window_instants(from_date, to_date, time_zone, 400) AS during
        WHERE
            api.require_between('limit', "limit", 1, 10000)
    ),
    risk AS MATERIALIZED (
        SELECT
            found.*
        FROM
            asked
            CROSS JOIN LATERAL rota.compliance_risks(
                CASE WHEN department_id IS NOT NULL THEN ARRAY[department_id::text] END,
                rule_set,
                lower(asked.during),
                upper(asked.during),
                "limit"
            ) AS found
    )
    SELECT
        json_build_object(
            'items', coalesce(
                json_agg(
                    json_build_object(
                        'employee_id', risk.person_id::bigint,
                        'employee_name', employee.name,
                        'department_id', risk.team_id::bigint,
                        'minutes_left', risk.minutes_left,
                        'rule_set', risk.rule_set,
                        'rule_id', risk.rule_id,
                        'rule_name', risk.rule_name,
                        'title', risk.title,
                        'starts_at', lower(risk.during),
                        'ends_at', upper(risk.during),
                        'measured', risk.measured,
                        'limit', risk.limit_value,
                        'source', risk.source
                    )
                    ORDER BY risk.position
                ),
                '[]'::json
            )
        )
    FROM
        risk
        LEFT JOIN workforce.employees AS employee ON employee.employee_id = risk.person_id::bigint;
END;

COMMENT ON FUNCTION api.compliance_risks IS
    'Who is nearest to a limit in the local days [from_date, to_date) of time_zone: each person once, with '
    'the rule that leaves the fewest minutes, fewest first. Below zero the limit is passed.';

SELECT rota.expose(
    'api.compliance_risks'::regproc,
    'GET',
    '/api/compliance/risks',
    summary => 'Who of a team is nearest to a limit',
    reads => api.tables_of_rules()
);

CREATE FUNCTION api.compliance_explanation(
    employee_id bigint,
    rule_id text,
    starts_at timestamptz,
    ends_at timestamptz,
    rule_set text DEFAULT NULL
) RETURNS json
LANGUAGE sql
STABLE
BEGIN ATOMIC
    WITH
    asked AS MATERIALIZED (
        SELECT
            tstzrange(starts_at, ends_at) AS during
        WHERE
            CASE
                WHEN starts_at < ends_at THEN true
                ELSE api.refuse(
                    'ends_at',
                    format('ends_at %s is not after starts_at %s', ends_at, starts_at),
                    'give both as GET /api/compliance does'
                )
            END
    )
    SELECT
        json_build_object(
            'items', coalesce(
                json_agg(
                    json_build_object(
                        'part', explained.part,
                        'assignment_id', explained.assignment_id::bigint,
                        'starts_at', lower(explained.during),
                        'ends_at', upper(explained.during),
                        'minutes', explained.minutes,
                        'note', explained.note
                    )
                    ORDER BY explained.position
                ),
                '[]'::json
            )
        )
    FROM
        asked
        CROSS JOIN LATERAL
            ROWS FROM (rota.explain_verdict(rule_set, rule_id, employee_id::text, asked.during))
                WITH ORDINALITY AS explained (part, assignment_id, during, minutes, note, position);
END;

COMMENT ON FUNCTION api.compliance_explanation IS
    'What a verdict of GET /api/compliance was made of: the sentence, each duty with the minutes of it that '
    'count, and the leave that averages leave out. rule_id, starts_at and ends_at as the verdict has them.';

SELECT rota.expose(
    'api.compliance_explanation'::regproc,
    'GET',
    '/api/employees/{employee_id}/compliance/explanation',
    summary => 'What a verdict was made of',
    reads => api.tables_of_rules()
);
