//! The windows of local days over which a rule adds up.

use super::case::count;
use super::days::Days;
use super::extent::Extent;
use super::frame::{Frame, WantedSums};
use super::person::{Person, bounds};
use crate::error::EngineError;
use crate::local::MICROSECONDS_PER_DAY;
use crate::rule::Window;
use crate::zone::ZoneRules;

/// Windows of local days, those that a book judges.
#[derive(Debug)]
pub(super) struct DayWindows {
    /// The number of the days of the frame.
    days: usize,
    form: Form,
    /// `None` for a person's own, and where there are none.
    extent: Option<Extent>,
}

#[derive(Debug)]
enum Form {
    /// Each from a day up to, but without, another.
    Fixed(Vec<(usize, usize)>),
    /// Any so many days, beginning with each from the first day up to the end.
    Rolling { length: usize, first: usize, end: usize },
    /// The person's own.
    Rotation { longest_days: i64 },
}

/// One window.
#[derive(Debug, Clone, Copy)]
pub(super) struct DayWindow {
    /// In microseconds.
    pub(super) start: i64,
    pub(super) end: i64,
    /// From a day up to, but without, another.
    pub(super) first: usize,
    pub(super) last: usize,
}

impl Default for DayWindows {
    fn default() -> Self {
        Self { days: 0, form: Form::Fixed(Vec::new()), extent: None }
    }
}

impl DayWindows {
    /// The windows of a rule that overlap the frame's window; `None` for a stretch of minutes.
    ///
    /// # Errors
    /// Those of [`Days::of`] and [`Days::periods`].
    pub(super) fn of(
        window: Window,
        frame: &mut Frame,
        zone: &dyn ZoneRules,
    ) -> Result<Option<Self>, EngineError> {
        let (days, form) = match window {
            Window::Time(_) => return Ok(None),
            Window::Fixed(boundary) => {
                let days = frame.days_from(zone, boundary.at())?;
                (days, Form::Fixed(frame.days(days).periods(boundary, frame.window)?))
            }
            Window::Days(length) => {
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                let known = frame.days(0);
                let last = known.at(frame.window.1 - 1);
                let first = known.at(frame.window.0).saturating_sub(length - 1);
                // Every window ends within the days that are known.
                let end = (last + 1).min(known.starts().len().saturating_sub(length));
                (0, Form::Rolling { length, first, end })
            }
            Window::Rotation { longest_days } => (0, Form::Rotation { longest_days: longest_days.into() }),
        };
        let known = frame.days(days);
        let extent = match &form {
            Form::Fixed(periods) => Extent::of(periods.iter().map(|period| DayWindow::of(known, *period))),
            Form::Rolling { length, first, end } => {
                Extent::of((*first..*end).map(|first| DayWindow::of(known, (first, first + length))))
            }
            Form::Rotation { .. } => None,
        };
        Ok(Some(Self { days, form, extent }))
    }

    /// The number of the days of the frame.
    pub(super) fn days(&self) -> usize {
        self.days
    }

    /// Whether windows slide.
    pub(super) fn is_rolling(&self) -> bool {
        matches!(self.form, Form::Rolling { .. })
    }

    /// Whether they are the person's own.
    pub(super) fn is_rotation(&self) -> bool {
        matches!(self.form, Form::Rotation { .. })
    }

    /// Those that are the same for everybody, at a glance.
    pub(super) fn extent(&self) -> Option<Extent> {
        self.extent
    }

    /// Of numbers before each day, those at the starts and at the ends of windows that slide, and how many days
    /// these have. `None` for other windows.
    pub(super) fn ends_of_rolling<'n, T>(&self, before: &'n [T]) -> Option<(&'n [T], &'n [T], usize)> {
        let Form::Rolling { length, first, end } = &self.form else { return None };
        Some((before.get(*first..*end)?, before.get(first + length..end + length)?, *length))
    }

    /// The most by which numbers before each day grow over any window that slides; `None` for other windows.
    pub(super) fn most_in_rolling(&self, before: &[i64]) -> Option<i64> {
        let (starts, ends, _) = self.ends_of_rolling(before)?;
        starts.iter().zip(ends).map(|(start, end)| end - start).max()
    }

    /// Every window of a person that the frame judges.
    pub(super) fn each(&self, person: &Person<'_>, mut take: impl FnMut(DayWindow)) {
        let days = person.frame.days(self.days);
        match &self.form {
            Form::Fixed(periods) => periods.iter().for_each(|period| take(DayWindow::of(days, *period))),
            Form::Rolling { length, first, end } => {
                (*first..*end).for_each(|first| take(DayWindow::of(days, (first, first + length))));
            }
            Form::Rotation { longest_days } => {
                for rotation in person.record.rotations {
                    blocks(days, bounds(rotation.span), *longest_days, |block| {
                        if person.frame.judges(block.start, block.end) {
                            take(block);
                        }
                    });
                }
            }
        }
    }
}

/// A rotation as one window, or as blocks where it is too long for that. What begins before the days that are
/// known, or ends after them, is none that the frame judges.
fn blocks(days: &Days, (start, end): (i64, i64), longest_days: i64, mut take: impl FnMut(DayWindow)) {
    let known = (days.start(0), days.start(usize::MAX));
    if start == i64::MIN || start >= known.1 || end <= known.0 {
        return;
    }
    let (first, into_day) = if start >= known.0 {
        let day = days.at(start);
        (count(day), start - days.start(day))
    } else {
        // Days before the known ones have 24 hours but for the clock changes between.
        (-rounded_days(known.0.saturating_sub(start)), 0)
    };
    let last = if end <= known.1 {
        let day = days.at(end);
        // An end late in a day has that day, unless the start was as late.
        count(day) + i64::from(into_day == 0 && days.start(day) < end)
    } else {
        first + rounded_days(end.saturating_sub(start))
    };
    let block_days = if last - first <= longest_days { last - first } else { Window::BLOCK_DAYS.into() };
    let mut from = first;
    while from < last {
        let to = from.saturating_add(block_days).min(last);
        if let (Ok(first), Ok(day_after)) = (usize::try_from(from), usize::try_from(to))
            && day_after < days.starts().len()
        {
            let start = days.start(first) + into_day;
            let end = if to == last { end } else { days.start(day_after) + into_day };
            if start < end {
                take(DayWindow { start, end, first, last: day_after });
            }
        } else if to > count(days.starts().len()) {
            return;
        }
        from = to;
    }
}

fn rounded_days(microseconds: i64) -> i64 {
    microseconds.saturating_add(MICROSECONDS_PER_DAY / 2) / MICROSECONDS_PER_DAY
}

impl DayWindow {
    /// From a day up to, but without, another.
    fn of(days: &Days, (first, last): (usize, usize)) -> Self {
        Self { start: days.start(first), end: days.start(last), first, last }
    }

    /// How many days it has.
    pub(super) fn length(self) -> i64 {
        count(self.last.saturating_sub(self.first))
    }

    /// How many of them are not days of leave.
    pub(super) fn length_kept(self, person: &Person<'_>, days: usize) -> i64 {
        self.length() - count(person.away(days).count(self.first, self.last))
    }

    /// The time in it.
    pub(super) fn time(self, person: &Person<'_>, (number, wanted): (usize, WantedSums)) -> i64 {
        if self.is_of_whole_days(person, wanted) {
            return person.sums(number).time(self.first, self.last);
        }
        let line = person.line(wanted.line);
        if wanted.is_elapsed { line.elapsed() } else { line.worked() }.time(self.start, self.end)
    }

    /// The same without days of leave.
    pub(super) fn time_kept(self, person: &Person<'_>, (number, wanted): (usize, WantedSums)) -> i64 {
        if self.is_of_whole_days(person, wanted) {
            return person.sums(number).kept(self.first, self.last);
        }
        let days = person.frame.days(wanted.days);
        let line = person.line(wanted.line);
        let stretches = if wanted.is_elapsed { line.elapsed() } else { line.worked() };
        let away = person.away(wanted.days).within(self.first, self.last).map(|(first, end)| {
            let (start, end) = (days.start(first).max(self.start), days.start(end).min(self.end));
            stretches.time(start, end.max(start))
        });
        stretches.time(self.start, self.end) - away.sum::<i64>()
    }

    fn is_of_whole_days(self, person: &Person<'_>, wanted: WantedSums) -> bool {
        let days = person.frame.days(wanted.days);
        days.start(self.first) == self.start && days.start(self.last) == self.end
    }
}
