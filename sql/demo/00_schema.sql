-- The demo organisation: a schema that exists only while it is generated.
--
-- Chance is a hash of the seed and a name for the throw: the same seed gives the same organisation, whatever
-- order the rows are made in, and one throw can be added without moving the others.

CREATE SCHEMA demo;

COMMENT ON SCHEMA demo IS 'Generator of a demo organisation; dropped when it has run.';

CREATE FUNCTION demo.chance(seed bigint, throw text) RETURNS double precision
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
-- 53 bits are what a double holds exactly.
RETURN (hashtextextended(throw, seed) & 9007199254740991) / 9007199254740992.0::double precision;

COMMENT ON FUNCTION demo.chance(bigint, text) IS
    'A number in [0, 1) that the seed and the throw''s name decide.';

CREATE FUNCTION demo.pick(words text[], seed bigint, throw text) RETURNS text
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN words[1 + floor(demo.chance(seed, throw) * cardinality(words))::integer];

COMMENT ON FUNCTION demo.pick(text[], bigint, text) IS 'One of the words, every one as likely.';

-- What the steps hand on to each other. Numbers count from 1 in the order of making.

CREATE UNLOGGED TABLE demo.units (
    number integer PRIMARY KEY,
    parent_number integer,
    depth integer NOT NULL,
    name text NOT NULL,
    time_zone text NOT NULL,
    department_id bigint
);

COMMENT ON TABLE demo.units IS 'Departments to be: sites, divisions below them, wards below those.';

CREATE UNLOGGED TABLE demo.people (
    number integer PRIMARY KEY,
    unit_number integer NOT NULL,
    pattern text NOT NULL,
    duties_per_week integer NOT NULL,
    phase integer NOT NULL,
    day_offset integer NOT NULL,
    employee_id bigint,
    department_id bigint,
    time_zone text
);

COMMENT ON TABLE demo.people IS
    'Employees to be. pattern: rotating (early, late, night by week), alternating (early, late), office '
    '(weekdays), duty (24 hours, twice a week). A person''s week begins day_offset days before the '
    'calendar''s.';

CREATE UNLOGGED TABLE demo.duties (
    person_number integer NOT NULL,
    unit_number integer NOT NULL,
    employee_id bigint NOT NULL,
    department_id bigint NOT NULL,
    time_zone text NOT NULL,
    date date NOT NULL,
    kind text NOT NULL,
    status text NOT NULL
);

COMMENT ON TABLE demo.duties IS 'Assignments to be.';

CREATE TABLE demo.kinds (
    kind text PRIMARY KEY,
    start_time time NOT NULL,
    end_time time NOT NULL,
    break_minutes integer NOT NULL,
    required_qualifications text[] NOT NULL
);

INSERT INTO demo.kinds (kind, start_time, end_time, break_minutes, required_qualifications)
VALUES
    ('early', '06:00', '14:30', 30, '{first_aid}'),
    ('late', '14:00', '22:30', 30, '{first_aid}'),
    ('night', '22:00', '06:30', 30, '{first_aid}'),
    ('office', '08:00', '16:30', 30, '{}'),
    ('duty', '08:00', '08:00', 60, '{physician}');

COMMENT ON TABLE demo.kinds IS
    'Kinds of shift. late overlaps early and night by half an hour, for the handover.';
