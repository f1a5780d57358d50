-- What rota.guard_overlaps refuses before it makes anything, and the names that it gives.

CREATE FUNCTION rota.refuse_guard(
    sqlstate_code text,
    argument text,
    message text,
    hint text
) RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = sqlstate_code, MESSAGE = message, HINT = hint, COLUMN = argument;
END
$$;

COMMENT ON FUNCTION rota.refuse_guard(text, text, text, text) IS
    'Raises an error that names an argument.';

CREATE FUNCTION rota.check_guarded_table(guarded_table regclass) RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    relation pg_class;
    fault text;
BEGIN
    IF guarded_table IS NULL THEN
        PERFORM rota.refuse_guard('22004', 'guarded_table', 'guarded_table must not be null', 'name a table');
    END IF;
    SELECT candidate.* INTO relation FROM pg_class AS candidate WHERE candidate.oid = guarded_table;
    fault := CASE
        WHEN NOT FOUND THEN 'does not exist'
        WHEN relation.relkind = 'v' THEN 'is a view'
        WHEN relation.relkind = 'm' THEN 'is a materialized view'
        WHEN relation.relkind = 'f' THEN 'is a foreign table'
        WHEN relation.relkind NOT IN ('r', 'p') THEN 'is no table'
        WHEN relation.relnamespace = 'pg_catalog'::regnamespace THEN 'belongs to the system'
        WHEN NOT relation.relispartition AND EXISTS (
            SELECT FROM pg_inherits AS link WHERE link.inhrelid = guarded_table
        ) THEN 'inherits from another table'
        WHEN relation.relkind = 'r' AND EXISTS (
            SELECT FROM pg_inherits AS link WHERE link.inhparent = guarded_table
        ) THEN 'has tables that inherit from it'
        WHEN EXISTS (
            SELECT
            FROM pg_partition_tree(guarded_table) AS partition
            JOIN pg_class AS part ON part.oid = partition.relid
            WHERE part.relkind NOT IN ('r', 'p')
        ) THEN 'has a partition that is no table of this server'
    END;
    IF fault IS NOT NULL THEN
        PERFORM rota.refuse_guard(
            '42809',
            'guarded_table',
            format('%s %s', guarded_table, fault),
            'guard an ordinary or a partitioned table; a trigger on it has to see every row that is written'
        );
    END IF;
    IF NOT pg_has_role(current_user, relation.relowner, 'USAGE') THEN
        PERFORM rota.refuse_guard(
            '42501',
            'guarded_table',
            format('must be owner of table %s', guarded_table),
            'ask its owner to make the guard'
        );
    END IF;
END
$$;

COMMENT ON FUNCTION rota.check_guarded_table(regclass) IS
    'Refuses what is no table, inherits, or belongs to somebody else.';

CREATE FUNCTION rota.check_guard_column(
    guarded_table regclass,
    argument text,
    column_name name
) RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    attribute pg_attribute;
BEGIN
    IF column_name IS NULL THEN
        PERFORM rota.refuse_guard(
            '22004',
            argument,
            format('%s must not be null', argument),
            format('name a column of %s', guarded_table)
        );
    END IF;
    SELECT
        candidate.*
    INTO attribute
    FROM pg_attribute AS candidate
    WHERE candidate.attrelid = guarded_table
        AND candidate.attname = column_name
        AND candidate.attnum > 0
        AND NOT candidate.attisdropped;
    IF NOT FOUND THEN
        PERFORM rota.refuse_guard(
            '42703',
            argument,
            format('%s "%s" is no column of %s', argument, column_name, guarded_table),
            format('name a column of %s', guarded_table)
        );
    END IF;
    IF attribute.attgenerated = 'v' THEN
        PERFORM rota.refuse_guard(
            '0A000',
            argument,
            format('%s "%s" is a virtual generated column', argument, column_name),
            'a generated column has to be STORED to be guarded'
        );
    END IF;
END
$$;

COMMENT ON FUNCTION rota.check_guard_column(regclass, text, name) IS
    'Refuses a column that does not exist or is not stored.';

-- The base type of a column, domains taken off.
CREATE FUNCTION rota.base_type_of(guarded_table regclass, column_name name) RETURNS pg_catalog.pg_type
LANGUAGE sql
STABLE
BEGIN ATOMIC
    WITH RECURSIVE types AS (
        SELECT
            attribute.atttypid AS type_id
        FROM pg_catalog.pg_attribute AS attribute
        WHERE attribute.attrelid = guarded_table
            AND attribute.attname = column_name
        UNION ALL
        SELECT
            domain.typbasetype
        FROM types
        JOIN pg_catalog.pg_type AS domain ON domain.oid = types.type_id AND domain.typtype = 'd'
    )
    SELECT
        found
    FROM types
    JOIN pg_catalog.pg_type AS found ON found.oid = types.type_id
    WHERE found.typtype <> 'd';
END;

COMMENT ON FUNCTION rota.base_type_of(regclass, name) IS 'The type of a column without domains around it.';

CREATE FUNCTION rota.guard_gap_units(
    guarded_table regclass,
    range_column name,
    minimum_gap text
) RETURNS bigint
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- The subtype's input says what is wrong with a text that is none of its values.
    subtype oid;
    distance interval;
    units numeric;
BEGIN
    IF minimum_gap IS NULL THEN
        RETURN 0;
    END IF;
    SELECT
        kind.rngsubtype
    INTO subtype
    FROM pg_range AS kind
    WHERE kind.rngtypid = (rota.base_type_of(guarded_table, range_column)).oid;
    BEGIN
        CASE
            WHEN subtype IN ('timestamptz'::regtype, 'timestamp'::regtype) THEN
                distance := minimum_gap::interval;
                IF extract(year FROM distance) <> 0 OR extract(month FROM distance) <> 0 THEN
                    PERFORM rota.refuse_guard(
                        '22023',
                        'minimum_gap',
                        format('minimum_gap %s has months, which have no exact length', minimum_gap),
                        'say it in days of 24 hours, or in hours and minutes, such as 11 hours'
                    );
                END IF;
                units := extract(day FROM distance) * 86400000000
                    + extract(hour FROM distance) * 3600000000
                    + extract(minute FROM distance) * 60000000
                    + extract(microseconds FROM distance);
            WHEN subtype IN ('date'::regtype, 'integer'::regtype, 'bigint'::regtype) THEN
                units := minimum_gap::bigint;
            ELSE
                PERFORM rota.refuse_guard(
                    '0A000',
                    'minimum_gap',
                    format('minimum_gap has no meaning for ranges of %s', format_type(subtype, NULL)),
                    'a gap can be kept between timestamps, dates and integers'
                );
        END CASE;
    EXCEPTION
        WHEN invalid_text_representation OR invalid_datetime_format OR datetime_field_overflow
            OR numeric_value_out_of_range OR interval_field_overflow THEN
            PERFORM rota.refuse_guard(
                '22023',
                'minimum_gap',
                format('minimum_gap "%s" is no distance', minimum_gap),
                'an interval such as 11 hours for timestamps, a number of days for dates, a number for integers'
            );
    END;
    IF units <= 0 THEN
        PERFORM rota.refuse_guard(
            '22023',
            'minimum_gap',
            format('minimum_gap %s is not above zero', minimum_gap),
            'leave it out where touching is fine'
        );
    END IF;
    RETURN units;
END
$$;

COMMENT ON FUNCTION rota.guard_gap_units(regclass, name, text) IS
    'A minimum gap in microseconds, days or ones, as the range''s subtype counts; a day of an interval is 24 hours.';

CREATE FUNCTION rota.new_guard_name(guarded_table regclass, wanted name) RETURNS name
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- Room for the suffixes of the triggers in a name of 63 bytes.
    most_bytes constant integer := 50;
    suffix constant text := '_no_overlap';
    stem text;
    candidate text := wanted;
    attempt integer := 0;
BEGIN
    IF octet_length(wanted) > most_bytes THEN
        PERFORM rota.refuse_guard(
            '42622',
            'guard_name',
            format('guard_name "%s" has %s bytes', wanted, octet_length(wanted)),
            format('at most %s, because the triggers carry it in their names', most_bytes)
        );
    END IF;
    LOOP
        IF wanted IS NULL THEN
            SELECT class.relname INTO stem FROM pg_class AS class WHERE class.oid = guarded_table;
            WHILE octet_length(stem || suffix || nullif(attempt, 0)) > most_bytes
                OR octet_length(stem || suffix) > most_bytes LOOP
                stem := left(stem, -1);
            END LOOP;
            candidate := concat(stem, suffix, nullif(attempt, 0));
        END IF;
        EXIT WHEN NOT EXISTS (
            SELECT
            FROM pg_trigger AS trigger
            WHERE trigger.tgrelid = guarded_table
                AND trigger.tgname IN (candidate, candidate || '_on_insert', candidate || '_on_update')
        );
        IF wanted IS NOT NULL THEN
            PERFORM rota.refuse_guard(
                '42710',
                'guard_name',
                format('%s already has a guard "%s"', guarded_table, wanted),
                'rota.unguard_overlaps removes it'
            );
        END IF;
        attempt := attempt + 1;
    END LOOP;
    RETURN candidate;
END
$$;

COMMENT ON FUNCTION rota.new_guard_name(regclass, name) IS
    'The name wanted for a new guard, or one made from the table''s.';

CREATE FUNCTION rota.the_guard(guarded_table regclass, guard_name name) RETURNS rota.guards
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    candidates rota.guards[];
BEGIN
    SELECT
        coalesce(array_agg(guard), '{}')
    INTO candidates
    FROM rota.guards AS guard
    WHERE guard.guarded_table = the_guard.guarded_table
        AND (the_guard.guard_name IS NULL OR guard.guard_name = the_guard.guard_name);
    IF cardinality(candidates) = 0 THEN
        PERFORM rota.refuse_guard(
            '42704',
            CASE WHEN guard_name IS NULL THEN 'guarded_table' ELSE 'guard_name' END,
            concat_ws(' ', guarded_table::text, 'has no guard', quote_ident(guard_name)),
            'rota.guards lists them'
        );
    ELSIF cardinality(candidates) > 1 THEN
        PERFORM rota.refuse_guard(
            '42725',
            'guard_name',
            format('%s has %s guards', guarded_table, cardinality(candidates)),
            'say which; rota.guards lists them'
        );
    END IF;
    RETURN candidates[1];
END
$$;

COMMENT ON FUNCTION rota.the_guard(regclass, name) IS
    'The guard of a table by its name, or the only one.';
