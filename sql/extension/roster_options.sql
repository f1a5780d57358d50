-- What the options of a schedule may say.

CREATE FUNCTION rota.check_schedule_options(options jsonb, path text DEFAULT 'options') RETURNS void
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
            MESSAGE = format('%s is %s, an object would be right', path, coalesce(options::text, 'null')),
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
            MESSAGE = format('%s.%s is %s, %s would be right', path, name, options -> name, wanted),
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
            MESSAGE = format('%s.house_rules has %I, which is not known', path, name),
            HINT = 'everybody, successions, minimum_rest, minimum_day_off, fairness and pairings are',
            COLUMN = 'options';
    END IF;
END
$$;

COMMENT ON FUNCTION rota.check_schedule_options(jsonb, text) IS
    'Refuses options of a schedule that mean nothing: those of a call, or those kept with it.';

CREATE FUNCTION rota.option_instant(path text, given text) RETURNS timestamptz
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN given::timestamptz;
EXCEPTION
    WHEN data_exception THEN
        RAISE EXCEPTION USING
            ERRCODE = '22023',
            MESSAGE = format(
                'options.%s is "%s", an instant such as "2026-03-02T06:00:00+01:00" would be right',
                path,
                given
            ),
            COLUMN = 'options';
END
$$;

COMMENT ON FUNCTION rota.option_instant(text, text) IS
    'The instant that an option names; NULL for none.';

CREATE FUNCTION rota.read_absences(options jsonb) RETURNS TABLE (person text, during tstzrange)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    known constant text[] := '{person, starts_at, ends_at}';
    place bigint;
    item jsonb;
    starts_at timestamptz;
    ends_at timestamptz;
    fault text;
BEGIN
    FOR item, place IN
        SELECT element.item, element.place - 1
        FROM jsonb_array_elements(coalesce(nullif(options -> 'absent', 'null'), '[]'))
            WITH ORDINALITY AS element (item, place)
        ORDER BY element.place
    LOOP
        fault := CASE
            WHEN jsonb_typeof(item) <> 'object' THEN format('is %s', item)
            WHEN coalesce(item -> 'person', 'null') = 'null' THEN 'has no "person"'
            WHEN item - known <> '{}' THEN
                format('has %s, which is not known', item - known)
        END;
        IF fault IS NULL THEN
            person := item ->> 'person';
            starts_at := rota.option_instant(format('absent[%s].starts_at', place), item ->> 'starts_at');
            ends_at := rota.option_instant(format('absent[%s].ends_at', place), item ->> 'ends_at');
            fault := CASE
                WHEN starts_at >= ends_at THEN 'ends at or before its start'
                WHEN
                    NOT EXISTS (
                        SELECT
                        FROM rota_source.people AS somebody
                        WHERE somebody.person_id::text = read_absences.person
                    )
                THEN format('names person "%s", who does not exist', person)
            END;
        END IF;
        IF fault IS NOT NULL THEN
            RAISE EXCEPTION USING
                ERRCODE = '22023',
                MESSAGE = format(
                    'options.absent[%s] %s, {"person", "starts_at", "ends_at"} would be right', place, fault
                ),
                COLUMN = 'options';
        END IF;
        during := tstzrange(starts_at, ends_at);
        RETURN NEXT;
    END LOOP;
END
$$;

COMMENT ON FUNCTION rota.read_absences(jsonb) IS
    'The absences that options name beside those of the tables. A side that is missing has no bound.';

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
