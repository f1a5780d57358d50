-- Starting and ending the enforcement of rules on a table.

CREATE FUNCTION rota.make_enforcement_triggers(guarded_table regclass, definition jsonb) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    told text;
    event text;
BEGIN
    SELECT
        string_agg(quote_literal(member.key || '=' || coalesce(member.value, '')), ', ' ORDER BY member.key)
    INTO told
    FROM jsonb_each_text(definition) AS member;
    FOREACH event IN ARRAY ARRAY['insert', 'update'] LOOP
        EXECUTE format(
            'CREATE TRIGGER %I AFTER %s ON %s REFERENCING NEW TABLE AS new_rows '
            'FOR EACH STATEMENT EXECUTE FUNCTION rota.enforce_statement(%s)',
            (definition ->> 'enforcement') || '_on_' || event, event, guarded_table, told
        );
    END LOOP;
END
$$;

COMMENT ON FUNCTION rota.make_enforcement_triggers(regclass, jsonb) IS
    'The triggers of an enforcement on one table or partition.';

CREATE FUNCTION rota.new_enforcement_name(guarded_table regclass, wanted name) RETURNS name
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- Room for the suffixes of the triggers in a name of 63 bytes.
    most_bytes constant integer := 50;
    candidate text := wanted;
BEGIN
    IF candidate IS NULL THEN
        SELECT class.relname INTO candidate FROM pg_class AS class WHERE class.oid = guarded_table;
        WHILE octet_length(candidate || '_rules') > most_bytes LOOP
            candidate := left(candidate, -1);
        END LOOP;
        candidate := candidate || '_rules';
    END IF;
    IF octet_length(candidate) > most_bytes THEN
        PERFORM rota.refuse_guard(
            '42622',
            'enforcement_name',
            format('enforcement_name "%s" has %s bytes', wanted, octet_length(wanted)),
            format('at most %s, because the triggers carry it in their names', most_bytes)
        );
    END IF;
    IF EXISTS (
        SELECT
        FROM pg_trigger AS trigger
        WHERE trigger.tgrelid = guarded_table
            AND trigger.tgname IN (candidate || '_on_insert', candidate || '_on_update')
    ) THEN
        PERFORM rota.refuse_guard(
            '42710',
            'enforcement_name',
            format('%s already has triggers of the name "%s"', guarded_table, candidate),
            'rota.unenforce_rules removes them; another enforcement_name would stand beside them'
        );
    END IF;
    RETURN candidate;
END
$$;

COMMENT ON FUNCTION rota.new_enforcement_name(regclass, name) IS
    'The name wanted for a new enforcement, or one made from the table''s.';

CREATE FUNCTION rota.enforce_rules(
    guarded_table regclass,
    person_column name,
    range_column name,
    rule_set text DEFAULT NULL,
    enforcement_name name DEFAULT NULL
) RETURNS name
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    range_type pg_type;
    definition jsonb;
    enforcement name;
    part regclass;
BEGIN
    PERFORM rota.check_guarded_table(guarded_table);
    PERFORM rota.check_guard_column(guarded_table, 'person_column', person_column);
    PERFORM rota.check_guard_column(guarded_table, 'range_column', range_column);
    range_type := rota.base_type_of(guarded_table, range_column);
    IF range_type.oid <> 'tstzrange'::regtype THEN
        PERFORM rota.refuse_guard(
            '42804',
            'range_column',
            format('range_column "%s" is of type %s', range_column, format_type(range_type.oid, NULL)),
            'a tstzrange would be right: rules are about instants'
        );
    END IF;
    enforcement := rota.new_enforcement_name(guarded_table, enforcement_name);
    -- Rules that cannot be read, and views that are not there, are refused here and not at the first write.
    PERFORM
    FROM rota.check_rules(rule_set, 'epoch', 'epoch'::timestamptz + interval '1 minute', people => '{}');

    EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', guarded_table);
    definition := jsonb_build_object(
        'enforcement', enforcement,
        'person', person_column,
        'range', range_column,
        'rule_set', rule_set
    );
    FOR part IN
        SELECT guarded_table
        UNION
        SELECT partition.relid FROM pg_partition_tree(guarded_table) AS partition
    LOOP
        PERFORM rota.make_enforcement_triggers(part, definition);
    END LOOP;
    RETURN enforcement;
END
$$;

COMMENT ON FUNCTION rota.enforce_rules(regclass, name, name, text, name) IS
    'From now on, statements that write rows of the table are judged by rules, for the people and times of '
    'those rows: of rota_source.rules, or of one set. A rule of mode refuse refuses (23514) what a '
    'statement adds to its breaches or makes worse, warn and advise tell it (rota.written_verdicts).';

CREATE FUNCTION rota.unenforce_rules(guarded_table regclass, enforcement_name name DEFAULT NULL) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    found name[];
    made record;
BEGIN
    PERFORM rota.check_guarded_table(guarded_table);
    SELECT
        coalesce(array_agg(known.enforcement_name), '{}')
    INTO found
    FROM rota.enforced_rules AS known
    WHERE known.enforced_table = guarded_table
        AND (enforcement_name IS NULL OR known.enforcement_name = enforcement_name);
    IF cardinality(found) = 0 THEN
        PERFORM rota.refuse_guard(
            '42704',
            CASE WHEN enforcement_name IS NULL THEN 'guarded_table' ELSE 'enforcement_name' END,
            concat_ws(' ', 'no rules are enforced on', guarded_table::text, 'as ' || enforcement_name),
            'rota.enforced_rules lists where they are'
        );
    END IF;
    FOR made IN
        SELECT
            judging.trigger_name,
            judging.table_id::regclass AS carrier
        FROM rota.enforcement_triggers AS judging
        WHERE judging.enforcement_name = ANY (found)
            AND (
                judging.table_id = guarded_table
                OR judging.table_id IN (
                    SELECT partition.relid FROM pg_partition_tree(guarded_table) AS partition
                )
            )
    LOOP
        EXECUTE format('DROP TRIGGER %I ON %s', made.trigger_name, made.carrier);
    END LOOP;
END
$$;

COMMENT ON FUNCTION rota.unenforce_rules(regclass, name) IS
    'Ends the enforcement of rules on a table: the one of that name, or all.';

CREATE FUNCTION rota.enforce_in_new_partitions() RETURNS event_trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    missing record;
BEGIN
    FOR missing IN
        SELECT
            partition.relid::regclass AS partition,
            carried.definition
        FROM rota.enforced_rules AS known
        JOIN rota.enforcement_triggers AS carried
            ON carried.table_id = known.enforced_table
            AND carried.trigger_name = known.enforcement_name || '_on_insert'
        CROSS JOIN pg_partition_tree(known.enforced_table) AS partition
        WHERE NOT EXISTS (
            SELECT
            FROM rota.enforcement_triggers AS same
            WHERE same.table_id = partition.relid
                AND same.enforcement_name = known.enforcement_name
        )
    LOOP
        PERFORM rota.make_enforcement_triggers(missing.partition, missing.definition);
    END LOOP;
END
$$;

COMMENT ON FUNCTION rota.enforce_in_new_partitions() IS
    'Event trigger: partitions that are added to a table enforce its rules, too.';

CREATE EVENT TRIGGER rota_enforce_in_new_partitions
ON ddl_command_end
WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE')
EXECUTE FUNCTION rota.enforce_in_new_partitions();
