//! Rosters for property tests: few people, few instants, so that everything meets everything.

use proptest::prelude::*;
use rota_engine::conflict::{
    Absence, Assignment, Availability, CountedDays, CountedTime, DayLimit, Level, Load, LocalDays, Period,
    Person, Preference, Requirement, Roster, Rule, Shift, SkillValidity, TimeLimit,
};
use rota_engine::{Duration, Instant, LocalDate, Span};

const PEOPLE: usize = 3;
const SHIFTS: usize = 4;
const SKILLS: usize = 2;
const TEAMS: usize = 2;
const ZONES: usize = 2;
/// Local days are known from here on: enough before the spans for a week, and for a row of days.
const FIRST_DAY_START: i64 = -80;

/// A roster that owns its rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct OwnedRoster {
    pub(crate) people: Vec<Person>,
    pub(crate) shifts: Vec<Shift>,
    pub(crate) assignments: Vec<Assignment>,
    pub(crate) absences: Vec<Absence>,
    pub(crate) availability: Vec<Availability>,
    pub(crate) skills: Vec<SkillValidity>,
    pub(crate) zones: Vec<LocalDays>,
    pub(crate) rules: Vec<Rule>,
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
            zones: &self.zones,
            rules: &self.rules,
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

/// Whole people mostly, and parts of which three or more are too much.
fn loads() -> impl Strategy<Value = Load> {
    let billionths =
        prop_oneof![6 => Just(1_000_000_000), 3 => Just(500_000_000), 1 => Just(400_000_000), 1 => Just(0)];
    billionths.prop_map(Load::from_billionths)
}

// One number past the end each: somebody unknown, a shift without demands.
fn assignments() -> impl Strategy<Value = Assignment> {
    let place = (0..=PEOPLE, prop::option::of(0..=SHIFTS), spans());
    (place, prop::bool::weighted(0.9), loads(), 0..4_i64).prop_map(
        |((person, shift, span), binding, load, unpaid)| {
            let unpaid = Duration::from_microseconds(unpaid);
            Assignment { person, shift, span, binding, load, unpaid }
        },
    )
}

/// Days of one to six instants each, a few of them without any.
fn zones() -> impl Strategy<Value = LocalDays> {
    prop::collection::vec(prop_oneof![1 => Just(0_i64), 20 => 1..7_i64], 80..=80).prop_map(|lengths| {
        let mut start = FIRST_DAY_START;
        LocalDays::from_starts((0..).zip(lengths).map(|(date, length)| {
            start += length;
            (LocalDate::from_days(date), Instant::from_microseconds(start))
        }))
    })
}

fn shifts() -> impl Strategy<Value = Shift> {
    (spans(), prop::option::of(0..3_u32), prop::collection::vec(0..SKILLS, 0..3))
        .prop_map(|(span, required, skills)| Shift { span, required, skills })
}

fn preferences() -> impl Strategy<Value = Preference> {
    prop_oneof![Just(Preference::Available), Just(Preference::Preferred), Just(Preference::Unavailable)]
}

fn time_limits() -> impl Strategy<Value = TimeLimit> {
    let periods = prop_oneof![
        Just(Period::Day),
        (0..7_u8).prop_map(|days_after_monday| Period::Week { days_after_monday }),
        (1..5_u32).prop_map(Period::Days),
        (1..12_i64).prop_map(|length| Period::Time(Duration::from_microseconds(length))),
    ];
    let counted =
        prop_oneof![Just(CountedTime::Worked), Just(CountedTime::Elapsed), Just(CountedTime::Spread)];
    (0..10_i64, periods, counted).prop_map(|(maximum, period, counted)| {
        let is_fit = counted != CountedTime::Spread || period == Period::Day;
        let counted = if is_fit { counted } else { CountedTime::Worked };
        TimeLimit { maximum: Duration::from_microseconds(maximum), period, counted }
    })
}

fn requirements() -> impl Strategy<Value = Requirement> {
    let day_limits = (0..4_u32, prop_oneof![Just(CountedDays::Begun), Just(CountedDays::Worked)])
        .prop_map(|(maximum, counted)| DayLimit { maximum, counted });
    prop_oneof![
        2 => (0..8_i64).prop_map(|minimum| Requirement::Rest(Duration::from_microseconds(minimum))),
        4 => time_limits().prop_map(Requirement::Time),
        2 => day_limits.prop_map(Requirement::Days),
    ]
}

fn rules() -> impl Strategy<Value = Rule> {
    let levels = prop_oneof![Just(Level::Violation), Just(Level::Warning)];
    let validities = prop_oneof![Just(Span::ALWAYS), spans()];
    (requirements(), levels, prop::option::of(0..TEAMS), validities)
        .prop_map(|(requirement, level, team, valid)| Rule { requirement, level, team, valid })
}

pub(crate) fn rosters() -> impl Strategy<Value = OwnedRoster> {
    let people = prop::collection::vec(
        (prop::option::of(0..TEAMS), 0..=ZONES).prop_map(|(team, zone)| Person { team, zone }),
        PEOPLE..=PEOPLE,
    );
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
        prop::collection::vec(zones(), ZONES..=ZONES),
        prop::collection::vec(rules(), 0..4),
    )
        .prop_map(|(people, shifts, assignments, absences, availability, skills, zones, rules)| {
            OwnedRoster { people, shifts, assignments, absences, availability, skills, zones, rules }
        })
}

/// A roster and a change of it: how many of its assignments stand, and which of them the others replace.
pub(crate) fn changes() -> impl Strategy<Value = (OwnedRoster, usize, Vec<Option<usize>>)> {
    (rosters(), 0..=10_usize, prop::collection::vec(prop::option::of(0..14_usize), 14..=14)).prop_map(
        |(roster, share, drawn)| {
            let count = roster.assignments.len();
            let existing = count * share / 10;
            let mut taken = Vec::new();
            let replaced = drawn.into_iter().take(count - existing).map(|replaced| {
                let replaced = replaced.filter(|index| *index < existing && !taken.contains(index));
                taken.extend(replaced);
                replaced
            });
            let replaced = replaced.collect();
            (roster, existing, replaced)
        },
    )
}
