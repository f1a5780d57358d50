//! A glance at somebody's work, before anything else is known of them.

use super::person::bounds;
use super::record::Duty;
use super::stretches::Stretches;
use crate::local::MICROSECONDS_PER_DAY;
use crate::rule::{
    AverageTime, Clock, CountedTime, DutyCount, LeaveTreatment, Limit, Mode, Rule, RuleKind, TimeInWindow,
    Window,
};

/// Some rules, as far as work alone shows that they are kept: whoever it is, in whatever zone, however long
/// employed.
///
/// All work counts, breaks included, and windows of local days are a day longer than they have days: clocks are
/// never set back by more within one. So what is found is never less than what the rules measure.
#[derive(Debug)]
pub struct Glance {
    bounds: Vec<Bound>,
    /// Whether leave would change what the rules measure.
    needs_leave: bool,
}

/// What work has to keep, in microseconds.
#[derive(Debug, Clone, Copy)]
enum Bound {
    /// No stretch of a length has more time.
    Time { length: i64, most: i64 },
    /// In no stretch of a length do more duties begin.
    Duties { length: i64, most: usize },
    /// No duty is longer, short gaps filled.
    Longest { bridged: i64, most: i64 },
    /// No gap is shorter.
    Gap { least: i64 },
}

impl Glance {
    /// Of the rules that are not off; `None` where one of them can be told only of a person of whom more is known.
    #[must_use]
    pub fn of(rules: &[Rule]) -> Option<Self> {
        let judged = rules.iter().filter(|rule| rule.mode != Mode::Off);
        let needs_leave = |rule: &Rule| matches!(rule.kind, RuleKind::Average(AverageTime { leave, .. }) if leave != LeaveTreatment::Counted);
        Some(Self {
            needs_leave: judged.clone().any(needs_leave),
            bounds: judged.map(Bound::of).collect::<Option<_>>()?,
        })
    }

    /// Whether all rules are kept for certain in every window; `false` says nothing. The duties are all that
    /// [`super::reach`] asks for, in the order of their starts.
    #[must_use]
    pub fn shows_kept(&self, duties: &[Duty], has_leave: bool) -> bool {
        if (self.needs_leave && has_leave) || !duties.is_sorted_by_key(|duty| duty.span.start()) {
            return false;
        }
        let work = Stretches::of(duties.iter().map(|duty| bounds(duty.span)));
        self.bounds.iter().all(|bound| bound.is_kept(&work))
    }
}

impl Bound {
    fn of(rule: &Rule) -> Option<Self> {
        match &rule.kind {
            RuleKind::Rest(minimum) => {
                // Without some of the work, what was one duty may be two with a short rest.
                let is_of_all = rule.applies.kinds.is_none() && rule.applies.except_kinds.is_empty();
                is_of_all.then_some(Self::Gap { least: minimum.microseconds() })
            }
            RuleKind::MaximumTime(TimeInWindow { counted: CountedTime::Spread, .. }) => None,
            RuleKind::MaximumTime(time) => {
                Some(Self::Time { length: longest(time.window)?, most: most(time.limit) })
            }
            RuleKind::Average(average) => Self::of_average(average),
            RuleKind::ContinuousDuty(duty) if duty.clock == Clock::Elapsed => Some(Self::Longest {
                bridged: duty.bridged.microseconds(),
                most: duty.maximum.microseconds(),
            }),
            RuleKind::MaximumDuties(DutyCount { maximum, per_days: None, window }) => Some(Self::Duties {
                length: longest(*window)?,
                // One that began before all that is known counts as beginning there.
                most: usize::try_from(*maximum).ok()?.checked_sub(1)?,
            }),
            _ => None,
        }
    }

    /// Employment may cut a window to any days from those on of which the limit speaks. These make fewer than
    /// twice as many parts, the last one perhaps short, as the limit is allowed times: half of it in each is kept.
    fn of_average(average: &AverageTime) -> Option<Self> {
        let AverageTime { limit, per_days, window, counted, .. } = average;
        match window {
            Window::Days(days) if days >= per_days && *counted != CountedTime::Spread => Some(Self::Time {
                length: longest(Window::Days(*per_days))?,
                most: most(*limit).div_euclid(2),
            }),
            _ => None,
        }
    }

    fn is_kept(self, work: &Stretches) -> bool {
        match self {
            Self::Time { length, most } => work.most_in_any(length) <= most,
            Self::Duties { length, most } => work.most_beginning_in_any(length) <= most,
            Self::Longest { bridged, most } if work.shortest_gap() > bridged => work.longest() <= most,
            Self::Longest { bridged, most } => work.bridged(bridged).longest() <= most,
            Self::Gap { least } => work.shortest_gap() >= least,
        }
    }
}

/// The most that a limit allows, in microseconds.
fn most(limit: Limit) -> i64 {
    match limit {
        Limit::AtMost(limit) => limit.microseconds(),
        Limit::Below(limit) => limit.microseconds() - 1,
    }
}

/// The length of the longest window, in microseconds; `None` for people's own.
fn longest(window: Window) -> Option<i64> {
    let of_days = |days: i64| days.checked_add(1)?.checked_mul(MICROSECONDS_PER_DAY);
    match window {
        Window::Fixed(boundary) => of_days(boundary.longest_days()),
        Window::Days(days) => of_days(days.into()),
        Window::Time(length) => Some(length.microseconds()),
        Window::Rotation { .. } => None,
    }
}
