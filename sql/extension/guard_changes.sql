-- What keeps guards whole when their tables change: new partitions are guarded, and renamed columns followed.

CREATE FUNCTION rota.guard_new_partitions() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    guard record;
    partition regclass;
    holds_rows boolean;
    is_filled boolean;
BEGIN
    FOR guard IN
        SELECT
            known.guarded_table,
            known.guard_name,
            known.uncovered_partitions,
            (
                SELECT
                    carried.definition
                FROM rota.guard_triggers AS carried
                WHERE carried.table_id = known.guarded_table
                    AND carried.guard_name = known.guard_name
                LIMIT 1
            ) AS definition
        FROM rota.guards AS known
        WHERE cardinality(known.uncovered_partitions) > 0
    LOOP
        -- Who writes into another partition meanwhile would not look into this one.
        EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', guard.guarded_table);
        is_filled := false;
        FOREACH partition IN ARRAY guard.uncovered_partitions LOOP
            IF (SELECT class.relkind FROM pg_class AS class WHERE class.oid = partition) NOT IN ('r', 'p') THEN
                PERFORM rota.refuse_guard(
                    '42809',
                    NULL,
                    format(
                        'partition %s is no table of this server, and %s is guarded by %I',
                        partition, guard.guarded_table, guard.guard_name
                    ),
                    'attach an ordinary table, or unguard the table first'
                );
            END IF;
            PERFORM rota.make_guard_triggers(partition, guard.definition);
            EXECUTE format('SELECT EXISTS (SELECT FROM %s)', partition) INTO holds_rows;
            is_filled := is_filled OR holds_rows;
        END LOOP;
        IF is_filled THEN
            PERFORM rota.refuse_unclean(guard.guarded_table, guard.guard_name);
        END IF;
    END LOOP;
END
$$;

COMMENT ON FUNCTION rota.guard_new_partitions() IS
    'Guards the partitions that were added to a guarded table, and verifies the rows that came with them.';

CREATE FUNCTION rota.follow_renamed_column(altered_table regclass, new_name name) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    guard record;
    old_name text;
    renamed jsonb;
    carrier regclass;
BEGIN
    -- A partition's columns are renamed with those of the table above.
    FOR guard IN
        SELECT DISTINCT ON (carried.table_id, carried.guard_name)
            carried.table_id::regclass AS guarded_table,
            carried.guard_name,
            carried.definition
        FROM rota.guard_triggers AS carried
        WHERE NOT carried.inherited
            AND (
                carried.table_id = altered_table
                OR carried.table_id IN (SELECT part.relid FROM pg_partition_tree(altered_table) AS part)
            )
    LOOP
        carrier := guard.guarded_table;
        -- One column was renamed, so that whichever name is gone was its name.
        SELECT
            told.name
        INTO old_name
        FROM (
            SELECT guard.definition ->> 'key'
            UNION ALL SELECT guard.definition ->> 'range'
            UNION ALL SELECT guard.definition ->> 'load'
            UNION ALL SELECT unnest((guard.definition ->> 'predicate_columns')::text[])
        ) AS told (name)
        WHERE told.name IS NOT NULL
            AND NOT EXISTS (
                SELECT
                FROM pg_attribute AS attribute
                WHERE attribute.attrelid = carrier
                    AND attribute.attname = told.name
                    AND NOT attribute.attisdropped
            )
        LIMIT 1;
        CONTINUE WHEN NOT FOUND;
        SELECT
            jsonb_object_agg(
                member.key,
                CASE
                    WHEN member.key IN ('key', 'range', 'load') AND member.value = old_name THEN new_name
                    WHEN member.key = 'predicate_columns' THEN
                        array_replace(member.value::text[], old_name, new_name::text)::text
                    WHEN member.key = 'predicate' THEN
                        rota.renamed_guard_predicate(carrier, member.value, old_name, new_name)
                    ELSE member.value
                END
            )
        INTO renamed
        FROM jsonb_each_text(guard.definition) AS member;
        PERFORM rota.replace_guard_triggers(carrier, renamed);
    END LOOP;
END
$$;

COMMENT ON FUNCTION rota.follow_renamed_column(regclass, name) IS
    'Tells the guards of a table the new name of a column.';

CREATE FUNCTION rota.replace_guard_triggers(guarded_table regclass, definition jsonb) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    replaced record;
    states jsonb := '{}';
BEGIN
    FOR replaced IN
        SELECT
            guarding.tgname AS trigger_name,
            guarding.tgenabled AS state
        FROM rota.guard_triggers AS known
        JOIN pg_trigger AS guarding ON guarding.oid = known.trigger_id
        WHERE known.table_id = guarded_table
            AND known.guard_name = definition ->> 'guard'
            AND NOT known.inherited
    LOOP
        states := states || jsonb_build_object(replaced.trigger_name, replaced.state);
        EXECUTE format('DROP TRIGGER %I ON %s', replaced.trigger_name, guarded_table);
    END LOOP;
    PERFORM rota.make_guard_triggers(guarded_table, definition);
    FOR replaced IN SELECT state.key AS trigger_name, state.value AS state FROM jsonb_each_text(states) AS state LOOP
        IF replaced.state <> 'O' THEN
            EXECUTE format(
                'ALTER TABLE %s %s TRIGGER %I',
                guarded_table,
                CASE replaced.state WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END,
                replaced.trigger_name
            );
        END IF;
    END LOOP;
END
$$;

COMMENT ON FUNCTION rota.replace_guard_triggers(regclass, jsonb) IS
    'Makes the triggers of a guard on one table anew; disabled ones stay disabled.';

CREATE FUNCTION rota.keep_guards_whole() RETURNS event_trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    change record;
    has_partitions boolean := false;
BEGIN
    FOR change IN
        SELECT
            command.objid,
            command.objsubid,
            class.relkind,
            class.relispartition
        FROM pg_event_trigger_ddl_commands() AS command
        JOIN pg_class AS class ON class.oid = command.objid
        WHERE command.classid = 'pg_class'::regclass
            AND class.relkind IN ('r', 'p')
    LOOP
        IF change.objsubid > 0 THEN
            PERFORM rota.follow_renamed_column(change.objid, attribute.attname)
            FROM pg_attribute AS attribute
            WHERE attribute.attrelid = change.objid
                AND attribute.attnum = change.objsubid;
        END IF;
        has_partitions := has_partitions OR change.relkind = 'p' OR change.relispartition;
    END LOOP;
    IF has_partitions THEN
        PERFORM rota.guard_new_partitions();
    END IF;
END
$$;

COMMENT ON FUNCTION rota.keep_guards_whole() IS
    'Event trigger: guards new partitions and follows renamed columns.';

CREATE EVENT TRIGGER rota_keep_guards_whole
ON ddl_command_end
WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE')
EXECUTE FUNCTION rota.keep_guards_whole();
