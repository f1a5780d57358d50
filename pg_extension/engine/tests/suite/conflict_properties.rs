//! The sweep against the definitions.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rota_engine::conflict::{
    AddedConflict, Assignment, Conflict, ConflictKind, Level, RestRule, find_added_conflicts, find_conflicts,
};
use rota_engine::{Duration, Span};

use crate::conflict_generator::{OwnedRoster, rosters, spans};
use crate::conflict_oracle::{defined, found};
use crate::zone_source::span;

fn added(roster: &OwnedRoster, existing: usize) -> Vec<AddedConflict> {
    let mut added = Vec::new();
    let outcome: Result<(), ()> = find_added_conflicts(&roster.borrowed(), existing, |conflict| {
        added.push(conflict);
        Ok(())
    });
    outcome.unwrap();
    added
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_500) })]

    #[test]
    fn the_sweep_finds_what_the_definitions_say(roster in rosters(), window in spans(), staffing: bool) {
        let roster = roster.borrowed();
        prop_assert_eq!(found(&roster, window, staffing), defined(&roster, window, staffing));
    }

    #[test]
    fn added_conflicts_are_those_after_without_those_before(roster in rosters(), share in 0..=10_usize) {
        let existing = roster.assignments.len() * share / 10;
        let mut before = roster.clone();
        before.assignments.truncate(existing);
        let before: BTreeSet<Conflict> = found(&before.borrowed(), Span::ALWAYS, true).into_iter().collect();
        let mut expected = found(&roster.borrowed(), Span::ALWAYS, true);
        expected.retain(|conflict| !before.contains(conflict) && conflict.kind != ConflictKind::Understaffed);

        let added = added(&roster, existing);
        let mut conflicts: Vec<Conflict> = added.iter().map(|added| added.conflict).collect();
        conflicts.sort();
        prop_assert_eq!(conflicts, expected);
        for AddedConflict { proposal, conflict } in added {
            let position = existing + proposal;
            if conflict.kind == ConflictKind::Overstaffed {
                prop_assert_eq!(roster.assignments[position].shift, conflict.shift);
            } else {
                let sides = [conflict.assignment, conflict.other_assignment];
                let first = sides.into_iter().flatten().filter(|side| *side >= existing).min();
                prop_assert_eq!(first, Some(position));
            }
        }
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
    let assignment = |span| Assignment { person: 0, shift: None, span, binding: true };
    let rest_rule = RestRule {
        minimum: Duration::from_microseconds(3),
        level: Level::Violation,
        team: None,
        valid: Span::ALWAYS,
    };
    OwnedRoster {
        assignments: spans.into_iter().map(assignment).collect(),
        rest_rules: vec![rest_rule],
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
    roster.assignments.push(Assignment { person: 0, shift: None, span: span(20, 25), binding: true });
    assert_eq!(added(&roster, 70_000), []);
}
