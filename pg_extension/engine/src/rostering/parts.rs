//! Generation in parts: week by week, department by department.
//!
//! A part is some people on some days. Each part is searched with everything outside of it as it stands, so rest, runs
//! and sums see both sides of every seam; a first roster over the whole horizon makes sure that what is left for the
//! later parts can be kept.

use std::ops::Range;

use super::control::{Limits, Progress, Watch};
use super::evaluation::evaluate;
use super::plan::Plan;
use super::problem::Problem;
use super::search::{Outcome, search_part};
use crate::error::EngineError;

/// Some people on some days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The people, each once.
    pub people: Vec<usize>,
    /// The days. A weekend that a seam cuts belongs to the part that has its Saturday.
    pub days: Range<usize>,
}

impl Part {
    /// Everybody on all days.
    #[must_use]
    pub fn whole(problem: &Problem) -> Self {
        Self { people: (0..problem.people.len()).collect(), days: 0..problem.days }
    }

    /// Everybody, so many weeks at a time, from the first Monday on.
    #[must_use]
    pub fn weeks(problem: &Problem, weeks: usize) -> Vec<Self> {
        let people: Vec<usize> = (0..problem.people.len()).collect();
        let mut parts = Vec::new();
        let mut start = 0;
        let mut end = weeks.max(1) * 7 - problem.first_weekday;
        while start < problem.days {
            parts.push(Self { people: people.clone(), days: start..end.min(problem.days) });
            start = end;
            end += weeks.max(1) * 7;
        }
        parts
    }

    /// Whether it has nobody or no days.
    pub(super) fn is_empty(&self) -> bool {
        self.people.is_empty() || self.days.is_empty()
    }

    /// Whether it is the whole problem.
    pub(super) fn is_whole(&self, problem: &Problem) -> bool {
        self.people.len() == problem.people.len() && self.days == (0..problem.days)
    }

    fn check(&self, problem: &Problem) -> Result<(), EngineError> {
        let refuse = |argument, given, count| Err(EngineError::RosterReference { argument, given, count });
        if self.days.start > self.days.end || self.days.end > problem.days {
            return refuse("part.days", self.days.end, problem.days + 1);
        }
        let mut seen = vec![false; problem.people.len()];
        for &person in &self.people {
            let Some(seen) = seen.get_mut(person) else {
                return refuse("part.people", person, problem.people.len());
            };
            if std::mem::replace(seen, true) {
                return Err(EngineError::RosterContradiction {
                    argument: "part.people",
                    problem: format!("person {person} is listed twice"),
                });
            }
        }
        Ok(())
    }

    /// The part with the weekends that it owns, whole.
    fn with_whole_weekends(&self, problem: &Problem) -> Self {
        let owner = |seam: usize| {
            if seam > 0 && seam < problem.days && problem.is_sunday(seam) { seam + 1 } else { seam }
        };
        let (start, end) = (owner(self.days.start), owner(self.days.end));
        Self { people: self.people.clone(), days: start..end.max(start) }
    }
}

/// Searches part after part. The budget is shared out by the parts' size; what one leaves is there for the next. The
/// roster to start from is kept wherever no part lies; without one, all of it is built first.
///
/// # Errors
///
/// What [`Problem::check`] refuses, parts that refer to nothing or list somebody twice, a roster of another shape.
pub fn search_in_parts(
    problem: &Problem,
    start: Option<Plan>,
    parts: &[Part],
    limits: Limits,
    watch: &dyn Watch,
) -> Result<Outcome, EngineError> {
    problem.check()?;
    for part in parts {
        part.check(problem)?;
    }
    let mut plan = match start {
        Some(plan) => plan,
        None => {
            let only_built = Limits { steps: Some(0), ..limits };
            search_part(problem, None, &Part::whole(problem), only_built, watch)?.plan
        }
    };
    let size = |part: &Part| (part.people.len() * part.days.len()).max(1) as u64;
    let total: u64 = parts.iter().map(size).sum();
    let mut done = 0;
    for part in parts {
        let until = done + size(part);
        let share = |limit: u64| (u128::from(limit) * u128::from(until) / u128::from(total.max(1))) as u64;
        let stage = Stage { watch, since_ms: watch.elapsed_ms() };
        let part_limits = Limits {
            time_ms: limits.time_ms.map(|time_ms| share(time_ms).saturating_sub(stage.since_ms)),
            steps: limits.steps.map(|steps| {
                share(steps) - (u128::from(steps) * u128::from(done) / u128::from(total.max(1))) as u64
            }),
            // A target is one for the whole roster.
            target: None,
            ..limits
        };
        plan =
            search_part(problem, Some(plan), &part.with_whole_weekends(problem), part_limits, &stage)?.plan;
        done = until;
        if watch.cancelled() {
            break;
        }
    }
    let evaluation = evaluate(problem, &plan, &mut |_| {});
    Ok(Outcome { plan, evaluation, lower_medium: 0, lower_bound: 0 })
}

/// The watch of one part: its clock starts with it.
struct Stage<'a> {
    watch: &'a dyn Watch,
    since_ms: u64,
}

impl Watch for Stage<'_> {
    fn elapsed_ms(&self) -> u64 {
        self.watch.elapsed_ms().saturating_sub(self.since_ms)
    }

    fn cancelled(&self) -> bool {
        self.watch.cancelled()
    }

    fn worked(&self, operations: u64) {
        self.watch.worked(operations);
    }

    fn progress(&self, progress: Progress) {
        // A bound on one part with the others as they stand is none on the whole.
        let elapsed_ms = self.watch.elapsed_ms();
        self.watch.progress(Progress { elapsed_ms, lower_medium: 0, lower_bound: 0, ..progress });
    }
}
