//! Rosters by hand: every rule priced, explained and repaired as a person would expect.

use rota_engine::rostering::explanation::{Difference, HardRule, Spread, contradiction, open_heads, score};
use rota_engine::rostering::pruning::prune;
use rota_engine::rostering::repair::{Change, repair};
use rota_engine::rostering::{
    Bound, Counted, FREE, Fairness, FixedDay, Force, Level, Limit, Limits, OutsideDay, Person, Plan, Problem,
    Rotation, RuleName, Share, Shift, Succession, Turn, Watch, evaluate, search,
};

use crate::rostering_oracle::{NoClock, by_steps};

fn shift(day: usize, kind: usize, required: u32) -> Shift {
    let start_minute = day as i64 * 1_440 + [420, 840, 1_320][kind];
    Shift {
        day,
        kind,
        start_minute,
        end_minute: start_minute + 480,
        worked_minutes: 480,
        required,
        short_weight: 100,
        surplus_weight: 1,
        ..Shift::default()
    }
}

/// So many people and days, an early and a late shift each day with one head each.
fn ward(people: usize, days: usize) -> Problem {
    Problem {
        days,
        kinds: 3,
        shifts: (0..days).flat_map(|day| [shift(day, 0, 1), shift(day, 1, 1)]).collect(),
        people: vec![Person::default(); people],
        ..Problem::default()
    }
}

fn limit(counted: Counted, days: usize, least: Option<i64>, most: Option<i64>) -> Limit {
    Limit {
        counted,
        days: 0..days,
        continues: false,
        already: 0,
        least: least.map(Bound::hard),
        most: most.map(Bound::hard),
    }
}

fn steps(steps: u64) -> Limits {
    Limits { time_ms: None, steps: Some(steps), ..Limits::default() }
}

/// The rules that a one-person roster of these shifts breaks, with units.
fn broken(problem: &Problem, cells: &[Option<usize>]) -> Vec<(RuleName, i64)> {
    let mut plan = Plan::free(1, problem.days);
    for (day, cell) in cells.iter().enumerate() {
        plan.row_mut(0)[day] = cell.map_or(FREE, |shift| u32::try_from(shift).unwrap());
    }
    let mut found = Vec::new();
    evaluate(problem, &plan, &mut |finding| found.push((finding.rule, finding.units)));
    found.retain(|(rule, _)| !matches!(rule, RuleName::Short | RuleName::Surplus));
    found
}

#[test]
fn runs_that_touch_the_horizon_are_too_long_but_never_too_short() {
    let mut problem = ward(1, 5);
    problem.people[0].longest_work = Some(Bound::hard(2));
    problem.people[0].shortest_work = Some(Bound::hard(2));
    problem.people[0].shortest_rest = Some(Bound::hard(2));
    assert_eq!(broken(&problem, &[Some(0), None, None, None, Some(8)]), []);
    assert_eq!(broken(&problem, &[Some(0), Some(2), Some(4), None, None]), [(RuleName::LongestWork, 1)]);
    assert_eq!(broken(&problem, &[None, Some(2), None, None, None]), [(RuleName::ShortestWork, 1)]);
    assert_eq!(broken(&problem, &[Some(0), None, Some(4), Some(6), None]), [(RuleName::ShortestRest, 1)]);
}

#[test]
fn a_weekend_counts_once_and_on_its_saturday() {
    let mut problem = ward(1, 14);
    problem.people[0].limits.push(limit(Counted::Weekends, 14, None, Some(0)));
    let mut cells = vec![None; 14];
    (cells[5], cells[6], cells[13]) = (Some(10), Some(12), Some(26));
    assert_eq!(broken(&problem, &cells), [(RuleName::Most(Counted::Weekends), 2)]);
}

#[test]
fn rest_and_successions_see_the_next_shift() {
    let mut problem = ward(1, 3);
    problem.successions.push(Succession { first: 1, next: 0, free_days: 0, force: Force::Hard });
    problem.minimum_rest = Some(Bound::soft(660, 7));
    assert_eq!(
        broken(&problem, &[Some(1), Some(2), None]),
        [(RuleName::Succession, 1), (RuleName::MinimumRest, 1)]
    );
    assert_eq!(broken(&problem, &[Some(1), None, Some(4)]), []);
}

#[test]
fn nobody_and_nothing_have_an_answer() {
    for problem in [Problem::default(), ward(0, 3), Problem { shifts: Vec::new(), ..ward(2, 3) }, ward(2, 0)]
    {
        let outcome = by_steps(&problem, 50, 1);
        assert_eq!(outcome.evaluation.broken_hard, 0);
    }
}

#[test]
fn references_to_nothing_are_refused_with_the_field() {
    let mut problem = ward(1, 2);
    problem.shifts[0].kind = 9;
    let error = search(&problem, steps(10), &NoClock).expect_err("there is no kind 9");
    assert_eq!((error.sqlstate(), error.argument()), ("22023", Some("shift.kind")));

    let mut problem = ward(1, 2);
    problem.shifts[0].short_weight = i64::MAX;
    let error = search(&problem, steps(10), &NoClock).expect_err("the weight is too large");
    assert_eq!((error.sqlstate(), error.argument()), ("54000", Some("shift.short_weight")));

    let mut problem = ward(1, 2);
    let fixed = |shift| FixedDay { day: 0, shift };
    problem.people[0].fixed = vec![fixed(Some(0)), fixed(Some(1))];
    let error = search(&problem, steps(10), &NoClock).expect_err("two shifts are fixed on one day");
    assert_eq!((error.sqlstate(), error.argument()), ("22023", Some("fixed.shift")));
}

#[test]
fn the_largest_weights_do_not_overflow() {
    let mut problem = ward(2, 30);
    for shift in &mut problem.shifts {
        shift.short_weight = 1_000_000_000;
    }
    problem.people[0].limits.push(limit(Counted::Days, 30, None, Some(10)));
    let outcome = by_steps(&problem, 200, 1);
    // 30 days of one person and 10 of the other fill 40 of 60 heads.
    assert_eq!(outcome.evaluation.cost, 20_000_000_000);
    assert_eq!(outcome.evaluation.broken_hard, 0);
}

#[test]
fn weights_whose_sum_does_not_fit_are_refused() {
    let mut problem = ward(2, 30);
    for shift in &mut problem.shifts {
        shift.short_weight = 1_000_000_000;
        shift.short_level = Level::Medium;
    }
    problem.people[0].kind_costs = vec![(0, 1_000_000_000)];
    let error = search(&problem, steps(10), &NoClock).expect_err("medium times soft is beyond 64 bits");
    assert_eq!((error.sqlstate(), error.argument()), ("54000", Some("the sum of all weights")));
}

#[test]
fn nothing_soft_outweighs_a_medium_head() {
    let mut problem = ward(1, 3);
    for shift in &mut problem.shifts {
        (shift.short_weight, shift.short_level) = (1, Level::Medium);
    }
    problem.people[0].kind_costs = vec![(0, 5_000), (1, 6_000)];
    let outcome = by_steps(&problem, 200, 1);
    // One of two heads each day, the cheaper one.
    assert_eq!(outcome.evaluation.worth(), (0, 3, 15_000));
    assert_eq!((outcome.lower_medium, outcome.lower_bound), (3, 15_000));
}

#[test]
fn whoever_cannot_keep_all_rules_breaks_as_few_as_possible() {
    let mut problem = ward(2, 4);
    // Three days are settled in a row, and two are the most.
    problem.people[0].fixed = (0..3).map(|day| FixedDay { day, shift: Some(2 * day) }).collect();
    problem.people[0].longest_work = Some(Bound::hard(2));
    let outcome = by_steps(&problem, 200, 1);
    assert_eq!(outcome.evaluation.broken_hard, 1);
    assert_eq!(&outcome.plan.row(0)[..3], [0, 2, 4]);
    // The other person still takes all they can: eight heads, three settled, four theirs.
    assert_eq!(outcome.evaluation.short_heads, 1);
}

#[test]
fn a_succession_forbidden_twice_weighs_twice_where_rules_must_break() {
    let forbidden = Succession { first: 0, next: 0, free_days: 0, force: Force::Hard };
    // Worked on the day before, so the shift of the only day breaks two rules; leaving it out breaks one.
    let problem = Problem {
        shifts: vec![shift(0, 0, 1)],
        people: vec![Person {
            before: vec![OutsideDay::Worked { kind: 0, start_minute: -1_020, end_minute: -540 }],
            limits: vec![limit(Counted::Days, 1, Some(1), None)],
            ..Person::default()
        }],
        successions: vec![forbidden, forbidden],
        ..ward(1, 1)
    };
    let outcome = search(&problem, steps(50), &NoClock).unwrap();
    assert_eq!(outcome.plan.row(0), [FREE]);
    assert_eq!(outcome.evaluation.broken_hard, 1);
}

#[test]
fn shares_are_even_and_rotations_are_followed() {
    let mut problem = ward(3, 6);
    problem.fairness.push(Fairness {
        counted: Counted::Kind(1),
        days: 0..6,
        unit: 1,
        weight: 10,
        shares: (0..3).map(|person| Share { person, target: 2 }).collect(),
    });
    problem.people[0].rotation = Some(Rotation {
        turns: vec![Turn::Kind(0), Turn::Kind(1), Turn::Free],
        first: 1,
        force: Force::Hard,
    });
    let outcome = by_steps(&problem, 2_000, 1);
    assert_eq!(outcome.evaluation.worth(), (0, 0, 0));
    let score = score(&problem, &outcome.plan);
    assert_eq!(score.kinds[1], [2, 2, 2]);
    assert_eq!(Spread::of(&score.kinds[1]).standard_deviation, 0.0);
    assert_eq!(outcome.plan.row(0), [1, FREE, 4, 7, FREE, 10]);
}

#[test]
fn even_shares_follow_the_contracts() {
    let mut problem = ward(3, 14);
    for (person, minutes) in [(0, 9_600), (1, 4_800), (2, 4_800)] {
        problem.people[person].limits.push(limit(Counted::Minutes, 14, None, Some(minutes)));
    }
    let targets = |counted| {
        let fairness = Fairness::even(&problem, counted, 0..14, &[0, 1, 2], 1, 1);
        fairness.shares.iter().map(|share| share.target).collect::<Vec<_>>()
    };
    // 28 heads, 14 of them late; two weekends with two heads a day.
    assert_eq!(targets(Counted::Days), [14, 7, 7]);
    assert_eq!(targets(Counted::Kind(1)), [7, 4, 4]);
    assert_eq!(targets(Counted::Weekends), [2, 1, 1]);
}

#[test]
fn a_rest_reaches_over_free_days() {
    let mut problem = ward(1, 4);
    problem.minimum_rest = Some(Bound::hard(2_880));
    problem.minimum_day_off = Some(Bound::soft(2_400, 1));
    problem.successions.push(Succession { first: 1, next: 0, free_days: 1, force: Force::Soft(3) });
    // From 22:00 to 07:00 two days later are 33 hours.
    assert_eq!(
        broken(&problem, &[Some(1), None, Some(4), None]),
        [(RuleName::Succession, 1), (RuleName::MinimumRest, 1), (RuleName::MinimumDayOff, 1)]
    );
    assert_eq!(broken(&problem, &[Some(1), None, None, Some(6)]), []);
}

#[test]
fn a_cancelled_search_answers_with_what_it_has() {
    struct Cancelled;
    impl Watch for Cancelled {
        fn elapsed_ms(&self) -> u64 {
            0
        }
        fn cancelled(&self) -> bool {
            true
        }
    }
    let outcome = search(&ward(3, 7), Limits::default(), &Cancelled).expect("the problem is sound");
    assert_eq!(outcome.plan.people(), 3);
}

#[test]
fn pruning_names_the_rule_and_counts_the_pairs() {
    let mut problem = ward(2, 2);
    problem.shifts[0].skills = vec![4];
    problem.people[0].skills = vec![4];
    problem.people[1].days_off = vec![1];
    problem.people[0].limits.push(limit(Counted::Kind(1), 2, None, Some(0)));
    let mut exclusions = Vec::new();
    let pruned = prune(&problem, &mut |exclusion| {
        exclusions.push((exclusion.person, exclusion.shift, exclusion.rule));
    });
    assert_eq!((pruned.pairs, pruned.excluded), (8, 5));
    let no_late = RuleName::Most(Counted::Kind(1));
    assert_eq!(
        exclusions,
        [
            (0, 1, no_late),
            (0, 3, no_late),
            (1, 0, RuleName::Skill),
            (1, 2, RuleName::DayOff),
            (1, 3, RuleName::DayOff)
        ]
    );
}

#[test]
fn an_open_head_names_what_keeps_each_person_off_it() {
    let mut problem = ward(2, 1);
    problem.shifts.truncate(1);
    problem.people[0].days_off = vec![0];
    problem.shifts[0].skills = vec![1];
    let outcome = by_steps(&problem, 50, 1);
    let open = open_heads(&problem, &outcome.plan, &NoClock).expect("the problem is sound").heads;
    assert_eq!(open.len(), 1);
    let relaxed = Difference { medium: 0, soft: -100 };
    let reasons: Vec<_> = open[0]
        .obstacles
        .iter()
        .map(|obstacle| (obstacle.rules.clone(), obstacle.people.clone(), obstacle.cheapest))
        .collect();
    assert_eq!(
        reasons,
        [
            (vec![RuleName::Skill], vec![1], relaxed),
            (vec![RuleName::Skill, RuleName::DayOff], vec![0], relaxed)
        ]
    );
    assert!(open[0].obstacles.iter().all(|obstacle| obstacle.rearranged.is_none()));
}

#[test]
fn contradicting_rules_come_down_to_the_few_that_contradict() {
    let mut problem = ward(1, 7);
    let person = &mut problem.people[0];
    person.limits.push(limit(Counted::Minutes, 7, Some(480 * 6), None));
    person.limits.push(limit(Counted::Days, 7, None, Some(7)));
    person.longest_work = Some(Bound::hard(2));
    person.shortest_rest = Some(Bound::hard(2));
    person.days_off = vec![6];
    let found = |problem: &Problem| contradiction(problem, 0, &NoClock).expect("the problem is sound");
    assert_eq!(found(&problem), Some(vec![HardRule::Limit(0), HardRule::LongestWork]));
    problem.people[0].longest_work = None;
    assert_eq!(found(&problem), None);
}

#[test]
fn a_repair_moves_nobody_who_can_stay() {
    let mut problem = ward(3, 7);
    let known = by_steps(&problem, 300, 1);
    assert_eq!(known.evaluation.short_heads, 0);
    // One person drops out on the first two days.
    problem.people[0].days_off = vec![0, 1];
    let away = [Change::Away { person: 0, days: 0..2 }];
    let lost = known.plan.row(0)[..2].iter().filter(|&&cell| cell != FREE).count();
    let repaired =
        repair(&problem, &known.plan, &away, steps(5_000), &NoClock).expect("the problem is sound");
    assert_eq!(repaired.outcome.evaluation.broken_hard, 0);
    assert_eq!(repaired.outcome.evaluation.short_heads, 0);
    assert_eq!((repaired.opened_heads, repaired.changed_days), (0, 2 * lost));
    let score = score(&problem, &repaired.outcome.plan);
    assert_eq!(score.minutes.iter().sum::<i64>(), repaired.outcome.plan.worked().count() as i64 * 480);
}
