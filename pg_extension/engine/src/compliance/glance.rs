//! A glance at somebody's work, before anything else is known of them.

use super::person::bounds;
use super::record::Duty;
use super::stretches::Stretches;
use crate::local::MICROSECONDS_PER_DAY;
use crate::rule::{
    AverageTime, Clock, CountedTime, DutyCount, LeaveTreatment, Limit, Mode, Rule, RuleKind, TimeInWindow,
    Window,
};

/// Some rules, as far as work alone shows that they are kept: whoever it is, in whatever zone.
///
/// All work counts, breaks included, and windows of local days are a day longer than they have days: clocks are
/// never set back by more within one. So what is found is never less than what the rules measure.
#[derive(Debug)]
pub struct Glance {
    bounds: Vec<Bounds>,
    /// Whether leave would change what the rules measure.
    needs_leave: bool,
}

/// What a glance shows of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// All are kept in every window.
    Kept,
    /// They are if the person is employed at all times of which the duties were read.
    KeptWhileEmployed,
    /// Nothing.
    Nothing,
}

/// What work has to keep by one rule.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    /// Of anybody.
    always: Bound,
    /// Of whoever is employed all the time, where that is more.
    while_employed: Option<Bound>,
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
            bounds: judged.map(Bounds::of).collect::<Option<_>>()?,
        })
    }

    /// Whether all rules are kept for certain. The duties are all that [`super::reach`] asks for, in the order of
    /// their starts.
    #[must_use]
    pub fn at(&self, duties: &[Duty], has_leave: bool) -> Shown {
        if (self.needs_leave && has_leave) || !duties.is_sorted_by_key(|duty| duty.span.start()) {
            return Shown::Nothing;
        }
        let work = Stretches::of(duties.iter().map(|duty| bounds(duty.span)));
        let mut shown = Shown::Kept;
        for Bounds { always, while_employed } in &self.bounds {
            if always.is_kept(&work) {
                continue;
            }
            if !while_employed.is_some_and(|bound| bound.is_kept(&work)) {
                return Shown::Nothing;
            }
            shown = Shown::KeptWhileEmployed;
        }
        shown
    }
}

impl Bounds {
    fn of(rule: &Rule) -> Option<Self> {
        match &rule.kind {
            RuleKind::Average(average) => {
                Some(Self { always: Bound::of_part(average)?, while_employed: Bound::of_whole(average) })
            }
            _ => Some(Self { always: Bound::of(rule)?, while_employed: None }),
        }
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
    fn of_part(average: &AverageTime) -> Option<Self> {
        let AverageTime { limit, per_days, window, counted, .. } = average;
        match window {
            Window::Days(days) if days >= per_days && *counted != CountedTime::Spread => Some(Self::Time {
                length: longest(Window::Days(*per_days))?,
                most: most(*limit).div_euclid(2),
            }),
            _ => None,
        }
    }

    /// A window that nothing cuts.
    fn of_whole(average: &AverageTime) -> Option<Self> {
        let Window::Days(days) = average.window else { return None };
        let all = match average.limit {
            Limit::AtMost(limit) => limit.microseconds().checked_mul(days.into())?,
            Limit::Below(limit) => limit.microseconds().checked_mul(days.into())? - 1,
        };
        Some(Self::Time { length: longest(average.window)?, most: all.div_euclid(average.per_days.into()) })
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
