//! What an evaluation tells: single breaches and their sum.

use crate::rostering::problem::{Counted, Level};

/// The rule that a [`Finding`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RuleName {
    /// A shift stands on a day it does not belong to.
    WrongDay,
    /// A settled day is something else.
    Fixed,
    /// The person lacks a skill of the shift.
    Skill,
    /// The person is off that day.
    DayOff,
    /// The person is unavailable during the shift.
    Unavailable,
    /// Two kinds that may not follow each other.
    Succession,
    /// Too few minutes between two shifts.
    MinimumRest,
    /// Too few minutes between two shifts with a free day between.
    MinimumDayOff,
    /// A day that the rotation wants otherwise.
    Rotation,
    /// Too many worked days in a row.
    LongestWork,
    /// Too few worked days in a row.
    ShortestWork,
    /// Too few free days in a row.
    ShortestRest,
    /// A sum above its period's most.
    Most(Counted),
    /// A sum below its period's least.
    Least(Counted),
    /// An uneven share.
    Fairness(Counted),
    /// A wish not granted.
    Wish,
    /// The price of a kind for this person.
    KindCost,
    /// Two people together or apart against their pairing.
    Pairing,
    /// Heads too few.
    Short,
    /// Heads too many.
    Surplus,
}

/// One breach of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: RuleName,
    /// The person; none for demand.
    pub person: Option<usize>,
    /// The first day it concerns.
    pub day: usize,
    /// The shift; none for sums and runs.
    pub shift: Option<usize>,
    /// By how many units the rule is broken.
    pub units: i64,
    /// What that costs; nothing for a hard rule.
    pub cost: Option<i64>,
    /// The level of the rule, and of the cost.
    pub level: Level,
}

/// The sum of everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evaluation {
    /// Units by which hard rules are broken.
    pub broken_hard: i64,
    /// Cost at the medium level.
    pub medium: i64,
    /// Cost at the soft level.
    pub cost: i64,
    /// Heads that are missing.
    pub short_heads: i64,
    /// Heads too many.
    pub surplus_heads: i64,
}

impl Evaluation {
    pub(super) fn add(&mut self, finding: &Finding) {
        let cost = finding.cost.unwrap_or(0);
        match finding.level {
            Level::Hard => self.broken_hard += finding.units,
            Level::Medium => self.medium += cost,
            Level::Soft => self.cost += cost,
        }
        match finding.rule {
            RuleName::Short => self.short_heads += finding.units,
            RuleName::Surplus => self.surplus_heads += finding.units,
            _ => {}
        }
    }
}
