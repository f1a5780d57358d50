//! The words of an answer.

use rota_engine::rostering::{Counted, Level, Outcome, RuleName, Watch};

use crate::rostering::options::Options;
use crate::rostering::thread::SearchWatch;

/// The name of a rule as an answer writes it.
pub(super) fn of_rule(rule: RuleName, kinds: &[String]) -> String {
    let word = match rule {
        RuleName::WrongDay => "wrong_day",
        RuleName::Fixed => "settled",
        RuleName::Skill => "skill",
        RuleName::DayOff => "day_off",
        RuleName::Unavailable => "absence",
        RuleName::Succession => "succession",
        RuleName::MinimumRest => "minimum_rest",
        RuleName::MinimumDayOff => "minimum_day_off",
        RuleName::Rotation => "rotation",
        RuleName::Fairness(counted) => return format!("fairness_{}", of_counted(counted, kinds)),
        RuleName::LongestWork => "longest_work",
        RuleName::ShortestWork => "shortest_work",
        RuleName::ShortestRest => "shortest_rest",
        RuleName::Most(counted) => return format!("most_{}", of_counted(counted, kinds)),
        RuleName::Least(counted) => return format!("least_{}", of_counted(counted, kinds)),
        RuleName::Wish => "wish",
        RuleName::KindCost => "kind_cost",
        RuleName::Pairing => "pairing",
        RuleName::Short => "short",
        RuleName::Surplus => "surplus",
    };
    word.to_owned()
}

fn of_counted(counted: Counted, kinds: &[String]) -> String {
    match counted {
        Counted::Minutes | Counted::ClockMinutes => "minutes".to_owned(),
        Counted::Days => "days".to_owned(),
        Counted::Weekends => "weekends".to_owned(),
        Counted::Kind(kind) => format!("kind_{}", kinds.get(kind).map_or("", String::as_str)),
    }
}

/// The name of a level.
pub(super) fn of_level(level: Level) -> &'static str {
    match level {
        Level::Hard => "hard",
        Level::Medium => "medium",
        Level::Soft => "soft",
    }
}

/// Why a search ended.
pub(super) fn of_stop(outcome: &Outcome, options: &Options, watch: &SearchWatch) -> &'static str {
    let is_feasible = outcome.evaluation.broken_hard == 0;
    let cost = outcome.evaluation.cost;
    let is_least = outcome.evaluation.medium <= outcome.lower_medium && cost <= outcome.lower_bound;
    if is_feasible && is_least {
        "optimum"
    } else if is_feasible && options.limits.target.is_some_and(|target| cost <= target) {
        "target"
    } else if watch.cancelled() {
        "stop"
    } else if options.limits.time_ms.is_some_and(|time_ms| watch.elapsed_ms() >= time_ms) {
        "time"
    } else if options.limits.patience_ms.is_some() {
        "patience"
    } else if options.limits.gap_ppm > 0 {
        "gap"
    } else {
        "steps"
    }
}
