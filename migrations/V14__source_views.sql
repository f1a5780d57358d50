-- The source views: what the rota functions read, made from the tables of schema workforce.
--
-- Each is one SELECT without grouping, DISTINCT, LIMIT or WITH, so that the planner folds it into the
-- query around it and a filter on person_id, team_id or during reaches an index of the table. Look-ups
-- are LEFT JOINs over a primary key: one whose columns are not asked for is not run at all.

CREATE VIEW rota_source.people AS
SELECT
    employee.employee_id AS person_id,
    employee.name,
    coalesce(employee.time_zone, department.time_zone, 'UTC') AS time_zone,
    employee.department_id AS team_id,
    employee.active,
    jsonb_build_object(
        'employee_no', employee.employee_no,
        'role', employee.role,
        'weekly_minutes', employee.weekly_minutes,
        'min_minutes', employee.min_minutes,
        'max_minutes', employee.max_minutes,
        'hired_on', employee.hired_on
    ) AS attributes
FROM workforce.employees AS employee
LEFT JOIN workforce.departments AS department
    ON department.department_id = employee.department_id;

COMMENT ON VIEW rota_source.people IS
    'Who can be scheduled; one row per person.';

CREATE VIEW rota_source.shifts AS
SELECT
    shift.shift_id,
    shift.department_id AS team_id,
    shift.during,
    shift.time_zone,
    shift.shift_type AS kind,
    shift.required_staff AS required,
    shift.required_qualifications AS skills,
    shift.break_minutes
FROM workforce.shifts AS shift
WHERE shift.active;

COMMENT ON VIEW rota_source.shifts IS
    'Work to be staffed; withdrawn shifts are left out.';

CREATE VIEW rota_source.assignments AS
SELECT
    assignment.assignment_id,
    assignment.employee_id AS person_id,
    assignment.shift_id,
    assignment.during,
    shift.shift_type AS kind,
    assignment.binding,
    1::numeric AS load,
    shift.break_minutes AS unpaid_minutes
FROM workforce.assignments AS assignment
LEFT JOIN workforce.shifts AS shift
    ON shift.shift_id = assignment.shift_id;

COMMENT ON VIEW rota_source.assignments IS
    'Who is on which shift; binding ones count as booked, always with the whole person.';

CREATE VIEW rota_source.absences AS
SELECT
    time_off.employee_id AS person_id,
    time_off.during,
    time_off.kind,
    time_off.excluded_from_averages
FROM workforce.time_off AS time_off
WHERE time_off.status = 'approved';

COMMENT ON VIEW rota_source.absences IS
    'When people are away; approved absences only.';

CREATE VIEW rota_source.availability AS
SELECT
    availability.employee_id AS person_id,
    availability.during,
    availability.preference
FROM workforce.availability AS availability;

COMMENT ON VIEW rota_source.availability IS
    'What people said about their time: available, preferred or unavailable.';

CREATE VIEW rota_source.skills AS
SELECT
    held.employee_id AS person_id,
    qualification.code AS skill,
    rota.local_days(held.valid, coalesce(employee.time_zone, department.time_zone, 'UTC')) AS during
FROM workforce.employee_qualifications AS held
JOIN workforce.qualifications AS qualification
    ON qualification.qualification_id = held.qualification_id
LEFT JOIN workforce.employees AS employee
    ON employee.employee_id = held.employee_id
LEFT JOIN workforce.departments AS department
    ON department.department_id = employee.department_id;

COMMENT ON VIEW rota_source.skills IS
    'Who is qualified for what, and when; days are days in the person''s zone.';

CREATE VIEW rota_source.rules AS
SELECT
    rule.rule_id,
    rule.rule_type,
    rule.parameters,
    rule.level,
    rule.department_id::text AS scope,
    rota.local_days(rule.valid, coalesce(department.time_zone, 'UTC')) AS during,
    rule.employee_id::text AS person_id,
    rule.rule_set,
    rule.rule_name,
    rule.title,
    rule.mode,
    rule.jurisdiction,
    rule.source,
    rule.strict,
    rule.priority
FROM workforce.rules AS rule
LEFT JOIN workforce.departments AS department
    ON department.department_id = rule.department_id
WHERE rule.mode <> 'off';

COMMENT ON VIEW rota_source.rules IS
    'Rules in force; scope is the team''s id as text, NULL for all; person_id that of the one person, NULL '
    'for all. A generated roster may break one that is not strict, at a price that grows with its priority.';
