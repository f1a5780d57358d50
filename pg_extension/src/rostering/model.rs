//! A roster problem together with the names that its numbers stand for.

use rota_engine::rostering::{Plan, Problem};
use serde_json::Value;

/// A problem as the engine wants it. It owns all it needs, so that a thread can take it along.
#[derive(Debug)]
pub(super) struct Model {
    /// The numbers.
    pub(super) problem: Problem,
    /// The date of each day.
    pub(super) dates: Vec<String>,
    /// The id of each person.
    pub(super) people: Vec<String>,
    /// The id of each shift that was asked for. Shifts of the problem beyond them stand for settled work.
    pub(super) shifts: Vec<String>,
    /// The name of each kind.
    pub(super) kinds: Vec<String>,
    /// The team of each person.
    pub(super) teams: Vec<Option<String>>,
    /// The roster that is known already.
    pub(super) known: Plan,
    /// Rules that the search does not keep, each with the reason.
    pub(super) rules_not_searched: Vec<Value>,
}

impl Model {
    /// Whether a day of a person was settled before the search.
    pub(super) fn is_settled(&self, person: usize, day: usize) -> bool {
        self.problem.people.get(person).is_some_and(|rules| rules.fixed.iter().any(|fixed| fixed.day == day))
    }
}
