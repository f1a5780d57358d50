//! Who may take what, by skills that may hold for a part of the time only.

use std::collections::{HashMap, HashSet};

use rota_engine::rostering::{Person, Shift};
use rota_engine::{Span, SpanSet};

use super::words::Words;

/// A skill that a person has for some time.
pub(super) struct Holding {
    /// The person.
    pub(super) person: usize,
    /// The skill's name.
    pub(super) skill: String,
    /// When they have it.
    pub(super) valid: Span,
}

/// Gives shifts and people the engine's skills, which people have or have not.
///
/// A skill that somebody has for a part of the time becomes one skill per shift that wants it; whoever has it during
/// all of that shift has that one. Returns the number of the first skill that is not taken.
pub(super) fn settle(
    holdings: &[Holding],
    (shifts, spans, wanted): (&mut [Shift], &[Span], &[Vec<String>]),
    people: &mut [Person],
) -> usize {
    let mut numbers = Words::default();
    let timed: HashSet<&str> = holdings
        .iter()
        .filter(|holding| holding.valid != Span::ALWAYS)
        .map(|holding| holding.skill.as_str())
        .collect();
    let mut of_shifts: HashMap<&str, Vec<(usize, usize)>> = HashMap::new();
    for (position, (shift, skills)) in shifts.iter_mut().zip(wanted).enumerate() {
        for skill in skills {
            let number = if timed.contains(skill.as_str()) {
                let number = numbers.number(&format!("{skill}\u{0}{position}"));
                of_shifts.entry(skill).or_default().push((position, number));
                number
            } else {
                numbers.number(skill)
            };
            shift.skills.push(number);
        }
    }
    let mut held: HashMap<(usize, &str), Vec<Span>> = HashMap::new();
    for holding in holdings {
        held.entry((holding.person, &holding.skill)).or_default().push(holding.valid);
    }
    for ((person, skill), valid) in held {
        let Some(person) = people.get_mut(person) else { continue };
        if timed.contains(skill) {
            let valid: SpanSet = valid.into_iter().collect();
            let covered = of_shifts.get(skill).into_iter().flatten();
            let covered =
                covered.filter(|(shift, _)| spans.get(*shift).is_some_and(|span| valid.covers(*span)));
            person.skills.extend(covered.map(|(_, number)| *number));
        } else {
            person.skills.extend(numbers.find(skill));
        }
        person.skills.sort_unstable();
    }
    numbers.count()
}
