//! What holds of pay whatever the duties are.

use proptest::prelude::*;
use rota_engine::pay::{
    CountedOn, Limit, Opening, OvertimeTier, PayDuty, PayPiece, PayRules, Premium, classify,
};
use rota_engine::{Band, Boundary, BreakPosition, Duration, LocalPolicy, Span, SpanSet};

use crate::zone_source::{HOUR, MINUTE, date, instant, span, time, zone};

/// Rules with every feature, over a month in which the clocks of Berlin go back.
fn rules(counted_on: CountedOn) -> PayRules {
    let limit = |hours: i64, boundary: &str| {
        let time = Duration::from_minutes(hours * 60).unwrap();
        Some(Limit { time, boundary: Boundary::from_text(boundary).unwrap(), counted_on })
    };
    let tier = |hours: i64, premium| OvertimeTier {
        after: Duration::from_minutes(hours * 60).unwrap(),
        premium: Premium(premium),
    };
    PayRules {
        night: Some(Band { start: time("22:00"), end: time("05:00") }),
        daily: limit(8, "day"),
        weekly: limit(40, "week from sunday"),
        pay_period: Boundary::from_text("month to 20").unwrap(),
        overtime: vec![tier(0, 2_500), tier(10, 5_000)],
        holidays: vec![date("2025-10-19"), date("2025-10-26")],
        holiday: Premium(3_500),
        night_premium: Premium(2_500),
        policy: LocalPolicy::BOUNDARY,
    }
}

fn duty() -> impl Strategy<Value = PayDuty> {
    (0..30 * 96_i64, 1..120_i64, 0..40_i64, 1..8_i64).prop_map(
        |(start, length, break_after, break_length)| {
            let first = instant("2025-10-05T00:00:00Z").microseconds();
            let at = |quarters: i64| first + quarters * 15 * MINUTE;
            PayDuty {
                span: span(at(start), at(start + length)),
                breaks: [span(at(start + break_after), at(start + break_after + break_length))]
                    .into_iter()
                    .collect(),
                break_minutes: 0,
                break_position: BreakPosition::Middle,
            }
        },
    )
}

fn counted_on() -> impl Strategy<Value = CountedOn> {
    prop_oneof![Just(CountedOn::DutyStart), Just(CountedOn::Instant)]
}

fn classified(duties: &[PayDuty], rules: &PayRules) -> Vec<PayPiece> {
    classify(duties, rules, Opening::default(), &zone("Europe/Berlin")).unwrap()
}

/// What each instant is paid as, whoever's duty it is in: pieces without their duty, joined where they are alike.
fn kinds(pieces: &[PayPiece]) -> Vec<PayPiece> {
    let mut joined: Vec<PayPiece> = Vec::new();
    for piece in pieces {
        let piece = PayPiece { duty: 0, ..*piece };
        match joined.last_mut() {
            Some(last)
                if last.span.end() == piece.span.start()
                    && PayPiece { span: piece.span, worked: piece.worked, ..*last } == piece =>
            {
                last.span = Span::new(last.span.start(), piece.span.end()).unwrap();
                last.worked = last.worked.plus(piece.worked).unwrap();
            }
            _ => joined.push(piece),
        }
    }
    joined
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn pieces_follow_one_another_and_are_the_work_of_all_duties(
        duties in prop::collection::vec(duty(), 0..25), counted_on in counted_on(),
    ) {
        let pieces = classified(&duties, &rules(counted_on));
        for pair in pieces.windows(2) {
            prop_assert!(pair[0].span.end() <= pair[1].span.start());
        }
        let work = duties.iter().fold(SpanSet::default(), |work, duty| {
            work.union(&SpanSet::from_iter([duty.span]).subtract(&duty.breaks))
        });
        prop_assert_eq!(pieces.iter().map(|piece| piece.span).collect::<SpanSet>(), work);
        for piece in &pieces {
            prop_assert_eq!(piece.worked, piece.span.elapsed().unwrap());
        }
    }

    #[test]
    fn the_order_of_the_duties_changes_nothing(
        duties in prop::collection::vec(duty(), 0..25).prop_shuffle(), counted_on in counted_on(),
    ) {
        let rules = rules(counted_on);
        let mut sorted = duties.clone();
        sorted.sort_by_key(|duty| duty.span);
        prop_assert_eq!(kinds(&classified(&duties, &rules)), kinds(&classified(&sorted, &rules)));
    }

    #[test]
    fn cutting_a_duty_in_two_changes_nothing(
        duties in prop::collection::vec(duty(), 1..25), which in any::<prop::sample::Index>(),
        share in 1..100_i64, counted_on in counted_on(),
    ) {
        let rules = rules(counted_on);
        let mut cut = duties.clone();
        let whole = cut.remove(which.index(duties.len()));
        let (start, end) = (whole.span.start().microseconds(), whole.span.end().microseconds());
        let middle = start + (end - start) * share / 100;
        for part in [(start, middle), (middle, end)] {
            if part.0 < part.1 {
                cut.push(PayDuty { span: span(part.0, part.1), ..whole.clone() });
            }
        }
        prop_assert_eq!(kinds(&classified(&cut, &rules)), kinds(&classified(&duties, &rules)));
    }

    #[test]
    fn no_day_week_or_tier_holds_more_regular_time_than_its_limit(
        duties in prop::collection::vec(duty(), 0..25), counted_on in counted_on(),
    ) {
        let rules = rules(counted_on);
        let mut by_day = std::collections::BTreeMap::<_, i64>::new();
        for piece in classified(&duties, &rules) {
            if piece.kind == rota_engine::pay::PayKind::Regular {
                let day = if counted_on == CountedOn::Instant { piece.local_day } else { piece.duty_day };
                *by_day.entry(day).or_default() += piece.worked.microseconds();
            }
        }
        let week = Boundary::from_text("week from sunday").unwrap();
        let mut by_week = std::collections::BTreeMap::<_, i64>::new();
        for (day, regular) in by_day {
            prop_assert!(regular <= 8 * HOUR);
            *by_week.entry(week.period_of(day).unwrap().0).or_default() += regular;
        }
        prop_assert!(by_week.values().all(|regular| *regular <= 40 * HOUR));
    }
}
