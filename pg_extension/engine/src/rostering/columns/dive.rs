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
/// Part of the budget at which a root that has not converged is dived from as it is.
const ROOT_PART: f64 = 0.6;
/// The same for a large one, whose dive takes longer.
const LARGE_ROOT_PART: f64 = 0.5;
/// Rows of a large master: each round takes a good part of a second.
const LARGE_ROWS: usize = 500;
/// Shares from here on are as good as whole.
const WHOLE: f64 = 0.999;

/// Solves a scope: column generation, then a dive. The incumbent is replaced if the result is better. With `proof`, for
/// everybody and all days, the bound is noted as one on the whole problem.
pub(in crate::rostering) fn solve_scope<T: Cost>(
    searcher: &mut Searcher<'_, '_, T>,
    incumbent: &mut Incumbent,
    scope: &Scope,
    proof: bool,
) {
    let scale = searcher.scale;
    let cutoff = incumbent.cost();
    let repairs = scope.people.iter().any(|&person| !incumbent.is_whole(person));
    let mut generation = Generation::new(searcher, incumbent, scope, scale);
    let cutoff = if repairs { i64::MAX / 4 } else { cutoff };
    let until = match proof {
        true if generation.is_large(LARGE_ROWS) => LARGE_ROOT_PART,
        true => ROOT_PART,
        false => 1.0,
    };
    let ended = generation.rounds(searcher, incumbent, ROOT_ROUNDS, cutoff, until);
    if matches!(ended, Ended::Rounds | Ended::Converged) && proof {
        generation.prove(searcher, incumbent);
    }
    let bound = generation.bound;
    if proof && bound.is_finite() {
        searcher.control.note_bound((bound - 1e-6).ceil() as i64);
    }
    if matches!(ended, Ended::Pruned | Ended::Stopped) {
        generation.leave(searcher);
        return;
    }
    generation.leave(searcher);
    dive(searcher, incumbent, &mut generation, cutoff);
}

fn dive<T: Cost>(
    searcher: &mut Searcher<'_, '_, T>,
    incumbent: &mut Incumbent,
    generation: &mut Generation<'_>,
    cutoff: i64,
) {
    loop {
        let favourites = favourites(searcher, generation);
        if favourites.is_empty() {
            break;
        }
        let free = favourites.len();
        let large = generation.is_large(LARGE_ROWS);
        let wanted = 1 + free / if large { 6 } else { 12 };
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
        let rounds = match fractional {
            true if large => ROUNDS / 2,
            true => ROUNDS,
            false => 2,
        };
        if matches!(
            generation.rounds(searcher, incumbent, rounds, cutoff, 1.0),
            Ended::Pruned | Ended::Stopped
        ) {
            return;
        }
    }
    let before = incumbent.worth();
    let mut candidate = incumbent.clone();
    let (start, end) = (generation.scope.start, generation.scope.end);
    for (number, &person) in generation.scope.people.iter().enumerate() {
        let Some(column) = generation.fixed[number] else { return };
        candidate.withdraw(searcher.compiled, person, start, end);
        candidate.replace(searcher.compiled, person, start, &generation.paths[column]);
    }
    if candidate.worth() < before {
        *incumbent = candidate;
        searcher.control.note_worth(incumbent.worth());
    }
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
