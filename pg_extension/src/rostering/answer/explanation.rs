//! Why heads stayed open, which rules contradict each other, and what a roster's cost is made of.

use rota_engine::rostering::Watch;
use rota_engine::rostering::evaluation::person_cost;
use rota_engine::rostering::explanation::{HardRule, Obstacle, contradiction, open_heads, score};
use rota_engine::rostering::pruning::prune;
use serde_json::{Map, Value, json};

use super::Answer;
use super::words::of_rule;
use crate::rostering::thread::SearchWatch;

/// People whose rules are searched for a contradiction: each takes searches of its own.
const MOST_CONTRADICTIONS: usize = 20;

/// Days of people that are looked at for every shift that is short, in all: some seconds' worth.
const MOST_LOOKS: usize = 500_000_000;

impl Answer<'_> {
    /// The parts of the answer that explain it.
    pub(super) fn explanation(&self, watch: &SearchWatch) -> Vec<(&'static str, Value)> {
        vec![
            ("open_heads", self.open_heads()),
            ("contradictions", self.contradictions(watch)),
            ("score", self.score()),
            ("pruned", self.pruned()),
        ]
    }

    /// Every shift that is short, with the rule that binds each group of people; null where there are too many to look
    /// at.
    fn open_heads(&self) -> Value {
        let model = self.model;
        let present = rota_engine::rostering::evaluation::heads(&model.problem, &self.outcome.plan);
        let short =
            model.problem.shifts.iter().zip(present).filter(|(shift, heads)| *heads < shift.required).count();
        let looks = short.saturating_mul(model.people.len()).saturating_mul(model.dates.len());
        if looks > MOST_LOOKS {
            return Value::Null;
        }
        let open = open_heads(&model.problem, &self.outcome.plan);
        let shifts = open.iter().map(|head| {
            json!({
                "shift": self.shift(head.shift),
                "date": model.problem.shifts.get(head.shift).and_then(|shift| model.dates.get(shift.day)),
                "missing": head.missing,
                "obstacles": head.obstacles.iter().map(|obstacle| self.obstacle(obstacle)).collect::<Vec<_>>(),
            })
        });
        shifts.collect()
    }

    fn obstacle(&self, obstacle: &Obstacle) -> Value {
        json!({
            "rule": obstacle.rule.map_or_else(|| "cost".to_owned(), |rule| of_rule(rule, &self.model.kinds)),
            "people": obstacle.people.iter().map(|person| self.person(*person)).collect::<Vec<_>>(),
            "relaxing_changes_cost_by": obstacle.cheapest,
        })
    }

    /// For everybody whose hard rules are broken: rules that cannot all be kept, as few as possible.
    fn contradictions(&self, watch: &SearchWatch) -> Value {
        let model = self.model;
        let mut found = Vec::new();
        for person in 0..model.people.len() {
            let is_broken =
                person_cost(&model.problem, person, self.outcome.plan.row(person)).broken_hard > 0;
            if !is_broken || watch.cancelled() || found.len() >= MOST_CONTRADICTIONS {
                continue;
            }
            if let Some(rules) = contradiction(&model.problem, person) {
                let rules: Vec<Value> = rules.iter().map(|rule| self.hard_rule(person, *rule)).collect();
                found.push(json!({ "person": self.person(person), "rules": rules }));
            }
        }
        Value::Array(found)
    }

    fn hard_rule(&self, person: usize, rule: HardRule) -> Value {
        let rules = self.model.problem.people.get(person);
        match rule {
            HardRule::Limit(number) => {
                let limit = rules.and_then(|rules| rules.limits.get(number));
                let date = |day: Option<usize>| day.and_then(|day| self.model.dates.get(day));
                json!({
                    "rule": "limit",
                    "least": limit.and_then(|limit| limit.least).map(|bound| bound.value),
                    "most": limit.and_then(|limit| limit.most).map(|bound| bound.value),
                    "first_date": date(limit.map(|limit| limit.days.start)),
                    "last_date": date(limit.and_then(|limit| limit.days.end.checked_sub(1))),
                })
            }
            HardRule::LongestWork => json!({ "rule": "longest_work" }),
            HardRule::ShortestWork => json!({ "rule": "shortest_work" }),
            HardRule::ShortestRest => json!({ "rule": "shortest_rest" }),
            HardRule::Fixed(number) => {
                let fixed = rules.and_then(|rules| rules.fixed.get(number));
                json!({
                    "rule": "settled",
                    "date": fixed.and_then(|fixed| self.model.dates.get(fixed.day)),
                    "shift": fixed.and_then(|fixed| fixed.shift).and_then(|shift| self.shift(shift)),
                })
            }
            HardRule::DaysOff => json!({ "rule": "day_off" }),
            HardRule::Unavailable => json!({ "rule": "absence" }),
        }
    }

    /// What each rule costs, what each person's wishes and rules cost, and how evenly the work is spread.
    fn score(&self) -> Value {
        let score = score(&self.model.problem, &self.outcome.plan);
        let by_rule: Map<String, Value> = score
            .by_rule
            .iter()
            .map(|(rule, (units, cost))| {
                (of_rule(*rule, &self.model.kinds), json!({ "units": units, "cost": cost }))
            })
            .collect();
        let people = score.by_person.iter().zip(&score.minutes).zip(&score.weekends).enumerate();
        let by_person: Vec<Value> = people
            .map(|(person, ((cost, minutes), weekends))| {
                json!({
                    "person": self.person(person), "cost": cost, "minutes": minutes, "weekends": weekends
                })
            })
            .collect();
        json!({
            "by_rule": by_rule,
            "by_person": by_person,
            "fairness": { "minutes": spread(&score.minutes), "weekends": spread(&score.weekends) },
        })
    }

    /// How many pairs of person and shift no roster can hold, by the rule that excludes them.
    fn pruned(&self) -> Value {
        let mut by_rule: Map<String, Value> = Map::new();
        let pruned = prune(&self.model.problem, &mut |exclusion| {
            let count = by_rule.entry(of_rule(exclusion.rule, &self.model.kinds)).or_insert(json!(0));
            *count = json!(count.as_u64().unwrap_or(0) + 1);
        });
        json!({ "pairs": pruned.pairs, "excluded": pruned.excluded, "by_rule": by_rule })
    }
}

/// Least, most, mean and standard deviation.
fn spread(values: &[i64]) -> Value {
    let count = values.len().max(1) as f64;
    let mean = values.iter().map(|value| *value as f64).sum::<f64>() / count;
    let variance = values.iter().map(|value| (*value as f64 - mean).powi(2)).sum::<f64>() / count;
    json!({
        "least": values.iter().min(),
        "most": values.iter().max(),
        "mean": mean,
        "standard_deviation": variance.sqrt(),
    })
}
