//! Sums of minutes by the clock, where the engine sums by the day on which a shift begins.
//!
//! A rule about a week counts the part of a Sunday night that lies in it. The engine counts whole shifts where they
//! begin, so a roster of its may hold a week that is too full by what the night before it brought, or too empty by what
//! its last night takes along. Such a week is given less room, or its last night to somebody else, and the search goes
//! on from there.

use std::ops::Range;

use rota_engine::rostering::{FREE, Force, Plan, Problem, Shift};

use super::model::Model;

/// Searches of one call at most: each gives the weeks that were too full less room.
pub(super) const MOST_ROUNDS: usize = 4;

/// Goes on where a roster breaks a hard limit by the clock and keeps it by the day: a most gets less room; where a least is
/// missed, that person may not take the night again that leaves the period. Tells whether there was any.
pub(super) fn tighten(model: &Model, problem: &mut Problem, plan: &Plan) -> bool {
    let mut tightened = false;
    for &(person, number) in &model.clock_limits {
        let original = model.problem.people.get(person).and_then(|rules| rules.limits.get(number));
        let Problem { shifts, people, .. } = &mut *problem;
        let (Some(original), Some(rules)) = (original, people.get_mut(person)) else { continue };
        let Some(limit) = rules.limits.get_mut(number) else { continue };
        let worked = plan.row(person).iter().filter_map(|cell| shifts.get(*cell as usize));
        let mut worked = worked.filter(|shift| limit.days.contains(&shift.day));
        let by_day: i64 = worked.clone().map(|shift| shift.worked_minutes).sum();
        let by_clock = original.already + minutes_by_clock(model, plan, person, &limit.days);
        if let Some(most) = limit.most.filter(|most| most.force == Force::Hard)
            && by_clock > most.value
            && limit.already + by_day <= most.value
        {
            limit.already = (limit.already + by_clock - most.value).max(most.value - by_day + 1);
            tightened = true;
        }
        let end = model.midnights.get(limit.days.end).copied().unwrap_or(i64::MAX);
        if let Some(least) = limit.least.filter(|least| least.force == Force::Hard)
            && by_clock < least.value
            && limit.already + by_day >= least.value
            && let Some(night) =
                worked.find(|shift| shift.end_minute > end && !model.is_settled(person, shift.day))
        {
            rules.unavailable.push(end..night.end_minute);
            tightened = true;
        }
    }
    tightened
}

/// Takes duties out of weeks that are too full by the clock, the last of a week first, until they are not. What is settled
/// stays. A search that begins there has everybody's other days as they were; a roster that ends so has heads open, which
/// is better than one that may not be written.
pub(super) fn relieve(model: &Model, plan: &mut Plan) {
    for &(person, number) in &model.clock_limits {
        let Some(limit) = model.problem.people.get(person).and_then(|rules| rules.limits.get(number)) else {
            continue;
        };
        let Some(most) = limit.most.filter(|most| most.force == Force::Hard) else { continue };
        let mut days = limit.days.clone();
        while limit.already + minutes_by_clock(model, plan, person, &limit.days) > most.value {
            let Some(day) = days.next_back() else { break };
            if !model.is_settled(person, day)
                && let Some(cell) = plan.row_mut(person).get_mut(day)
            {
                *cell = FREE;
            }
        }
    }
}

/// Minutes that a person works within some days by the clock.
fn minutes_by_clock(model: &Model, plan: &Plan, person: usize, days: &Range<usize>) -> i64 {
    let midnight = |day: usize| model.midnights.get(day).copied().unwrap_or(i64::MAX);
    let window = (midnight(days.start), midnight(days.end));
    let worked = plan.row(person).iter().filter_map(|cell| model.problem.shifts.get(*cell as usize));
    worked.map(|shift| minutes_inside(shift, window)).sum()
}

/// Minutes of a shift that lie in a window and count as worked. Its break lies in the middle, as for conflicts.
fn minutes_inside(shift: &Shift, (start, end): (i64, i64)) -> i64 {
    let overlap = |from: i64, to: i64| (to.min(end) - from.max(start)).max(0);
    let elapsed = shift.end_minute - shift.start_minute;
    let pause = (elapsed - shift.worked_minutes).max(0);
    let pause_start = shift.start_minute + (elapsed - pause) / 2;
    overlap(shift.start_minute, shift.end_minute) - overlap(pause_start, pause_start + pause)
}

#[cfg(test)]
mod tests {
    use rota_engine::rostering::{Bound, Counted, FixedDay, Limit, Person};

    use super::*;

    /// Two days, each with a night of eight hours from 22:00, and somebody with a limit on each day.
    fn two_nights(limit: &dyn Fn(Range<usize>) -> Limit) -> Model {
        let night = |day: usize| Shift {
            day,
            start_minute: day as i64 * 1_440 + 1_320,
            end_minute: day as i64 * 1_440 + 1_800,
            worked_minutes: 480,
            required: 1,
            ..Shift::default()
        };
        let limits = vec![limit(0..1), limit(1..2)];
        let problem = Problem {
            days: 2,
            kinds: 1,
            shifts: vec![night(0), night(1)],
            people: vec![Person { limits, ..Person::default() }],
            ..Problem::default()
        };
        Model {
            known: Plan::free(1, problem.days),
            problem,
            dates: Vec::new(),
            people: Vec::new(),
            shifts: Vec::new(),
            kinds: Vec::new(),
            teams: Vec::new(),
            midnights: vec![0, 1_440, 2_880],
            clock_limits: vec![(0, 0), (0, 1)],
            rules_not_searched: Vec::new(),
        }
    }

    fn both_nights() -> Plan {
        let mut plan = Plan::free(1, 2);
        plan.row_mut(0).copy_from_slice(&[0, 1]);
        plan
    }

    #[test]
    fn a_day_that_is_too_full_by_the_clock_has_less_room() {
        let most = |days| Limit {
            counted: Counted::Minutes,
            days,
            already: 0,
            least: None,
            most: Some(Bound::hard(480)),
        };
        let model = two_nights(&most);
        let mut tightened = model.problem.clone();
        // Two hours of the first day, and 360 + 120 minutes of the second: both are kept.
        assert!(!tighten(&model, &mut tightened, &both_nights()));
        let model = two_nights(&|days| Limit { most: Some(Bound::hard(300)), ..most(days) });
        let mut tightened = model.problem.clone();
        let mut one_night = both_nights();
        one_night.row_mut(0)[1] = FREE;
        assert!(
            tighten(&model, &mut tightened, &one_night),
            "360 minutes spill into a day that begins no work"
        );
        assert_eq!(tightened.people[0].limits[1].already, 301);
    }

    #[test]
    fn a_night_that_leaves_a_day_too_empty_by_the_clock_is_not_taken_again() {
        let least = |days| Limit {
            counted: Counted::Minutes,
            days,
            already: 0,
            least: Some(Bound::hard(400)),
            most: None,
        };
        let model = two_nights(&least);
        let mut tightened = model.problem.clone();
        // By the clock the first day holds 120 minutes of its night, 280 too few; the second has 480.
        assert!(tighten(&model, &mut tightened, &both_nights()));
        assert_eq!(tightened.people[0].unavailable.first(), Some(&(1_440..1_800)));
        // Somebody who has to take it all the same is left alone.
        let mut settled = two_nights(&least);
        settled.problem.people[0].fixed = vec![FixedDay { day: 0, shift: Some(0) }];
        assert!(!tighten(&settled, &mut settled.problem.clone(), &both_nights()));
    }

    #[test]
    fn a_night_is_cut_at_midnight_with_its_break_in_the_middle() {
        let night = Shift {
            day: 0,
            kind: 0,
            start_minute: 1_320,
            end_minute: 1_800,
            worked_minutes: 450,
            ..Shift::default()
        };
        // The break is from 01:45 to 02:15.
        assert_eq!(minutes_inside(&night, (0, 1_440)), 120);
        assert_eq!(minutes_inside(&night, (1_440, 2_880)), 330);
        assert_eq!(minutes_inside(&night, (1_440, 1_560)), 105);
    }
}
