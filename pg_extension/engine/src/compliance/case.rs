//! What a judge finds in one window.

use super::verdict::Reason;

/// One window, measured. Numbers are whole: microseconds or counts, both sides multiplied by what would divide.
#[derive(Debug, Clone, Copy)]
pub(super) struct Case {
    /// The window, in microseconds.
    pub(super) start: i64,
    pub(super) end: i64,
    /// What there is, and what there may be: numerators over `scale`.
    pub(super) measured: i64,
    pub(super) limit: i64,
    pub(super) scale: i64,
    /// What it takes to reach the limit, a numerator over the rule's own scale.
    pub(super) left: i64,
    pub(super) state: State,
    pub(super) reason: Reason,
}

/// Whether a rule is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Kept,
    Broken,
    /// Too little is known to tell.
    Open,
}

/// Two numerators and what divides them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Comparison {
    pub(super) measured: i64,
    pub(super) limit: i64,
    pub(super) scale: i64,
    /// Whether reaching the limit breaks it.
    pub(super) is_below: bool,
}

impl Case {
    /// A window in which there may be so much. More than that breaks the rule even if more may be unknown.
    pub(super) fn at_most(start: i64, end: i64, found: Comparison, is_known: bool) -> Self {
        let Comparison { measured, limit, scale, is_below } = found;
        let left = limit - measured;
        let is_broken = left < 0 || (is_below && left == 0);
        let state = match (is_broken, is_known) {
            (true, _) => State::Broken,
            (false, true) => State::Kept,
            (false, false) => State::Open,
        };
        let reason = if is_broken { Reason::TooMuch } else { Reason::RecordIncomplete };
        Self { start, end, measured, limit, scale, left, state, reason }
    }

    /// A window in which there has to be so much. What is known to be there suffices.
    pub(super) fn at_least(start: i64, end: i64, found: Comparison, is_known: bool) -> Self {
        let Comparison { measured, limit, scale, .. } = found;
        let left = measured - limit;
        let state = match (left < 0, is_known) {
            (false, _) => State::Kept,
            (true, true) => State::Broken,
            (true, false) => State::Open,
        };
        let reason = if is_known { Reason::TooLittle } else { Reason::RecordIncomplete };
        Self { start, end, measured, limit, scale, left, state, reason }
    }

    /// A rest between two duties; `is_known` where nothing unknown could make it another one.
    pub(super) fn rest(start: i64, end: i64, minimum: i64, is_known: bool) -> Self {
        let measured = end - start;
        let left = measured - minimum;
        let (state, reason) = match (left < 0, is_known) {
            (true, true) => (State::Broken, Reason::TooLittle),
            (false, true) => (State::Kept, Reason::TooLittle),
            (_, false) => (State::Open, Reason::RecordIncomplete),
        };
        Self { start, end, measured, limit: minimum, scale: 1, left, state, reason }
    }

    /// A window of which nothing can be told.
    pub(super) fn open(start: i64, end: i64, limit: i64, reason: Reason) -> Self {
        Self { start, end, measured: 0, limit, scale: 1, left: limit, state: State::Open, reason }
    }
}

impl Comparison {
    /// Of whole numbers.
    pub(super) fn of(measured: i64, limit: i64) -> Self {
        Self { measured, limit, scale: 1, is_below: false }
    }
}

/// A number of things. There are never more than an `i64` holds.
pub(super) fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
