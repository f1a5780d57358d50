//! What a roster is made of.

use super::days::LocalDays;
use super::load::Load;
use super::rule::Rule;
use crate::duration::Duration;
use crate::span::Span;

/// Everything that conflicts are found in. Each slice is in any order.
///
/// A `person` is a position in `people`, a `shift` a position in `shifts`, a `zone` one in `zones`. A position
/// past the end is somebody without a team in the first zone, a shift without demands, a zone without days.
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
    /// The local days of each zone, as far as rules that go by them are to be judged.
    pub zones: &'a [LocalDays],
    /// What the roster is held against.
    pub rules: &'a [Rule],
}

/// Somebody who works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Person {
    /// The team whose rules apply, besides those for everybody.
    pub team: Option<usize>,
    /// The zone whose days and weeks are theirs.
    pub zone: usize,
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
    /// How much of the person it takes.
    pub load: Load,
    /// Time in it that is not paid.
    pub unpaid: Duration,
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
    /// They cannot work. Only this conflicts with work: who names good times has not ruled out the others.
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
