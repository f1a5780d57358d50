-- What the functions written in Rust are for. Their signatures are generated from the Rust source.

COMMENT ON FUNCTION rota.version() IS
    'Version of the loaded library; the extension''s own is in pg_extension.';

COMMENT ON FUNCTION rota.shift_range(date, time, time, text, text, text) IS
    'The instants of a shift planned on the wall clock; an end not after the start is on the next day. fold '
    '(earlier, later, reject) and gap (earlier, later, change, reject) say what a repeated or a skipped '
    'reading means.';

COMMENT ON FUNCTION rota.shift_lasting(date, time, integer, text, text, text) IS
    'The instants of a shift that starts at a reading of the clock and lasts so many minutes, whatever the '
    'clocks do meanwhile.';

COMMENT ON FUNCTION rota.local_days(daterange, text, text, text) IS
    'From the first instant of the first local day to the first instant of the day after the last.';

COMMENT ON FUNCTION rota.worked_minutes(tstzrange, integer) IS
    'Exact elapsed minutes without the unpaid break.';

COMMENT ON FUNCTION rota.split_shift(tstzrange, text, text, text, text) IS
    'The pieces of a range by local periods; their minutes sum to those of the whole. boundary is day, '
    'week, week from sunday, 14 days from 2025-01-06, month, month to 25, half-month or month to 10 and 25, '
    'each also at 06:00; a cut-off day that a month has not is its last.';

COMMENT ON FUNCTION rota.shift_pieces(
    tstzrange, text, text, time, time, tstzrange[], integer, text, text, text
) IS
    'The pieces of a range by local day, period (as in rota.split_shift), band of the clock and breaks at '
    'once, each with what it is. Minutes sum to those of the range, worked_minutes to those without the '
    'breaks. break_minutes is a further break of which nobody knows when it was: break_position puts it in '
    'the middle, at the start or the end of the time that is left, or takes it off all pieces in proportion '
    '(proportional).';

COMMENT ON FUNCTION rota.classify_pay(
    tstzrange[], text, jsonb, tstzrange[], integer[], integer, integer
) IS
    'The work of one person in pieces that are paid alike: regular, overtime with its tier, or on a '
    'statutory holiday, each at night or not, with the reason and the factor of the rate. duty is the '
    'position in duties; break_minutes has the length of a further break of each duty. Give all duties '
    'since the week and the pay period began, or what they came to as weekly_minutes_before (regular) and '
    'overtime_minutes_before. rules as in rota.pay_rules.';

COMMENT ON FUNCTION rota.period_days(date, text) IS
    'The days of the period that a day is in, by a boundary as in rota.split_shift.';

COMMENT ON FUNCTION rota.minutes_in_band(tstzrange, text, time, time, text, text) IS
    'Exact minutes of a range in a daily band of the clock; an end not after the start is the next day.';

COMMENT ON FUNCTION rota.clock_ranges(tstzrange, text, time[], time[], text, text) IS
    'What of a range lies in any of some daily bands of the clock, such as breaks at fixed times; an end '
    'not after its start is the next day.';

COMMENT ON FUNCTION rota.union_minutes(tstzrange[]) IS
    'Exact minutes covered by at least one of the ranges.';

COMMENT ON FUNCTION rota.merge_ranges(tstzrange[]) IS
    'The same instants as the fewest ranges, in order; what overlaps or touches becomes one.';

COMMENT ON FUNCTION rota.merge_duties(tstzrange[], integer) IS
    'The duties of one person as the fewest ranges, in order; what overlaps, touches or is at most '
    'gap_minutes apart becomes one.';

COMMENT ON FUNCTION rota.coverage(tstzrange[], tstzrange, bigint[]) IS
    'How many heads there are over time, as stretches that follow one another: from the first start to the '
    'last end, or over within. heads says how many each range brings, negative to take them off; one each '
    'by default.';

COMMENT ON FUNCTION rota.coverage_slots(tstzrange[], tstzrange, text, integer, bigint[]) IS
    'The fewest and most heads in each slot of the clock, and the minutes times heads. Slots start at whole '
    'numbers of slot_minutes since local midnight, and where the clocks skip from one into another.';

COMMENT ON FUNCTION rota.coverage_accumulate(internal, tstzrange) IS
    'Part of rota.coverage_agg.';

COMMENT ON FUNCTION rota.coverage_accumulate_heads(internal, tstzrange, bigint) IS
    'Part of rota.coverage_agg.';

COMMENT ON FUNCTION rota.coverage_combine(internal, internal) IS
    'Part of rota.coverage_agg.';

COMMENT ON FUNCTION rota.coverage_serialize(internal) IS
    'Part of rota.coverage_agg.';

COMMENT ON FUNCTION rota.coverage_deserialize(bytea, internal) IS
    'Part of rota.coverage_agg.';

COMMENT ON FUNCTION rota.coverage_finish(internal) IS
    'Part of rota.coverage_agg.';

COMMENT ON FUNCTION rota.time_zone_changes(text, tstzrange) IS
    'Every change of a zone''s offset within a range, by the server''s time zone data; the first row is the '
    'offset at its start.';

COMMENT ON FUNCTION rota.time_zone_version() IS
    'Edition of the server''s time zone data, such as 2025b; NULL when its files do not say.';

COMMENT ON FUNCTION rota.find_conflicts(timestamptz, timestamptz, text[], text[], integer) IS
    'Every conflict in a window of time, of everybody or of some people or teams, by the source views.';

COMMENT ON FUNCTION rota.check_assignments(jsonb, integer) IS
    'Every conflict that writing the proposed assignments would add or make worse, among themselves '
    'included; "replaces" names an assignment whose place one takes.';

COMMENT ON FUNCTION rota.check_swap(text, text, integer) IS
    'Every conflict that it would add or make worse if two people exchanged these two assignments.';

COMMENT ON FUNCTION rota.require_rule(text, jsonb) IS
    'True when a rule can be applied; else an error that names its type or the parameter. Meant for a CHECK '
    'constraint.';

COMMENT ON FUNCTION rota.check_rules(text, timestamptz, timestamptz, text[], text[]) IS
    'What rules say about the work in a window of time, of everybody or of some people or teams, by the '
    'source views: a row where a rule is broken, and where data are missing to tell (level unknown). '
    'rule_set is one of rota.rule_sets or of rota_source.rules; NULL means all that rota_source.rules shows.';

COMMENT ON FUNCTION rota.rule_headroom(text, timestamptz, timestamptz, text[], text[]) IS
    'How near each person comes to each limit in a window of time: the window that comes nearest, and what '
    'is left in it, negative where the limit is passed. minutes_left is that where it is minutes.';

COMMENT ON FUNCTION rota.explain_verdict(text, text, text, tstzrange) IS
    'What a verdict of rota.check_rules was made of: the sentence, then each duty with the minutes of it '
    'that count in the window, then the leave that averages leave out.';

COMMENT ON FUNCTION rota.written_verdicts() IS
    'What rota.enforce_rules told the last transaction of this session that it told anything: verdicts of '
    'rules of the modes warn and advise, without those of savepoints that were rolled back.';

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

COMMENT ON FUNCTION rota.solve_roster(jsonb, jsonb) IS
    'A roster for a problem on plain data, with its cost, a bound below which no roster costs, the gap '
    'between them, every broken rule and an explanation. problem: days (from_date, to_date, time_zone), '
    'shifts, people, rules and more, as in the documentation; a fault names its path. options: time_ms, '
    'steps, seed, threads, memory_mb, target, gap_percent, patience_ms (stop when nothing better was found '
    'for so long), explain, parts ({"weeks": 1, "teams": true}: one after the other, with the others as they '
    'stand), start (as rota.recall_roster gives it). With steps and without time_ms, equal seeds give equal '
    'answers.';

COMMENT ON FUNCTION rota.repair_roster(jsonb, jsonb) IS
    'The known roster of a problem, changed as little as possible so that it fits. Problem and options as in '
    'rota.solve_roster.';

COMMENT ON FUNCTION rota.roster_fingerprints(jsonb) IS
    'The numbers by which problems are told apart: {"roster": of all that this one states, "people": for '
    'each person of all that decides what their days can be and cost by themselves}. Ids and names are none '
    'of it.';

COMMENT ON FUNCTION rota.explain_roster(jsonb) IS
    'What the known roster of a problem costs and breaks, and why its heads are missing. Nothing is '
    'searched.';

COMMENT ON PROCEDURE rota.run_job(bigint) IS
    'Runs a job to its end: the one that is named, else the most urgent that is due; nothing where there is '
    'none. It commits on the way, so that other sessions see how far it is.';
