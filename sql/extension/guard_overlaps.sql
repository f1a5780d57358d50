-- Making and removing guards.

CREATE FUNCTION rota.make_guard_triggers(guarded_table regclass, definition jsonb) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    guard text := definition ->> 'guard';
    told text;
BEGIN
    SELECT
        string_agg(quote_literal(member.key || '=' || coalesce(member.value, '')), ', ' ORDER BY member.key)
    INTO told
    FROM jsonb_each_text(definition) AS member;
    EXECUTE format(
        'CREATE TRIGGER %I AFTER INSERT ON %s REFERENCING NEW TABLE AS new_rows '
        'FOR EACH STATEMENT EXECUTE FUNCTION rota.guard_statement(%s)',
        guard || '_on_insert', guarded_table, told
    );
    EXECUTE format(
        'CREATE TRIGGER %I AFTER UPDATE ON %s REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows '
        'FOR EACH STATEMENT EXECUTE FUNCTION rota.guard_statement(%s)',
        guard || '_on_update', guarded_table, told
    );
    -- The server gives a row trigger to the partitions by itself.
    IF (definition ->> 'deferred')::boolean AND NOT EXISTS (
        SELECT
        FROM pg_trigger AS known
        WHERE known.tgrelid = guarded_table
            AND known.tgname = guard
    ) THEN
        EXECUTE format(
            'CREATE CONSTRAINT TRIGGER %I AFTER INSERT OR UPDATE ON %s DEFERRABLE INITIALLY DEFERRED '
            'FOR EACH ROW EXECUTE FUNCTION rota.guard_row(%s)',
            guard, guarded_table, told
        );
    END IF;
END
$$;

COMMENT ON FUNCTION rota.make_guard_triggers(regclass, jsonb) IS
    'The triggers of a guard on one table or partition.';

CREATE FUNCTION rota.make_guard_index(
    guarded_table regclass,
    guard_name name,
    key_column name,
    range_column name,
    qualified_predicate text
) RETURNS name
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    schema_name name;
    operator_class text;
    index_name text := guard_name || '_idx';
    attempt integer := 0;
BEGIN
    SELECT
        class.relnamespace::regnamespace::text
    INTO schema_name
    FROM pg_class AS class
    WHERE class.oid = guarded_table;
    WHILE to_regclass(format('%s.%I', schema_name, index_name)) IS NOT NULL LOOP
        attempt := attempt + 1;
        index_name := guard_name || '_idx' || attempt;
    END LOOP;
    -- The range type's own order of its bounds, which need not be the subtype's usual one.
    SELECT
        format(
            '%s%I.%I',
            CASE
                WHEN kind.rngcollation <> 0 THEN
                    (
                        SELECT
                            format('COLLATE %s.%I ', known.collnamespace::regnamespace, known.collname)
                        FROM pg_collation AS known
                        WHERE known.oid = kind.rngcollation
                    )
            END,
            (SELECT namespace.nspname FROM pg_namespace AS namespace WHERE namespace.oid = class.opcnamespace),
            class.opcname
        )
    INTO operator_class
    FROM pg_range AS kind
    JOIN pg_opclass AS class ON class.oid = kind.rngsubopc
    WHERE kind.rngtypid = (rota.base_type_of(guarded_table, range_column)).oid;
    EXECUTE format(
        'CREATE INDEX %I ON %s (%I, lower(%I) %s)',
        index_name, guarded_table, key_column, range_column, operator_class
    ) || coalesce(' WHERE ' || qualified_predicate, '');
    RETURN index_name;
END
$$;

COMMENT ON FUNCTION rota.make_guard_index(regclass, name, name, name, text) IS
    'Builds the B-tree that a guard looks in, and returns its name.';

CREATE FUNCTION rota.make_guard(
    guarded_table regclass,
    key_column name,
    range_column name,
    qualified_predicate text,
    capacity numeric,
    load_column name,
    minimum_gap text,
    deferred boolean,
    guard_name name
) RETURNS name
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    range_type pg_type;
    definition jsonb;
    guard name;
    gap_units bigint;
    serving text;
    space integer;
    partition regclass;
BEGIN
    PERFORM rota.check_guarded_table(guarded_table);
    PERFORM rota.check_guard_column(guarded_table, 'key_column', key_column);
    PERFORM rota.check_guard_column(guarded_table, 'range_column', range_column);
    IF load_column IS NOT NULL THEN
        PERFORM rota.check_guard_column(guarded_table, 'load_column', load_column);
    END IF;
    range_type := rota.base_type_of(guarded_table, range_column);
    IF range_type.typtype <> 'r' THEN
        PERFORM rota.refuse_guard(
            '42804',
            'range_column',
            format('range_column "%s" is of type %s', range_column, format_type(range_type.oid, NULL)),
            'a range type would be right, such as tstzrange; no multirange'
        );
    END IF;
    IF capacity IS NULL OR capacity <= 0 OR capacity = 'NaN' OR capacity >= 1e36
        OR scale(trim_scale(capacity)) > 36 OR (load_column IS NULL AND capacity <> trunc(capacity)) THEN
        PERFORM rota.refuse_guard(
            '22023',
            'capacity',
            format('capacity is %s', coalesce(capacity::text, 'null')),
            'a number above zero; a whole one without load_column'
        );
    END IF;
    IF deferred IS NULL THEN
        PERFORM rota.refuse_guard('22004', 'deferred', 'deferred must not be null', 'true or false');
    END IF;
    IF minimum_gap IS NOT NULL AND (capacity <> 1 OR load_column IS NOT NULL) THEN
        PERFORM rota.refuse_guard(
            '0A000',
            'minimum_gap',
            'minimum_gap has no meaning where several rows may be there at once',
            'make two guards, or leave out the capacity'
        );
    END IF;
    gap_units := rota.guard_gap_units(guarded_table, range_column, minimum_gap);
    guard := rota.new_guard_name(guarded_table, guard_name);
    PERFORM rota.check_guard_types(guarded_table, key_column, load_column);

    EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', guarded_table);
    SELECT
        class.relname
    INTO serving
    FROM pg_class AS class
    WHERE class.oid
        = rota.find_guard_index(guarded_table, key_column, range_column, qualified_predicate);
    -- The smallest number that no other guard of the table has.
    SELECT
        min(candidate.number)
    INTO space
    FROM generate_series(0, 1000) AS candidate (number)
    WHERE NOT EXISTS (
        SELECT
        FROM rota.guard_triggers AS known
        WHERE known.table_id = guarded_table
            AND (known.definition ->> 'lock_space')::integer = candidate.number
    );
    definition := jsonb_build_object(
        'guard', guard,
        'key', key_column,
        'range', range_column,
        'predicate', qualified_predicate,
        'predicate_columns', rota.guard_predicate_columns(guarded_table, qualified_predicate)::text,
        'capacity', trim_scale(capacity),
        'load', load_column,
        'gap', minimum_gap,
        'gap_units', gap_units,
        'deferred', deferred,
        'lock_space', space,
        'index_made', serving IS NULL,
        'index', coalesce(
            serving,
            rota.make_guard_index(guarded_table, guard, key_column, range_column, qualified_predicate)
        )
    );
    PERFORM rota.make_guard_triggers(guarded_table, definition);
    FOR partition IN
        SELECT
            part.relid
        FROM pg_partition_tree(guarded_table) AS part
        WHERE part.relid <> guarded_table
    LOOP
        PERFORM rota.make_guard_triggers(partition, definition);
    END LOOP;
    PERFORM rota.refuse_unclean(guarded_table, guard);
    RETURN guard;
END
$$;

COMMENT ON FUNCTION
    rota.make_guard(regclass, name, name, text, numeric, name, text, boolean, name)
IS 'As rota.guard_overlaps, for a predicate whose names are qualified.';

-- The predicate is read here, where search_path is still the caller's.
CREATE FUNCTION rota.guard_overlaps(
    guarded_table regclass,
    key_column name,
    range_column name,
    predicate text DEFAULT NULL,
    capacity numeric DEFAULT 1,
    load_column name DEFAULT NULL,
    minimum_gap text DEFAULT NULL,
    deferred boolean DEFAULT false,
    guard_name name DEFAULT NULL
) RETURNS name
LANGUAGE sql
RETURN rota.make_guard(
    guarded_table,
    key_column,
    range_column,
    rota.qualified_guard_predicate(guarded_table, predicate),
    capacity,
    load_column,
    minimum_gap,
    deferred,
    guard_name
);

COMMENT ON FUNCTION
    rota.guard_overlaps(regclass, name, name, text, numeric, name, text, boolean, name)
IS 'From now on rows with the same key never overlap, or not more than the capacity; existing rows are verified first.';

CREATE FUNCTION rota.unguard_overlaps(guarded_table regclass, guard_name name DEFAULT NULL) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    guard rota.guards;
    made record;
BEGIN
    PERFORM rota.check_guarded_table(guarded_table);
    guard := rota.the_guard(guarded_table, unguard_overlaps.guard_name);
    FOR made IN
        SELECT
            guarding.trigger_name,
            guarding.table_id::regclass AS carrier
        FROM rota.guard_triggers AS guarding
        WHERE guarding.guard_name = guard.guard_name
            AND NOT guarding.inherited
            AND (
                guarding.table_id = guarded_table
                OR guarding.table_id IN (SELECT part.relid FROM pg_partition_tree(guarded_table) AS part)
            )
    LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', made.trigger_name, made.carrier);
    END LOOP;
    -- An index that another guard looks in stays.
    IF guard.index_made AND guard.index_name IS NOT NULL AND NOT EXISTS (
        SELECT FROM rota.guards AS other WHERE other.index_name = guard.index_name
    ) THEN
        EXECUTE format('DROP INDEX %s', guard.index_name);
    END IF;
END
$$;

COMMENT ON FUNCTION rota.unguard_overlaps(regclass, name) IS
    'Removes a guard, and its index if the guard made it.';
