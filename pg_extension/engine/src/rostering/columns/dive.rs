//! Diving: people are fixed to their favourite column a few at a time, and the rest is priced again.

use super::generate::{Ended, Generation};
use super::scope::Scope;
use crate::rostering::incumbent::Incumbent;
use crate::rostering::local_search::Searcher;
use crate::rostering::person_path::Cost;
use crate::rostering::random::sample;
use crate::rostering::search::SHORT_HORIZON_DAYS;

/// Rounds of pricing after each fixing. Fewer were clearly worse on 28 days.
const ROUNDS: usize = 10;
/// With so few people left, rounds are cheap, and what is left undecided costs most.
const FEW_PEOPLE: usize = 12;
/// Rows up to which a round is cheap.
const FEW_ROWS: usize = 330;
/// Rounds after each fixing then.
const FEW_ROUNDS: usize = 30;
/// People of one step of polishing after a dive, two of five at most.
const POLISH_PEOPLE: std::ops::RangeInclusive<usize> = 8..=24;
/// Steps without success after which polishing ends.
const POLISH_FAILURES: usize = 4;
/// Once this part of the people is fixed, the rest goes on in a program of its own.
const NARROW_PART: f64 = 0.34;
/// Programs in a row that rounding may spoil.
const MOST_FAILURES: usize = 3;
/// Rounds at the root; convergence comes after 30 to 100.
const ROOT_ROUNDS: usize = 400;
/// Part of the budget at which a root that has not converged is dived from as it is.
const ROOT_PART: f64 = 0.6;
/// The same for a large one, whose dive takes longer.
const LARGE_ROOT_PART: f64 = 0.5;
/// The same on a long horizon. What is left brings more in windows than in a dive as long as that.
const LONG_ROOT_PART: f64 = 0.35;
/// Rows of a large master: each round takes a good part of a second.
const LARGE_ROWS: usize = 500;
/// Shares from here on are as good as whole.
const WHOLE: f64 = 0.999;

/// Solves a scope: column generation, then a dive. The incumbent is replaced if the result is better. With `proof`, for
/// everybody and all days, the bound is noted as one on the whole problem. Returns whether it is proven that no roster of
/// the scope is better than the incumbent is now.
pub(in crate::rostering) fn solve_scope<T: Cost>(
    searcher: &mut Searcher<'_, '_, T>,
    incumbent: &mut Incumbent,
    scope: Scope,
    proof: bool,
) -> bool {
    let scale = searcher.scale;
    let cutoff = incumbent.cost();
    let repairs = scope.people.iter().any(|&person| !incumbent.is_whole(person));
    let mut generation = Generation::new(searcher, incumbent, scope, scale);
    generation.take_pool(searcher, incumbent);
    let cutoff = if repairs { i64::MAX / 4 } else { cutoff };
    let long = searcher.compiled.days() > SHORT_HORIZON_DAYS;
    let until = match proof {
        true if searcher.control.used() > ROOT_PART => 1.0,
        true if long => LONG_ROOT_PART,
        true if generation.is_large(LARGE_ROWS) => LARGE_ROOT_PART,
        true => ROOT_PART,
        false => 1.0,
    };
    let ended = generation.rounds(searcher, incumbent, ROOT_ROUNDS, cutoff, until);
    if matches!(ended, Ended::Rounds | Ended::Converged) && proof {
        generation.prove(searcher, incumbent);
    }
    if proof {
        generation.note_bound(searcher);
    }
    generation.leave(searcher);
    let late = proof && long && searcher.control.used() > LONG_ROOT_PART;
    if late || matches!(ended, Ended::Pruned | Ended::Stopped) {
        return ended == Ended::Pruned;
    }
    let bound = generation.bound;
    dive(searcher, incumbent, generation, cutoff);
    !may_be_beaten(incumbent, bound)
}

/// Whether a bound leaves room for a better roster: costs are whole numbers.
fn may_be_beaten(roster: &Incumbent, bound: f64) -> bool {
    roster.worth().0 > 0 || roster.cost() as f64 - 1.0 >= bound
}

/// Notes a bound on the whole problem where its linear program is too large to be solved: one round of pricing at the
/// prices that the parts have left, given up at that part of the budget.
pub(in crate::rostering) fn bound_whole<T: Cost>(
    searcher: &mut Searcher<'_, '_, T>,
    incumbent: &Incumbent,
    scope: Scope,
    until: f64,
) {
    let scale = searcher.scale;
    let mut generation = Generation::new(searcher, incumbent, scope, scale);
    generation.bound_at_prices(searcher, incumbent, until);
    generation.note_bound(searcher);
}

fn dive<T: Cost>(
    searcher: &mut Searcher<'_, '_, T>,
    incumbent: &mut Incumbent,
    mut generation: Generation,
    cutoff: i64,
) {
    let scope = generation.scope.clone();
    let bound = generation.bound;
    let mut settled = incumbent.clone();
    let mut failures = 0;
    while fix_some(searcher, &mut generation) {
        let free = generation.free();
        let rounds = match generation.is_large(LARGE_ROWS) {
            true => ROUNDS / 2,
            false if free <= FEW_PEOPLE && !generation.is_large(FEW_ROWS) => FEW_ROUNDS,
            false => ROUNDS,
        };
        let mut ended = Ended::Rounds;
        let narrow = (generation.fixed.len() - free) as f64 >= NARROW_PART * generation.fixed.len() as f64;
        if !narrow {
            ended = generation.rounds(searcher, &settled, rounds, cutoff, 1.0);
        }
        if narrow || ended == Ended::Stopped {
            if searcher.control.is_over() {
                return;
            }
            settle(searcher, &mut settled, &generation);
            generation = generation.narrowed(searcher, &settled);
            ended = generation.rounds(searcher, &settled, rounds, cutoff, 1.0);
        }
        match ended {
            Ended::Pruned => return,
            Ended::Stopped => {
                // Rounding got out of hand in a fresh program, too: what is mixed now is good enough to go on with.
                failures += 1;
                if failures > MOST_FAILURES || searcher.control.is_over() {
                    return;
                }
            }
            Ended::Converged | Ended::Rounds => {}
        }
    }
    settle(searcher, &mut settled, &generation);
    if scope.people.len() > *POLISH_PEOPLE.end() && may_be_beaten(&settled, bound) {
        polish(searcher, &mut settled, incumbent, &scope);
    }
    if settled.worth() < incumbent.worth() {
        *incumbent = settled;
        searcher.control.note_worth(incumbent.worth());
    }
}

/// The people fixed last had little to choose from. A few of everybody at a time are solved again as long as that brings
/// something, so that a good dive is not lost to its end.
fn polish<T: Cost>(
    searcher: &mut Searcher<'_, '_, T>,
    settled: &mut Incumbent,
    incumbent: &Incumbent,
    scope: &Scope,
) {
    let mut failures = 0;
    while failures < POLISH_FAILURES && !searcher.control.is_over() {
        let wanted = (scope.people.len() * 2 / 5).clamp(*POLISH_PEOPLE.start(), *POLISH_PEOPLE.end());
        let mut people: Vec<usize> = sample(&mut searcher.random, scope.people.len(), wanted)
            .into_iter()
            .map(|number| scope.people[number])
            .collect();
        people.sort_unstable();
        let before = settled.worth();
        solve_scope(searcher, settled, Scope { people, window: scope.window }, false);
        let still_behind = settled.worth() >= incumbent.worth();
        if settled.worth() < before {
            failures = 0;
        } else {
            failures += if still_behind { 1 } else { POLISH_FAILURES };
        }
    }
}

/// Fixes whoever has hardly a choice left, or a few people to their favourite. False if nobody is free after that.
fn fix_some<T: Cost>(searcher: &mut Searcher<'_, '_, T>, generation: &mut Generation) -> bool {
    let favourites = favourites(searcher, generation);
    let parts = if generation.is_large(LARGE_ROWS) { 6 } else { 12 };
    let wanted = 1 + favourites.len() / parts;
    for (place, &(share, person, column)) in favourites.iter().enumerate() {
        if share < WHOLE && place >= wanted {
            break;
        }
        generation.fixed[person] = Some(column);
        generation.master.fix(column);
    }
    !favourites.is_empty() && generation.free() > 0
}

/// Gives everybody who is fixed the days they are fixed to.
fn settle<T: Cost>(searcher: &Searcher<'_, '_, T>, settled: &mut Incumbent, generation: &Generation) {
    let window = generation.scope.window;
    for (number, &person) in generation.scope.people.iter().enumerate() {
        if let Some(column) = generation.fixed[number] {
            settled.withdraw(searcher.compiled, person, window);
            settled.replace(searcher.compiled, person, window.start, &generation.paths[column]);
        }
    }
}

/// The largest share of everybody who is not fixed yet, largest first: share, person, column.
fn favourites<T: Cost>(
    searcher: &mut Searcher<'_, '_, T>,
    generation: &Generation,
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
