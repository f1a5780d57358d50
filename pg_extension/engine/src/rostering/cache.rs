//! What is known of problems seen before: whole rosters by problem, and single people's days by person.
//!
//! A problem that comes again gets its roster at once. One that changed a little gets the days of everybody whose own
//! part is as it was, and the search begins there. Memory is bounded; what was not asked for the longest goes first.

use std::collections::HashMap;

use super::control::{Limits, Watch};
use super::fingerprint::{fingerprint, person_fingerprints};
use super::plan::{FREE, Plan};
use super::problem::Problem;
use super::search::{Outcome, search_from};
use crate::error::EngineError;

/// Bytes of an entry beside its days.
const ENTRY_BYTES: usize = 128;

/// Something kept, and when it was last of use.
#[derive(Debug)]
struct Entry<T> {
    kept: T,
    bytes: usize,
    used: u64,
}

/// Rosters of problems seen before.
#[derive(Debug)]
pub struct Cache {
    rosters: HashMap<u128, Entry<Outcome>>,
    days: HashMap<u128, Entry<Vec<u32>>>,
    most_bytes: usize,
    bytes: usize,
    /// Counts up with every use.
    clock: u64,
}

impl Cache {
    /// A cache that holds at most so many bytes.
    #[must_use]
    pub fn new(most_bytes: usize) -> Self {
        Self { rosters: HashMap::new(), days: HashMap::new(), most_bytes, bytes: 0, clock: 0 }
    }

    /// Bytes held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Keeps a roster of a problem, unless a better one is kept.
    pub fn keep(&mut self, problem: &Problem, outcome: &Outcome) {
        self.clock += 1;
        let key = fingerprint(problem);
        let worth = outcome.evaluation.worth();
        if self.rosters.get(&key).is_some_and(|known| known.kept.evaluation.worth() < worth) {
            return;
        }
        let bytes = ENTRY_BYTES + problem.people.len() * problem.days * size_of::<u32>();
        insert(&mut self.rosters, key, outcome.clone(), bytes, self.clock, &mut self.bytes);
        for (person, key) in person_fingerprints(problem).into_iter().enumerate() {
            let row = outcome.plan.row(person).to_vec();
            let bytes = ENTRY_BYTES + row.len() * size_of::<u32>();
            insert(&mut self.days, key, row, bytes, self.clock, &mut self.bytes);
        }
        self.shrink();
    }

    /// The roster kept for just this problem.
    pub fn known(&mut self, problem: &Problem) -> Option<&Outcome> {
        self.clock += 1;
        let entry = self.rosters.get_mut(&fingerprint(problem))?;
        entry.used = self.clock;
        Some(&entry.kept)
    }

    /// A roster to begin with, made of the days kept for each person; none if nobody's are.
    pub fn beginning(&mut self, problem: &Problem) -> Option<Plan> {
        self.clock += 1;
        let mut plan = Plan::free(problem.people.len(), problem.days);
        let mut found = false;
        for (person, key) in person_fingerprints(problem).into_iter().enumerate() {
            if let Some(entry) = self.days.get_mut(&key) {
                entry.used = self.clock;
                plan.row_mut(person).copy_from_slice(&entry.kept);
                found |= entry.kept.iter().any(|&cell| cell != FREE);
            }
        }
        found.then_some(plan)
    }

    /// Searches, beginning with what is known; a roster proven best is answered without a search. The result is kept.
    ///
    /// # Errors
    ///
    /// What [`search_from`] refuses.
    pub fn search(
        &mut self,
        problem: &Problem,
        limits: Limits,
        watch: &dyn Watch,
    ) -> Result<Outcome, EngineError> {
        problem.check()?;
        let mut start = None;
        if let Some(known) = self.known(problem) {
            let Outcome { evaluation, lower_medium, lower_bound, .. } = known;
            let proven = (evaluation.medium, evaluation.cost) == (*lower_medium, *lower_bound);
            let wanted =
                limits.target.is_some_and(|target| evaluation.cost <= target && evaluation.medium == 0);
            if evaluation.broken_hard == 0 && (proven || wanted) {
                return Ok(known.clone());
            }
            start = Some(known.plan.clone());
        }
        let bounds = self.known(problem).map(|known| (known.lower_medium, known.lower_bound));
        let start = start.or_else(|| self.beginning(problem));
        let mut outcome = search_from(problem, start, limits, watch)?;
        if let Some(bounds) = bounds {
            (outcome.lower_medium, outcome.lower_bound) =
                (outcome.lower_medium, outcome.lower_bound).max(bounds);
        }
        self.keep(problem, &outcome);
        Ok(outcome)
    }

    /// Drops what was not of use for the longest until the rest fits.
    fn shrink(&mut self) {
        if self.bytes <= self.most_bytes {
            return;
        }
        let rosters = self.rosters.iter().map(|(&key, entry)| (entry.used, true, key));
        let mut oldest: Vec<(u64, bool, u128)> =
            rosters.chain(self.days.iter().map(|(&key, entry)| (entry.used, false, key))).collect();
        oldest.sort_unstable();
        for (_, is_roster, key) in oldest {
            if self.bytes <= self.most_bytes {
                return;
            }
            let freed = if is_roster {
                self.rosters.remove(&key).map(|entry| entry.bytes)
            } else {
                self.days.remove(&key).map(|entry| entry.bytes)
            };
            self.bytes -= freed.unwrap_or(0);
        }
    }
}

fn insert<T>(
    entries: &mut HashMap<u128, Entry<T>>,
    key: u128,
    kept: T,
    bytes: usize,
    used: u64,
    sum: &mut usize,
) {
    *sum += bytes;
    if let Some(replaced) = entries.insert(key, Entry { kept, bytes, used }) {
        *sum -= replaced.bytes;
    }
}
