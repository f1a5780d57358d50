//! Free stretches of 24 hours in each window.

use super::{Judge, Making, Take};
use crate::compliance::case::{Case, Comparison};
use crate::compliance::person::Person;
use crate::compliance::verdict::Unit;
use crate::compliance::windows::DayWindows;
use crate::error::EngineError;
use crate::local::MICROSECONDS_PER_DAY;
use crate::rule::{DaysOff, Rounding};

/// How far before a window a rest may begin, so that its units are counted from there. The units of a longer
/// one are counted from the window's start: where they fell before does not matter any more.
const LOOK_BACK: i64 = 2 * MICROSECONDS_PER_DAY;

/// Every window has so many free stretches of 24 hours.
///
/// A rest has as many units of 24 hours as fit into it, one after another from its start; each counts in the
/// window in which it begins. Cutting rests at the ends of windows would find breaches that there are not.
/// Leave is no time off: it divides rests, and its days ask for none.
#[derive(Debug)]
pub(super) struct FreeDays {
    minimum_days: i64,
    per_days: i64,
    rounding: Rounding,
    line: usize,
    /// The line of the work after which the first 24 hours are no day off.
    before: Option<usize>,
    windows: DayWindows,
}

impl FreeDays {
    pub(super) fn of(rule: &DaysOff, line: usize, making: &mut Making<'_>) -> Result<Self, EngineError> {
        let kinds = rule.except_after_kinds.as_slice();
        let before = (!kinds.is_empty()).then(|| making.wanted.line_of_kinds(making.vocabulary, kinds));
        Ok(Self {
            minimum_days: rule.minimum_days.into(),
            per_days: rule.per_days.into(),
            rounding: rule.rounding,
            line,
            before,
            windows: making.windows(rule.window)?,
        })
    }

    /// A rest without its first 24 hours where these are no day off.
    fn counted(&self, person: &Person<'_>, gap: (i64, i64)) -> (i64, i64) {
        let before = self.before.map(|line| person.line(line).elapsed().spans());
        let ends_there = |spans: &[(i64, i64)]| spans.binary_search_by_key(&gap.0, |span| span.1).is_ok();
        if before.is_some_and(ends_there) { (gap.0 + MICROSECONDS_PER_DAY, gap.1) } else { gap }
    }

    /// Every rest that holds a day off, in order.
    fn rests(&self, person: &Person<'_>) -> Vec<(i64, i64)> {
        let is_long = |gap: &(i64, i64)| gap.1 - gap.0 >= MICROSECONDS_PER_DAY;
        let gaps = person.busy_or_away(self.line).gaps(person.known()).filter(is_long);
        gaps.map(|gap| self.counted(person, gap)).filter(is_long).collect()
    }

    /// How many units of a rest begin in a window. Of a rest of which the beginning is not known, one more may
    /// have begun before.
    fn units_known(person: &Person<'_>, window: (i64, i64), gap: (i64, i64)) -> i64 {
        let units = units(window, gap);
        let is_cut = gap.0 == person.known().0 && person.frame.needed.0 < gap.0;
        if is_cut { (units - 1).max(0) } else { units }
    }

    /// What a window of so many days has to have, if it has so many units.
    fn compare(&self, units: i64, days: i64) -> Comparison {
        let (minimum, per_days) = (self.minimum_days, self.per_days);
        match self.rounding {
            Rounding::Down => Comparison::of(units, minimum * days / per_days),
            Rounding::Exact => Comparison {
                measured: units * per_days,
                limit: minimum * days,
                scale: per_days,
                is_below: false,
            },
        }
    }
}

impl Judge for FreeDays {
    fn measure(&self, person: &Person<'_>, take: &mut Take<'_>) {
        let gaps = self.rests(person);
        self.windows.each(person, |window| {
            let first = gaps.partition_point(|gap| gap.1 <= window.start);
            let meeting = gaps.get(first..).unwrap_or_default().iter();
            let units = meeting
                .take_while(|gap| gap.0 < window.end)
                .map(|gap| Self::units_known(person, (window.start, window.end), *gap));
            let found = self.compare(units.sum(), window.length_kept(person, self.windows.days()));
            let look_ahead = window.end + MICROSECONDS_PER_DAY;
            let is_known = person.is_known(window.start - LOOK_BACK, look_ahead);
            take(Case::at_least(window.start, window.end, found, is_known));
        });
    }

    fn is_clearly_kept(&self, person: &Person<'_>) -> bool {
        let Some(extent) = self.windows.extent() else { return false };
        // One unit is enough, and one begins in a window wherever a rest goes on for two days.
        let wanted = self.compare(1, extent.most_days());
        let is_one_enough = wanted.measured >= wanted.limit;
        is_one_enough
            && extent.shortest() >= MICROSECONDS_PER_DAY
            && extent.is_served(
                self.rests(person)
                    .into_iter()
                    .map(|gap| (gap.0, gap.0.max(gap.1 - 2 * MICROSECONDS_PER_DAY))),
            )
    }

    fn unit(&self) -> (Unit, i64) {
        match self.rounding {
            Rounding::Down => (Unit::DaysOff, 1),
            Rounding::Exact => (Unit::DaysOff, self.per_days),
        }
    }

    fn is_rolling(&self) -> bool {
        self.windows.is_rolling()
    }

    fn needs_rotations(&self) -> bool {
        self.windows.is_rotation()
    }
}

/// How many units of a rest begin in a window.
fn units(window: (i64, i64), gap: (i64, i64)) -> i64 {
    let from = if gap.0 >= window.0 {
        gap.0
    } else if gap.0 >= window.0 - LOOK_BACK {
        // The first unit that begins in the window.
        let before = window.0 - gap.0;
        gap.0 + (before + MICROSECONDS_PER_DAY - 1) / MICROSECONDS_PER_DAY * MICROSECONDS_PER_DAY
    } else {
        window.0
    };
    let begun = (window.1 - from + MICROSECONDS_PER_DAY - 1) / MICROSECONDS_PER_DAY;
    begun.min((gap.1 - from) / MICROSECONDS_PER_DAY).max(0)
}
