//! Conflicts that a person can check by hand.

use rota_engine::conflict::{
    Absence, Assignment, Availability, Cause, Change, Conflict, ConflictKind, Level, Load, Person,
    Preference, Quantity, Requirement, Rule, Shift, SkillValidity, find_added_conflicts,
};
use rota_engine::{Duration, Span};

use crate::conflict_generator::OwnedRoster;
use crate::conflict_oracle::found;
use crate::zone_source::{HOUR, span};

fn hours(start: i64, end: i64) -> Span {
    span(start * HOUR, end * HOUR)
}

fn work(person: usize, start: i64, end: i64) -> Assignment {
    let span = hours(start, end);
    Assignment { person, shift: None, span, binding: true, load: Load::WHOLE, unpaid: Duration::ZERO }
}

fn on_shift(person: usize, shift: usize, start: i64, end: i64) -> Assignment {
    Assignment { shift: Some(shift), ..work(person, start, end) }
}

fn eleven_hours() -> Rule {
    let minimum = Duration::from_minutes(i64::from(Requirement::DEFAULT_REST_MINUTES)).unwrap();
    Rule { requirement: Requirement::Rest(minimum), level: Level::Violation, team: None, valid: Span::ALWAYS }
}

fn roster(assignments: Vec<Assignment>) -> OwnedRoster {
    OwnedRoster { assignments, rules: vec![eleven_hours()], ..OwnedRoster::default() }
}

fn kinds(roster: &OwnedRoster) -> Vec<(ConflictKind, Option<usize>, Option<usize>)> {
    let rows = found(&roster.borrowed(), Span::ALWAYS, true);
    rows.iter().map(|row| (row.kind, row.assignment, row.other_assignment)).collect()
}

fn only(roster: &OwnedRoster) -> Conflict {
    let rows = found(&roster.borrowed(), Span::ALWAYS, true);
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows[0]
}

#[test]
fn every_overlapping_pair_is_named_and_not_only_neighbours() {
    let all = roster(vec![work(0, 0, 10), work(0, 2, 4), work(0, 6, 8), work(0, 10, 12)]);
    assert_eq!(
        kinds(&all),
        [(ConflictKind::Overlap, Some(0), Some(1)), (ConflictKind::Overlap, Some(0), Some(2))],
        "the last one touches, and rest within the long duty is none"
    );
}

#[test]
fn an_overnight_shift_meets_the_next_morning() {
    // 22-06 against 05-13 of the next day.
    let row = only(&roster(vec![work(0, 22, 30), work(0, 29, 37)]));
    assert_eq!((row.kind, row.level, row.during), (ConflictKind::Overlap, Level::Violation, hours(29, 30)));
    assert_eq!(row.time(), Duration::from_minutes(60));
}

#[test]
fn other_people_and_unbooked_work_are_no_conflict() {
    let proposed = Assignment { binding: false, ..work(0, 0, 8) };
    assert_eq!(kinds(&roster(vec![work(0, 0, 8), work(1, 0, 8), proposed])), []);
}

#[test]
fn the_same_shift_twice_is_a_duplicate_and_one_head() {
    let mut twice = roster(vec![on_shift(0, 0, 0, 8), on_shift(0, 0, 0, 8)]);
    twice.shifts = vec![Shift { span: hours(0, 8), required: Some(1), skills: vec![] }];
    assert_eq!(kinds(&twice), [(ConflictKind::Duplicate, Some(0), Some(1))]);
}

#[test]
fn too_little_rest_is_measured_between_merged_duties() {
    // A long duty over two short ones ends at 12; the next starts at 20.
    let row = only(&OwnedRoster { assignments: vec![work(0, 0, 12), work(0, 20, 24)], ..roster(vec![]) });
    assert_eq!((row.kind, row.during), (ConflictKind::InsufficientRest, hours(12, 20)));
    assert_eq!(row.measured, Duration::from_minutes(480).map(Quantity::Time));
    assert_eq!(row.limit, Duration::from_minutes(660).map(Quantity::Time));
    assert_eq!(row.cause, Some(Cause::Rule(0)));

    let covered = roster(vec![work(0, 0, 12), work(0, 1, 2), work(0, 20, 24)]);
    let rests: Vec<_> =
        kinds(&covered).into_iter().filter(|row| row.0 == ConflictKind::InsufficientRest).collect();
    assert_eq!(rests, [(ConflictKind::InsufficientRest, Some(0), Some(2))]);
}

#[test]
fn rest_of_exactly_the_minimum_or_none_at_all_is_no_conflict() {
    assert_eq!(kinds(&roster(vec![work(0, 0, 8), work(0, 19, 27)])), []);
    assert_eq!(kinds(&roster(vec![work(0, 0, 8), work(0, 8, 16)])), [], "touching duties are one");
}

#[test]
fn a_rest_rule_holds_for_its_team_and_its_time() {
    let mut strict = roster(vec![work(0, 0, 8), work(0, 20, 28), work(1, 0, 8), work(1, 20, 28)]);
    strict.people = vec![Person { team: Some(7), zone: 0 }, Person::default()];
    let minimum = Duration::from_minutes(14 * 60).unwrap();
    let requirement = Requirement::Rest(minimum);
    strict.rules = vec![Rule { requirement, level: Level::Warning, team: Some(7), ..eleven_hours() }];
    let row = only(&strict);
    assert_eq!((row.person, row.level), (Some(0), Level::Warning));
    strict.rules[0].valid = hours(0, 8);
    assert_eq!(kinds(&strict), [], "the rest begins at 8, when the rule has ended");
    strict.rules[0].valid = hours(9, 99);
    assert_eq!(kinds(&strict), [], "the rest begins before the rule");
    strict.rules[0].valid = hours(8, 9);
    assert_eq!(kinds(&strict).len(), 1);
}

#[test]
fn absences_and_unavailable_time_conflict_with_work_and_wishes_do_not() {
    let mut away = roster(vec![work(0, 8, 16)]);
    away.absences = vec![
        Absence { person: 0, span: hours(0, 8) },
        Absence { person: 0, span: hours(12, 48) },
        Absence { person: 1, span: hours(0, 48) },
    ];
    let told = |preference| Availability { person: 0, span: hours(0, 24), preference };
    away.availability =
        vec![told(Preference::Available), told(Preference::Preferred), told(Preference::Unavailable)];
    let rows = found(&away.borrowed(), Span::ALWAYS, true);
    let seen: Vec<_> = rows.iter().map(|row| (row.kind, row.level, row.cause, row.during)).collect();
    assert_eq!(
        seen,
        [
            (ConflictKind::TimeOff, Level::Violation, Some(Cause::Absence(1)), hours(12, 16)),
            (ConflictKind::Unavailable, Level::Warning, Some(Cause::Availability(2)), hours(8, 16)),
        ]
    );
}

#[test]
fn a_skill_must_be_valid_during_all_of_the_work() {
    let mut ward = roster(vec![on_shift(0, 0, 0, 8), on_shift(1, 0, 0, 8), on_shift(2, 0, 0, 8)]);
    ward.shifts = vec![Shift { span: hours(0, 8), required: Some(3), skills: vec![5] }];
    ward.skills = vec![
        SkillValidity { person: 0, skill: 5, span: hours(-9, 7) },
        SkillValidity { person: 1, skill: 5, span: hours(-9, 3) },
        SkillValidity { person: 1, skill: 5, span: hours(3, 99) },
    ];
    let rows = found(&ward.borrowed(), Span::ALWAYS, true);
    let seen: Vec<_> = rows.iter().map(|row| (row.kind, row.person, row.cause)).collect();
    assert_eq!(
        seen,
        [
            (ConflictKind::MissingQualification, Some(0), Some(Cause::Skill(5))),
            (ConflictKind::MissingQualification, Some(2), Some(Cause::Skill(5))),
        ],
        "one certificate ran out, one was renewed in time, one never was"
    );
}

#[test]
fn staffing_is_one_row_a_shift() {
    let shift = |required| Shift { span: hours(0, 8), required, skills: vec![] };
    let mut ward = roster(vec![on_shift(0, 0, 0, 8), on_shift(1, 0, 0, 8), on_shift(2, 3, 0, 8)]);
    ward.shifts = vec![shift(Some(1)), shift(Some(2)), shift(None), shift(Some(1))];
    let rows = found(&ward.borrowed(), Span::ALWAYS, true);
    let seen: Vec<_> =
        rows.iter().map(|row| (row.kind, row.level, row.shift, row.measured, row.limit)).collect();
    let heads = |count| Some(Quantity::Heads(count));
    assert_eq!(
        seen,
        [
            (ConflictKind::Understaffed, Level::Warning, Some(1), heads(0), heads(2)),
            (ConflictKind::Overstaffed, Level::Advisory, Some(0), heads(2), heads(1)),
        ]
    );
    assert_eq!(found(&ward.borrowed(), Span::ALWAYS, false), []);
    assert_eq!(found(&ward.borrowed(), hours(8, 9), true), []);
}

#[test]
fn a_rest_across_the_edge_of_the_window_is_seen() {
    let all = roster(vec![work(0, 0, 8), work(0, 12, 20)]);
    assert_eq!(found(&all.borrowed(), hours(11, 12), false).len(), 1);
    assert_eq!(found(&all.borrowed(), hours(12, 13), false).len(), 0);
}

#[test]
fn a_check_names_the_proposal_and_the_other_side() {
    let mut plan = roster(vec![on_shift(0, 0, 0, 8), on_shift(1, 0, 4, 12), work(1, 6, 9)]);
    plan.shifts = vec![Shift { span: hours(0, 8), required: Some(1), skills: vec![] }];
    let mut rows = Vec::new();
    let outcome: Result<(), ()> =
        find_added_conflicts(&plan.borrowed(), &Change::of(1, vec![None; 2]), |added| {
            rows.push((
                added.proposal,
                added.conflict.kind,
                added.conflict.assignment,
                added.conflict.other_assignment,
            ));
            Ok(())
        });
    outcome.unwrap();
    assert_eq!(
        rows,
        [
            (Some(0), ConflictKind::Overlap, Some(1), Some(2)),
            (Some(0), ConflictKind::Overstaffed, None, None)
        ]
    );
}
