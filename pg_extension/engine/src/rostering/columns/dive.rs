//! Diving: people are fixed to their favourite column a few at a time, and the rest is priced again.

use super::generate::{Ended, Generation};
use super::scope::Scope;
use crate::rostering::incumbent::Incumbent;
use crate::rostering::local_search::Searcher;
use crate::rostering::person_path::Cost;

/// Rounds of pricing after each fixing. Fewer were clearly worse on 28 days.
const ROUNDS: usize = 10;
/// Rounds at the root; convergence comes after 30 to 100.
const ROOT_ROUNDS: usize = 400;
/// Shares from here on are as good as whole.
const WHOLE: f64 = 0.999;

/// What a scope came to.
#[derive(Debug)]
pub(in crate::rostering) struct Dived {
    /// A bound on the cost of the whole roster while everything outside of the scope stays.
    pub(in crate::rostering) bound: f64,
    /// Whether the incumbent was replaced by something better.
    pub(in crate::rostering) improved: bool,
}

/// Solves a scope: column generation, then a dive. The incumbent is replaced if the result is better.
pub(in crate::rostering) fn solve_scope<T: Cost>(
    searcher: &mut Searcher<'_, '_, T>,
    incumbent: &mut Incumbent,
    scope: &Scope,
) -> Dived {
    let scale = searcher.scale;
    let cutoff = incumbent.cost();
    let repairs = scope.people.iter().any(|&person| !incumbent.is_whole(person));
    let mut generation = Generation::new(searcher, incumbent, scope, scale);
    let cutoff = if repairs { i64::MAX / 4 } else { cutoff };
    let ended = generation.rounds(searcher, incumbent, ROOT_ROUNDS, cutoff);
    let bound = generation.bound;
    if matches!(ended, Ended::Pruned | Ended::Stopped) {
        generation.leave(searcher);
        return Dived { bound, improved: false };
    }
    generation.leave(searcher);
    let improved = dive(searcher, incumbent, &mut generation, cutoff);
    Dived { bound, improved }
}

fn dive<T: Cost>(
    searcher: &mut Searcher<'_, '_, T>,
    incumbent: &mut Incumbent,
    generation: &mut Generation<'_>,
    cutoff: i64,
) -> bool {
    loop {
        let favourites = favourites(searcher, generation);
        if favourites.is_empty() {
            break;
        }
        let free = favourites.len();
        let wanted = 1 + free / 12;
        let mut fractional = false;
        for (place, &(share, person, column)) in favourites.iter().enumerate() {
            if share < WHOLE {
                if place >= wanted {
                    break;
                }
                fractional = true;
            }
            generation.fixed[person] = Some(column);
            generation.master.fix(column);
        }
        if generation.fixed.iter().all(Option::is_some) {
            break;
        }
        let rounds = if fractional { ROUNDS } else { 2 };
        if matches!(generation.rounds(searcher, incumbent, rounds, cutoff), Ended::Pruned | Ended::Stopped) {
            return false;
        }
    }
    let before = incumbent.worth();
    let mut candidate = incumbent.clone();
    let (start, end) = (generation.scope.start, generation.scope.end);
    for (number, &person) in generation.scope.people.iter().enumerate() {
        let Some(column) = generation.fixed[number] else { return false };
        candidate.withdraw(searcher.compiled, person, start, end);
        candidate.replace(searcher.compiled, person, start, &generation.paths[column]);
    }
    if candidate.worth() < before {
        *incumbent = candidate;
        searcher.control.note_worth(incumbent.worth());
        return true;
    }
    false
}

/// The largest share of everybody who is not fixed yet, largest first: share, person, column.
fn favourites<T: Cost>(
    searcher: &mut Searcher<'_, '_, T>,
    generation: &Generation<'_>,
) -> Vec<(f64, usize, usize)> {
    let mut best: Vec<Option<(f64, usize)>> = vec![None; generation.scope.people.len()];
    for (column, share) in generation.master.shares() {
        let person = generation.master.columns[column].person;
        if generation.master.columns[column].banned || generation.fixed[person].is_some() {
            continue;
        }
        // Ties are broken at random, so that one dive differs from the next.
        let share = share + searcher.random.f64() * 1e-4;
        if best[person].is_none_or(|best| share > best.0) {
            best[person] = Some((share, column));
        }
    }
    let mut favourites: Vec<(f64, usize, usize)> = best
        .into_iter()
        .enumerate()
        .filter_map(|(person, best)| best.map(|(share, column)| (share, person, column)))
        .collect();
    favourites.sort_by(|left, right| right.0.total_cmp(&left.0));
    favourites
}
