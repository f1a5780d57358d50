-- The schema of the endpoint functions.
--
-- Everything in it is made again from these files whenever they change, so nothing else may live here.

CREATE SCHEMA IF NOT EXISTS api;

COMMENT ON SCHEMA api IS 'Endpoint and import functions, made from sql/api; the proxy exposes them.';
