//! The one error enum of the engine.

use crate::local::{LocalDate, LocalDateTime, TimeOfDay};

/// What the engine refuses, and why.
///
/// [`EngineError::sqlstate`] and [`EngineError::argument`] are what an error report of Postgres
/// has beside the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// A word that is none of the choices.
    #[error("{argument} \"{value}\" is not known, one of {choices} would be")]
    UnknownChoice {
        /// The argument's name.
        argument: &'static str,
        /// What was given.
        value: String,
        /// The words that are known, comma-separated.
        choices: &'static str,
    },
    /// A local time that the clocks skip, and the policy is to reject it.
    #[error(
        "{argument} {local} does not exist there, the clocks skip it; gap earlier or later would move it"
    )]
    SkippedLocalTime {
        /// The argument's name.
        argument: &'static str,
        /// The local reading.
        local: LocalDateTime,
    },
    /// A local time that the clocks show twice, and the policy is to reject it.
    #[error(
        "{argument} {local} occurs twice there, the clocks go back; fold earlier or later would choose one"
    )]
    RepeatedLocalTime {
        /// The argument's name.
        argument: &'static str,
        /// The local reading.
        local: LocalDateTime,
    },
    /// A shift whose end is not after its start once the clocks have moved.
    #[error(
        "a shift on {date} from {start_time} to {end_time} has no length there, because of the clock change; \
         another end_time or gap policy would give it one"
    )]
    ShiftWithoutLength {
        /// The local date.
        date: LocalDate,
        /// The local start.
        start_time: TimeOfDay,
        /// The local end.
        end_time: TimeOfDay,
    },
    /// A span without start or end where a length is asked.
    #[error("{argument} has no bound on one side, a start and an end would give it a length")]
    UnboundedSpan {
        /// The argument's name.
        argument: &'static str,
    },
    /// A span longer than what one call works through.
    #[error("{argument} is {days} days long, at most {limit_days} are split in one call")]
    SpanTooLong {
        /// The argument's name.
        argument: &'static str,
        /// Its length, in days begun.
        days: i64,
        /// The limit, in days.
        limit_days: i64,
    },
    /// A break below zero.
    #[error("break_minutes is {break_minutes}, zero or more would be right")]
    NegativeBreak {
        /// What was given.
        break_minutes: i64,
    },
    /// A break longer than the shift.
    #[error("break_minutes is {break_minutes}, but the shift has only {shift_minutes} minutes")]
    BreakLongerThanShift {
        /// What was given.
        break_minutes: i64,
        /// Exact minutes of the shift.
        shift_minutes: String,
    },
    /// A parameter of a rule that is missing, unknown, or says nothing sensible.
    #[error(
        "parameter {name} {}, {wanted} would be right",
        value.as_ref().map_or_else(|| "is missing".to_owned(), |value| format!("is \"{value}\""))
    )]
    UnreadableParameter {
        /// Its name.
        name: String,
        /// What it says; `None` when it is missing.
        value: Option<String>,
        /// What would be right.
        wanted: String,
    },
    /// A number that means nothing where it stands.
    #[error("{argument} is {value}, {wanted} would be right")]
    UnfitNumber {
        /// The argument's name.
        argument: &'static str,
        /// What was given.
        value: i64,
        /// The numbers that would be right, in words.
        wanted: &'static str,
    },
    /// More slots than one call returns.
    #[error("{argument} has more than {limit} slots, a shorter range or longer slots would be right")]
    TooManySlots {
        /// The argument's name.
        argument: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A date, time or sum of lengths outside of what Postgres can hold.
    #[error("{argument} is out of range")]
    OutOfRange {
        /// The argument's name.
        argument: &'static str,
    },
    /// Zone rules that contradict themselves: a period that ends before the instant it was asked for.
    #[error("the rules of the time zone do not move forward in time")]
    BrokenZoneRules,
    /// A roster problem that refers to something it does not have.
    #[error("{argument} is {given}, but there are only {count}; they count from 0")]
    RosterReference {
        /// The field's name.
        argument: &'static str,
        /// The index that was given.
        given: usize,
        /// How many there are.
        count: usize,
    },
    /// A size, weight or value of a roster problem beyond what one search takes.
    #[error("{argument} is {given}, from 0 to {limit} would be right")]
    RosterLimit {
        /// The field's name.
        argument: &'static str,
        /// What was given.
        given: i64,
        /// The largest that is right.
        limit: i64,
    },
    /// Two statements of a roster problem that cannot both be true.
    #[error("{argument}: {problem}")]
    RosterContradiction {
        /// The field's name.
        argument: &'static str,
        /// What contradicts what.
        problem: String,
    },
}

impl EngineError {
    /// The SQLSTATE that a Postgres error report carries.
    #[must_use]
    pub fn sqlstate(&self) -> &'static str {
        match self {
            Self::UnknownChoice { .. }
            | Self::SkippedLocalTime { .. }
            | Self::RepeatedLocalTime { .. }
            | Self::ShiftWithoutLength { .. }
            | Self::UnboundedSpan { .. }
            | Self::NegativeBreak { .. }
            | Self::BreakLongerThanShift { .. }
            | Self::RosterReference { .. }
            | Self::RosterContradiction { .. }
            | Self::UnfitNumber { .. }
            | Self::UnreadableParameter { .. } => "22023",
            Self::OutOfRange { .. } => "22008",
            Self::SpanTooLong { .. } | Self::TooManySlots { .. } | Self::RosterLimit { .. } => "54000",
            Self::BrokenZoneRules => "XX000",
        }
    }

    /// The same error about a span or a date, naming another argument: the engine calls a span `during`.
    #[must_use]
    pub fn naming(self, argument: &'static str) -> Self {
        match self {
            Self::UnboundedSpan { .. } => Self::UnboundedSpan { argument },
            Self::SpanTooLong { days, limit_days, .. } => Self::SpanTooLong { argument, days, limit_days },
            Self::TooManySlots { limit, .. } => Self::TooManySlots { argument, limit },
            Self::OutOfRange { .. } => Self::OutOfRange { argument },
            other => other,
        }
    }

    /// The name of the argument that is wrong, as the SQL functions spell it.
    #[must_use]
    pub fn argument(&self) -> Option<&'static str> {
        match self {
            Self::UnknownChoice { argument, .. }
            | Self::SkippedLocalTime { argument, .. }
            | Self::RepeatedLocalTime { argument, .. }
            | Self::UnboundedSpan { argument }
            | Self::SpanTooLong { argument, .. }
            | Self::UnfitNumber { argument, .. }
            | Self::TooManySlots { argument, .. }
            | Self::OutOfRange { argument }
            | Self::RosterReference { argument, .. }
            | Self::RosterLimit { argument, .. }
            | Self::RosterContradiction { argument, .. } => Some(argument),
            Self::ShiftWithoutLength { .. } => Some("end_time"),
            Self::NegativeBreak { .. } | Self::BreakLongerThanShift { .. } => Some("break_minutes"),
            Self::UnreadableParameter { .. } => Some("parameters"),
            Self::BrokenZoneRules => None,
        }
    }
}
