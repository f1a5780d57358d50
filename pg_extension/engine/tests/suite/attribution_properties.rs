//! Shifts cut by everything at once, against each cut on its own.

use proptest::prelude::*;
use rota_engine::{
    AttributedPiece, Attribution, Band, Boundary, BreakPosition, LocalPolicy, Span, SpanSet, split,
};

use crate::time_properties::{moments, times_of_day};
use crate::zone_source::{ChronoZone, DAY, HOUR, MINUTE, span};

fn positions() -> impl Strategy<Value = BreakPosition> {
    prop_oneof![
        Just(BreakPosition::Start),
        Just(BreakPosition::Middle),
        Just(BreakPosition::End),
        Just(BreakPosition::Proportional)
    ]
}

/// A shift with a band, breaks that may lie outside of it or overlap, and a break of which nobody knows when it
/// was.
fn shifts() -> impl Strategy<Value = (ChronoZone, Span, Attribution)> {
    let breaks = prop::collection::vec((-2 * HOUR..DAY, 1..2 * HOUR), 0..4);
    let kinds = (prop::option::of((times_of_day(), times_of_day())), breaks, positions());
    (moments(), HOUR..2 * DAY, kinds, 0..200_i64).prop_map(
        |((zone, start), length, (band, breaks, break_position), break_minutes)| {
            let breaks: SpanSet = breaks
                .into_iter()
                .map(|(after, length)| span(start + after, start + after + length))
                .collect();
            let attribution = Attribution {
                boundary: Boundary::from_text("week from sunday at 01:30").unwrap(),
                band: band.map(|(start, end)| Band { start, end }),
                breaks,
                break_minutes,
                break_position,
                policy: LocalPolicy::BOUNDARY,
            };
            (zone, span(start, start + length), attribution)
        },
    )
}

fn microseconds(pieces: &[AttributedPiece], of: impl Fn(&AttributedPiece) -> i64) -> i64 {
    pieces.iter().map(of).sum()
}

fn length(piece: &AttributedPiece) -> i64 {
    piece.span.elapsed().unwrap().microseconds()
}

/// What a piece is, without its extent.
fn kind(piece: &AttributedPiece) -> impl PartialEq + std::fmt::Debug + use<> {
    (piece.local_day, piece.period_start, piece.is_in_band, piece.is_break)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(600) })]

    #[test]
    fn pieces_sum_to_the_whole_and_worked_time_to_the_whole_without_breaks((zone, shift, asked) in shifts()) {
        let left = SpanSet::from_iter([shift]).subtract(&asked.breaks).total().unwrap().microseconds();
        let unplaced = asked.break_minutes * MINUTE;
        let pieces = match asked.pieces(&zone, shift) {
            Ok(pieces) => pieces,
            Err(refusal) => {
                prop_assert!(unplaced > left, "{refusal}");
                prop_assert_eq!(refusal.argument(), Some("break_minutes"));
                return Ok(());
            }
        };
        prop_assert_eq!(microseconds(&pieces, length), shift.elapsed().unwrap().microseconds());
        prop_assert_eq!(pieces.first().unwrap().span.start(), shift.start());
        prop_assert_eq!(pieces.last().unwrap().span.end(), shift.end());
        prop_assert!(pieces.windows(2).all(|pair| pair[0].span.end() == pair[1].span.start()));
        prop_assert!(pieces.windows(2).all(|pair| kind(&pair[0]) != kind(&pair[1])));
        prop_assert_eq!(microseconds(&pieces, |piece| piece.worked.microseconds()), left - unplaced);
        for piece in &pieces {
            let worked = piece.worked.microseconds();
            if piece.is_break {
                prop_assert_eq!(worked, 0);
            } else if asked.break_position == BreakPosition::Proportional {
                // Within a microsecond of the exact share.
                let exact = i128::from(length(piece)) * i128::from(left - unplaced);
                prop_assert!((exact - i128::from(worked) * i128::from(left)).abs() < i128::from(left));
            } else {
                prop_assert_eq!(worked, length(piece));
            }
        }
    }

    #[test]
    fn each_kind_of_piece_is_what_its_own_cut_gives((zone, shift, asked) in shifts()) {
        let Ok(pieces) = asked.pieces(&zone, shift) else { return Ok(()) };
        let those = |wanted: &dyn Fn(&AttributedPiece) -> bool| -> SpanSet {
            pieces.iter().filter(|piece| wanted(piece)).map(|piece| piece.span).collect()
        };
        let policy = LocalPolicy::BOUNDARY;
        for day in split(&zone, shift, Boundary::DAY, policy).unwrap() {
            prop_assert_eq!(
                those(&|piece| piece.local_day == day.period_start),
                SpanSet::from_iter([day.span])
            );
        }
        for period in split(&zone, shift, asked.boundary, policy).unwrap() {
            prop_assert_eq!(
                those(&|piece| piece.period_start == period.period_start),
                SpanSet::from_iter([period.span])
            );
        }
        let band = asked.band.map(|band| band.within(&zone, shift, policy).unwrap()).unwrap_or_default();
        prop_assert_eq!(those(&|piece| piece.is_in_band), band);
        let placed = asked.breaks.intersect(&SpanSet::from_iter([shift]));
        let found = those(&|piece| piece.is_break);
        prop_assert_eq!(placed.subtract(&found), SpanSet::default());
        let further = found.subtract(&placed).total().unwrap().microseconds();
        let expected = match asked.break_position {
            BreakPosition::Proportional => 0,
            _ => asked.break_minutes * MINUTE,
        };
        prop_assert_eq!(further, expected);
    }

    #[test]
    fn a_break_in_the_middle_has_as_much_work_before_it_as_after((zone, shift, asked) in shifts()) {
        let asked = Attribution { break_position: BreakPosition::Middle, breaks: SpanSet::default(), ..asked };
        prop_assume!(asked.break_minutes > 0);
        let Ok(pieces) = asked.pieces(&zone, shift) else { return Ok(()) };
        let before: i64 = pieces.iter().take_while(|piece| !piece.is_break).map(length).sum();
        let after: i64 = pieces.iter().rev().take_while(|piece| !piece.is_break).map(length).sum();
        prop_assert!((0..=1).contains(&(after - before)), "{before} {after}");
    }
}
