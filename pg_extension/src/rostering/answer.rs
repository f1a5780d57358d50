//! A roster on its way out: who works what, what that costs, what is wrong with it and why.

mod explanation;
mod words;

use rota_engine::EngineError;
use rota_engine::rostering::evaluation::evaluate;
use rota_engine::rostering::{Finding, Watch};
use serde_json::{Value, json};

use super::model::Model;
use super::options::Options;
use super::task::{Found, Task};
use super::thread::SearchWatch;
use words::{of_level, of_rule, of_stop};

/// Broken rules that an answer lists. Nobody reads more, and a hopeless roster of a thousand people has millions.
const MOST_VIOLATIONS: usize = 10_000;

/// A day of a person that a repair changed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change {
    /// The person.
    pub(super) person: usize,
    /// The day.
    pub(super) day: usize,
    /// The shift before; none for a free day.
    pub(super) before: Option<usize>,
    /// The shift now.
    pub(super) after: Option<usize>,
}

/// What is answered.
pub(super) struct Answer<'a> {
    /// The problem and its names.
    pub(super) model: &'a Model,
    /// What was found.
    pub(super) found: &'a Found,
    /// What was asked.
    pub(super) task: Task,
}

impl Answer<'_> {
    /// The whole answer.
    ///
    /// # Errors
    /// Those of the engine.
    pub(super) fn to_json(
        &self,
        options: &Options,
        watch: &SearchWatch,
        schedule: Option<Value>,
    ) -> Result<Value, EngineError> {
        let evaluation = &self.found.outcome.evaluation;
        let is_feasible = evaluation.broken_hard == 0;
        let (violations, left_off) = self.violations();
        let mut answer = json!({
            "feasible": is_feasible,
            "broken_hard": evaluation.broken_hard,
            "medium": evaluation.medium,
            "cost": evaluation.cost,
            "missing_heads": evaluation.short_heads,
            "surplus_heads": evaluation.surplus_heads,
            "assignments": self.assignments(),
            "violations": violations,
            "violations_left_off": left_off,
            "rules_not_searched": self.model.rules_not_searched,
        });
        let mut add = |name: &str, value: Value| {
            if let Some(members) = answer.as_object_mut() {
                members.insert(name.to_owned(), value);
            }
        };
        if self.task == Task::Solve {
            let bound = self.found.outcome.lower_bound;
            add("lower_medium", json!(self.found.outcome.lower_medium));
            add("lower_bound", json!(bound));
            add("gap_percent", json!(is_feasible.then(|| gap_percent(evaluation.cost, bound))));
        }
        if let Some(changes) = &self.found.changes {
            let mut people: Vec<usize> = changes.iter().map(|change| change.person).collect();
            people.dedup();
            add(
                "changed_people",
                json!(people.iter().map(|person| self.person(*person)).collect::<Vec<_>>()),
            );
            add("changes", changes.iter().map(|change| self.change(change)).collect());
        }
        if let Some(schedule) = schedule {
            add("schedule", schedule);
        }
        if options.explain || self.task == Task::Explain {
            for (name, value) in self.explanation(options, watch)? {
                add(name, value);
            }
        }
        if self.task != Task::Explain {
            add("search", self.search(options, watch));
        }
        Ok(answer)
    }

    /// Who works which shift that was asked for.
    fn assignments(&self) -> Value {
        let assignment = |(person, day, shift): (usize, usize, usize)| {
            Some(json!({
                "person": self.person(person),
                "shift": self.model.shifts.get(shift)?,
                "date": self.model.dates.get(day),
                "settled": self.model.is_settled(person, day),
            }))
        };
        self.found.outcome.plan.worked().filter_map(assignment).collect()
    }

    /// Every broken rule with its cost, and how many were left off.
    fn violations(&self) -> (Vec<Value>, usize) {
        let (mut listed, mut left_off) = (Vec::new(), 0);
        evaluate(&self.model.problem, &self.found.outcome.plan, &mut |finding: Finding| {
            if listed.len() < MOST_VIOLATIONS {
                listed.push(json!({
                    "rule": of_rule(finding.rule, &self.model.kinds),
                    "person": finding.person.map(|person| self.person(person)),
                    "date": self.model.dates.get(finding.day),
                    "shift": finding.shift.map(|shift| self.shift(shift)),
                    "units": finding.units,
                    "cost": finding.cost,
                    "level": of_level(finding.level),
                }));
            } else {
                left_off += 1;
            }
        });
        (listed, left_off)
    }

    fn change(&self, change: &Change) -> Value {
        json!({
            "person": self.person(change.person),
            "date": self.model.dates.get(change.day),
            "before": change.before.map(|shift| self.shift(shift)),
            "after": change.after.map(|shift| self.shift(shift)),
        })
    }

    /// How the search went. The only part of an answer that tells of time.
    fn search(&self, options: &Options, watch: &SearchWatch) -> Value {
        let points = watch.points();
        let progress = points.iter().map(|point| {
            json!({
                "elapsed_ms": point.elapsed_ms,
                "broken_hard": point.broken_hard,
                "medium": point.medium,
                "cost": point.cost,
                "lower_bound": point.lower_bound,
            })
        });
        let ended_by =
            if self.found.is_known { "known" } else { of_stop(&self.found.outcome, options, watch) };
        // A search in parts looks at less than one of the whole, so it stands for no other.
        let is_used_up = matches!(ended_by, "known" | "time") && !options.parts.any();
        json!({
            "elapsed_ms": watch.elapsed_ms(),
            "searched_ms": options.limits.time_ms.filter(|_| is_used_up).unwrap_or(0),
            "seed": options.limits.seed,
            "steps": options.limits.steps,
            "threads": options.limits.threads,
            "ended_by": ended_by,
            "progress": progress.collect::<Vec<Value>>(),
        })
    }

    fn person(&self, person: usize) -> Option<&str> {
        self.model.people.get(person).map(String::as_str)
    }

    /// The id of a shift; none for one that stands for settled work.
    fn shift(&self, shift: usize) -> Option<&str> {
        self.model.shifts.get(shift).map(String::as_str)
    }
}

/// How far the cost may be above the best possible, in hundredths of the cost.
fn gap_percent(cost: i64, bound: i64) -> f64 {
    if cost <= bound {
        return 0.0;
    }
    // Both are below 2^53, so they are exact.
    (cost - bound) as f64 / cost.max(1) as f64 * 100.0
}
