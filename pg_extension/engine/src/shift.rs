//! Shifts: from what was planned on the wall clock to elapsed time.

use crate::duration::Duration;
use crate::error::EngineError;
use crate::local::{LocalDate, LocalDateTime, TimeOfDay};
use crate::policy::LocalPolicy;
use crate::span::Span;
use crate::zone::ZoneRules;

/// A shift as people write it: a day and two readings of the clock.
///
/// An end that is not after the start means the next day, so equal readings are 24 hours on the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShiftIntent {
    /// The day on which it starts.
    pub date: LocalDate,
    /// The reading at its start.
    pub start_time: TimeOfDay,
    /// The reading at its end.
    pub end_time: TimeOfDay,
}

impl ShiftIntent {
    /// The span of the shift in a zone.
    ///
    /// # Errors
    /// - [`EngineError::SkippedLocalTime`] and [`EngineError::RepeatedLocalTime`] where the policy rejects,
    ///   naming `start_time` or `end_time`;
    /// - [`EngineError::ShiftWithoutLength`] when a clock change leaves nothing of it: from 02:30, moved to
    ///   03:30, to 03:10;
    /// - [`EngineError::OutOfRange`] when Postgres cannot hold it.
    pub fn span(self, zone: &dyn ZoneRules, policy: LocalPolicy) -> Result<Span, EngineError> {
        let end_date = if self.end_time <= self.start_time { self.date.plus_days(1)? } else { self.date };
        let start = policy.instant(zone, self.date.at(self.start_time)?, "start_time")?;
        let end = policy.instant(zone, end_date.at(self.end_time)?, "end_time")?;
        Span::new(start, end).ok_or(EngineError::ShiftWithoutLength {
            date: self.date,
            start_time: self.start_time,
            end_time: self.end_time,
        })
    }
}

/// The span of a shift that starts at a reading of the clock and lasts so many minutes, whatever the clocks do
/// meanwhile.
///
/// # Errors
/// [`EngineError::UnfitNumber`], naming `elapsed_minutes`, unless there is at least one;
/// [`EngineError::SkippedLocalTime`] and [`EngineError::RepeatedLocalTime`] where the policy rejects, naming
/// `start_time`; [`EngineError::OutOfRange`] when Postgres cannot hold it.
pub fn shift_lasting(
    zone: &dyn ZoneRules,
    start: LocalDateTime,
    elapsed_minutes: i64,
    policy: LocalPolicy,
) -> Result<Span, EngineError> {
    if elapsed_minutes < 1 {
        return Err(EngineError::UnfitNumber {
            argument: "elapsed_minutes",
            value: elapsed_minutes,
            wanted: "one or more",
        });
    }
    let start = policy.instant(zone, start, "start_time")?;
    Duration::from_minutes(elapsed_minutes)
        .and_then(|length| start.checked_add_microseconds(length.microseconds()))
        .and_then(|end| Span::new(start, end))
        .ok_or(EngineError::OutOfRange { argument: "elapsed_minutes" })
}

/// The elapsed time of a shift without its unpaid break. Exact.
///
/// # Errors
/// [`EngineError::UnboundedSpan`]; [`EngineError::NegativeBreak`]; [`EngineError::BreakLongerThanShift`].
pub fn worked_time(during: Span, break_minutes: i64) -> Result<Duration, EngineError> {
    if break_minutes < 0 {
        return Err(EngineError::NegativeBreak { break_minutes });
    }
    let elapsed = during.elapsed()?;
    Duration::from_minutes(break_minutes)
        .filter(|unpaid| *unpaid <= elapsed)
        .map(|unpaid| Duration::from_microseconds(elapsed.microseconds() - unpaid.microseconds()))
        .ok_or_else(|| EngineError::BreakLongerThanShift {
            break_minutes,
            shift_minutes: elapsed.minutes().to_string(),
        })
}
