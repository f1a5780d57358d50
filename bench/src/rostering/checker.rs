//! The independent judge: prices a roster by the file's own rules. It shares no code with the engine.

use std::collections::HashSet;

use crate::instance::Instance;

/// A worked shift: employee, day, shift type.
pub(crate) type Assignment = (usize, usize, usize);

/// What a roster costs, and every hard rule it breaks in words.
pub(crate) struct Verdict {
    pub(crate) cost: i64,
    pub(crate) people_short: i64,
    pub(crate) broken: Vec<String>,
}

/// Checks and prices a roster.
pub(crate) fn judge(instance: &Instance, roster: &[Assignment]) -> Verdict {
    let mut table: Vec<Vec<Vec<usize>>> = vec![vec![Vec::new(); instance.days]; instance.staff.len()];
    for &(employee, day, shift) in roster {
        table[employee][day].push(shift);
    }
    let mut broken = Vec::new();
    for (number, days) in table.iter().enumerate() {
        check_employee(instance, number, days, &mut broken);
    }
    let requests: i64 = instance
        .requests
        .iter()
        .filter(|request| table[request.employee][request.day].contains(&request.shift) != request.work)
        .map(|request| request.weight)
        .sum();
    let mut cover_cost = 0;
    let mut people_short = 0;
    for cover in &instance.cover {
        let present =
            table.iter().map(|days| days[cover.day].iter().filter(|&&shift| shift == cover.shift).count());
        let missing = cover.required - present.sum::<usize>() as i64;
        people_short += missing.max(0);
        cover_cost += if missing > 0 { missing * cover.weight_under } else { -missing * cover.weight_over };
    }
    Verdict { cost: requests + cover_cost, people_short, broken }
}

fn check_employee(instance: &Instance, number: usize, days: &[Vec<usize>], broken: &mut Vec<String>) {
    let employee = &instance.staff[number];
    let mut note = |text: String| broken.push(format!("{}: {text}", employee.id));
    for (day, worked) in days.iter().enumerate() {
        if worked.len() > 1 {
            note(format!("{} shifts on day {day}", worked.len()));
        }
        if !worked.is_empty() && employee.days_off.contains(&day) {
            note(format!("works on day off {day}"));
        }
        if let (Some(next), Some(&first)) = (days.get(day + 1), worked.first())
            && next.iter().any(|second| instance.shifts[first].not_next.contains(second))
        {
            note(format!("forbidden succession after day {day}"));
        }
    }
    let worked = || days.iter().flatten().copied();
    for (shift, &cap) in employee.caps.iter().enumerate() {
        let count = worked().filter(|&worked| worked == shift).count() as i64;
        if count > cap {
            note(format!("{count} shifts {}, cap {cap}", instance.shifts[shift].id));
        }
    }
    let minutes: i64 = worked().map(|shift| instance.shifts[shift].minutes).sum();
    if minutes > employee.most_minutes || minutes < employee.least_minutes {
        note(format!("{minutes} minutes, {} to {}", employee.least_minutes, employee.most_minutes));
    }
    let weekends: HashSet<usize> =
        (0..days.len()).filter(|&day| day % 7 >= 5 && !days[day].is_empty()).map(|day| day / 7).collect();
    if weekends.len() as i64 > employee.most_weekends {
        note(format!("{} weekends, at most {}", weekends.len(), employee.most_weekends));
    }
    let mut start = 0;
    for day in 1..=days.len() {
        if day < days.len() && days[day].is_empty() == days[start].is_empty() {
            continue;
        }
        let length = (day - start) as i64;
        let inner = start > 0 && day < days.len();
        if days[start].is_empty() {
            if inner && length < employee.shortest_rest {
                note(format!("{length} free days from day {start}"));
            }
        } else {
            if length > employee.longest_work {
                note(format!("{length} days in a row from day {start}"));
            }
            if inner && length < employee.shortest_work {
                note(format!("only {length} days in a row from day {start}"));
            }
        }
        start = day;
    }
}
