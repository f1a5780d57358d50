//! What the engine needs of a time zone, and how local readings become instants.

use crate::error::EngineError;
use crate::instant::Instant;
use crate::local::{LocalDate, LocalDateTime, TimeOfDay};
use crate::policy::LocalPolicy;
use crate::span::Span;

/// The farthest that local time can be from UTC: Postgres takes POSIX zones up to 167:59:59 (`getsecs` of its
/// `localtime.c`). All instants that a reading can mean lie within this distance of its reading as UTC.
pub(crate) const FARTHEST_OFFSET_MICROSECONDS: i64 = 168 * 3_600_000_000;

/// A stretch of time in which the offset from UTC does not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OffsetPeriod {
    /// Seconds to add to UTC to read local time: positive east of Greenwich.
    pub offset_seconds: i32,
    /// The first instant at which the offset may be another one; [`Instant::INFINITY`] when it never changes.
    pub until: Instant,
}

/// The rules of one time zone. Where they come from is the caller's choice.
///
/// One method is wanted. In a Postgres backend it is one call of `pg_next_dst_boundary`.
pub trait ZoneRules {
    /// The offset at a finite instant, and how long it surely lasts: `until` lies after the instant.
    ///
    /// # Errors
    /// [`EngineError::OutOfRange`] where the rules do not reach.
    fn period_at(&self, instant: Instant) -> Result<OffsetPeriod, EngineError>;

    /// What the clock shows at a finite instant.
    ///
    /// # Errors
    /// [`EngineError::OutOfRange`] when Postgres cannot hold one of them; those of [`ZoneRules::period_at`].
    fn local_at(&self, instant: Instant) -> Result<LocalDateTime, EngineError> {
        if !instant.is_finite() {
            return Err(EngineError::OutOfRange { argument: "during" });
        }
        let offset = microseconds(self.period_at(instant)?.offset_seconds);
        instant
            .microseconds()
            .checked_add(offset)
            .map(LocalDateTime::from_microseconds)
            .ok_or(EngineError::OutOfRange { argument: "during" })
    }

    /// Which instants a local reading means. Exact for any number of clock changes nearby.
    ///
    /// # Errors
    /// [`EngineError::OutOfRange`] when Postgres cannot hold the instant; those of [`ZoneRules::period_at`].
    fn resolve(&self, local: LocalDateTime) -> Result<Resolution, EngineError> {
        let mut walk = Walk::around(self, local)?;
        let mut found: Option<(Instant, Instant)> = None;
        let mut skipped = None;
        let mut offset_before = None;
        while let Some((start, period)) = walk.next()? {
            let here = instant_in(local, period.offset_seconds)?;
            if start <= here && here < period.until {
                found = Some((found.map_or(here, |(earliest, _)| earliest), here));
            }
            if let Some(before) = offset_before {
                let forward = instant_in(local, before)?;
                // The old offset puts the reading at or after the change, the new one before it.
                if here < start && start <= forward {
                    skipped = Some(Resolution::Gap { earlier: here, change: start, later: forward });
                }
            }
            offset_before = Some(period.offset_seconds);
        }
        match found {
            Some((earlier, later)) if earlier == later => Ok(Resolution::Unique(earlier)),
            Some((earlier, later)) => Ok(Resolution::Fold { earlier, later }),
            None => skipped.ok_or(EngineError::BrokenZoneRules),
        }
    }

    /// The first instant at which the clock shows this reading or a later one.
    ///
    /// It never decreases from one reading to a later one, so instants of successive readings cut the time
    /// line into pieces that follow one another, whatever the clocks do. In a gap it is the instant of the
    /// change; of a repeated reading it is the first.
    ///
    /// # Errors
    /// [`EngineError::OutOfRange`] when Postgres cannot hold the instant; those of [`ZoneRules::period_at`].
    fn first_instant_at(&self, local: LocalDateTime) -> Result<Instant, EngineError> {
        let mut walk = Walk::around(self, local)?;
        while let Some((start, period)) = walk.next()? {
            let candidate = instant_in(local, period.offset_seconds)?.max(start);
            if candidate < period.until {
                return Ok(candidate);
            }
        }
        Err(EngineError::BrokenZoneRules)
    }

    /// The first instant of a local day, also when midnight is skipped or occurs twice. A day that is skipped
    /// as a whole starts where the next one does.
    ///
    /// # Errors
    /// As [`ZoneRules::first_instant_at`].
    fn start_of_day(&self, date: LocalDate) -> Result<Instant, EngineError> {
        self.first_instant_at(date.at(TimeOfDay::MIDNIGHT)?)
    }
}

/// What a local reading means in a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// One instant.
    Unique(Instant),
    /// None: the clocks skip it.
    Gap {
        /// Moved back by the length of the gap.
        earlier: Instant,
        /// The instant at which the clocks skip it.
        change: Instant,
        /// Moved forward by the length of the gap.
        later: Instant,
    },
    /// More than one: the clocks show it again.
    Fold {
        /// The first time.
        earlier: Instant,
        /// The last time.
        later: Instant,
    },
}

/// The span of the local days `[first, end)`; a missing day is no bound.
///
/// `None` when that holds no instant: no days, or only days that the zone skipped as a whole. With
/// [`LocalPolicy::BOUNDARY`] a day starts with its first instant, also when midnight is skipped or occurs
/// twice.
///
/// # Errors
/// As [`LocalPolicy::instant`], naming `days`.
pub fn local_days(
    zone: &dyn ZoneRules,
    first: Option<LocalDate>,
    end: Option<LocalDate>,
    policy: LocalPolicy,
) -> Result<Option<Span>, EngineError> {
    let midnight =
        |date: LocalDate| policy.boundary(zone, date.at(TimeOfDay::MIDNIGHT)?, Span::ALWAYS, "days");
    let start = first.map_or(Ok(Instant::NEG_INFINITY), midnight)?;
    let end = end.map_or(Ok(Instant::INFINITY), midnight)?;
    Ok(Span::new(start, end))
}

/// The offset periods around a local reading, in order, with the instant from which each is known to hold.
struct Walk<'a, Z: ZoneRules + ?Sized> {
    zone: &'a Z,
    next: Instant,
    last: Instant,
}

impl<'a, Z: ZoneRules + ?Sized> Walk<'a, Z> {
    fn around(zone: &'a Z, local: LocalDateTime) -> Result<Self, EngineError> {
        let out_of_range = EngineError::OutOfRange { argument: "date" };
        let reading = local.microseconds();
        let first = reading.checked_sub(FARTHEST_OFFSET_MICROSECONDS).ok_or(out_of_range.clone())?;
        let last = reading.checked_add(FARTHEST_OFFSET_MICROSECONDS).ok_or(out_of_range)?;
        let next = Instant::from_microseconds(first).max(Instant::FIRST);
        Ok(Self { zone, next, last: Instant::from_microseconds(last) })
    }

    fn next(&mut self) -> Result<Option<(Instant, OffsetPeriod)>, EngineError> {
        let start = self.next;
        if start > self.last || !start.is_finite() {
            return Ok(None);
        }
        let period = self.zone.period_at(start)?;
        if period.until <= start {
            return Err(EngineError::BrokenZoneRules);
        }
        self.next = period.until;
        Ok(Some((start, period)))
    }
}

fn microseconds(seconds: i32) -> i64 {
    i64::from(seconds) * 1_000_000
}

/// The instant at which a clock with this offset shows the reading.
fn instant_in(local: LocalDateTime, offset_seconds: i32) -> Result<Instant, EngineError> {
    local
        .microseconds()
        .checked_sub(microseconds(offset_seconds))
        .map(Instant::from_microseconds)
        .filter(|instant| instant.is_finite())
        .ok_or(EngineError::OutOfRange { argument: "date" })
}
