//! The search against every roster there is.

use proptest::prelude::*;
use rota_engine::rostering::{Limits, Outcome, Problem, Watch, search};

use crate::rostering_generator::{best_of_all, small_problem};

/// A search without a clock: steps alone bound it.
pub(crate) struct NoClock;

impl Watch for NoClock {
    fn elapsed_ms(&self) -> u64 {
        0
    }

    fn cancelled(&self) -> bool {
        false
    }
}

pub(crate) fn by_steps(problem: &Problem, steps: u64, seed: u64) -> Outcome {
    let limits = Limits { time_ms: None, steps: Some(steps), seed, ..Limits::default() };
    search(problem, limits, &NoClock).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_search_finds_the_best_of_all_small_rosters(seed in any::<u64>()) {
        let problem = small_problem(seed);
        let best = best_of_all(&problem);
        let outcome = by_steps(&problem, 400, 1);
        // One person's days are searched exactly, also where no days keep all rules. Of two people, the search may miss
        // the best.
        if problem.people.len() == 1 {
            prop_assert_eq!(outcome.evaluation.worth(), best);
        }
        prop_assert!(outcome.evaluation.worth() >= best);
    }

    #[test]
    fn the_lower_bound_is_never_above_the_best_roster(seed in any::<u64>()) {
        let problem = small_problem(seed);
        let (broken, medium, cost) = best_of_all(&problem);
        prop_assume!(broken == 0);
        let outcome = by_steps(&problem, 60, seed);
        let bound = (outcome.lower_medium, outcome.lower_bound);
        prop_assert!(bound <= (medium, cost), "bound {:?} above {:?}", bound, (medium, cost));
    }

    #[test]
    fn equal_seeds_and_steps_give_equal_rosters(seed in any::<u64>()) {
        let problem = small_problem(seed);
        prop_assert_eq!(by_steps(&problem, 100, seed).plan, by_steps(&problem, 100, seed).plan);
    }
}
