//! Time on average.

use super::{Ceiling, Judge, Making, Take};
use crate::compliance::case::{Case, Comparison, count};
use crate::compliance::frame::WantedSums;
use crate::compliance::person::Person;
use crate::compliance::verdict::Unit;
use crate::compliance::windows::{DayWindow, DayWindows};
use crate::error::EngineError;
use crate::local::LocalDate;
use crate::rule::{AverageTime, LeaveTreatment};

/// No window has more time on average than so much for each so many days.
///
/// Windows are cut to the employment. Who has been employed for less than a window at the end of the time in
/// question is judged over what has passed (Working Time Regulations 1998, regulation 4(4)), but not over less
/// than the days of which the limit speaks.
#[derive(Debug)]
pub(super) struct Average {
    limit: Ceiling,
    per_days: u32,
    leave: LeaveTreatment,
    windows: DayWindows,
    sums: (usize, WantedSums),
}

impl Average {
    pub(super) fn of(rule: AverageTime, line: usize, making: &mut Making<'_>) -> Result<Self, EngineError> {
        let windows = making.windows(rule.window)?;
        let sums = making.sums(line, rule.counted, windows.days());
        let AverageTime { per_days, leave, .. } = rule;
        Ok(Self { limit: Ceiling::of(rule.limit), per_days, leave, windows, sums })
    }

    fn take(&self, person: &Person<'_>, window: DayWindow, take: &mut Take<'_>) {
        let (time, days, known_until) = self.time_and_days(person, window);
        if days <= 0 {
            return;
        }
        let found = Comparison {
            measured: time * i64::from(self.per_days),
            limit: self.limit.limit * days,
            scale: days,
            is_below: self.limit.is_below,
        };
        let is_known = person.is_known(window.start, known_until);
        take(Case::at_most(window.start, window.end, found, is_known));
    }

    /// The time that counts, the days by which it is divided, and until when it has to be known.
    fn time_and_days(&self, person: &Person<'_>, window: DayWindow) -> (i64, i64, i64) {
        match self.leave {
            LeaveTreatment::Counted => (window.time(person, self.sums), window.length(), window.end),
            LeaveTreatment::Excluded => {
                let days = window.length_kept(person, self.windows.days());
                (window.time_kept(person, self.sums), days, window.end)
            }
            LeaveTreatment::Replaced(weekdays) => {
                let (instead, until) = self.time_instead(person, window, weekdays);
                (window.time(person, self.sums) + instead, window.length(), until.max(window.end))
            }
        }
    }

    /// The time of as many days worked right after the window as it has days of leave of these weekdays, and
    /// the end of the last of them (regulation 4(6) and (7)).
    fn time_instead(&self, person: &Person<'_>, window: DayWindow, weekdays: u8) -> (i64, i64) {
        let away = person.away(self.windows.days());
        if away.is_none() {
            return (0, window.end);
        }
        let days = person.frame.days(self.windows.days());
        let counts = |day: &usize| days.date(*day).is_some_and(|date| weekdays >> weekday(date) & 1 == 1);
        let mut missing: usize = away
            .within(window.first, window.last)
            .map(|(first, end)| (first..end).filter(counts).count())
            .sum();
        let sums = person.sums(self.sums.0);
        let (mut time, mut day) = (0, window.last);
        // No further than the length of a window: so far everything has to be known.
        let farthest = window.last + (window.last - window.first);
        while missing > 0 && day < farthest {
            let worked = sums.time(day, day + 1);
            time += worked;
            missing -= usize::from(worked > 0);
            day += 1;
        }
        (time, days.start(day))
    }

    /// Whether no window is cut by the employment.
    fn is_employed_throughout(&self, person: &Person<'_>) -> bool {
        let days = person.frame.days(self.windows.days());
        let (start, end) = person.employed();
        start <= person.frame.needed.0.min(days.start(0)) && days.start(usize::MAX) <= end
    }

    /// Whether no window that slides has too much time, each day counted.
    fn is_kept_in_rolling(&self, person: &Person<'_>) -> bool {
        let sums = person.sums(self.sums.0).before();
        let days = self.windows.extent().map(|extent| extent.most_days());
        let most = self.windows.most_in_rolling(sums);
        most.zip(days).is_some_and(|(most, days)| self.limit.allows(most, (self.per_days.into(), days)))
    }

    /// Whether no window that slides has too much time, without days of leave.
    fn is_kept_without_leave(&self, person: &Person<'_>) -> bool {
        let sums = person.sums(self.sums.0).before_kept();
        let away = person.away(self.windows.days()).before();
        let (Some((starts, ends, length)), Some((away_starts, away_ends, _))) =
            (self.windows.ends_of_rolling(sums), self.windows.ends_of_rolling(away))
        else {
            return false;
        };
        let mut windows = starts.iter().zip(ends).zip(away_starts.iter().zip(away_ends));
        windows.all(|((start, end), (away_start, away_end))| {
            let days = count(length) - count(away_end - away_start);
            days <= 0 || self.limit.allows(end - start, (self.per_days.into(), days))
        })
    }

    /// What of a window is employment; `None` where that is none of it, or too little to say.
    fn within_employment(&self, person: &Person<'_>, window: DayWindow) -> Option<DayWindow> {
        let days = person.frame.days(self.windows.days());
        let (start, end) = person.employed();
        if start <= window.start && window.end <= end {
            return Some(window);
        }
        let mut cut = window;
        if start > window.start {
            cut.first = days.at(start);
            cut.start = days.start(cut.first).max(window.start);
        }
        if end < window.end {
            let day = days.at(end);
            cut.last = day + usize::from(days.start(day) < end);
            cut.end = days.start(cut.last).min(window.end);
        }
        (cut.start < cut.end && cut.first < cut.last && cut.length() >= i64::from(self.per_days))
            .then_some(cut)
    }
}

impl Judge for Average {
    fn measure(&self, person: &Person<'_>, take: &mut Take<'_>) {
        let days = person.frame.days(self.windows.days());
        let (employed_from, employed_until) = person.employed();
        let (_, judged_until) = person.frame.window;
        let is_rolling = self.windows.is_rolling();
        let first_day = days.at(employed_from);
        self.windows.each(person, |window| {
            // Of windows that slide, those that would be cut hold nothing that the first does not.
            let is_first = window.first == first_day;
            let is_cut = window.start < employed_from || employed_until < window.end;
            if is_rolling && is_cut && !is_first {
                return;
            }
            let Some(window) = self.within_employment(person, window) else { return };
            self.take(person, window, take);
            let is_new = window.start <= employed_from || is_first;
            if is_new && employed_from > person.frame.needed.0 && judged_until < window.end {
                let last = days.at(judged_until - 1) + 1;
                let so_far = DayWindow { end: days.start(last), last, ..window };
                if so_far.first < last && count(last - so_far.first) >= i64::from(self.per_days) {
                    self.take(person, so_far, take);
                }
            }
        });
    }

    fn is_clearly_kept(&self, person: &Person<'_>) -> bool {
        let away = person.away(self.windows.days());
        self.is_employed_throughout(person)
            && match self.leave {
                _ if away.is_none() => self.is_kept_in_rolling(person),
                LeaveTreatment::Counted => self.is_kept_in_rolling(person),
                LeaveTreatment::Excluded => self.is_kept_without_leave(person),
                LeaveTreatment::Replaced(_) => false,
            }
    }

    fn unit(&self) -> (Unit, i64) {
        (Unit::MinutesPerDays(self.per_days), self.per_days.into())
    }

    fn is_rolling(&self) -> bool {
        self.windows.is_rolling()
    }

    fn needs_rotations(&self) -> bool {
        self.windows.is_rotation()
    }
}

/// Days after Monday: 2000-01-03 was one.
fn weekday(date: LocalDate) -> i32 {
    (date.days() - 2).rem_euclid(7)
}
