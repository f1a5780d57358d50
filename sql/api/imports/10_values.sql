-- Reading one value of a file: its type, or NULL when it is none.
--
-- A failing cast raises, and catching an error per value costs a subtransaction. So a pattern decides first
-- that the cast cannot fail, and only the few values that it cannot decide (the 29th to the 31st of a month)
-- are tried. No value raises.

CREATE FUNCTION api.given(value text) RETURNS text
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN nullif(btrim(value, E' \t\r\n'), '');

COMMENT ON FUNCTION api.given IS 'The value without white space around it; NULL when nothing is left.';

CREATE FUNCTION api.try_date(value text) RETURNS date
LANGUAGE plpgsql
IMMUTABLE
AS $$
BEGIN
    RETURN make_date(left(value, 4)::integer, substr(value, 6, 2)::integer, right(value, 2)::integer);
EXCEPTION
    WHEN datetime_field_overflow THEN
        RETURN NULL;
END
$$;

COMMENT ON FUNCTION api.try_date IS
    'The date of text shaped like 2026-10-31; NULL when the calendar has no such day.';

CREATE FUNCTION api.date_value(value text) RETURNS date
LANGUAGE sql
IMMUTABLE
RETURN CASE
    WHEN value ~ '^[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])$' THEN
        make_date(left(value, 4)::integer, substr(value, 6, 2)::integer, right(value, 2)::integer)
    WHEN value ~ '^[1-9][0-9]{3}-(0[1-9]|1[0-2])-[0-9]{2}$' THEN api.try_date(value)
END;

COMMENT ON FUNCTION api.date_value IS 'The date of text like 2026-10-05; NULL for anything else.';

CREATE FUNCTION api.time_value(value text) RETURNS time
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN CASE
    WHEN value ~ '^(([01]?[0-9]|2[0-3]):[0-5][0-9]|24:00)(:00)?$' THEN
        make_interval(
            hours => split_part(value, ':', 1)::integer,
            mins => split_part(value, ':', 2)::integer
        )::time
END;

COMMENT ON FUNCTION api.time_value IS
    'The time of text like 22:00, in whole minutes; 24:00 is the end of the day, which is 00:00; NULL for '
    'anything else.';

CREATE FUNCTION api.integer_value(value text) RETURNS integer
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN CASE WHEN value ~ '^-?[0-9]{1,9}$' THEN value::integer END;

COMMENT ON FUNCTION api.integer_value IS 'The whole number of up to nine digits; NULL for anything else.';

CREATE FUNCTION api.boolean_value(value text) RETURNS boolean
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
RETURN CASE
    WHEN lower(value) IN ('true', 't', 'yes', 'y', 'on', '1') THEN true
    WHEN lower(value) IN ('false', 'f', 'no', 'n', 'off', '0') THEN false
END;

COMMENT ON FUNCTION api.boolean_value IS 'True or false as people write them; NULL for anything else.';
