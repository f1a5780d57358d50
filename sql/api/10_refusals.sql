-- How an endpoint refuses: one function per reason, so that every refusal carries the same parts.
--
-- The message says what was given, the hint what would be right, the column which argument is meant. They
-- return boolean and not void so that an SQL function can call them inside an expression.

CREATE FUNCTION api.refuse(argument text, message text, hint text) RETURNS boolean
LANGUAGE plpgsql
IMMUTABLE
AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'invalid_parameter_value',
        MESSAGE = refuse.message,
        HINT = refuse.hint,
        COLUMN = refuse.argument;
END
$$;

COMMENT ON FUNCTION api.refuse IS
    'Refuses an argument: raises 22023 with the message, the hint and the argument''s name.';

CREATE FUNCTION api.refuse_unknown(argument text, message text, hint text) RETURNS boolean
LANGUAGE plpgsql
IMMUTABLE
AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'no_data_found',
        MESSAGE = refuse_unknown.message,
        HINT = refuse_unknown.hint,
        COLUMN = refuse_unknown.argument;
END
$$;

COMMENT ON FUNCTION api.refuse_unknown IS
    'Refuses an identifier that names nothing: raises P0002.';

CREATE FUNCTION api.refuse_clash(argument text, message text, hint text) RETURNS boolean
LANGUAGE plpgsql
IMMUTABLE
AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'unique_violation',
        MESSAGE = refuse_clash.message,
        HINT = refuse_clash.hint,
        COLUMN = refuse_clash.argument;
END
$$;

COMMENT ON FUNCTION api.refuse_clash IS
    'Refuses what exists already: raises 23505.';

CREATE FUNCTION api.refuse_double_booking(message text, hint text) RETURNS boolean
LANGUAGE plpgsql
IMMUTABLE
AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'exclusion_violation',
        MESSAGE = refuse_double_booking.message,
        HINT = refuse_double_booking.hint;
END
$$;

COMMENT ON FUNCTION api.refuse_double_booking IS
    'Refuses a booking that overlaps another of the same person: raises 23P01.';

CREATE FUNCTION api.refuse_state(message text, hint text) RETURNS boolean
LANGUAGE plpgsql
IMMUTABLE
AS $$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'object_not_in_prerequisite_state',
        MESSAGE = refuse_state.message,
        HINT = refuse_state.hint;
END
$$;

COMMENT ON FUNCTION api.refuse_state IS
    'Refuses a step that the present state does not allow: raises 55000.';
