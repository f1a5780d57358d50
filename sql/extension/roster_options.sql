-- What the options of a schedule may say.

CREATE FUNCTION rota.check_schedule_options(options jsonb) RETURNS void
LANGUAGE plpgsql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    name text;
    wanted text;
BEGIN
    IF jsonb_typeof(options) IS DISTINCT FROM 'object' THEN
        RAISE EXCEPTION USING
            ERRCODE = '22023',
            MESSAGE = format('options is %s, an object would be right', coalesce(options::text, 'null')),
            COLUMN = 'options';
    END IF;
    SELECT option.name, option.wanted
    INTO name, wanted
    FROM (
        VALUES
        ('commit', 'boolean', 'true or false'),
        ('replace', 'boolean', 'true or false'),
        ('allow_conflicts', 'boolean', 'true or false'),
        ('remember', 'boolean', 'true or false'),
        ('weights', 'object', 'an object such as {"short": 10000}'),
        ('house_rules', 'object', 'an object such as {"minimum_day_off": 2160}'),
        ('absent', 'array', 'a list of {"person", "starts_at", "ends_at"}'),
        ('freeze_before', 'string', 'an instant such as "2026-03-02T06:00:00+01:00"')
    ) AS option (name, kind, wanted)
    WHERE
        options ? option.name
        AND jsonb_typeof(options -> option.name) NOT IN (option.kind, 'null')
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = '22023',
            MESSAGE = format('options.%s is %s, %s would be right', name, options -> name, wanted),
            COLUMN = 'options';
    END IF;
    SELECT given.name
    INTO name
    FROM jsonb_object_keys(coalesce(nullif(options -> 'house_rules', 'null'), '{}')) AS given (name)
    WHERE
        given.name NOT IN (
            'everybody', 'successions', 'minimum_rest', 'minimum_day_off', 'fairness', 'pairings'
        )
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = '22023',
            MESSAGE = format('options.house_rules has %I, which is not known', name),
            HINT = 'everybody, successions, minimum_rest, minimum_day_off, fairness and pairings are',
            COLUMN = 'options';
    END IF;
END
$$;

COMMENT ON FUNCTION rota.check_schedule_options(jsonb) IS
    'Refuses options of a schedule that mean nothing.';

CREATE FUNCTION rota.search_options(options jsonb) RETURNS jsonb
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT
        options - ARRAY[
            'commit', 'replace', 'allow_conflicts', 'remember', 'weights', 'house_rules', 'absent',
            'freeze_before'
        ]
$$;

COMMENT ON FUNCTION rota.search_options(jsonb) IS
    'What of the options of a schedule is meant for the search.';

CREATE FUNCTION rota.remembers_rosters(task text, options jsonb) RETURNS boolean
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- Steps make an answer that depends on nothing but the problem and the seed, so on no earlier search.
    SELECT
        task = 'generate'
        AND coalesce(options -> 'steps', 'null') = 'null'
        AND options -> 'remember' IS DISTINCT FROM 'false'
$$;

COMMENT ON FUNCTION rota.remembers_rosters(text, jsonb) IS
    'Whether a search begins with what earlier ones found, and keeps what it finds.';
