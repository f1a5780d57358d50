//! The local days of a zone, one after another.

use crate::error::EngineError;
use crate::instant::Instant;
use crate::local::LocalDate;
use crate::period::Boundary;
use crate::span::Span;
use crate::split::LONGEST_SPLIT_DAYS;
use crate::zone::ZoneRules;

/// Local days that follow one another, each with its first instant: 23, 24 or 25 hours long, or what the zone
/// made of them. A day that the zone skipped as a whole is left out: its neighbours follow one another.
///
/// Days of a roster are looked up for each person; the zone is asked once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LocalDays {
    /// Strictly ascending. The last one only ends the one before it.
    starts: Vec<(LocalDate, Instant)>,
}

/// A position in a [`LocalDays`].
pub(super) type Day = usize;

impl LocalDays {
    /// No day at all.
    pub(super) const NONE: Self = Self { starts: Vec::new() };

    /// Every local day that meets a bounded span.
    ///
    /// # Errors
    /// [`EngineError::UnboundedSpan`] and [`EngineError::SpanTooLong`], naming `window_end`; those of
    /// [`ZoneRules::period_at`].
    pub fn of(zone: &dyn ZoneRules, span: Span) -> Result<Self, EngineError> {
        let argument = "window_end";
        if !span.is_bounded() {
            return Err(EngineError::UnboundedSpan { argument });
        }
        let first = zone.local_at(span.start())?.date();
        let end = zone.local_at(span.end())?.date();
        let days = i64::from(end.days()) - i64::from(first.days());
        if days >= LONGEST_SPLIT_DAYS {
            let limit_days = LONGEST_SPLIT_DAYS;
            return Err(EngineError::SpanTooLong { argument, days: days + 1, limit_days });
        }
        let mut date = first;
        let mut starts = Vec::new();
        // Where the clocks go back over midnight, a later day may begin before the one that is running ends.
        while starts.last().is_none_or(|(_, start)| *start < span.end()) {
            starts.push((date, zone.start_of_day(date)?));
            date = date.plus_days(1)?;
        }
        Ok(Self::from_starts(starts))
    }

    /// Days with their first instants, in order; the last one only ends the one before it.
    #[must_use]
    pub fn from_starts(starts: impl IntoIterator<Item = (LocalDate, Instant)>) -> Self {
        let mut kept: Vec<(LocalDate, Instant)> = Vec::new();
        for (date, start) in starts {
            // A day without an instant starts where the next one does.
            while kept.last().is_some_and(|(_, before)| *before >= start) {
                kept.pop();
            }
            kept.push((date, start));
        }
        Self { starts: kept }
    }

    /// Every day with its first instant; the last one only ends the one before it.
    pub fn starts(&self) -> impl Iterator<Item = (LocalDate, Instant)> {
        self.starts.iter().copied()
    }

    /// All of the days together.
    pub(super) fn covered(&self) -> Option<Span> {
        let ((_, first), (_, end)) = (self.starts.first()?, self.starts.last()?);
        Span::new(*first, *end)
    }

    /// The day that holds an instant.
    pub(super) fn at(&self, instant: Instant) -> Option<Day> {
        let after = self.starts.partition_point(|(_, start)| *start <= instant);
        (after < self.starts.len()).then(|| after.checked_sub(1)).flatten()
    }

    /// From the start of one day to the start of another; `None` past the days that are known.
    pub(super) fn span(&self, first: Day, end: Day) -> Option<Span> {
        Span::new(self.start(first)?, self.start(end)?)
    }

    /// The first instant of a day.
    pub(super) fn start(&self, day: Day) -> Option<Instant> {
        self.starts.get(day).map(|(_, start)| *start)
    }

    /// The week of a day, when weeks begin so many days after Monday: its first day on the calendar, which
    /// tells it from other weeks.
    pub(super) fn week(&self, day: Day, days_after_monday: u8) -> Option<LocalDate> {
        let (date, _) = self.starts.get(day)?;
        let shifted = date.plus_days(-i32::from(days_after_monday)).ok()?;
        let (monday, _) = Boundary::WEEK.period_of(shifted).ok()?;
        monday.plus_days(i32::from(days_after_monday)).ok()
    }

    /// The span of the week that begins on a date; `None` when not all of it is known.
    pub(super) fn week_span(&self, first: LocalDate) -> Option<Span> {
        let on_or_after = |date: LocalDate| self.starts.partition_point(|(known, _)| *known < date);
        let (earliest, _) = self.starts.first()?;
        let next = first.plus_days(7).ok()?;
        if *earliest > first { None } else { self.span(on_or_after(first), on_or_after(next)) }
    }
}
