//! Rosters for property tests: few people, few instants, so that everything meets everything.

use proptest::prelude::*;
use rota_engine::conflict::{
    Absence, Assignment, Availability, Level, Person, Preference, RestRule, Roster, Shift, SkillValidity,
};
use rota_engine::{Duration, Instant, Span};

const PEOPLE: usize = 3;
const SHIFTS: usize = 4;
const SKILLS: usize = 2;
const TEAMS: usize = 2;

/// A roster that owns its rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct OwnedRoster {
    pub(crate) people: Vec<Person>,
    pub(crate) shifts: Vec<Shift>,
    pub(crate) assignments: Vec<Assignment>,
    pub(crate) absences: Vec<Absence>,
    pub(crate) availability: Vec<Availability>,
    pub(crate) skills: Vec<SkillValidity>,
    pub(crate) rest_rules: Vec<RestRule>,
}

impl OwnedRoster {
    pub(crate) fn borrowed(&self) -> Roster<'_> {
        Roster {
            people: &self.people,
            shifts: &self.shifts,
            assignments: &self.assignments,
            absences: &self.absences,
            availability: &self.availability,
            skills: &self.skills,
            rest_rules: &self.rest_rules,
        }
    }
}

/// Spans between 0 and 40, now and then without a bound.
pub(crate) fn spans() -> impl Strategy<Value = Span> {
    let bounded = (0..40_i64, 1..10_i64).prop_map(|(start, length)| (Some(start), Some(start + length)));
    let ends = prop_oneof![
        12 => bounded,
        1 => (0..40_i64).prop_map(|start| (Some(start), None)),
        1 => (0..40_i64).prop_map(|end| (None, Some(end))),
        1 => Just((None, None)),
    ];
    ends.prop_map(|(start, end)| {
        let start = start.map_or(Instant::NEG_INFINITY, Instant::from_microseconds);
        Span::new(start, end.map_or(Instant::INFINITY, Instant::from_microseconds)).unwrap()
    })
}

// One number past the end each: somebody unknown, a shift without demands.
fn assignments() -> impl Strategy<Value = Assignment> {
    (0..=PEOPLE, prop::option::of(0..=SHIFTS), spans(), prop::bool::weighted(0.9))
        .prop_map(|(person, shift, span, binding)| Assignment { person, shift, span, binding })
}

fn shifts() -> impl Strategy<Value = Shift> {
    (spans(), prop::option::of(0..3_u32), prop::collection::vec(0..SKILLS, 0..3))
        .prop_map(|(span, required, skills)| Shift { span, required, skills })
}

fn preferences() -> impl Strategy<Value = Preference> {
    prop_oneof![Just(Preference::Available), Just(Preference::Preferred), Just(Preference::Unavailable)]
}

fn rest_rules() -> impl Strategy<Value = RestRule> {
    let levels = prop_oneof![Just(Level::Violation), Just(Level::Warning)];
    (0..8_i64, levels, prop::option::of(0..TEAMS), spans()).prop_map(|(minimum, level, team, valid)| {
        RestRule { minimum: Duration::from_microseconds(minimum), level, team, valid }
    })
}

pub(crate) fn rosters() -> impl Strategy<Value = OwnedRoster> {
    let people =
        prop::collection::vec(prop::option::of(0..TEAMS).prop_map(|team| Person { team }), PEOPLE..=PEOPLE);
    let absences = (0..=PEOPLE, spans()).prop_map(|(person, span)| Absence { person, span });
    let availability = (0..=PEOPLE, spans(), preferences())
        .prop_map(|(person, span, preference)| Availability { person, span, preference });
    let skills = (0..=PEOPLE, 0..SKILLS, spans()).prop_map(|(person, skill, span)| SkillValidity {
        person,
        skill,
        span,
    });
    (
        people,
        prop::collection::vec(shifts(), SHIFTS..=SHIFTS),
        prop::collection::vec(assignments(), 0..14),
        prop::collection::vec(absences, 0..4),
        prop::collection::vec(availability, 0..4),
        prop::collection::vec(skills, 0..8),
        prop::collection::vec(rest_rules(), 0..3),
    )
        .prop_map(|(people, shifts, assignments, absences, availability, skills, rest_rules)| {
            OwnedRoster { people, shifts, assignments, absences, availability, skills, rest_rules }
        })
}
