-- What the functions written in Rust are for. Their signatures are generated from the Rust source.

COMMENT ON FUNCTION rota.version() IS
    'Version of the loaded library; the extension''s own is in pg_extension.';

COMMENT ON FUNCTION rota.shift_range(date, time, time, text, text, text) IS
    'The instants of a shift planned on the wall clock; an end not after the start is on the next day.';

COMMENT ON FUNCTION rota.local_days(daterange, text) IS
    'From the first instant of the first local day to the first instant of the day after the last.';

COMMENT ON FUNCTION rota.worked_minutes(tstzrange, integer) IS
    'Exact elapsed minutes without the unpaid break.';

COMMENT ON FUNCTION rota.split_shift(tstzrange, text, text) IS
    'The pieces of a range per local day, or per ISO week from Monday; they sum to the whole.';

COMMENT ON FUNCTION rota.minutes_in_band(tstzrange, text, time, time) IS
    'Exact minutes of a range in a daily band of the clock; an end not after the start is the next day.';

COMMENT ON FUNCTION rota.union_minutes(tstzrange[]) IS
    'Exact minutes covered by at least one of the ranges.';

COMMENT ON FUNCTION rota.merge_ranges(tstzrange[]) IS
    'The same instants as the fewest ranges, in order; what overlaps or touches becomes one.';

COMMENT ON FUNCTION rota.find_conflicts(timestamptz, timestamptz, text[], text[], integer) IS
    'Every conflict in a window of time, of everybody or of some people or teams, by the source views.';

COMMENT ON FUNCTION rota.check_assignments(jsonb, integer) IS
    'Every conflict that writing the proposed assignments would add, among themselves included.';

COMMENT ON FUNCTION rota.qualified_guard_predicate(oid, text) IS
    'A guard''s predicate with every name qualified; refuses one that a guard cannot go by.';

COMMENT ON FUNCTION rota.guard_predicate_columns(oid, text) IS
    'The columns that a guard''s predicate names.';

COMMENT ON FUNCTION rota.renamed_guard_predicate(oid, text, text, text) IS
    'A guard''s predicate with the new name of a column that was renamed.';

COMMENT ON FUNCTION rota.find_guard_index(oid, text, text, text) IS
    'The B-tree of a table that would serve a guard; NULL when there is none.';

COMMENT ON FUNCTION rota.check_guard_types(oid, text, text) IS
    'Refuses key and load columns of types that a guard cannot work with.';

COMMENT ON FUNCTION rota.trigger_arguments(bytea) IS
    'The arguments of a trigger, from pg_trigger.tgargs.';

COMMENT ON FUNCTION rota.relation_overlaps(oid, text, text, text, bigint, boolean) IS
    'As rota.find_overlaps, with a least distance and, when asked for, the latest snapshot.';

COMMENT ON FUNCTION rota.relation_excesses(oid, text, text, text, text, text) IS
    'Every stretch during which the rows of one key weigh more than a capacity.';
