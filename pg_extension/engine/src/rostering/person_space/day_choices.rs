//! Which shifts one person may take on one day, and what each costs by itself.

use super::{Choice, DayChoices};
use crate::rostering::evaluation::broken_by_assignment;
use crate::rostering::problem::{Counted, Force, Person, Problem, Turn};

pub(super) fn day_choices(problem: &Problem, person: &Person, day: usize, shifts: &[u32]) -> DayChoices {
    let settled = person.fixed.iter().find(|fixed| fixed.day == day);
    let turn = person.rotation.as_ref().map(|rotation| (rotation.turn(day), rotation.force));
    let choice = |shift: u32, settled: bool| {
        let shift_index = shift as usize;
        let asked = &problem.shifts[shift_index];
        let kind_cost: i64 =
            person.kind_costs.iter().filter(|cost| cost.0 == asked.kind).map(|cost| cost.1).sum();
        let wishes: i64 = person
            .wishes
            .iter()
            .filter(|wish| wish.shift == shift_index)
            .map(|wish| if wish.work { -wish.weight } else { wish.weight })
            .sum();
        Choice {
            shift,
            kind: asked.kind,
            worked_minutes: asked.worked_minutes,
            late_minutes: asked.late_minutes,
            cost: wishes + if settled { 0 } else { kind_cost + turn_cost(turn, asked.kind) },
            class: 0,
            pattern: 0,
        }
    };
    let choices = match settled {
        Some(fixed) => fixed.shift.into_iter().map(|shift| choice(shift as u32, true)).collect(),
        None => shifts
            .iter()
            .filter(|&&shift| {
                let shift = shift as usize;
                let kind = problem.shifts[shift].kind;
                broken_by_assignment(problem, person, day, shift).next().is_none()
                    && !is_kind_forbidden(person, kind, day)
                    && !is_turn_forbidden(turn, Some(kind))
            })
            .map(|&shift| choice(shift, false))
            .collect(),
    };
    let free = match settled {
        Some(fixed) => fixed.shift.is_none(),
        None => !is_turn_forbidden(turn, None),
    };
    DayChoices { free, choices, patterns: Vec::new(), classes: 0 }
}

/// Whether a hard rotation wants the day otherwise.
fn is_turn_forbidden(turn: Option<(Turn, Force)>, kind: Option<usize>) -> bool {
    match turn {
        Some((Turn::Free, Force::Hard)) => kind.is_some(),
        Some((Turn::Kind(wanted), Force::Hard)) => kind != Some(wanted),
        _ => false,
    }
}

/// What a kind costs by the rotation, compared to a free day.
fn turn_cost(turn: Option<(Turn, Force)>, kind: usize) -> i64 {
    let Some((turn, force)) = turn else { return 0 };
    let weight = force.weight().unwrap_or(0);
    match turn {
        Turn::Free => weight,
        Turn::Kind(wanted) if wanted == kind => -weight,
        Turn::Kind(_) | Turn::Any => 0,
    }
}

/// Whether a limit leaves no room for even one shift of the kind on that day.
pub(in crate::rostering) fn is_kind_forbidden(person: &Person, kind: usize, day: usize) -> bool {
    person.limits.iter().any(|limit| {
        limit.counted == Counted::Kind(kind)
            && limit.days.contains(&day)
            && limit.most.is_some_and(|most| most.force == Force::Hard && limit.already >= most.value)
    })
}
