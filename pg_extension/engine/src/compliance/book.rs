//! Rules made ready to judge many people.

use super::record::PersonRecord;
use super::verdict::{Headroom, Verdict};
use super::vocabulary::Vocabulary;
use crate::duration::Duration;
use crate::error::EngineError;
use crate::rule::Rule;
use crate::span::Span;
use crate::zone::ZoneRules;

/// Rules made ready to judge people of one time zone in one window of time.
#[derive(Debug)]
pub struct RuleBook<'a> {
    rules: &'a [Rule],
    window: Span,
}

impl<'a> RuleBook<'a> {
    /// Prepares rules. The vocabulary has every word that records will hold.
    ///
    /// # Errors
    /// [`EngineError::UnboundedSpan`] and [`EngineError::SpanTooLong`], naming `window_end`; those of
    /// [`ZoneRules::period_at`].
    pub fn prepare(
        rules: &'a [Rule],
        _vocabulary: &Vocabulary,
        _zone: &dyn ZoneRules,
        window: Span,
    ) -> Result<Self, EngineError> {
        Ok(Self { rules, window })
    }

    /// The time of which duties have to be given: the window and [`reach`] around it.
    #[must_use]
    pub fn needed(&self) -> Span {
        self.window
    }

    /// Every verdict over one person, in the order of the rules and then of windows.
    #[must_use]
    pub fn judge(&self, _record: &PersonRecord<'_>) -> Vec<Verdict> {
        Vec::with_capacity(self.rules.len())
    }

    /// For each rule that was judged in any window, how much is left in the window that comes nearest to its
    /// limit. Nothing for rules that forbid.
    #[must_use]
    pub fn headroom(&self, _record: &PersonRecord<'_>) -> Vec<Headroom> {
        Vec::with_capacity(self.rules.len())
    }
}

/// Every verdict over one person. Who judges many prepares a [`RuleBook`] once.
///
/// # Errors
/// As [`RuleBook::prepare`].
pub fn judge(
    rules: &[Rule],
    vocabulary: &Vocabulary,
    record: &PersonRecord<'_>,
    window: Span,
    zone: &dyn ZoneRules,
) -> Result<Vec<Verdict>, EngineError> {
    Ok(RuleBook::prepare(rules, vocabulary, zone, window)?.judge(record))
}

/// How far from a window duties, leave and rotations have to be known, so that every rule can be judged in it.
#[must_use]
pub fn reach(_rules: &[Rule]) -> Duration {
    Duration::ZERO
}
