//! The nouns of a roster problem.
//!
//! Everything is the caller's index: a kind, a skill or a shift is a position in a list of the caller's. Weights are
//! whole numbers of any unit; heads that are missing usually weigh most.

use std::ops::Range;

/// How much a breach matters. Rosters are compared level by level: nothing of a lower level outweighs a higher one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Level {
    /// A roster that breaks it is not one that can be worked.
    Hard,
    /// A roster that breaks it can be worked and lacks something that no comfort makes up for: an open head.
    Medium,
    /// A matter of comfort and cost.
    #[default]
    Soft,
}

/// Whether a rule may be broken, and at which price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Force {
    /// Never.
    Hard,
    /// At this cost for each unit by which it is broken, before all soft costs.
    Medium(i64),
    /// At this cost for each unit by which it is broken.
    Soft(i64),
}

impl Force {
    /// The level of a breach.
    #[must_use]
    pub fn level(self) -> Level {
        match self {
            Self::Hard => Level::Hard,
            Self::Medium(_) => Level::Medium,
            Self::Soft(_) => Level::Soft,
        }
    }

    /// Cost of each unit, at its level; none for a hard rule.
    #[must_use]
    pub fn weight(self) -> Option<i64> {
        match self {
            Self::Hard => None,
            Self::Medium(weight) | Self::Soft(weight) => Some(weight),
        }
    }
}

/// A limit's value and force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// The value, in the unit of what is counted.
    pub value: i64,
    /// What breaking it means.
    pub force: Force,
}

impl Bound {
    /// A bound that may never be broken.
    #[must_use]
    pub fn hard(value: i64) -> Self {
        Self { value, force: Force::Hard }
    }

    /// A bound that costs `weight` for each unit by which it is broken, before all soft costs.
    #[must_use]
    pub fn medium(value: i64, weight: i64) -> Self {
        Self { value, force: Force::Medium(weight) }
    }

    /// A bound that costs `weight` for each unit by which it is broken.
    #[must_use]
    pub fn soft(value: i64, weight: i64) -> Self {
        Self { value, force: Force::Soft(weight) }
    }
}

/// One shift on one day, with its demand for heads.
#[derive(Debug, Clone, Default)]
pub struct Shift {
    /// The day it belongs to. A person works at most one shift of a day.
    pub day: usize,
    /// Its kind: early, late, night.
    pub kind: usize,
    /// Start, in minutes from midnight of day 0.
    pub start_minute: i64,
    /// End, in minutes from midnight of day 0; after the start.
    pub end_minute: i64,
    /// Minutes that count as worked.
    pub worked_minutes: i64,
    /// Those of them that lie after the midnight that ends its day, for sums by the clock.
    pub late_minutes: i64,
    /// Skills that each head must have.
    pub skills: Vec<usize>,
    /// Heads needed.
    pub required: u32,
    /// Cost for each head too few.
    pub short_weight: i64,
    /// The level of that cost. Demand is never hard: a roster with an open head is still a roster.
    pub short_level: Level,
    /// Cost for each head too many.
    pub surplus_weight: i64,
}

/// A rule about two shifts of one person with no other shift of theirs between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Succession {
    /// Kind of the earlier shift.
    pub first: usize,
    /// Kind of the later shift.
    pub next: usize,
    /// Free days between the two: 0 if the later day is the next one.
    pub free_days: usize,
    /// Forbidden, or its cost each time.
    pub force: Force,
}

/// What a [`Limit`] adds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Counted {
    /// Minutes worked, on the day to which their shift belongs.
    Minutes,
    /// Minutes worked, on the day on which they are: what of a shift lies after midnight counts on the next day.
    ClockMinutes,
    /// Days worked.
    Days,
    /// Shifts of one kind.
    Kind(usize),
    /// Saturdays with the Sunday after them, if any of the two is worked. A weekend counts on its Saturday.
    Weekends,
}

/// A sum that stays within bounds over a period.
#[derive(Debug, Clone)]
pub struct Limit {
    /// What is added up.
    pub counted: Counted,
    /// The days of the period that lie in the horizon. None, at its end, for a period that follows it and continues: the
    /// last night reaches in.
    pub days: Range<usize>,
    /// Whether the period goes on after the horizon, so that what lies after the last midnight is in it, too.
    pub continues: bool,
    /// What the same period already holds outside of the horizon.
    pub already: i64,
    /// The least that is right.
    pub least: Option<Bound>,
    /// The most that is right.
    pub most: Option<Bound>,
}

/// A preference about one shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// The shift.
    pub shift: usize,
    /// Whether the person wants to work it, or not to.
    pub work: bool,
    /// The cost when it is not so.
    pub weight: i64,
}

/// What a rotation asks of one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// A free day.
    Free,
    /// A shift of this kind.
    Kind(usize),
    /// Whatever comes.
    Any,
}

/// A pattern of days that repeats: two early, two late, two nights, four free.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotation {
    /// The days of one turn, at least one.
    pub turns: Vec<Turn>,
    /// Which of them day 0 of the horizon is.
    pub first: usize,
    /// Whether a day may be otherwise, and at which cost each.
    pub force: Force,
}

impl Rotation {
    /// What it asks of a day.
    #[must_use]
    pub fn turn(&self, day: usize) -> Turn {
        self.turns.get((self.first + day) % self.turns.len().max(1)).copied().unwrap_or(Turn::Any)
    }
}

/// A day that is settled before the search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FixedDay {
    /// The day.
    pub day: usize,
    /// The shift worked then; nothing for a free day.
    pub shift: Option<usize>,
}

/// A known day outside of the horizon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutsideDay {
    /// Not worked.
    Free,
    /// Worked.
    Worked {
        /// The kind.
        kind: usize,
        /// Start, in minutes from midnight of day 0; negative before the horizon.
        start_minute: i64,
        /// End, in minutes from midnight of day 0.
        end_minute: i64,
    },
}

/// One person with everything that holds for them alone.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// Skills they have.
    pub skills: Vec<usize>,
    /// Spans in which they cannot work, half-open, in minutes from midnight of day 0.
    pub unavailable: Vec<Range<i64>>,
    /// Days on which no shift of theirs may stand.
    pub days_off: Vec<usize>,
    /// Days settled before the search. They win over the rules about who may take what.
    pub fixed: Vec<FixedDay>,
    /// Sums within bounds.
    pub limits: Vec<Limit>,
    /// Longest run of worked days.
    pub longest_work: Option<Bound>,
    /// Shortest run of worked days. A run that touches an end of the known days is never too short.
    pub shortest_work: Option<Bound>,
    /// Shortest run of free days. A run that touches an end of the known days is never too short.
    pub shortest_rest: Option<Bound>,
    /// Preferences.
    pub wishes: Vec<Wish>,
    /// The pattern that their days follow. Settled days are left out of it.
    pub rotation: Option<Rotation>,
    /// Cost of each shift of a kind, beside all wishes: `(kind, cost)`.
    pub kind_costs: Vec<(usize, i64)>,
    /// The days just before the horizon, oldest first.
    pub before: Vec<OutsideDay>,
    /// The days just after the horizon, soonest first.
    pub after: Vec<OutsideDay>,
}

/// Two people who should work together, or should not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pairing {
    /// One person.
    pub first: usize,
    /// The other person.
    pub second: usize,
    /// Whether they should be on the same shifts, or never.
    pub together: bool,
    /// The cost: together, for each shift that only one of them works; apart, for each that both work.
    pub weight: i64,
}

/// One person's part of a burden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// The person.
    pub person: usize,
    /// What would be fair, in the unit of what is counted.
    pub target: i64,
}

/// A burden or a benefit that is shared out evenly. Always soft.
///
/// The cost is the weight times the square of the distance from the target, in whole units, so that two people one unit
/// off are better than one person two units off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fairness {
    /// What is shared.
    pub counted: Counted,
    /// The days it is counted on.
    pub days: Range<usize>,
    /// How much of it is one unit of distance: 1 for days, weekends and kinds, the length of a shift for minutes.
    pub unit: i64,
    /// Cost of a distance of one unit.
    pub weight: i64,
    /// Those who share, each at most once.
    pub shares: Vec<Share>,
}

impl Fairness {
    /// The distance of a sum from its target, in whole units.
    #[must_use]
    pub fn distance(&self, target: i64, sum: i64) -> i64 {
        (sum - target).abs() / self.unit.max(1)
    }
}

/// A whole problem.
#[derive(Debug, Clone, Default)]
pub struct Problem {
    /// Days of the horizon.
    pub days: usize,
    /// Weekday of day 0: 0 is Monday, 6 is Sunday.
    pub first_weekday: usize,
    /// How many kinds there are.
    pub kinds: usize,
    /// The shifts, in any order.
    pub shifts: Vec<Shift>,
    /// The people.
    pub people: Vec<Person>,
    /// Rules about one shift after another, for everybody.
    pub successions: Vec<Succession>,
    /// Least minutes between the end of a shift and the start of the person's next, however many days later.
    pub minimum_rest: Option<Bound>,
    /// Least minutes between two shifts with a free day between: what makes a free day a day off. With a longest run of
    /// worked days this is a weekly rest.
    pub minimum_day_off: Option<Bound>,
    /// What is shared out evenly.
    pub fairness: Vec<Fairness>,
    /// People who should or should not work together. Always soft.
    pub pairings: Vec<Pairing>,
}

impl Problem {
    /// Weekday of a day: 0 is Monday, 6 is Sunday.
    #[must_use]
    pub fn weekday(&self, day: usize) -> usize {
        (self.first_weekday + day) % 7
    }

    /// Whether the day is a Saturday.
    #[must_use]
    pub fn is_saturday(&self, day: usize) -> bool {
        self.weekday(day) == 5
    }

    /// Whether the day is a Sunday.
    #[must_use]
    pub fn is_sunday(&self, day: usize) -> bool {
        self.weekday(day) == 6
    }
}
