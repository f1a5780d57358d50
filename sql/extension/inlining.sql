-- Calls of SQL functions that are planned with the statement that makes them.

CREATE FUNCTION rota.inlined(value anyelement) RETURNS anyelement
LANGUAGE sql
STABLE
PARALLEL SAFE
SUPPORT rota.inline_call
AS $$ SELECT value $$;

COMMENT ON FUNCTION rota.inlined(anyelement) IS
    'The value as it is. Around a call of a STABLE or IMMUTABLE function of LANGUAGE sql in standard syntax '
    'with one query that gives json or jsonb, the function''s body takes the place of the call when the '
    'statement is planned.';

COMMENT ON FUNCTION rota.inline_call(internal) IS
    'Asked by the planner about rota.inlined.';
