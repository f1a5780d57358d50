//! What a roster is made of.

use crate::duration::Duration;
use crate::span::Span;

/// Everything that conflicts are found in. Each slice is in any order.
///
/// A `person` is a position in `people`, a `shift` a position in `shifts`. A position past the end is
/// somebody without a team, or a shift without demands.
#[derive(Debug, Clone, Copy, Default)]
pub struct Roster<'a> {
    /// The people, by number.
    pub people: &'a [Person],
    /// The shifts, by number.
    pub shifts: &'a [Shift],
    /// Who works when.
    pub assignments: &'a [Assignment],
    /// Approved time off and the like.
    pub absences: &'a [Absence],
    /// What people said of their time.
    pub availability: &'a [Availability],
    /// Who is qualified for what, and when.
    pub skills: &'a [SkillValidity],
    /// How much rest there has to be between duties.
    pub rest_rules: &'a [RestRule],
}

/// Somebody who works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Person {
    /// The team whose rules apply, besides those for everybody.
    pub team: Option<usize>,
}

/// A shift and what it asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    /// When it is.
    pub span: Span,
    /// How many heads it needs; `None` when nobody said, then staffing is not judged.
    pub required: Option<u32>,
    /// The skills that each head needs.
    pub skills: Vec<usize>,
}

/// Somebody works at some time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assignment {
    /// Who.
    pub person: usize,
    /// On which shift, if on one.
    pub shift: Option<usize>,
    /// When.
    pub span: Span,
    /// Whether it is booked. Others are never looked at.
    pub binding: bool,
}

/// Somebody is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Absence {
    /// Who.
    pub person: usize,
    /// When.
    pub span: Span,
}

/// Somebody told about their time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Availability {
    /// Who.
    pub person: usize,
    /// When.
    pub span: Span,
    /// What they said.
    pub preference: Preference,
}

/// What somebody said of their time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preference {
    /// They can work.
    Available,
    /// They would like to work.
    Preferred,
    /// They cannot work. Only this conflicts with work.
    Unavailable,
}

/// Somebody has a skill for some time. Validities that overlap or touch add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SkillValidity {
    /// Who.
    pub person: usize,
    /// Which skill.
    pub skill: usize,
    /// When it is valid.
    pub span: Span,
}

/// The least rest between two duties.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestRule {
    /// A rest below this is too short.
    pub minimum: Duration,
    /// What breaking the rule is.
    pub level: super::Level,
    /// The team to which it applies; `None` for everybody.
    pub team: Option<usize>,
    /// It applies to rests that begin within this span.
    pub valid: Span,
}

impl RestRule {
    /// Minutes of daily rest where no rule is given: 11 hours (Directive 2003/88/EC, article 3).
    pub const DEFAULT_MINIMUM_MINUTES: i32 = 660;
}
