//! Why heads stayed open, which rules contradict each other, and what a roster's cost is made of.

use rota_engine::EngineError;
use rota_engine::rostering::Watch;
use rota_engine::rostering::evaluation::person_cost;
use rota_engine::rostering::explanation::{
    HardRule, Obstacle, Spread, Sum, contradiction, open_heads, score,
};
use rota_engine::rostering::pruning::prune;
use serde_json::{Map, Value, json};

use super::Answer;
use super::words::of_rule;
use crate::rostering::options::Options;
use crate::rostering::thread::SearchWatch;

/// People whose rules are searched for a contradiction: each takes searches of its own.
const MOST_CONTRADICTIONS: usize = 20;

/// Milliseconds that an explanation may take beyond a search with a time budget. Who waits for a roster does not wait
/// for every reason why something is missing; `rota.explain_roster` gives all of them.
const EXPLANATION_MS: u64 = 250;

/// The watch of an explanation: what a search with a time budget explains has an end, too.
struct Patience<'a> {
    watch: &'a SearchWatch,
    until_ms: Option<u64>,
}

impl<'a> Patience<'a> {
    fn of(options: &Options, watch: &'a SearchWatch) -> Self {
        Self { watch, until_ms: options.limits.time_ms.map(|_| watch.elapsed_ms() + EXPLANATION_MS) }
    }
}

impl Watch for Patience<'_> {
    fn elapsed_ms(&self) -> u64 {
        self.watch.elapsed_ms()
    }

    fn cancelled(&self) -> bool {
        self.watch.cancelled() || self.until_ms.is_some_and(|until_ms| self.elapsed_ms() >= until_ms)
    }
}

impl Answer<'_> {
    /// The parts of the answer that explain it.
    ///
    /// # Errors
    /// Those of the engine.
    pub(super) fn explanation(
        &self,
        options: &Options,
        watch: &SearchWatch,
    ) -> Result<Vec<(&'static str, Value)>, EngineError> {
        let patience = Patience::of(options, watch);
        let (open_heads, complete) = self.open_heads(&patience)?;
        Ok(vec![
            ("open_heads", open_heads),
            ("open_heads_complete", json!(complete)),
            ("contradictions", self.contradictions(&patience)?),
            ("score", self.score()),
            ("pruned", self.pruned()),
        ])
    }

    /// Every shift that is short, with the rules that bind each group of people; and whether all of them are there.
    fn open_heads(&self, watch: &Patience<'_>) -> Result<(Value, bool), EngineError> {
        let model = self.model;
        let open = open_heads(&model.problem, &self.found.outcome.plan, watch)?;
        let shifts = open.heads.iter().map(|head| {
            json!({
                "shift": self.shift(head.shift),
                "date": model.problem.shifts.get(head.shift).and_then(|shift| model.dates.get(shift.day)),
                "missing": head.missing,
                "obstacles": head.obstacles.iter().map(|obstacle| self.obstacle(obstacle)).collect::<Vec<_>>(),
            })
        });
        Ok((shifts.collect(), open.complete))
    }

    /// What binds one group: the rules that putting one of them there would break, what relaxing them would change the
    /// cost by, and what it would change by if their own days were arranged anew with all rules kept.
    fn obstacle(&self, obstacle: &Obstacle) -> Value {
        let rules = obstacle.rules.iter().map(|rule| of_rule(*rule, &self.model.kinds));
        json!({
            "rules": rules.collect::<Vec<_>>(),
            "people": obstacle.people.iter().map(|person| self.person(*person)).collect::<Vec<_>>(),
            "relaxing_changes_cost_by": obstacle.cheapest.soft,
            "relaxing_changes_medium_by": obstacle.cheapest.medium,
            "rearranging_changes_cost_by": obstacle.rearranged.map(|difference| difference.soft),
            "rearranging_changes_medium_by": obstacle.rearranged.map(|difference| difference.medium),
        })
    }

    /// For everybody whose hard rules are broken: rules that cannot all be kept, as few as possible.
    fn contradictions(&self, watch: &Patience<'_>) -> Result<Value, EngineError> {
        let model = self.model;
        let mut found = Vec::new();
        for person in 0..model.people.len() {
            let is_broken =
                person_cost(&model.problem, person, self.found.outcome.plan.row(person)).broken_hard > 0;
            if !is_broken || watch.cancelled() || found.len() >= MOST_CONTRADICTIONS {
                continue;
            }
            if let Some(rules) = contradiction(&model.problem, person, watch)? {
                let rules: Vec<Value> = rules.iter().map(|rule| self.hard_rule(person, *rule)).collect();
                found.push(json!({ "person": self.person(person), "rules": rules }));
            }
        }
        Ok(Value::Array(found))
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
            HardRule::Succession(number) => {
                let succession = self.model.problem.successions.get(number);
                let kind = |kind: Option<usize>| kind.and_then(|kind| self.model.kinds.get(kind));
                json!({
                    "rule": "succession",
                    "first": kind(succession.map(|succession| succession.first)),
                    "next": kind(succession.map(|succession| succession.next)),
                })
            }
            HardRule::MinimumRest => json!({ "rule": "minimum_rest" }),
            HardRule::MinimumDayOff => json!({ "rule": "minimum_day_off" }),
            HardRule::Rotation => json!({ "rule": "rotation" }),
            HardRule::DaysOff => json!({ "rule": "day_off" }),
            HardRule::Unavailable => json!({ "rule": "absence" }),
        }
    }

    /// What each rule costs, what each person's wishes and rules cost, and how evenly the work is spread.
    fn score(&self) -> Value {
        let score = score(&self.model.problem, &self.found.outcome.plan);
        let sum = |sum: &Sum| {
            json!({
                "broken_hard": sum.broken_hard, "medium": sum.medium, "cost": sum.cost, "units": sum.units
            })
        };
        let by_rule: Map<String, Value> = score
            .by_rule
            .iter()
            .map(|(rule, of_rule_sum)| (of_rule(*rule, &self.model.kinds), sum(of_rule_sum)))
            .collect();
        let by_person: Vec<Value> = score
            .by_person
            .iter()
            .enumerate()
            .map(|(person, of_person)| {
                let (granted, wishes) = score.wishes.get(person).copied().unwrap_or_default();
                json!({
                    "person": self.person(person),
                    "broken_hard": of_person.broken_hard,
                    "medium": of_person.medium,
                    "cost": of_person.cost,
                    "minutes": score.minutes.get(person),
                    "days": score.days.get(person),
                    "weekends": score.weekends.get(person),
                    "wishes": wishes,
                    "wishes_granted": granted,
                })
            })
            .collect();
        let mut fairness = Map::new();
        for (name, values) in
            [("minutes", &score.minutes), ("days", &score.days), ("weekends", &score.weekends)]
        {
            fairness.insert(name.to_owned(), spread(values));
        }
        for (kind, values) in self.model.kinds.iter().zip(&score.kinds) {
            fairness.insert(format!("kind_{kind}"), spread(values));
        }
        json!({ "by_rule": by_rule, "by_person": by_person, "fairness": fairness })
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
    let Spread { least, most, mean, standard_deviation } = Spread::of(values);
    json!({ "least": least, "most": most, "mean": mean, "standard_deviation": standard_deviation })
}
