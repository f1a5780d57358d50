//! Heads over time against counting at each instant.

use proptest::prelude::*;
use rota_engine::{HeadCount, Instant, Span};

use crate::time_properties::{moments, shown};
use crate::zone_source::{DAY, MINUTE, span};

/// Heads present from one small instant to another.
fn presences() -> impl Strategy<Value = Vec<(i64, i64, i64)>> {
    prop::collection::vec((0..40_i64, 1..10_i64, -3..4_i64), 0..30)
}

fn count(presences: &[(i64, i64, i64)]) -> HeadCount {
    let mut count = HeadCount::default();
    for (start, length, heads) in presences {
        count.add(span(*start, start + length), *heads);
    }
    count
}

fn heads_at(presences: &[(i64, i64, i64)], instant: i64) -> i64 {
    let here = presences.iter().filter(|(start, length, _)| *start <= instant && instant < start + length);
    here.map(|(_, _, heads)| heads).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn steps_say_what_counting_says(
        presences in presences(),
        (from, length) in (-5..45_i64, 1..30_i64),
        windowed in any::<bool>(),
    ) {
        let window = windowed.then(|| span(from, from + length));
        let steps = count(&presences).steps(window);
        prop_assert!(steps.windows(2).all(|pair| pair[0].span.end() == pair[1].span.start()));
        prop_assert!(steps.windows(2).all(|pair| pair[0].heads != pair[1].heads));
        let at = |position: i64| Instant::from_microseconds(position);
        for position in -10..60_i64 {
            let step = steps.iter().find(|step| step.span.contains(at(position)));
            let asked = window.is_none_or(|window| window.contains(at(position)));
            let heads = if asked { heads_at(&presences, position) } else { 0 };
            prop_assert_eq!(step.map_or(0, |step| step.heads), heads, "at {}", position);
        }
        if let Some(window) = window {
            let ends = (steps.first().unwrap().span.start(), steps.last().unwrap().span.end());
            prop_assert_eq!(ends, (window.start(), window.end()));
        }
    }

    #[test]
    fn parts_make_the_same_whole_in_any_order(one in presences(), two in presences()) {
        let mut whole = count(&[one.clone(), two.clone()].concat());
        let mut merged = count(&two);
        for (at, by) in count(&one).changes() {
            merged.add_change(*at, *by);
        }
        prop_assert_eq!(merged.steps(None), whole.steps(None));
    }

    #[test]
    fn slots_follow_one_another_and_hold_the_minutes_of_everybody(
        (zone, near) in moments(),
        presences in prop::collection::vec((0..600_i64, 1..400_i64, 1..4_i64), 0..10),
        slot_minutes in prop_oneof![Just(15), Just(60), Just(1_440), 1..1_440_i32],
    ) {
        let start = near.div_euclid(MINUTE) * MINUTE;
        let mut heads = HeadCount::default();
        let mut total = 0;
        for (after, length, number) in &presences {
            heads.add(span(start + after * MINUTE, start + (after + length) * MINUTE), *number);
            total += length * number * MINUTE;
        }
        let window = span(start, start + DAY);
        let slots = heads.slots(&zone, window, slot_minutes).unwrap();
        prop_assert_eq!(slots.first().unwrap().span.start(), window.start());
        prop_assert_eq!(slots.last().unwrap().span.end(), window.end());
        prop_assert!(slots.windows(2).all(|pair| pair[0].span.end() == pair[1].span.start()));
        // Each slot is one of the day's on the clock, and the next slot is another or starts anew.
        let length = i64::from(slot_minutes) * MINUTE;
        let index = |at: i64| {
            let reading = shown(zone, at);
            (reading.div_euclid(DAY), reading.rem_euclid(DAY) / length)
        };
        for slot in &slots {
            let (start, end) = (slot.span.start().microseconds(), slot.span.end().microseconds());
            prop_assert_eq!(slot.local_start.microseconds(), shown(zone, start));
            for at in (start..end).step_by(usize::try_from(MINUTE).unwrap()).chain([end - 1]) {
                prop_assert_eq!(index(at), index(start));
            }
            let anew = shown(zone, end).rem_euclid(DAY) % length == 0;
            prop_assert!(anew || index(end) != index(start) || end == window.end().microseconds());
        }
        let counted: i64 = slots.iter().map(|slot| slot.head_time.microseconds()).sum();
        prop_assert_eq!(counted, total);
        for slot in slots {
            let minutes = (slot.span.start().microseconds()..slot.span.end().microseconds())
                .step_by(usize::try_from(MINUTE).unwrap());
            let numbers: Vec<i64> = minutes
                .map(|at| {
                    let minute = (at - start).div_euclid(MINUTE);
                    heads_at(&presences, minute)
                })
                .collect();
            // A slot that starts at a fraction of a minute, by an odd offset, may end within one.
            prop_assert!(slot.fewest <= *numbers.iter().min().unwrap());
            prop_assert!(slot.most >= *numbers.iter().max().unwrap());
            if slot.span.start().microseconds() % MINUTE == 0 {
                prop_assert_eq!(slot.fewest, *numbers.iter().min().unwrap());
                prop_assert_eq!(slot.most, *numbers.iter().max().unwrap());
            }
        }
    }
}

#[test]
fn many_changes_at_few_instants_stay_few() {
    let mut count = HeadCount::default();
    for n in 0..100_000_i64 {
        count.add(span(n % 50, 50 + n % 7), 1);
    }
    assert_eq!(count.changes().len(), 57);
    assert_eq!(count.steps(None).iter().map(|step| step.heads).max(), Some(100_000));
}

#[test]
fn whoever_has_always_been_there_or_stays_for_good_is_counted() {
    let mut count = HeadCount::default();
    count.add(Span::ALWAYS, 1);
    count.add(Span::new(Instant::from_microseconds(5), Instant::INFINITY).unwrap(), 2);
    let steps: Vec<(Instant, i64)> =
        count.steps(None).iter().map(|step| (step.span.start(), step.heads)).collect();
    assert_eq!(steps, [(Instant::NEG_INFINITY, 1), (Instant::from_microseconds(5), 3)]);
    assert_eq!(count.steps(None).last().unwrap().span.end(), Instant::INFINITY);
}
