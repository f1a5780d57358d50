//! Span sets against a bitmap of small integers, where every question is answered one instant at a time.

use proptest::prelude::*;
use rota_engine::{Duration, Instant, Span, SpanSet};

const INSTANTS: usize = 40;

fn at(position: usize) -> Instant {
    match position {
        0 => Instant::NEG_INFINITY,
        INSTANTS => Instant::INFINITY,
        _ => Instant::from_microseconds(i64::try_from(position).unwrap()),
    }
}

/// Spans between 0 and 40, where both ends stand for the infinities.
fn spans() -> impl Strategy<Value = Vec<(usize, usize)>> {
    let one = (0..INSTANTS, 1..=8_usize).prop_map(|(start, length)| (start, (start + length).min(INSTANTS)));
    prop::collection::vec(one, 0..10)
}

fn set(spans: &[(usize, usize)]) -> SpanSet {
    spans.iter().map(|&(start, end)| Span::new(at(start), at(end)).unwrap()).collect()
}

fn bitmap(spans: &[(usize, usize)]) -> Vec<bool> {
    (0..INSTANTS)
        .map(|position| spans.iter().any(|&(start, end)| start <= position && position < end))
        .collect()
}

/// The instants of a set, after a look at its shape.
fn instants(set: &SpanSet) -> Vec<bool> {
    assert!(set.spans().is_sorted());
    assert!(set.spans().windows(2).all(|pair| pair[0].end() < pair[1].start()), "spans touch: {set:?}");
    (0..INSTANTS).map(|position| set.spans().iter().any(|span| span.contains(at(position)))).collect()
}

fn zipped(one: &[bool], two: &[bool], both: impl Fn(bool, bool) -> bool) -> Vec<bool> {
    one.iter().zip(two).map(|(one, two)| both(*one, *two)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn the_algebra_is_that_of_bitmaps(one in spans(), two in spans(), within in (0..INSTANTS, 1..=INSTANTS)) {
        let (left, right) = (set(&one), set(&two));
        let (left_bits, right_bits) = (bitmap(&one), bitmap(&two));
        prop_assert_eq!(instants(&left), left_bits.clone());
        prop_assert_eq!(instants(&left.union(&right)), zipped(&left_bits, &right_bits, |a, b| a || b));
        prop_assert_eq!(instants(&left.intersect(&right)), zipped(&left_bits, &right_bits, |a, b| a && b));
        prop_assert_eq!(instants(&left.subtract(&right)), zipped(&left_bits, &right_bits, |a, b| a && !b));
        prop_assert_eq!(instants(&left.complement()), left_bits.iter().map(|bit| !bit).collect::<Vec<_>>());
        if let Some(span) = Span::new(at(within.0), at(within.1)) {
            let inside: Vec<bool> = (0..INSTANTS).map(|position| span.contains(at(position))).collect();
            prop_assert_eq!(
                instants(&left.gaps_within(span)),
                zipped(&left_bits, &inside, |own, inside| inside && !own)
            );
            let covered = zipped(&left_bits, &inside, |own, inside| own || !inside).iter().all(|bit| *bit);
            prop_assert_eq!(left.covers(span), covered);
        }
    }

    #[test]
    fn bridging_fills_the_gaps_that_are_short_enough(spans in spans(), longest in 0..6_usize) {
        let bits = bitmap(&spans);
        let mut filled = bits.clone();
        let held: Vec<usize> = (0..INSTANTS).filter(|position| bits[*position]).collect();
        for pair in held.windows(2) {
            if pair[1] - pair[0] <= longest + 1 {
                filled[pair[0]..pair[1]].fill(true);
            }
        }
        let longest = Duration::from_microseconds(i64::try_from(longest).unwrap());
        prop_assert_eq!(instants(&set(&spans).bridge(longest)), filled);
    }

    #[test]
    fn a_stretch_counts_the_instants_of_the_set_alone(
        mut spans in spans(),
        (after, length) in (0..INSTANTS, 0..INSTANTS),
    ) {
        spans.retain(|&(start, end)| start > 0 && end < INSTANTS);
        let mut count = 0;
        let counted: Vec<bool> = bitmap(&spans)
            .into_iter()
            .map(|bit| {
                count += usize::from(bit);
                bit && after < count && count <= after + length
            })
            .collect();
        let [after, length] =
            [after, length].map(|time| Duration::from_microseconds(i64::try_from(time).unwrap()));
        prop_assert_eq!(instants(&set(&spans).stretch(after, length).unwrap()), counted);
    }

    #[test]
    fn the_total_counts_what_overlaps_once(mut spans in spans()) {
        spans.retain(|&(start, end)| start > 0 && end < INSTANTS);
        let counted = bitmap(&spans).iter().filter(|bit| **bit).count();
        let total = set(&spans).total().unwrap();
        prop_assert_eq!(total.microseconds(), i64::try_from(counted).unwrap());
    }
}

#[test]
fn an_unbounded_set_has_no_total() {
    assert_eq!(SpanSet::from_iter([Span::ALWAYS]).total().unwrap_err().sqlstate(), "22023");
    assert_eq!(SpanSet::default().total().unwrap().microseconds(), 0);
    assert!(SpanSet::default().is_empty() && SpanSet::from_iter([Span::ALWAYS]).complement().is_empty());
}
