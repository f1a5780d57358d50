//! Too much time in a day, a week, or any window.

use super::row::{Cause, Conflict, ConflictKind, Quantity};
use super::rule::Rule;
use super::sweep::Sink;
use super::work::{DayOfWork, Work};
use crate::duration::Duration;
use crate::instant::Instant;
use crate::rule::{CountedTime, Period, TimeLimit};
use crate::span::Span;

/// One conflict for each period that has more time than the limit. `during` is the period.
pub(super) fn excessive<E>(
    work: &Work<'_>,
    (index, rule): (usize, &Rule),
    limit: TimeLimit,
    window: Span,
    emit: &mut Sink<'_, E>,
) -> Result<(), E> {
    let judge = |period: Option<Span>, measured: Duration, emit: &mut Sink<'_, E>| match period {
        Some(during)
            if measured > limit.maximum && during.overlaps(window) && rule.valid.contains(during.start()) =>
        {
            emit(Conflict {
                level: rule.level,
                cause: Some(Cause::Rule(index)),
                measured: Some(Quantity::Time(measured)),
                limit: Some(Quantity::Time(limit.maximum)),
                ..Conflict::of_person(ConflictKind::ExcessiveHours, work.person, during)
            })
        }
        _ => Ok(()),
    };
    let days = work.days;
    match limit.period {
        Period::Day => {
            for day in work.by_day(limit.counted) {
                let measured = match limit.counted {
                    CountedTime::Spread => elapsed(day.first_start, day.last_end),
                    CountedTime::Worked | CountedTime::Elapsed => day.time,
                };
                judge(days.span(day.day, day.day + 1), measured, emit)?;
            }
        }
        Period::Week { days_after_monday } => {
            let week = |day: &DayOfWork| days.week(day.day, days_after_monday);
            for of_week in work.by_day(limit.counted).chunk_by(|one, two| week(one) == week(two)) {
                let Some(first) = of_week.first().and_then(week) else { continue };
                judge(days.week_span(first), sum(of_week), emit)?;
            }
        }
        Period::Days(count) => {
            let worked = work.by_day(limit.counted);
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            for (position, first) in worked.iter().enumerate() {
                let end = worked.partition_point(|day| day.day < first.day.saturating_add(count));
                let of_window = worked.get(position..end).unwrap_or_default();
                judge(days.span(first.day, first.day.saturating_add(count)), sum(of_window), emit)?;
            }
        }
        Period::Time(length) => {
            for (during, measured) in windows(work, limit.counted, length) {
                judge(Some(during), measured, emit)?;
            }
        }
    }
    Ok(())
}

/// The windows of a length that begin where counted time begins, with the time in each. The fullest window
/// anywhere begins so: moved to the right from elsewhere, a window loses nothing until it does.
///
/// Where time resumes within a duty, after a break, the window is left out unless it holds more than the one
/// from where time began before, less than a window's length ago: a pattern that repeats would else be told
/// twice a shift.
fn windows(work: &Work<'_>, counted: CountedTime, length: Duration) -> Vec<(Span, Duration)> {
    let stretches = work.counted(counted).spans();
    let sums = RunningSums::of(stretches);
    let mut duties = work.duties().spans().iter().peekable();
    let mut found = Vec::new();
    let mut before: Option<(Instant, Duration)> = None;
    for (position, stretch) in stretches.iter().enumerate() {
        let start = stretch.start();
        let end = start.checked_add_microseconds(length.microseconds());
        // Time without a beginning begins no window.
        let Some(during) = end.and_then(|end| Span::new(start, end)) else { continue };
        let measured = sums.within(position, during);
        while duties.next_if(|duty| duty.end() <= start).is_some() {}
        let resumes = duties.peek().is_some_and(|duty| duty.start() < start);
        let is_told = |(earlier, as_full): (Instant, Duration)| {
            resumes && elapsed(earlier, start) < length && as_full >= measured
        };
        if !before.is_some_and(is_told) {
            found.push((during, measured));
        }
        before = Some((start, measured));
    }
    found
}

/// Sums over stretches of time that follow one another.
struct RunningSums<'a> {
    stretches: &'a [Span],
    /// The time before each stretch. Of all of history that is more than an `i64` of microseconds.
    before: Vec<i128>,
}

impl<'a> RunningSums<'a> {
    fn of(stretches: &'a [Span]) -> Self {
        let mut total = 0;
        let before = stretches
            .iter()
            .map(|stretch| {
                let before = total;
                total +=
                    i128::from(stretch.end().microseconds()) - i128::from(stretch.start().microseconds());
                before
            })
            .collect();
        Self { stretches, before }
    }

    /// The time within a span that begins where the stretch at `first` does.
    fn within(&self, first: usize, span: Span) -> Duration {
        // The last stretch that begins within is the only one that may reach out.
        let end = self.stretches.partition_point(|stretch| stretch.start() < span.end());
        let Some(last) = end.checked_sub(1) else { return Duration::ZERO };
        let (Some(before_first), Some(before_last)) = (self.before.get(first), self.before.get(last)) else {
            return Duration::ZERO;
        };
        let of_last = self.stretches.get(last).and_then(|last| last.intersect(span));
        let whole = i64::try_from(before_last - before_first).unwrap_or(i64::MAX);
        let of_last = of_last.map_or(Duration::ZERO, |last| elapsed(last.start(), last.end()));
        Duration::from_microseconds(whole.saturating_add(of_last.microseconds()))
    }
}

fn sum(days: &[DayOfWork]) -> Duration {
    Duration::from_microseconds(days.iter().map(|day| day.time.microseconds()).sum())
}

/// From one finite instant to a later one.
fn elapsed(start: Instant, end: Instant) -> Duration {
    Duration::from_microseconds(end.microseconds() - start.microseconds())
}
