//! Sums over the windows of a rule: weeks, months, blocks of days, every stretch of so many days.

use std::ops::Range;

use rota_engine::rostering::{Bound, Counted, Limit};
use rota_engine::rule::Window;
use rota_engine::{Boundary, EngineError, TimeOfDay};

use super::Draft;
use super::work::OtherWork;

/// Limits of one person that a search counts: the engine's own limit.
const MOST_LIMITS: usize = 60;

/// What is added up in each window, and what is right.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sum {
    counted: Counted,
    least: Option<Bound>,
    most: Option<Bound>,
}

impl Sum {
    /// At least so much.
    pub(super) fn least(counted: Counted, bound: Bound) -> Self {
        Self { counted, least: Some(bound), most: None }
    }

    /// At most so much.
    pub(super) fn most(counted: Counted, bound: Bound) -> Self {
        Self { counted, least: None, most: Some(bound) }
    }
}

impl Draft {
    /// The days of all windows that meet the horizon or follow it, or why the search has none such. Day 0 is the horizon's first.
    pub(super) fn windows(&self, window: Window) -> Result<Vec<Range<i64>>, &'static str> {
        let days = i64::try_from(self.horizon.days).unwrap_or(0);
        match window {
            Window::Fixed(boundary) if boundary.at() != TimeOfDay::MIDNIGHT => {
                Err("periods that begin at another time than midnight are not summed by the search")
            }
            Window::Fixed(boundary) => {
                self.periods(boundary, days).map_err(|_| "its periods reach beyond the calendar")
            }
            Window::Days(length) => {
                let length = i64::from(length);
                Ok((1 - length..=days).map(|start| start..start + length).collect())
            }
            Window::Time(_) => {
                Err("windows of minutes are not summed by the search, only days, weeks and periods")
            }
            Window::Rotation { .. } => Err("the search knows no rotations of people"),
        }
    }

    /// Those that end within the horizon and all of whose work is known, or why there are none.
    pub(super) fn whole_windows(&self, window: Window) -> Result<Vec<Range<i64>>, &'static str> {
        let (before, days) = (self.horizon.before, self.horizon.days);
        let known = -i64::try_from(before).unwrap_or(0)..i64::try_from(days).unwrap_or(0);
        let mut windows = self.windows(window)?;
        windows.retain(|window| known.start <= window.start && window.end <= known.end);
        if windows.is_empty() && days > 0 {
            return Err("none of its windows ends within the horizon with all its work known");
        }
        Ok(windows)
    }

    /// The periods that meet the horizon or follow it.
    fn periods(&self, boundary: Boundary, days: i64) -> Result<Vec<Range<i64>>, EngineError> {
        let mut periods = Vec::new();
        let mut day = 0;
        while day <= days {
            let (first, next) = boundary.period_of(self.horizon.local_date(day)?)?;
            day = self.horizon.day_of_date(next);
            periods.push(self.horizon.day_of_date(first)..day);
        }
        Ok(periods)
    }

    /// Limits a person's sum in each window in which it could be broken; a least only in windows that begin when the
    /// person was employed. Tells whether the person has room for so many limits; otherwise nothing is limited.
    pub(super) fn limit_windows(&mut self, person: usize, sum: Sum, windows: &[Range<i64>]) -> bool {
        let days_of_horizon = i64::try_from(self.horizon.days).unwrap_or(0);
        let longest = self.problem.shifts.iter().map(|shift| shift.worked_minutes).max().unwrap_or(0);
        let by_the_clock = sum.counted == Counted::ClockMinutes;
        let most_of_day = if by_the_clock { longest } else { 1 };
        let employed_from = self.hired_on.get(person).copied().flatten().unwrap_or(i64::MIN);
        let place = |day: i64| usize::try_from(day).unwrap_or(0);
        let mut limits = Vec::new();
        for window in windows {
            let inside = window.start.max(0)..window.end.min(days_of_horizon);
            let already = self.already(person, sum.counted, window);
            // By the clock, the night before the first day reaches in.
            let adding = inside.end - inside.start + i64::from(by_the_clock && inside.start > 0);
            let fullest = most_of_day.saturating_mul(adding).saturating_add(already);
            let least = sum.least.filter(|least| already < least.value && employed_from <= window.start);
            let most = sum.most.filter(|most| fullest > most.value);
            let adds = inside.start < inside.end || (by_the_clock && inside.start > 0);
            if adds && (least.is_some() || most.is_some()) {
                let days = place(inside.start)..place(inside.end);
                let continues = window.end > days_of_horizon;
                limits.push(Limit { counted: sum.counted, days, continues, already, least, most });
            }
        }
        let Some(rules) = self.problem.people.get_mut(person) else { return true };
        let has_room = rules.limits.len() + limits.len() <= MOST_LIMITS;
        if has_room {
            rules.limits.append(&mut limits);
        }
        has_room
    }

    /// What a window holds beside the days that the search fills.
    fn already(&self, person: usize, counted: Counted, window: &Range<i64>) -> i64 {
        let sum = |work: &OtherWork| {
            let begins_inside = window.contains(&work.day);
            match counted {
                Counted::ClockMinutes if work.day + 1 == window.start => work.late_minutes,
                Counted::ClockMinutes if work.day + 1 == window.end => {
                    work.worked_minutes - work.late_minutes
                }
                Counted::Minutes | Counted::ClockMinutes if begins_inside => work.worked_minutes,
                Counted::Minutes | Counted::ClockMinutes => 0,
                Counted::Kind(kind) => i64::from(begins_inside && work.kind == kind),
                Counted::Days | Counted::Weekends => i64::from(begins_inside),
            }
        };
        self.other_work.get(person).into_iter().flatten().map(sum).sum()
    }
}
