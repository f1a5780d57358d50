//! Dates and clock readings.

use pgrx::datum::{Date, Time, Timestamp, TimestampWithTimeZone};
use pgrx::pg_sys;
use rota_engine::{EngineError, Instant, LocalDate, LocalDateTime, TimeOfDay};

use crate::error::ExtensionError;

/// A date that must be a day; `argument` is named in the error.
///
/// # Errors
/// [`ExtensionError::InfiniteDate`] for `infinity` and `-infinity`.
pub(crate) fn local_date(date: Date, argument: &'static str) -> Result<LocalDate, ExtensionError> {
    match pg_sys::DateADT::from(date) {
        pg_sys::DateADT::MIN | pg_sys::DateADT::MAX => Err(ExtensionError::InfiniteDate { argument }),
        days => Ok(LocalDate::from_days(days)),
    }
}

/// A bound of a range of days: an infinite date bounds nothing.
pub(crate) fn local_date_bound(days: pg_sys::DateADT) -> Option<LocalDate> {
    match days {
        pg_sys::DateADT::MIN | pg_sys::DateADT::MAX => None,
        days => Some(LocalDate::from_days(days)),
    }
}

/// A day as the server keeps it; one past the server's last or before its first stays at that end.
pub(crate) fn server_date(date: LocalDate) -> Date {
    Date::saturating_from_raw(date.days())
}

/// A day as the server keeps it; `argument` is named in the error.
///
/// # Errors
/// [`EngineError::OutOfRange`] for a day past the server's last or before its first.
pub(crate) fn listed_date(date: LocalDate, argument: &'static str) -> Result<Date, ExtensionError> {
    Date::try_from(date.days()).map_err(|_| EngineError::OutOfRange { argument }.into())
}

/// What clock and calendar show, as the server keeps it; past the server's last or first it stays at that end.
pub(crate) fn server_timestamp(local: LocalDateTime) -> Timestamp {
    Timestamp::saturating_from_raw(local.microseconds())
}

/// A finite instant as the server keeps it.
pub(crate) fn server_instant(instant: Instant) -> TimestampWithTimeZone {
    TimestampWithTimeZone::try_from(instant.microseconds())
        .unwrap_or_else(|_| TimestampWithTimeZone::positive_infinity())
}

/// A reading of the clock, 00:00 to 24:00; `argument` is named in the error.
///
/// # Errors
/// [`EngineError::OutOfRange`] for a value that the server's `time` cannot hold either.
pub(crate) fn time_of_day(time: Time, argument: &'static str) -> Result<TimeOfDay, ExtensionError> {
    TimeOfDay::from_microseconds(time.into_inner()).ok_or(EngineError::OutOfRange { argument }.into())
}
