//! A rule as a roster is held against it: what it asks for, of whom and when.

use crate::rule::{Level, Requirement};
use crate::span::Span;

/// A rule: for whom, when, and what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// What it asks for.
    pub requirement: Requirement,
    /// What breaking it is.
    pub level: Level,
    /// The team to which it applies; `None` for everybody.
    pub team: Option<usize>,
    /// It applies to rests, days, weeks and windows that begin within this span.
    pub valid: Span,
}

impl Rule {
    /// Whether it applies to people of a team, or of none.
    pub(super) fn is_for(&self, team: Option<usize>) -> bool {
        self.team.is_none() || self.team == team
    }
}
