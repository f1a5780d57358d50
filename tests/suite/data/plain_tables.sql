-- The contract views as tables of somebody else: text ids, no constraint, no index.

CREATE SCHEMA rota_source;

CREATE TABLE rota_source.people (
    person_id text,
    name text,
    time_zone text DEFAULT 'UTC',
    team_id text,
    active boolean DEFAULT true,
    attributes jsonb DEFAULT '{}'
);

CREATE TABLE rota_source.shifts (
    shift_id text,
    team_id text,
    during tstzrange,
    time_zone text DEFAULT 'UTC',
    kind text DEFAULT 'shift',
    required integer,
    skills text[] DEFAULT '{}',
    break_minutes integer DEFAULT 0
);

CREATE TABLE rota_source.assignments (
    assignment_id text,
    person_id text,
    shift_id text,
    during tstzrange,
    kind text DEFAULT 'shift',
    binding boolean DEFAULT true,
    load numeric DEFAULT 1,
    unpaid_minutes integer DEFAULT 0
);

CREATE TABLE rota_source.absences (
    person_id text,
    during tstzrange,
    kind text DEFAULT 'leave',
    excluded_from_averages boolean DEFAULT false
);

CREATE TABLE rota_source.availability (
    person_id text,
    during tstzrange,
    preference text
);

CREATE TABLE rota_source.skills (
    person_id text,
    skill text,
    during tstzrange DEFAULT '(,)'
);

CREATE TABLE rota_source.rules (
    rule_id text,
    rule_type text,
    parameters jsonb,
    level text DEFAULT 'violation',
    scope text,
    during tstzrange DEFAULT '(,)'
);
