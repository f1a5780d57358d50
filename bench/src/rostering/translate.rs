//! An instance as a problem of the engine, and a plan of the engine as a roster.

use rota_engine::rostering::{Bound, Counted, Force, Limit, Person, Plan, Problem, Shift, Succession, Wish};

use crate::checker::Assignment;
use crate::instance::{Employee, Instance};

const DAY_MINUTES: i64 = 1_440;

/// The problem that an instance states. Shift `day × types + type` is the type on the day.
pub(crate) fn problem(instance: &Instance) -> Problem {
    let types = instance.shifts.len();
    let mut shifts: Vec<Shift> = (0..instance.days * types)
        .map(|number| {
            let (day, kind) = (number / types, number % types);
            let start_minute = day as i64 * DAY_MINUTES;
            let worked_minutes = instance.shifts[kind].minutes;
            Shift {
                day,
                kind,
                start_minute,
                end_minute: start_minute + worked_minutes.max(1),
                worked_minutes,
                ..Shift::default()
            }
        })
        .collect();
    for cover in &instance.cover {
        let shift = &mut shifts[cover.day * types + cover.shift];
        shift.required = u32::try_from(cover.required).unwrap_or(0);
        (shift.short_weight, shift.surplus_weight) = (cover.weight_under, cover.weight_over);
    }
    let mut people: Vec<Person> = instance.staff.iter().map(|employee| person(instance, employee)).collect();
    for request in &instance.requests {
        people[request.employee].wishes.push(Wish {
            shift: request.day * types + request.shift,
            work: request.work,
            weight: request.weight,
        });
    }
    let successions = instance
        .shifts
        .iter()
        .enumerate()
        .flat_map(|(first, shift)| {
            shift.not_next.iter().map(move |&next| Succession {
                first,
                next,
                free_days: 0,
                force: Force::Hard,
            })
        })
        .collect();
    Problem { days: instance.days, kinds: types, shifts, people, successions, ..Problem::default() }
}

fn person(instance: &Instance, employee: &Employee) -> Person {
    let limit = |counted, least: Option<i64>, most| Limit {
        counted,
        days: 0..instance.days,
        continues: false,
        already: 0,
        least: least.map(Bound::hard),
        most: Some(Bound::hard(most)),
    };
    let mut limits = vec![
        limit(Counted::Minutes, Some(employee.least_minutes), employee.most_minutes),
        limit(Counted::Weekends, None, employee.most_weekends),
    ];
    limits.extend(employee.caps.iter().enumerate().map(|(kind, &cap)| limit(Counted::Kind(kind), None, cap)));
    Person {
        days_off: employee.days_off.clone(),
        limits,
        longest_work: Some(Bound::hard(employee.longest_work)),
        shortest_work: Some(Bound::hard(employee.shortest_work)),
        shortest_rest: Some(Bound::hard(employee.shortest_rest)),
        ..Person::default()
    }
}

/// The worked shifts of a plan.
pub(crate) fn roster(instance: &Instance, plan: &Plan) -> Vec<Assignment> {
    plan.worked().map(|(person, day, shift)| (person, day, shift % instance.shifts.len())).collect()
}
