-- Checks that several endpoints make of their arguments.

CREATE FUNCTION api.require_window(from_date date, to_date date, maximum_days integer) RETURNS boolean
LANGUAGE plpgsql
IMMUTABLE
AS $$
BEGIN
    IF from_date IS NULL OR NOT isfinite(from_date) THEN
        PERFORM api.refuse('from_date', 'from_date is missing', 'give the first day, like 2026-10-05');
    END IF;
    IF to_date IS NULL OR NOT isfinite(to_date) THEN
        PERFORM api.refuse('to_date', 'to_date is missing', 'give the day after the last one');
    END IF;
    IF to_date <= from_date THEN
        PERFORM api.refuse(
            'to_date',
            format('to_date %s is not after from_date %s', to_date, from_date),
            'to_date is the day after the last one, so it must be later than from_date'
        );
    END IF;
    IF to_date - from_date > maximum_days THEN
        PERFORM api.refuse(
            'to_date',
            format('%s to %s are %s days', from_date, to_date, to_date - from_date),
            format('ask for at most %s days at once', maximum_days)
        );
    END IF;
    RETURN true;
END
$$;

COMMENT ON FUNCTION api.require_window IS
    'True for a window of local dates [from_date, to_date) of at most maximum_days; else raises 22023.';

CREATE FUNCTION api.window_instants(from_date date, to_date date, time_zone text, maximum_days integer)
RETURNS tstzrange
LANGUAGE plpgsql
IMMUTABLE
AS $$
BEGIN
    PERFORM api.require_window(from_date, to_date, maximum_days);
    RETURN rota.local_days(daterange(from_date, to_date), time_zone);
END
$$;

COMMENT ON FUNCTION api.window_instants IS
    'The instants of the local days [from_date, to_date) in time_zone; raises 22023 like '
    'api.require_window.';

CREATE FUNCTION api.require_text(argument text, value text, maximum_characters integer) RETURNS boolean
LANGUAGE plpgsql
IMMUTABLE
AS $$
BEGIN
    IF value IS NULL OR btrim(value) = '' THEN
        PERFORM api.refuse(argument, argument || ' is empty', 'give some text that is not blank');
    END IF;
    IF char_length(value) > maximum_characters THEN
        PERFORM api.refuse(
            argument,
            format('%s has %s characters', argument, char_length(value)),
            format('use at most %s', maximum_characters)
        );
    END IF;
    RETURN true;
END
$$;

COMMENT ON FUNCTION api.require_text IS
    'True for text that is neither blank nor longer than maximum_characters; else raises 22023.';

CREATE FUNCTION api.require_between(argument text, value numeric, lowest numeric, highest numeric)
RETURNS boolean
LANGUAGE plpgsql
IMMUTABLE
AS $$
BEGIN
    IF value IS NULL OR value BETWEEN lowest AND highest THEN
        RETURN true;
    END IF;
    RETURN api.refuse(
        argument,
        format('%s %s is out of range', argument, value),
        format('use a value from %s to %s', lowest, highest)
    );
END
$$;

COMMENT ON FUNCTION api.require_between IS
    'True for NULL and for a value from lowest to highest; else raises 22023.';

CREATE FUNCTION api.require_one_of(argument text, value text, allowed text[]) RETURNS boolean
LANGUAGE plpgsql
IMMUTABLE
AS $$
BEGIN
    IF value IS NULL OR value = ANY (allowed) THEN
        RETURN true;
    END IF;
    RETURN api.refuse(
        argument,
        format('%s "%s" is not known', argument, value),
        'one of: ' || array_to_string(allowed, ', ')
    );
END
$$;

COMMENT ON FUNCTION api.require_one_of IS
    'True for NULL and for one of the allowed words; else raises 22023 with the list as the hint.';

CREATE FUNCTION api.is_time_zone(value text) RETURNS boolean
LANGUAGE plpgsql
STABLE
AS $$
BEGIN
    RETURN rota.local_days(daterange('2000-01-01', '2000-01-02'), value) IS NOT NULL;
EXCEPTION
    WHEN invalid_parameter_value THEN
        RETURN false;
END
$$;

COMMENT ON FUNCTION api.is_time_zone IS 'Whether the server knows a time zone of that name; NULL for NULL.';

CREATE FUNCTION api.require_time_zone(value text) RETURNS boolean
LANGUAGE plpgsql
STABLE
AS $$
BEGIN
    IF value IS NULL OR api.is_time_zone(value) THEN
        RETURN true;
    END IF;
    RETURN api.refuse(
        'time_zone',
        format('time zone "%s" is not known', value),
        'use an IANA name like Europe/Berlin'
    );
END
$$;

COMMENT ON FUNCTION api.require_time_zone IS
    'True for NULL and for a time zone that the server knows; else raises 22023.';

CREATE FUNCTION api.require_clearable(clear text[], given text[], nullable text[]) RETURNS boolean
LANGUAGE plpgsql
IMMUTABLE
AS $$
DECLARE
    field text;
BEGIN
    FOREACH field IN ARRAY coalesce(clear, '{}') LOOP
        IF field IS NULL OR field <> ALL (nullable) THEN
            PERFORM api.refuse(
                'clear',
                format('field "%s" cannot be cleared', field),
                'one of: ' || array_to_string(nullable, ', ')
            );
        END IF;
        IF field = ANY (given) THEN
            PERFORM api.refuse(
                'clear',
                format('field "%s" is both given and cleared', field),
                'give the field a value, or name it in clear, not both'
            );
        END IF;
    END LOOP;
    RETURN true;
END
$$;

COMMENT ON FUNCTION api.require_clearable IS
    'True when every field to clear is nullable and has not been given a value too; else raises 22023.';
