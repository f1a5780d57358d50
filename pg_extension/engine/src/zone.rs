//! What the engine needs of a time zone, and how local readings become instants.

use crate::error::EngineError;
use crate::instant::Instant;
use crate::local::{LocalDate, LocalDateTime, TimeOfDay};
use crate::span::Span;

/// The farthest that local time can be from UTC: Postgres takes POSIX zones up to 167:59:59 (`getsecs` of its
/// `localtime.c`). All instants that a reading can mean lie within this distance of its reading as UTC.
const FARTHEST_OFFSET_MICROSECONDS: i64 = 168 * 3_600_000_000;

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
                    skipped = Some(Resolution::Gap { earlier: here, later: forward });
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

/// Which instant a repeated reading means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FoldPolicy {
    /// The first. The default, as in RFC 5545 and Temporal; Postgres' own cast takes the last.
    #[default]
    Earlier,
    /// The last.
    Later,
    /// None: it is an error.
    Reject,
}

/// Which instant a skipped reading means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GapPolicy {
    /// The reading moved back by the length of the gap: 02:30 is 01:30.
    Earlier,
    /// The reading moved forward by the length of the gap: 02:30 is 03:30. The default, as in Postgres' own
    /// cast.
    #[default]
    Later,
    /// None: it is an error.
    Reject,
}

/// What to do with readings that mean no instant, or more than one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LocalPolicy {
    /// For repeated readings.
    pub fold: FoldPolicy,
    /// For skipped readings.
    pub gap: GapPolicy,
}

const POLICY_WORDS: &str = "earlier, later, reject";

impl FoldPolicy {
    /// From the word that SQL uses: `earlier`, `later` or `reject`.
    ///
    /// # Errors
    /// [`EngineError::UnknownChoice`], naming `fold`.
    pub fn from_word(word: &str) -> Result<Self, EngineError> {
        match word {
            "earlier" => Ok(Self::Earlier),
            "later" => Ok(Self::Later),
            "reject" => Ok(Self::Reject),
            _ => Err(unknown("fold", word)),
        }
    }
}

impl GapPolicy {
    /// From the word that SQL uses: `earlier`, `later` or `reject`.
    ///
    /// # Errors
    /// [`EngineError::UnknownChoice`], naming `gap`.
    pub fn from_word(word: &str) -> Result<Self, EngineError> {
        match word {
            "earlier" => Ok(Self::Earlier),
            "later" => Ok(Self::Later),
            "reject" => Ok(Self::Reject),
            _ => Err(unknown("gap", word)),
        }
    }
}

impl LocalPolicy {
    /// The instant of a local reading under this policy. `argument` is named in the error.
    ///
    /// # Errors
    /// [`EngineError::SkippedLocalTime`] and [`EngineError::RepeatedLocalTime`] where the policy rejects;
    /// those of [`ZoneRules::resolve`].
    pub fn instant(
        self,
        zone: &dyn ZoneRules,
        local: LocalDateTime,
        argument: &'static str,
    ) -> Result<Instant, EngineError> {
        match zone.resolve(local)? {
            Resolution::Unique(instant) => Ok(instant),
            Resolution::Gap { earlier, later } => match self.gap {
                GapPolicy::Earlier => Ok(earlier),
                GapPolicy::Later => Ok(later),
                GapPolicy::Reject => Err(EngineError::SkippedLocalTime { argument, local }),
            },
            Resolution::Fold { earlier, later } => match self.fold {
                FoldPolicy::Earlier => Ok(earlier),
                FoldPolicy::Later => Ok(later),
                FoldPolicy::Reject => Err(EngineError::RepeatedLocalTime { argument, local }),
            },
        }
    }
}

/// The span of the local days `[first, end)`; a missing day is no bound.
///
/// `None` when that holds no instant: no days, or only days that the zone skipped as a whole.
///
/// # Errors
/// As [`ZoneRules::first_instant_at`].
pub fn local_days(
    zone: &dyn ZoneRules,
    first: Option<LocalDate>,
    end: Option<LocalDate>,
) -> Result<Option<Span>, EngineError> {
    let start = first.map_or(Ok(Instant::NEG_INFINITY), |date| zone.start_of_day(date))?;
    let end = end.map_or(Ok(Instant::INFINITY), |date| zone.start_of_day(date))?;
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

fn unknown(argument: &'static str, word: &str) -> EngineError {
    EngineError::UnknownChoice { argument, value: word.to_owned(), choices: POLICY_WORDS }
}
