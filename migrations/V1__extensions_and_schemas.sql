-- The extensions that the tables stand on, and the schemas that hold them.
--
-- btree_gist lets an exclusion constraint compare a plain key beside a range (periods of a qualification).
-- pg_trgm lets an index answer a search inside a text.
-- rota brings its own schema `rota`: no table of ours ever goes into it, so that dropping or dumping
-- the extension never touches data.

CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;
CREATE EXTENSION IF NOT EXISTS rota;

CREATE SCHEMA workforce;
COMMENT ON SCHEMA workforce IS
    'Who works, when, and on what: departments, employees, shifts, schedules, assignments, rules.';

CREATE SCHEMA access;
COMMENT ON SCHEMA access IS
    'Who may do what: users, roles, permissions, scopes, and the log of what was done.';

CREATE SCHEMA rota_source;
COMMENT ON SCHEMA rota_source IS
    'The views that the rota functions read. Replace them to run rota over tables of your own.';

CREATE SCHEMA api;
COMMENT ON SCHEMA api IS
    'One function per endpoint. Emptied and filled again whenever sql/api changes: keep nothing else here.';
