//! How soon a search stops: counted in work between two questions, never in time.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rota_engine::rostering::explanation::{contradictions, open_heads};
use rota_engine::rostering::{
    Bound, Counted, Limit, Limits, MOST_WORK, Person, Plan, Problem, Shift, Watch, search,
};

const PEOPLE: usize = 6;
/// Steps that reach every phase.
const STEPS: u64 = 250;

/// Notes the most work between two questions, and all work after it began to say stop.
#[derive(Default)]
struct Counting {
    questions: AtomicU64,
    /// From this question on it wants to stop; 0 is never.
    stops_at: u64,
    stopped: AtomicBool,
    most: AtomicU64,
    after: AtomicU64,
}

impl Watch for Counting {
    fn elapsed_ms(&self) -> u64 {
        0
    }

    fn cancelled(&self) -> bool {
        let question = self.questions.fetch_add(1, Ordering::Relaxed) + 1;
        if self.stops_at > 0 && question >= self.stops_at {
            self.stopped.store(true, Ordering::Relaxed);
        }
        self.stopped.load(Ordering::Relaxed)
    }

    fn worked(&self, operations: u64) {
        self.most.fetch_max(operations, Ordering::Relaxed);
        if self.stopped.load(Ordering::Relaxed) {
            self.after.fetch_add(operations, Ordering::Relaxed);
        }
    }
}

/// A ward with night caps that multiply the states of every search, and sums that differ from person to person.
fn heavy_ward() -> Problem {
    const DAYS: usize = 21;
    let mut shifts = Vec::new();
    for day in 0..DAYS {
        for kind in 0..4 {
            let start_minute = day as i64 * 1_440 + [360, 600, 840, 1_260][kind];
            let worked_minutes = [480, 600, 480, 720][kind];
            shifts.push(Shift {
                day,
                kind,
                start_minute,
                end_minute: start_minute + worked_minutes,
                worked_minutes,
                required: 2,
                short_weight: 100,
                surplus_weight: 1,
                ..Shift::default()
            });
        }
    }
    let sum = |counted, least: Option<i64>, most| Limit {
        counted,
        days: 0..DAYS,
        continues: false,
        already: 0,
        least: least.map(Bound::hard),
        most: Some(Bound::hard(most)),
    };
    let people = (0_i64..)
        .take(PEOPLE)
        .map(|number| Person {
            limits: vec![
                sum(Counted::Minutes, Some(5_400), 7_200),
                sum(Counted::Weekends, None, 2),
                sum(Counted::Kind(3), None, 3 + number % 3),
                sum(Counted::Kind(0), None, 6),
                sum(Counted::Kind(1), None, 5),
            ],
            longest_work: Some(Bound::hard(5)),
            shortest_work: Some(Bound::hard(2)),
            shortest_rest: Some(Bound::hard(2)),
            ..Person::default()
        })
        .collect();
    let minimum_rest = Some(Bound::hard(660));
    Problem { days: DAYS, kinds: 4, shifts, people, minimum_rest, ..Problem::default() }
}

fn limits(steps: u64) -> Limits {
    Limits { time_ms: None, steps: Some(steps), ..Limits::default() }
}

#[test]
fn every_phase_asks_before_it_has_worked_for_long() {
    let watch = Counting::default();
    let outcome = search(&heavy_ward(), limits(STEPS), &watch).expect("the problem is sound");
    assert_eq!(outcome.evaluation.broken_hard, 0);
    let most = watch.most.load(Ordering::Relaxed);
    assert!(most > 0 && most <= MOST_WORK, "{most} operations between two questions");
}

#[test]
fn a_search_that_is_told_to_stop_does_no_more_than_it_has_in_hand() {
    let whole = Counting::default();
    search(&heavy_ward(), limits(STEPS), &whole).expect("the problem is sound");
    let questions = whole.questions.load(Ordering::Relaxed);
    for part in [1, 4, 7] {
        let watch = Counting { stops_at: (questions * part / 8).max(1), ..Counting::default() };
        let outcome = search(&heavy_ward(), limits(STEPS), &watch).expect("the problem is sound");
        let after = watch.after.load(Ordering::Relaxed);
        assert!(after <= MOST_WORK, "{after} operations after the wish at question {}", watch.stops_at);
        assert_eq!(outcome.plan.people(), PEOPLE);
    }
}

#[test]
fn explanations_ask_and_stop_too() {
    let problem = heavy_ward();
    let plan = Plan::free(problem.people.len(), problem.days);
    let watch = Counting { stops_at: 30, ..Counting::default() };
    let open = open_heads(&problem, &plan, &watch).expect("the problem is sound");
    assert!(!open.complete);
    assert!(watch.after.load(Ordering::Relaxed) <= MOST_WORK);
    let watch = Counting { stops_at: 1, ..Counting::default() };
    assert_eq!(contradictions(&problem, &watch).expect("the problem is sound"), []);
}

/// A clock that moves by one millisecond with each reading.
#[derive(Default)]
struct Ticking(AtomicU64);

impl Watch for Ticking {
    fn elapsed_ms(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }

    fn cancelled(&self) -> bool {
        false
    }
}

#[test]
fn a_search_that_finds_nothing_better_for_long_enough_stops() {
    let ward = heavy_ward();
    let duration_ms = |patience_ms| {
        let clock = Ticking::default();
        search(&ward, Limits { time_ms: Some(4_000), patience_ms, ..Limits::default() }, &clock).unwrap();
        clock.elapsed_ms()
    };
    assert!(duration_ms(None) >= 4_000);
    assert!(duration_ms(Some(300)) < 4_000);
}
