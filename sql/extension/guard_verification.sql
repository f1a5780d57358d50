-- Finding every overlap of a table or view, and proving a guarded table clean.

CREATE FUNCTION rota.find_overlaps(
    source_table regclass,
    key_column name,
    range_column name,
    predicate text DEFAULT NULL
) RETURNS TABLE (
    key text,
    row_identity text,
    other_row_identity text,
    overlap text,
    minutes numeric
)
LANGUAGE sql
STABLE
BEGIN ATOMIC
    SELECT
        found.key,
        found.row_identity,
        found.other_row_identity,
        found.overlap,
        found.minutes
    FROM rota.relation_overlaps(source_table, key_column, range_column, predicate, 0, false) AS found;
END;

COMMENT ON FUNCTION rota.find_overlaps(regclass, name, name, text) IS
    'Every pair of rows with the same key whose ranges overlap, not neighbours only; of a table or a view.';

CREATE FUNCTION rota.verify_guard(guarded_table regclass, guard_name name DEFAULT NULL) RETURNS TABLE (
    key text,
    row_identity text,
    other_row_identity text,
    overlap text,
    minutes numeric
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    guard rota.guards := rota.the_guard(verify_guard.guarded_table, verify_guard.guard_name);
BEGIN
    IF guard.load_column IS NULL AND guard.capacity = 1 THEN
        RETURN QUERY
        SELECT
            found.key,
            found.row_identity,
            found.other_row_identity,
            found.overlap,
            found.minutes
        FROM rota.relation_overlaps(
            guard.guarded_table,
            guard.key_column,
            guard.range_column,
            guard.predicate,
            rota.guard_gap_units(guard.guarded_table, guard.range_column, guard.minimum_gap),
            true
        ) AS found;
    ELSE
        RETURN QUERY
        SELECT
            found.key,
            found.row_identity,
            found.other_row_identity,
            found.overlap,
            found.minutes
        FROM rota.relation_excesses(
            guard.guarded_table,
            guard.key_column,
            guard.range_column,
            guard.predicate,
            guard.capacity::text,
            guard.load_column
        ) AS found;
    END IF;
END
$$;

COMMENT ON FUNCTION rota.verify_guard(regclass, name) IS
    'What is in a guarded table although its guard would refuse it: no row is the proof that there is nothing.';

CREATE FUNCTION rota.refuse_unclean(guarded_table regclass, guard_name name) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    guard rota.guards := rota.the_guard(refuse_unclean.guarded_table, refuse_unclean.guard_name);
    first record;
    conflicts bigint;
BEGIN
    SELECT
        found.*
    INTO first
    FROM rota.verify_guard(refuse_unclean.guarded_table, refuse_unclean.guard_name) AS found;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT
        count(*)
    INTO conflicts
    FROM rota.verify_guard(refuse_unclean.guarded_table, refuse_unclean.guard_name) AS found;
    RAISE EXCEPTION USING
        ERRCODE = '23P01',
        MESSAGE = CASE
            WHEN first.other_row_identity IS NULL THEN
                format(
                    '%s %s is over its capacity during %s, row %s is there',
                    guard.key_column, first.key, first.overlap, first.row_identity
                )
            WHEN first.overlap = 'empty' THEN
                format(
                    '%s %s has too little time between: row %s and row %s, %s are required',
                    guard.key_column, first.key, first.row_identity, first.other_row_identity,
                    guard.minimum_gap
                )
            ELSE
                format(
                    '%s %s is booked twice: row %s overlaps row %s during %s%s',
                    guard.key_column, first.key, first.row_identity, first.other_row_identity,
                    first.overlap, ' by ' || trim_scale(first.minutes) || ' minutes'
                )
        END,
        DETAIL = format('There are %s such conflicts.', conflicts),
        HINT = 'rota.find_overlaps lists the overlaps; repair them before the table is guarded',
        SCHEMA = (
            SELECT
                class.relnamespace::regnamespace::text
            FROM pg_class AS class
            WHERE class.oid = refuse_unclean.guarded_table
        ),
        TABLE = (SELECT class.relname FROM pg_class AS class WHERE class.oid = refuse_unclean.guarded_table),
        COLUMN = guard.key_column,
        CONSTRAINT = guard.guard_name;
END
$$;

COMMENT ON FUNCTION rota.refuse_unclean(regclass, name) IS
    'Raises the error of a guard when rows are in its table that it would refuse.';
