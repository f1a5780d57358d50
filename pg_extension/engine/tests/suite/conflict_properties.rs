//! The sweep against the definitions.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rota_engine::conflict::{
    AddedConflict, Assignment, Change, Conflict, ConflictKind, CountedTime, Level, Load, Period, Requirement,
    Rule, TimeLimit, find_added_conflicts, find_conflicts,
};
use rota_engine::{Duration, Span};

use crate::conflict_generator::{OwnedRoster, changes, rosters, spans};
use crate::conflict_oracle::{defined, found};
use crate::conflict_sums::most_in_any_window;
use crate::zone_source::span;

fn added(roster: &OwnedRoster, change: &Change) -> Vec<AddedConflict> {
    let mut added = Vec::new();
    let outcome: Result<(), ()> = find_added_conflicts(&roster.borrowed(), change, |conflict| {
        added.push(conflict);
        Ok(())
    });
    outcome.unwrap();
    added
}

/// Whether a conflict before a change makes one after it no new one.
fn is_as_bad(before: &Conflict, after: &Conflict, original: impl Fn(usize) -> Option<usize>) -> bool {
    let sides = |conflict: &Conflict| {
        let sides = [conflict.assignment, conflict.other_assignment].into_iter().flatten();
        sides.map(|side| original(side).unwrap_or(side)).collect::<BTreeSet<usize>>()
    };
    let shortage = matches!(after.kind, ConflictKind::InsufficientRest | ConflictKind::Understaffed);
    let as_far_off =
        if shortage { before.measured <= after.measured } else { before.measured >= after.measured };
    let of_rest = after.kind == ConflictKind::InsufficientRest;
    let of_shift = matches!(
        after.kind,
        ConflictKind::Overstaffed | ConflictKind::Understaffed | ConflictKind::MissingQualification
    );
    (before.kind, before.person, before.cause) == (after.kind, after.person, after.cause)
        && (of_rest || sides(before) == sides(after))
        && (!of_shift || before.shift == after.shift)
        && before.during.covers(after.during)
        && as_far_off
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_500) })]

    #[test]
    fn the_sweep_finds_what_the_definitions_say(roster in rosters(), window in spans(), staffing: bool) {
        let roster = roster.borrowed();
        prop_assert_eq!(found(&roster, window, staffing), defined(&roster, window, staffing));
    }

    #[test]
    fn added_conflicts_are_those_after_that_were_not_there_before_or_less_bad(change in changes()) {
        let (roster, existing, replaced) = change;
        let mut before = roster.clone();
        before.assignments.truncate(existing);
        let before = found(&before.borrowed(), Span::ALWAYS, true);
        let mut after = roster.clone();
        for removed in replaced.iter().flatten() {
            after.assignments[*removed].binding = false;
        }
        let mut expected = found(&after.borrowed(), Span::ALWAYS, true);
        let original = |side: usize| side.checked_sub(existing).and_then(|proposal| replaced[proposal]);
        expected.retain(|conflict| !before.iter().any(|before| is_as_bad(before, conflict, original)));

        let added = added(&roster, &Change::of(existing, replaced.clone()));
        let mut conflicts: Vec<Conflict> = added.iter().map(|added| added.conflict).collect();
        conflicts.sort();
        prop_assert_eq!(conflicts, expected);
        for AddedConflict { proposal, conflict } in added {
            let sides = [conflict.assignment, conflict.other_assignment].into_iter().flatten();
            let of_sides = sides.filter_map(|side| side.checked_sub(existing)).min();
            let proposals = roster.assignments[existing..].iter();
            let of_time = proposals.clone().position(|row| {
                row.binding && Some(row.person) == conflict.person && row.span.overlaps(conflict.during)
            });
            match conflict.kind {
                ConflictKind::Overstaffed | ConflictKind::Understaffed => {
                    let of_proposal = proposal.map(|proposal| roster.assignments[existing + proposal].shift);
                    prop_assert!(of_proposal.is_none_or(|shift| shift == conflict.shift));
                    prop_assert!(conflict.kind == ConflictKind::Understaffed || proposal.is_some());
                }
                ConflictKind::ExcessiveHours | ConflictKind::ConsecutiveDays | ConflictKind::OverAllocated => {
                    prop_assert_eq!(proposal, of_time);
                }
                _ => prop_assert_eq!(proposal, of_sides),
            }
        }
    }

    #[test]
    fn a_window_with_too_much_in_it_is_told_wherever_it_begins(roster in rosters(), length in 1..12_i64, most in 0..9_i64) {
        let maximum = Duration::from_microseconds(most);
        let period = Period::Time(Duration::from_microseconds(length));
        let limit = TimeLimit { maximum, period, counted: CountedTime::Worked };
        let own: Vec<Assignment> =
            roster.assignments.iter().copied().filter(|row| row.binding && row.span.is_bounded()).collect();
        let own: Vec<Assignment> = own.into_iter().map(|row| Assignment { person: 0, ..row }).collect();
        let is_too_much = most_in_any_window(&own, length) > maximum;
        let rule = Rule { requirement: Requirement::Time(limit), level: Level::Violation, team: None, valid: Span::ALWAYS };
        let roster = OwnedRoster { assignments: own, rules: vec![rule], ..OwnedRoster::default() };
        let told = found(&roster.borrowed(), Span::ALWAYS, false);
        prop_assert_eq!(told.iter().any(|row| row.kind == ConflictKind::ExcessiveHours), is_too_much);
    }

    #[test]
    fn the_order_of_rows_changes_no_conflict(roster in rosters(), seed: u64) {
        let count = roster.assignments.len();
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by_key(|index| (*index as u64 + 1).wrapping_mul(seed | 1));
        let mut shuffled = roster.clone();
        shuffled.assignments = order.iter().map(|index| roster.assignments[*index]).collect();
        let shape = |roster: &OwnedRoster| -> Vec<_> {
            let rows = found(&roster.borrowed(), Span::ALWAYS, true);
            let mut rows: Vec<_> =
                rows.iter().map(|row| (row.kind, row.person, row.during, row.cause, row.measured)).collect();
            rows.sort();
            rows
        };
        prop_assert_eq!(shape(&roster), shape(&shuffled));
    }
}

fn one_person(spans: impl IntoIterator<Item = Span>) -> OwnedRoster {
    let assignment = |span| Assignment {
        person: 0,
        shift: None,
        span,
        binding: true,
        load: Load::WHOLE,
        unpaid: Duration::from_microseconds(1),
    };
    let rule = |requirement| Rule { requirement, level: Level::Violation, team: None, valid: Span::ALWAYS };
    let window = Period::Time(Duration::from_microseconds(12));
    let maximum = Duration::from_microseconds(8);
    let in_window = TimeLimit { maximum, period: window, counted: CountedTime::Worked };
    OwnedRoster {
        assignments: spans.into_iter().map(assignment).collect(),
        rules: vec![
            rule(Requirement::Rest(Duration::from_microseconds(3))),
            rule(Requirement::Time(in_window)),
        ],
        ..OwnedRoster::default()
    }
}

#[test]
fn adversarial_time_lines_agree_with_the_definitions() {
    let nested = (0..30).map(|depth| span(depth, 100 - depth)).collect::<Vec<_>>();
    let staircase = (0..30).map(|step| span(step * 3, step * 3 + 10)).collect::<Vec<_>>();
    let touching = (0..30).map(|step| span(step * 5, step * 5 + 5)).collect::<Vec<_>>();
    let apart = (0..30).map(|step| span(step * 5, step * 5 + 1 + step % 5)).collect::<Vec<_>>();
    let identical = vec![span(3, 9); 30];
    let one_long_over_many = (0..30).map(|step| span(step * 4, step * 4 + 2)).chain([span(10, 90)]).collect();
    let unbounded = vec![Span::ALWAYS, span(0, 5), Span::ALWAYS, span(5, 6), span(-9, -8)];
    for spans in [nested, staircase, touching, apart, identical, one_long_over_many, unbounded] {
        let backwards: Vec<Span> = spans.iter().rev().copied().collect();
        for roster in [one_person(spans), one_person(backwards)] {
            let roster = roster.borrowed();
            for window in [Span::ALWAYS, span(7, 23), span(1_000, 1_001)] {
                assert_eq!(found(&roster, window, false), defined(&roster, window, false));
            }
        }
    }
}

#[test]
fn a_search_ends_where_the_caller_wants_it_to() {
    // Quadratically many conflicts, two billion and more: only a search that streams comes back.
    let roster = one_person(vec![span(0, 5); 70_000]);
    let mut seen = 0;
    let outcome = find_conflicts(&roster.borrowed(), Span::ALWAYS, false, |_| {
        seen += 1;
        if seen < 1_000 { Ok(()) } else { Err("enough") }
    });
    assert_eq!((outcome, seen), (Err("enough"), 1_000));
}

#[test]
fn conflicts_among_existing_rows_cost_a_check_nothing() {
    let mut roster = one_person(vec![span(0, 5); 70_000]);
    roster.assignments.push(Assignment { span: span(20, 25), ..roster.assignments[0] });
    assert_eq!(added(&roster, &Change::of(70_000, vec![None])), []);
}
