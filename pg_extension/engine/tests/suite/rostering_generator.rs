//! Small random roster problems, and the best answer to each by trying everything.

use rota_engine::rostering::{
    Bound, Counted, Evaluation, FREE, FixedDay, Force, Limit, OutsideDay, Pairing, Person, Plan, Problem,
    Shift, Succession, Wish, evaluate,
};

/// A problem of one or two people, few days and kinds, with rules of every sort.
pub(crate) fn small_problem(seed: u64) -> Problem {
    let mut random = fastrand::Rng::with_seed(seed);
    let people = random.usize(1..=2);
    let days = if people == 1 { random.usize(1..=7) } else { random.usize(1..=4) };
    let kinds = random.usize(1..=2);
    let mut shifts = Vec::new();
    for day in 0..days {
        for kind in 0..kinds {
            if random.u32(0..8) > 0 {
                let start_minute = day as i64 * 1_440 + [420, 840][kind] + random.i64(0..3) * 60;
                let worked_minutes = [480, 480, 600][random.usize(0..3)];
                shifts.push(Shift {
                    day,
                    kind,
                    start_minute,
                    end_minute: start_minute + worked_minutes,
                    worked_minutes,
                    skills: if random.u32(0..6) == 0 { vec![0] } else { Vec::new() },
                    required: random.u32(0..3),
                    short_weight: random.i64(0..100),
                    surplus_weight: random.i64(0..10),
                });
            }
        }
    }
    let first_weekday = random.usize(0..7);
    let force = |random: &mut fastrand::Rng| {
        if random.bool() { Force::Hard } else { Force::Soft(random.i64(0..40)) }
    };
    let successions = if random.bool() {
        vec![Succession { first: kinds - 1, next: 0, force: force(&mut random) }]
    } else {
        Vec::new()
    };
    let minimum_rest =
        random.bool().then(|| Bound { value: random.i64(8..16) * 60, force: force(&mut random) });
    let people: Vec<Person> = (0..people).map(|_| person(&mut random, days, kinds, &shifts)).collect();
    let pairings = if people.len() == 2 && random.bool() {
        vec![Pairing { first: 0, second: 1, together: random.bool(), weight: random.i64(0..30) }]
    } else {
        Vec::new()
    };
    Problem { days, first_weekday, kinds, shifts, people, successions, minimum_rest, pairings }
}

fn person(random: &mut fastrand::Rng, days: usize, kinds: usize, shifts: &[Shift]) -> Person {
    let bound = |random: &mut fastrand::Rng, values: std::ops::Range<i64>| {
        (random.u32(0..3) > 0).then(|| Bound {
            value: random.i64(values),
            force: if random.bool() { Force::Hard } else { Force::Soft(random.i64(0..40)) },
        })
    };
    let mut limits = Vec::new();
    for _ in 0..random.usize(0..4) {
        let start = random.usize(0..days);
        let whole = random.bool();
        let (counted, most) = match random.usize(0..4) {
            0 => (Counted::Minutes, 480 * 4),
            1 => (Counted::Days, 5),
            2 => (Counted::Kind(random.usize(0..kinds)), 3),
            _ => (Counted::Weekends, 2),
        };
        limits.push(Limit {
            counted,
            days: if whole { 0..days } else { start..random.usize(start..=days) },
            already: if random.u32(0..4) == 0 { most / 4 } else { 0 },
            // A least that is rarely out of reach, or most problems would have no answer.
            least: bound(random, 0..most / 2).filter(|_| random.bool()),
            most: bound(random, most / 4..most + 1),
        });
    }
    let outside = |random: &mut fastrand::Rng, first_day: i64, count: i64| -> Vec<OutsideDay> {
        (0..count)
            .map(|day| {
                if random.bool() {
                    return OutsideDay::Free;
                }
                let start_minute = (first_day + day) * 1_440 + 600;
                let kind = random.usize(0..kinds);
                OutsideDay::Worked { kind, start_minute, end_minute: start_minute + 480 }
            })
            .collect()
    };
    let known_before = random.i64(0..4);
    let known_after = random.i64(0..4);
    let mut fixed = Vec::new();
    if random.u32(0..4) == 0 {
        let day = random.usize(0..days);
        let shift = shifts.iter().position(|shift| shift.day == day).filter(|_| random.bool());
        fixed.push(FixedDay { day, shift });
    }
    let wishes = (0..random.usize(0..3))
        .filter(|_| !shifts.is_empty())
        .map(|_| Wish {
            shift: random.usize(0..shifts.len()),
            work: random.bool(),
            weight: random.i64(0..20),
        })
        .collect();
    Person {
        skills: if random.bool() { vec![0] } else { Vec::new() },
        unavailable: if random.u32(0..4) == 0 { std::iter::once(600..1_000).collect() } else { Vec::new() },
        days_off: if random.u32(0..4) == 0 { vec![random.usize(0..days)] } else { Vec::new() },
        fixed,
        limits,
        longest_work: bound(random, 1..5),
        shortest_work: bound(random, 1..3),
        shortest_rest: bound(random, 1..3),
        wishes,
        kind_costs: if random.bool() { vec![(0, random.i64(0..10))] } else { Vec::new() },
        before: outside(random, -known_before, known_before),
        after: outside(random, days as i64, known_after),
    }
}

/// What the best roster breaks and costs: every roster is tried.
pub(crate) fn best_of_all(problem: &Problem) -> (i64, i64) {
    let mut plan = Plan::free(problem.people.len(), problem.days);
    let mut best = (i64::MAX, i64::MAX);
    try_all(problem, &mut plan, 0, &mut best);
    best
}

fn try_all(problem: &Problem, plan: &mut Plan, cell: usize, best: &mut (i64, i64)) {
    if cell == problem.people.len() * problem.days {
        let Evaluation { broken_hard, cost, .. } = evaluate(problem, plan, &mut |_| {});
        *best = (*best).min((broken_hard, cost));
        return;
    }
    let (person, day) = (cell / problem.days, cell % problem.days);
    for (number, shift) in problem.shifts.iter().enumerate() {
        if shift.day == day {
            plan.row_mut(person)[day] = u32::try_from(number).unwrap();
            try_all(problem, plan, cell + 1, best);
        }
    }
    plan.row_mut(person)[day] = FREE;
    try_all(problem, plan, cell + 1, best);
}
