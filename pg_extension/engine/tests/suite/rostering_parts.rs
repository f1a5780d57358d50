//! Generation in parts, and what is kept of problems seen before.

use proptest::prelude::*;
use rota_engine::rostering::{
    Bound, Cache, Counted, FREE, Limit, Limits, Part, Person, Plan, Problem, Shift, Watch, evaluate,
    fingerprint, person_fingerprints, search_in_parts,
};

use crate::rostering_generator::small_problem;
use crate::rostering_oracle::{NoClock, by_steps};

fn steps(steps: u64) -> Limits {
    Limits { time_ms: None, steps: Some(steps), ..Limits::default() }
}

/// Four weeks of one shift a day, with rules that reach over every seam.
fn four_weeks() -> Problem {
    let shift = |day: usize| Shift {
        day,
        start_minute: day as i64 * 1_440 + 480,
        end_minute: day as i64 * 1_440 + 960,
        worked_minutes: 480,
        required: 2,
        short_weight: 100,
        surplus_weight: 1,
        ..Shift::default()
    };
    let person = Person {
        limits: vec![Limit {
            counted: Counted::Minutes,
            days: 0..28,
            continues: false,
            already: 0,
            least: Some(Bound::hard(480 * 12)),
            most: Some(Bound::hard(480 * 16)),
        }],
        longest_work: Some(Bound::hard(4)),
        shortest_work: Some(Bound::hard(2)),
        shortest_rest: Some(Bound::hard(2)),
        ..Person::default()
    };
    Problem {
        days: 28,
        kinds: 1,
        shifts: (0..28).map(shift).collect(),
        people: vec![person; 4],
        ..Problem::default()
    }
}

#[test]
fn week_by_week_keeps_the_rules_over_every_seam() {
    let problem = four_weeks();
    let parts = Part::weeks(&problem, 1);
    assert_eq!(parts.iter().map(|part| part.days.clone()).collect::<Vec<_>>(), [0..7, 7..14, 14..21, 21..28]);
    let outcome =
        search_in_parts(&problem, None, &parts, steps(2_000), &NoClock).expect("the problem is sound");
    let mut broken = Vec::new();
    let evaluation = evaluate(&problem, &outcome.plan, &mut |finding| {
        if finding.cost.is_none() {
            broken.push(finding);
        }
    });
    assert_eq!(broken, []);
    assert_eq!(evaluation, outcome.evaluation);
    assert_eq!(evaluation.short_heads, 0);
}

#[test]
fn a_part_changes_nothing_outside_of_itself() {
    let problem = four_weeks();
    let start = by_steps(&problem, 50, 1).plan;
    let part = Part { people: vec![0, 2], days: 7..21 };
    let outcome =
        search_in_parts(&problem, Some(start.clone()), &[part], steps(500), &NoClock).expect("sound");
    for person in 0..4 {
        let (old, new) = (start.row(person), outcome.plan.row(person));
        if person % 2 == 1 {
            assert_eq!(old, new);
        }
        assert_eq!((&old[..7], &old[21..]), (&new[..7], &new[21..]));
    }
    assert!(outcome.evaluation.worth() <= evaluate(&problem, &start, &mut |_| {}).worth());
}

#[test]
fn parts_that_refer_to_nothing_are_refused_with_the_field() {
    let problem = four_weeks();
    let refused = |part: Part| {
        search_in_parts(&problem, None, &[part], steps(10), &NoClock).expect_err("refused").argument()
    };
    assert_eq!(refused(Part { people: vec![9], days: 0..7 }), Some("part.people"));
    assert_eq!(refused(Part { people: vec![1, 1], days: 0..7 }), Some("part.people"));
    assert_eq!(refused(Part { people: vec![1], days: 0..99 }), Some("part.days"));
}

#[test]
fn a_roster_proven_best_is_answered_without_a_search() {
    struct Asked(std::sync::atomic::AtomicU64);
    impl Watch for Asked {
        fn elapsed_ms(&self) -> u64 {
            0
        }
        fn cancelled(&self) -> bool {
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            false
        }
    }
    let problem = four_weeks();
    let mut cache = Cache::new(1 << 20);
    let first = cache.search(&problem, steps(5_000), &NoClock).expect("the problem is sound");
    assert_eq!(first.evaluation.cost, first.lower_bound);
    let asked = Asked(std::sync::atomic::AtomicU64::new(0));
    let second = cache.search(&problem, steps(5_000), &asked).expect("the problem is sound");
    assert_eq!(second.plan, first.plan);
    assert_eq!(asked.0.into_inner(), 0);
}

#[test]
fn a_problem_that_changed_for_one_person_begins_with_the_others_days() {
    let mut problem = four_weeks();
    let mut cache = Cache::new(1 << 20);
    let known = cache.search(&problem, steps(500), &NoClock).expect("the problem is sound").plan;
    assert!(cache.known(&problem).is_some());
    problem.people[1].days_off = vec![3];
    problem.shifts[5].required = 1;
    assert!(cache.known(&problem).is_none());
    // All four people were alike: the first three days-off-less ones share one entry, the last roster kept for it.
    let beginning = cache.beginning(&problem).expect("three people are as they were");
    assert!(beginning.row(1).iter().all(|&cell| cell == FREE));
    assert!((0..4).filter(|&person| person != 1).all(|person| beginning.row(person) == known.row(3)));
}

#[test]
fn a_cache_holds_no_more_than_it_may_and_drops_the_oldest() {
    let mut cache = Cache::new(2_000);
    let mut problems = Vec::new();
    for (day, weight) in (1..20).zip(1..) {
        let mut problem = four_weeks();
        problem.shifts[0].short_weight = weight;
        problem.people[0].days_off = vec![day];
        cache.search(&problem, steps(20), &NoClock).expect("the problem is sound");
        assert!(cache.bytes() <= 2_000, "{} bytes", cache.bytes());
        problems.push(problem);
    }
    assert!(cache.known(&problems[0]).is_none());
    assert!(cache.known(&problems[18]).is_some());
}

proptest! {
    #[test]
    fn whatever_changes_a_roster_s_worth_changes_the_fingerprint(seed in any::<u64>(), other in any::<u64>()) {
        let (problem, another) = (small_problem(seed), small_problem(other));
        prop_assert_eq!(fingerprint(&problem), fingerprint(&small_problem(seed)));
        let plan = Plan::free(problem.people.len(), problem.days);
        let worth = |problem: &Problem| evaluate(problem, &plan, &mut |_| {}).worth();
        if plan.check(&another).is_ok() && worth(&problem) != worth(&another) {
            prop_assert_ne!(fingerprint(&problem), fingerprint(&another));
        }
        for (changed, decides_days) in changes(&problem) {
            prop_assert_ne!(fingerprint(&changed), fingerprint(&problem));
            let same = person_fingerprints(&changed) == person_fingerprints(&problem);
            prop_assert_eq!(same, !decides_days);
        }
    }
}

/// The problem with one thing changed each, and whether that decides what a person's days can be.
fn changes(problem: &Problem) -> Vec<(Problem, bool)> {
    let mut all = Vec::new();
    let mut change = |decides: bool, apply: &dyn Fn(&mut Problem)| {
        let mut changed = problem.clone();
        apply(&mut changed);
        all.push((changed, decides));
    };
    change(true, &|problem| problem.people[0].days_off.push(0));
    change(true, &|problem| problem.people[0].kind_costs.push((0, 3)));
    change(true, &|problem| problem.minimum_rest = Some(Bound::soft(61, 1)));
    change(true, &|problem| problem.first_weekday = (problem.first_weekday + 1) % 7);
    if !problem.shifts.is_empty() {
        change(false, &|problem| problem.shifts[0].required += 1);
        change(false, &|problem| problem.shifts[0].short_weight += 1);
        change(true, &|problem| problem.shifts[0].end_minute += 1);
    }
    all
}
