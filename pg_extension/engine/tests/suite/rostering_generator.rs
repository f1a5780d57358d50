//! Small random roster problems, and the best answer to each by trying everything.

use rota_engine::rostering::{
    Bound, Counted, FREE, Fairness, FixedDay, Force, Level, Limit, OutsideDay, Pairing, Person, Plan,
    Problem, Rotation, RuleName, Share, Shift, Succession, Turn, Wish, evaluate,
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
                    late_minutes: if kind == 1 { 120 * random.i64(0..=2) } else { 0 },
                    skills: if random.u32(0..6) == 0 { vec![0] } else { Vec::new() },
                    required: random.u32(0..3),
                    short_weight: random.i64(0..100),
                    short_level: if random.u32(0..3) == 0 { Level::Medium } else { Level::Soft },
                    surplus_weight: random.i64(0..10),
                });
            }
        }
    }
    let first_weekday = random.usize(0..7);
    let successions = (0..random.usize(0..3))
        .map(|_| Succession {
            first: random.usize(0..kinds),
            next: random.usize(0..kinds),
            free_days: random.usize(0..3),
            force: force(&mut random),
        })
        .collect();
    let minimum_rest = random
        .bool()
        .then(|| Bound { value: [660, 900, 1_560, 2_600][random.usize(0..4)], force: force(&mut random) });
    let minimum_day_off = (random.u32(0..4) == 0)
        .then(|| Bound { value: 2_160 + 60 * random.i64(-5..10), force: force(&mut random) });
    let people: Vec<Person> = (0..people).map(|_| person(&mut random, days, kinds, &shifts)).collect();
    let pairings = if people.len() == 2 && random.bool() {
        vec![Pairing { first: 0, second: 1, together: random.bool(), weight: random.i64(0..30) }]
    } else {
        Vec::new()
    };
    let fairness = if random.u32(0..3) == 0 {
        vec![fairness(&mut random, days, kinds, people.len())]
    } else {
        Vec::new()
    };
    Problem {
        days,
        first_weekday,
        kinds,
        shifts,
        people,
        successions,
        minimum_rest,
        minimum_day_off,
        fairness,
        pairings,
    }
}

fn force(random: &mut fastrand::Rng) -> Force {
    match random.u32(0..5) {
        0 | 1 => Force::Hard,
        2 => Force::Medium(random.i64(0..20)),
        _ => Force::Soft(random.i64(0..40)),
    }
}

fn fairness(random: &mut fastrand::Rng, days: usize, kinds: usize, people: usize) -> Fairness {
    let (counted, unit, most) = match random.usize(0..4) {
        0 => (Counted::Minutes, 480, 1_600),
        1 => (Counted::Days, 1, 4),
        2 => (Counted::Kind(random.usize(0..kinds)), 1, 3),
        _ => (Counted::Weekends, 1, 2),
    };
    let start = if random.bool() { 0 } else { random.usize(0..days) };
    let shares = (0..people).map(|person| Share { person, target: random.i64(0..most) }).collect();
    let end = if start == 0 { days } else { random.usize(start..=days) };
    Fairness { counted, days: start..end, unit, weight: random.i64(0..15), shares }
}

fn person(random: &mut fastrand::Rng, days: usize, kinds: usize, shifts: &[Shift]) -> Person {
    let bound = |random: &mut fastrand::Rng, values: std::ops::Range<i64>| {
        (random.u32(0..3) > 0).then(|| Bound { value: random.i64(values), force: force(random) })
    };
    let mut limits = Vec::new();
    if random.u32(0..3) == 0 {
        // Periods by the clock, one after the other, which a night joins.
        let length = random.usize(1..=days);
        for start in (0..days).step_by(length) {
            let end = (start + length).min(days);
            let least = bound(random, 0..480 * length as i64 / 3).filter(|_| random.bool());
            let most = bound(random, 0..480 * length as i64);
            let continues = end == days && random.bool();
            let counted = Counted::ClockMinutes;
            limits.push(Limit { counted, days: start..end, continues, already: 0, least, most });
        }
        // The one after the horizon, into which the last night reaches.
        let most = bound(random, 480..900);
        let after = days..days;
        let counted = Counted::ClockMinutes;
        limits.push(Limit { counted, days: after, continues: true, already: 480, least: None, most });
    }
    for _ in 0..random.usize(0..4) {
        let start = random.usize(0..days);
        let whole = random.bool();
        let (counted, most) = match random.usize(0..5) {
            0 => (Counted::Minutes, 480 * 4),
            4 => (Counted::ClockMinutes, 480 * 4),
            1 => (Counted::Days, 5),
            2 => (Counted::Kind(random.usize(0..kinds)), 3),
            _ => (Counted::Weekends, 2),
        };
        let continues = whole && random.bool();
        let days = if whole { 0..days } else { start..random.usize(start..=days) };
        // Often hard and soft bounds beside each other, over the same days.
        for _ in 0..random.usize(1..=2) {
            limits.push(Limit {
                counted,
                days: days.clone(),
                continues,
                already: if random.u32(0..4) == 0 { most / 4 } else { 0 },
                // A least that is rarely out of reach, or most problems would have no answer.
                least: bound(random, 0..most / 2).filter(|_| random.bool()),
                most: bound(random, most / 4..most + 1),
            });
        }
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
        rotation: (random.u32(0..4) == 0).then(|| rotation(random, kinds)),
        kind_costs: if random.bool() { vec![(0, random.i64(0..10))] } else { Vec::new() },
        before: outside(random, -known_before, known_before),
        after: outside(random, days as i64, known_after),
    }
}

fn rotation(random: &mut fastrand::Rng, kinds: usize) -> Rotation {
    let turns: Vec<Turn> = (0..random.usize(1..5))
        .map(|_| match random.usize(0..4) {
            0 => Turn::Free,
            1 => Turn::Any,
            _ => Turn::Kind(random.usize(0..kinds)),
        })
        .collect();
    // A hard rotation is seldom kept by anything random: mostly soft.
    let force = if random.u32(0..6) == 0 { Force::Hard } else { Force::Soft(random.i64(0..30)) };
    Rotation { first: random.usize(0..turns.len()), turns, force }
}

/// What the best roster breaks and costs: every roster is tried in which people take only what they may.
pub(crate) fn best_of_all(problem: &Problem) -> (i64, i64, i64) {
    let mut best = (i64::MAX, i64::MAX, i64::MAX);
    every_roster(problem, &mut |plan| {
        let mut kept = true;
        let evaluation = evaluate(problem, plan, &mut |finding| kept &= !is_about_assignment(finding.rule));
        if kept {
            best = best.min(evaluation.worth());
        }
    });
    best
}

/// Who may take what is never given up, also where no roster keeps all rules.
pub(crate) fn is_about_assignment(rule: RuleName) -> bool {
    use RuleName::{DayOff, Fixed, Skill, Unavailable, WrongDay};
    matches!(rule, DayOff | Fixed | Skill | Unavailable | WrongDay)
}

/// Calls `visit` with every roster there is.
pub(crate) fn every_roster(problem: &Problem, visit: &mut dyn FnMut(&Plan)) {
    let mut plan = Plan::free(problem.people.len(), problem.days);
    fill_from(problem, &mut plan, 0, visit);
}

fn fill_from(problem: &Problem, plan: &mut Plan, cell: usize, visit: &mut dyn FnMut(&Plan)) {
    if cell == problem.people.len() * problem.days {
        visit(plan);
        return;
    }
    let (person, day) = (cell / problem.days, cell % problem.days);
    for (number, shift) in problem.shifts.iter().enumerate() {
        if shift.day == day {
            plan.row_mut(person)[day] = u32::try_from(number).unwrap();
            fill_from(problem, plan, cell + 1, visit);
        }
    }
    plan.row_mut(person)[day] = FREE;
    fill_from(problem, plan, cell + 1, visit);
}
