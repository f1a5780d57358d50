//! Sums of minutes by the clock, where the engine sums by the day on which a shift begins.
//!
//! A rule about a week counts the part of a Sunday night that lies in it. The engine counts whole shifts where they
//! begin, so a roster of its may hold a week that is too full by what the night before it brought. Such a week is given
//! less room, and the search goes on from there.

use std::ops::Range;

use rota_engine::rostering::{FREE, Force, Plan, Problem, Shift};

use super::model::Model;

/// Searches of one call at most: each gives the weeks that were too full less room.
pub(super) const MOST_ROUNDS: usize = 4;

/// Takes room from every hard limit that a roster breaks by the clock and keeps by the day. Tells whether there was any.
pub(super) fn tighten(model: &Model, problem: &mut Problem, plan: &Plan) -> bool {
    let mut tightened = false;
    for &(person, number) in &model.clock_limits {
        let Some(limit) = problem.people.get(person).and_then(|rules| rules.limits.get(number)) else {
            continue;
        };
        let Some(most) = limit.most.filter(|most| most.force == Force::Hard) else { continue };
        let original = model.problem.people.get(person).and_then(|rules| rules.limits.get(number));
        let already = original.map_or(0, |limit| limit.already);
        let worked = || plan.row(person).iter().filter_map(|cell| problem.shifts.get(*cell as usize));
        let by_day: i64 =
            worked().filter(|shift| limit.days.contains(&shift.day)).map(|shift| shift.worked_minutes).sum();
        let by_clock = minutes_by_clock(model, plan, person, &limit.days);
        if already + by_clock > most.value && limit.already + by_day <= most.value {
            let room = limit.already + (already + by_clock - most.value);
            if let Some(limit) = problem.people.get_mut(person).and_then(|rules| rules.limits.get_mut(number))
            {
                limit.already = room.max(most.value - by_day + 1);
                tightened = true;
            }
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
    use super::*;

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
