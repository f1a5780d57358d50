-- What working-time law asks of people and of duties beyond when they are.

CREATE TABLE workforce.duty_kinds (
    shift_type text NOT NULL,
    nature     text NOT NULL,

    CONSTRAINT duty_kinds_pkey PRIMARY KEY (shift_type),
    CONSTRAINT duty_kinds_shift_type_length CHECK (btrim(shift_type) <> '' AND char_length(shift_type) <= 50),
    CONSTRAINT duty_kinds_nature_form CHECK (nature ~ '^[a-z][a-z0-9_]{0,49}$')
);

COMMENT ON TABLE workforce.duty_kinds IS
    'What types of shift are to the rules. A type that is not listed is known to them by its own name.';
COMMENT ON COLUMN workforce.duty_kinds.nature IS
    'A word of the rules'' kinds, such as call, home_call, education, moonlighting, night_float.';

CREATE TABLE workforce.employee_conditions (
    employee_id bigint NOT NULL,
    condition   text NOT NULL,
    holds       boolean NOT NULL DEFAULT true,
    valid       daterange NOT NULL DEFAULT daterange '(,)',

    CONSTRAINT employee_conditions_employee_fkey FOREIGN KEY (employee_id)
        REFERENCES workforce.employees (employee_id),
    CONSTRAINT employee_conditions_condition_form CHECK (condition ~ '^[a-z][a-z0-9_]{0,49}$'),
    CONSTRAINT employee_conditions_valid_not_empty CHECK (NOT isempty(valid)),
    -- Leads with the employee, so it also finds a person's conditions.
    CONSTRAINT employee_conditions_pkey PRIMARY KEY (employee_id, condition, valid),
    CONSTRAINT employee_conditions_say_one_thing_at_a_time
        EXCLUDE USING gist (employee_id WITH =, condition WITH =, valid WITH &&)
);

COMMENT ON TABLE workforce.employee_conditions IS
    'What is known about a person that rules ask for, by day: night_worker, opted_out, special_hazards. What '
    'is not stated is unknown, and rules say so.';
COMMENT ON COLUMN workforce.employee_conditions.holds IS
    'False states that it does not hold.';

CREATE TABLE workforce.rotations (
    employee_id bigint NOT NULL,
    kind        text NOT NULL,
    days        daterange NOT NULL,
    time_zone   text NOT NULL,
    during      tstzrange NOT NULL
        GENERATED ALWAYS AS (rota.local_days(days, time_zone)) STORED,

    CONSTRAINT rotations_employee_fkey FOREIGN KEY (employee_id)
        REFERENCES workforce.employees (employee_id),
    CONSTRAINT rotations_kind_length CHECK (btrim(kind) <> '' AND char_length(kind) <= 50),
    CONSTRAINT rotations_days_finite
        CHECK (NOT isempty(days) AND isfinite(lower(days)) IS TRUE AND isfinite(upper(days)) IS TRUE),
    CONSTRAINT rotations_pkey PRIMARY KEY (employee_id, days),
    CONSTRAINT rotations_follow_one_another EXCLUDE USING gist (employee_id WITH =, days WITH &&)
);

COMMENT ON TABLE workforce.rotations IS
    'The periods over which hours of people in training are averaged: a rotation must comply by itself.';

CREATE TABLE workforce.postings (
    posting_id    bigint GENERATED ALWAYS AS IDENTITY,
    employee_id   bigint NOT NULL,
    unit          text NOT NULL,
    establishment text NOT NULL,
    days          daterange NOT NULL,
    exempt        boolean NOT NULL DEFAULT false,

    CONSTRAINT postings_pkey PRIMARY KEY (posting_id),
    CONSTRAINT postings_employee_fkey FOREIGN KEY (employee_id)
        REFERENCES workforce.employees (employee_id),
    CONSTRAINT postings_days_have_a_start
        CHECK (NOT isempty(days) AND isfinite(lower(days)) IS TRUE AND isfinite(upper(days)) IS NOT FALSE),
    CONSTRAINT postings_unit_length CHECK (btrim(unit) <> '' AND char_length(unit) <= 200),
    CONSTRAINT postings_establishment_length
        CHECK (btrim(establishment) <> '' AND char_length(establishment) <= 200),
    CONSTRAINT postings_one_unit_at_a_time EXCLUDE USING gist (employee_id WITH =, days WITH &&)
);

COMMENT ON TABLE workforce.postings IS
    'Who was dispatched where, and when: rules end postings after some years.';
COMMENT ON COLUMN workforce.postings.exempt IS
    'True while no limit holds: contract without end, from the age of 60, a project with an end, leave '
    'cover.';

ALTER TABLE workforce.employees ADD COLUMN born_on date CHECK (isfinite(born_on));

COMMENT ON COLUMN workforce.employees.born_on IS
    'Date of birth, where a rule asks for the age; NULL where it is not known.';

-- The contract views, with what rules ask for beyond conflicts. Other systems may leave out the last three
-- views and the new columns: what is not shown is unknown, and rules that depend on it say so.

CREATE OR REPLACE VIEW rota_source.people AS
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
        'hired_on', employee.hired_on,
        'born_on', employee.born_on
    ) AS attributes
FROM workforce.employees AS employee
LEFT JOIN workforce.departments AS department
    ON department.department_id = employee.department_id;

COMMENT ON VIEW rota_source.people IS
    'Who can be scheduled; one row per person. Rules read hired_on and born_on of attributes.';

CREATE OR REPLACE VIEW rota_source.shifts AS
SELECT
    shift.shift_id,
    shift.department_id AS team_id,
    shift.during,
    shift.time_zone,
    shift.shift_type AS kind,
    shift.required_staff AS required,
    shift.required_qualifications AS skills,
    shift.break_minutes,
    coalesce(duty_kind.nature, shift.shift_type) AS nature
FROM workforce.shifts AS shift
LEFT JOIN workforce.duty_kinds AS duty_kind
    ON duty_kind.shift_type = shift.shift_type
WHERE shift.active;

COMMENT ON VIEW rota_source.shifts IS
    'Work to be staffed; withdrawn shifts are left out. nature is the word by which rules know it.';

CREATE OR REPLACE VIEW rota_source.assignments AS
SELECT
    assignment.assignment_id,
    assignment.employee_id AS person_id,
    assignment.shift_id,
    assignment.during,
    shift.shift_type AS kind,
    assignment.binding,
    1::numeric AS load,
    shift.break_minutes AS unpaid_minutes,
    coalesce(duty_kind.nature, shift.shift_type) AS nature,
    false AS estimated
FROM workforce.assignments AS assignment
LEFT JOIN workforce.shifts AS shift
    ON shift.shift_id = assignment.shift_id
LEFT JOIN workforce.duty_kinds AS duty_kind
    ON duty_kind.shift_type = shift.shift_type;

COMMENT ON VIEW rota_source.assignments IS
    'Who is on which shift; binding ones count as booked, always with the whole person. nature is the word '
    'by which rules know the work; estimated says that its times were made up, as those of half days are.';

CREATE VIEW rota_source.conditions AS
SELECT
    stated.employee_id AS person_id,
    stated.condition,
    stated.holds,
    rota.local_days(stated.valid, coalesce(employee.time_zone, department.time_zone, 'UTC')) AS during
FROM workforce.employee_conditions AS stated
LEFT JOIN workforce.employees AS employee
    ON employee.employee_id = stated.employee_id
LEFT JOIN workforce.departments AS department
    ON department.department_id = employee.department_id;

COMMENT ON VIEW rota_source.conditions IS
    'What is stated about people that rules ask for; days are days in the person''s zone.';

CREATE VIEW rota_source.rotations AS
SELECT
    rotation.employee_id AS person_id,
    rotation.kind,
    rotation.during
FROM workforce.rotations AS rotation;

COMMENT ON VIEW rota_source.rotations IS
    'The people''s own periods, over which rules average.';

CREATE VIEW rota_source.postings AS
SELECT
    posting.posting_id,
    posting.employee_id AS person_id,
    posting.unit,
    posting.establishment,
    posting.days
FROM workforce.postings AS posting
WHERE NOT posting.exempt;

COMMENT ON VIEW rota_source.postings IS
    'Where people were dispatched, by local day; what no limit holds for is left out.';

SELECT rota.watch('workforce.duty_kinds');
SELECT rota.watch('workforce.employee_conditions', '{employee_id}');
SELECT rota.watch('workforce.rotations', '{employee_id}');
SELECT rota.watch('workforce.postings', '{employee_id}');
