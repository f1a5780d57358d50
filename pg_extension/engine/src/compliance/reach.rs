//! How far from a window things have to be known, so that rules can be judged in it.

use crate::duration::Duration;
use crate::local::MICROSECONDS_PER_DAY;
use crate::rule::{LeaveTreatment, Rule, RuleKind, Window};

/// How far from a window duties, leave and rotations have to be known, so that every rule can be judged in it:
/// on either side. Rows of days and duties without end are judged as far as this.
#[must_use]
pub fn reach(rules: &[Rule]) -> Duration {
    rules.iter().map(|rule| of_kind(&rule.kind)).max().unwrap_or_default()
}

/// The same of one kind of rule.
pub(super) fn of_kind(kind: &RuleKind) -> Duration {
    match kind {
        RuleKind::Rest(minimum) => *minimum,
        RuleKind::MaximumTime(time) | RuleKind::MinimumTime(time) => of_window(time.window),
        RuleKind::Average(average) => match average.leave {
            LeaveTreatment::Replaced(_) => twice(of_window(average.window)),
            LeaveTreatment::Excluded | LeaveTreatment::Counted => of_window(average.window),
        },
        RuleKind::RestWithin(rest) => twice(rest.within),
        RuleKind::WeeklyRest(rest) => sum(of_window(rest.window), twice(rest.minimum)),
        RuleKind::DaysOff(rule) => sum(of_window(rule.window), days(3)),
        // One day for what clocks show differently.
        RuleKind::ContinuousDuty(duty) => {
            sum(twice(sum(duty.maximum, duty.extension)), sum(duty.bridged, days(1)))
        }
        RuleKind::RestAfterDuty(rest) => sum(sum(rest.after, rest.minimum), sum(rest.bridged, days(1))),
        // Beyond this long, a duty has long been one that wants breaks.
        RuleKind::RestBreak(rest) => sum(twice(sum(rest.after, rest.minimum)), sum(rest.bridged, days(1))),
        RuleKind::ConsecutiveDays(limit) => days(i64::from(limit.maximum) + 4),
        RuleKind::ConsecutiveNights(limit) => days(i64::from(limit.maximum) + 4),
        RuleKind::MaximumDuties(duties) => of_window(duties.window),
        RuleKind::MaximumOvertime(overtime) => {
            let most = overtime.mean_of.iter().copied().max().unwrap_or(1);
            days(overtime.period.longest_days() * i64::from(most) + 2)
        }
        RuleKind::ExceededPeriods(periods) => {
            days(periods.within.longest_days() + periods.period.longest_days() + 2)
        }
        RuleKind::ForbiddenWork(_) => days(2),
        // Postings are given as a whole.
        RuleKind::AssignmentTerm(_) => Duration::ZERO,
    }
}

/// A day or two more than the window: local days are not all of 24 hours.
fn of_window(window: Window) -> Duration {
    match window {
        Window::Fixed(boundary) => days(boundary.longest_days() + 2),
        Window::Days(length) => days(i64::from(length) + 2),
        Window::Time(length) => length,
        Window::Rotation { longest_days } => days(i64::from(longest_days.max(Window::BLOCK_DAYS)) + 2),
    }
}

fn days(count: i64) -> Duration {
    Duration::from_microseconds(count * MICROSECONDS_PER_DAY)
}

fn sum(one: Duration, other: Duration) -> Duration {
    Duration::from_microseconds(one.microseconds().saturating_add(other.microseconds()))
}

fn twice(length: Duration) -> Duration {
    sum(length, length)
}
