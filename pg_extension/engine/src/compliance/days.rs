//! The local days of a zone, each with the instant at which it begins.

use crate::error::EngineError;
use crate::instant::Instant;
use crate::local::{LocalDate, LocalDateTime, MICROSECONDS_PER_DAY, TimeOfDay};
use crate::period::Boundary;
use crate::split::LONGEST_SPLIT_DAYS;
use crate::zone::{FARTHEST_OFFSET_MICROSECONDS, OffsetPeriod, ZoneRules};

/// Local days that follow one another. Days that the zone skipped as a whole are left out.
#[derive(Debug)]
pub(super) struct Days {
    dates: Vec<LocalDate>,
    /// Strictly ascending, in microseconds. The last one only ends the day before it.
    starts: Vec<i64>,
}

impl Days {
    /// No day at all.
    pub(super) const NONE: Self = Self { dates: Vec::new(), starts: Vec::new() };

    /// Every day that meets a span of finite instants, and some around it; each begins at this reading.
    ///
    /// # Errors
    /// [`EngineError::SpanTooLong`], naming `window_end`; those of [`ZoneRules::period_at`].
    pub(super) fn of(
        zone: &dyn ZoneRules,
        (start, end): (i64, i64),
        at: TimeOfDay,
    ) -> Result<Self, EngineError> {
        let date = |instant| Ok(zone.local_at(Instant::from_microseconds(instant))?.date());
        // A day may begin late on the date before, or, where the clocks go back, after its successor.
        let (first, last) = (date(start)?.plus_days(-2)?, date(end)?.plus_days(3)?);
        let count = i64::from(last.days()) - i64::from(first.days());
        if count >= LONGEST_SPLIT_DAYS {
            let argument = "window_end";
            return Err(EngineError::SpanTooLong { argument, days: count, limit_days: LONGEST_SPLIT_DAYS });
        }
        let mut readings = Readings::of(zone);
        let room = usize::try_from(count).unwrap_or_default();
        let (mut dates, mut starts) = (Vec::with_capacity(room), Vec::with_capacity(room));
        let mut date = first;
        while date < last {
            let start = readings.first_instant_at(date.at(at)?)?;
            while starts.last().is_some_and(|before| *before >= start) {
                starts.pop();
                dates.pop();
            }
            starts.push(start);
            dates.push(date);
            date = date.plus_days(1)?;
        }
        Ok(Self { dates, starts })
    }

    /// The first instants, in order.
    pub(super) fn starts(&self) -> &[i64] {
        &self.starts
    }

    /// The first instant of a day; of one past the end, that of the last.
    pub(super) fn start(&self, day: usize) -> i64 {
        self.starts.get(day).or(self.starts.last()).copied().unwrap_or_default()
    }

    /// The date of a day.
    pub(super) fn date(&self, day: usize) -> Option<LocalDate> {
        self.dates.get(day).copied()
    }

    /// The day that holds an instant, or the nearest.
    pub(super) fn at(&self, instant: i64) -> usize {
        let (Some(first), Some(last)) = (self.starts.first(), self.starts.len().checked_sub(1)) else {
            return 0;
        };
        // Days have 24 hours but for a few, so this is it or nearly.
        let guess = (instant.saturating_sub(*first)).max(0) / MICROSECONDS_PER_DAY;
        let mut day = usize::try_from(guess).unwrap_or(usize::MAX).min(last);
        while day > 0 && self.start(day) > instant {
            day -= 1;
        }
        while day < last && self.start(day + 1) <= instant {
            day += 1;
        }
        day
    }

    /// The first day on a date or after it.
    pub(super) fn on(&self, date: LocalDate) -> usize {
        self.dates.partition_point(|known| *known < date)
    }

    /// The periods that overlap a span, each as its first day and the first of the next.
    ///
    /// # Errors
    /// As [`Boundary::period_of`].
    pub(super) fn periods(
        &self,
        boundary: Boundary,
        (start, end): (i64, i64),
    ) -> Result<Vec<(usize, usize)>, EngineError> {
        let mut periods = Vec::new();
        let Some(mut date) = self.date(self.at(start)) else { return Ok(periods) };
        loop {
            let (first, next) = boundary.period_of(date)?;
            let period = (self.on(first), self.on(next));
            if self.start(period.0) >= end || period.1 >= self.starts.len() {
                return Ok(periods);
            }
            // Not all of a period before the known days would be added up.
            if self.dates.first().is_some_and(|earliest| *earliest <= first) && period.0 < period.1 {
                periods.push(period);
            }
            date = next;
        }
    }
}

/// Turns readings that follow one another into instants, asking the zone only around changes of its offset.
pub(super) struct Readings<'a> {
    zone: &'a dyn ZoneRules,
    /// An offset, and the instant from which it is known to hold.
    period: Option<(i64, OffsetPeriod)>,
}

impl<'a> Readings<'a> {
    pub(super) const fn of(zone: &'a dyn ZoneRules) -> Self {
        Self { zone, period: None }
    }

    /// As [`ZoneRules::first_instant_at`].
    ///
    /// # Errors
    /// Those of [`ZoneRules::first_instant_at`].
    pub(super) fn first_instant_at(&mut self, local: LocalDateTime) -> Result<i64, EngineError> {
        let reading = local.microseconds();
        // Before any instant that the reading can mean.
        let earliest = Instant::from_microseconds(reading.saturating_sub(FARTHEST_OFFSET_MICROSECONDS));
        if self.period.is_none() && earliest.is_finite() {
            self.period = Some((earliest.microseconds(), self.zone.period_at(earliest)?));
        }
        if let Some((from, period)) = self.period {
            let instant = reading.saturating_sub(i64::from(period.offset_seconds) * 1_000_000);
            // No other offset can show the reading earlier: they all lie too far back.
            let is_sure = from <= earliest.microseconds() && Instant::from_microseconds(instant).is_finite();
            if is_sure && instant < period.until.microseconds() {
                return Ok(instant);
            }
        }
        let instant = self.zone.first_instant_at(local)?;
        let is_over = |(_, period): (i64, OffsetPeriod)| instant >= period.until;
        if self.period.is_none_or(is_over) {
            self.period = Some((instant.microseconds(), self.zone.period_at(instant)?));
        }
        Ok(instant.microseconds())
    }
}

/// The offsets from UTC over a span, for what goes by the clock on the wall.
#[derive(Debug, Default)]
pub(super) struct Offsets {
    /// Each with the instant from which it holds, ascending; both in microseconds.
    periods: Vec<(i64, i64)>,
}

impl Offsets {
    /// # Errors
    /// Those of [`ZoneRules::period_at`].
    pub(super) fn of(zone: &dyn ZoneRules, (start, end): (i64, i64)) -> Result<Self, EngineError> {
        let mut periods = Vec::new();
        let mut instant = start;
        while instant < end {
            let period = zone.period_at(Instant::from_microseconds(instant))?;
            periods.push((instant, i64::from(period.offset_seconds) * 1_000_000));
            if period.until.microseconds() <= instant {
                return Err(EngineError::BrokenZoneRules);
            }
            instant = period.until.microseconds();
        }
        Ok(Self { periods })
    }

    /// The time from one instant to another as the clock on the wall shows it.
    pub(super) fn nominal(&self, start: i64, end: i64) -> i64 {
        end - start + self.at(end) - self.at(start)
    }

    fn at(&self, instant: i64) -> i64 {
        let after = self.periods.partition_point(|(from, _)| *from <= instant);
        self.periods.get(after.saturating_sub(1)).map_or(0, |(_, offset)| *offset)
    }
}
