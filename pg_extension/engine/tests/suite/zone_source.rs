//! Zone rules from chrono-tz: a source that has nothing to do with the server's.

use chrono::{DateTime, NaiveDate, NaiveTime, Offset, TimeZone};
use chrono_tz::Tz;
use rota_engine::{EngineError, Instant, LocalDate, LocalDateTime, OffsetPeriod, Span, TimeOfDay, ZoneRules};

/// Seconds from 1970-01-01 to 2000-01-01.
const UNIX_SECONDS_OF_2000: i64 = 946_684_800;
pub(crate) const MINUTE: i64 = 60_000_000;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// One zone of chrono-tz.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChronoZone(pub(crate) Tz);

pub(crate) fn zone(name: &str) -> ChronoZone {
    ChronoZone(name.parse().unwrap())
}

impl ChronoZone {
    fn offset_seconds(self, seconds: i64) -> i32 {
        let utc = DateTime::from_timestamp(seconds + UNIX_SECONDS_OF_2000, 0).unwrap().naive_utc();
        self.0.offset_from_utc_datetime(&utc).fix().local_minus_utc()
    }

    /// The first change of the offset after an instant and before another.
    pub(crate) fn next_change(self, after: Instant, before: Instant) -> Option<Instant> {
        let before_seconds = before.microseconds().div_euclid(1_000_000);
        let mut seconds = after.microseconds().div_euclid(1_000_000);
        let offset = self.offset_seconds(seconds);
        while seconds < before_seconds {
            let mut later = seconds + 6 * 3_600;
            if self.offset_seconds(later) != offset {
                while later - seconds > 1 {
                    let middle = i64::midpoint(seconds, later);
                    if self.offset_seconds(middle) == offset { seconds = middle } else { later = middle }
                }
                return Some(Instant::from_microseconds(later * 1_000_000));
            }
            seconds = later;
        }
        None
    }
}

impl ZoneRules for ChronoZone {
    fn period_at(&self, instant: Instant) -> Result<OffsetPeriod, EngineError> {
        let offset_seconds = self.offset_seconds(instant.microseconds().div_euclid(1_000_000));
        // The offset need only hold until then: no further than a look-up ever walks in one go.
        let horizon = Instant::from_microseconds(instant.microseconds() + 10 * DAY);
        Ok(OffsetPeriod { offset_seconds, until: self.next_change(instant, horizon).unwrap_or(horizon) })
    }
}

/// A zone made of changes written down by hand: (from, offset), the first from the beginning of time.
pub(crate) struct TableZone(pub(crate) Vec<(Instant, i32)>);

impl ZoneRules for TableZone {
    fn period_at(&self, instant: Instant) -> Result<OffsetPeriod, EngineError> {
        let next = self.0.partition_point(|(from, _)| *from <= instant);
        let until = self.0.get(next).map_or(Instant::INFINITY, |(from, _)| *from);
        Ok(OffsetPeriod { offset_seconds: self.0[next - 1].1, until })
    }
}

/// `2025-03-29`.
pub(crate) fn date(text: &str) -> LocalDate {
    let first = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap();
    let days = text.parse::<NaiveDate>().unwrap().signed_duration_since(first).num_days();
    LocalDate::from_days(i32::try_from(days).unwrap())
}

/// `22:00`, or `24:00`.
pub(crate) fn time(text: &str) -> TimeOfDay {
    if text == "24:00" {
        return TimeOfDay::from_microseconds(DAY).unwrap();
    }
    let since_midnight = text.parse::<NaiveTime>().unwrap().signed_duration_since(NaiveTime::MIN);
    TimeOfDay::from_microseconds(since_midnight.num_microseconds().unwrap()).unwrap()
}

/// `2025-03-29 22:00`.
pub(crate) fn local(text: &str) -> LocalDateTime {
    let (day, clock) = text.split_once(' ').unwrap();
    date(day).at(time(clock)).unwrap()
}

/// `2025-03-29T21:00:00Z`.
pub(crate) fn instant(text: &str) -> Instant {
    let unix = DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros();
    Instant::from_microseconds(unix - UNIX_SECONDS_OF_2000 * 1_000_000)
}

/// A span of microseconds since 2000.
pub(crate) fn span(start: i64, end: i64) -> Span {
    Span::new(Instant::from_microseconds(start), Instant::from_microseconds(end)).unwrap()
}
