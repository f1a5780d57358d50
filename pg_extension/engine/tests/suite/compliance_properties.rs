//! Verdicts against the definitions, and what must never change them.

use proptest::prelude::*;
use rota_engine::compliance::{Duty, Leave, Ratio, Verdict, judge};
use rota_engine::rule::{Level, Rule, RuleKind, Window};
use rota_engine::{Instant, Span, TimeOfDay, ZoneRules};

use crate::compliance_case::Case;
use crate::compliance_oracle::{Breach, SLOT, breaches};
use crate::zone_source::{DAY, date, span};

const RULES: &[(&str, &str)] = &[
    ("rest_period", r#"{"minimum_minutes": 660}"#),
    ("rest_period", r#"{"minimum_minutes": 480, "except_kinds": ["home"]}"#),
    ("rest_within", r#"{"minimum_minutes": 660, "within_minutes": 1440}"#),
    ("maximum_minutes", r#"{"maximum_minutes": 600, "per": "day"}"#),
    ("maximum_minutes", r#"{"maximum_minutes": 2100, "per": "week"}"#),
    ("maximum_minutes", r#"{"maximum_minutes": 2400, "per": "period", "period": "14 days from 2025-03-10"}"#),
    ("maximum_minutes", r#"{"maximum_minutes": 1200, "per": "window", "window_days": 3}"#),
    ("maximum_minutes", r#"{"maximum_minutes": 720, "per": "window", "window_minutes": 1440}"#),
    ("maximum_minutes", r#"{"maximum_minutes": 1500, "per": "rotation", "kinds": ["call"]}"#),
    ("average_minutes", r#"{"maximum_minutes": 1800, "per": "window", "window_days": 10}"#),
    ("average_minutes", r#"{"maximum_minutes": 1500, "per": "period", "period": "14 days from 2025-03-10"}"#),
    ("average_minutes", r#"{"maximum_minutes": 1500, "per": "rotation", "except_kinds": ["home"]}"#),
    ("weekly_rest", r#"{"minimum_minutes": 2100, "per": "week"}"#),
    ("weekly_rest", r#"{"minimum_minutes": 2100, "per": "window", "window_days": 7}"#),
    (
        "weekly_rest",
        r#"{"minimum_minutes": 2100, "minimum_rests": 2, "per": "period", "period": "14 days from 2025-03-10"}"#,
    ),
    ("days_off", r#"{"minimum_days": 1, "per_days": 4, "per": "rotation"}"#),
    ("days_off", r#"{"minimum_days": 2, "per_days": 5, "per": "window", "window_days": 5}"#),
    ("days_off", r#"{"minimum_days": 1, "per_days": 4, "per": "window", "window_days": 6}"#),
    ("days_off", r#"{"minimum_days": 2, "per": "week", "except_after_kinds": ["call"]}"#),
    (
        "continuous_duty",
        r#"{"maximum_minutes": 720, "extension_minutes": 240, "extension_kinds": ["lesson"]}"#,
    ),
    ("rest_after_duty", r#"{"after_minutes": 600, "minimum_minutes": 900}"#),
    ("rest_break", r#"{"after_minutes": 360, "minimum_minutes": 60, "bridged_minutes": 90}"#),
    ("consecutive_days", r#"{"maximum_days": 3}"#),
    ("consecutive_days", r#"{"maximum_days": 4, "counts": "worked"}"#),
    (
        "consecutive_nights",
        r#"{"maximum_nights": 2, "night_from": "22:00", "night_to": "06:00", "minimum_night_minutes": 120}"#,
    ),
    ("maximum_duties", r#"{"maximum_duties": 1, "per": "window", "window_days": 3, "kinds": ["call"]}"#),
    ("maximum_duties", r#"{"maximum_duties": 3, "per": "week"}"#),
];

/// Four weeks around the clock changes of March 2025 are judged.
const FIRST: &str = "2025-03-10";
const LAST: &str = "2025-04-06";

/// Duties as start, length, kind and break, in slots from the first day on.
type Slots = Vec<(i64, i64, &'static str, Option<(i64, i64)>)>;

/// Some duties follow one another as they happen to, others fall anywhere.
fn irregular() -> impl Strategy<Value = Slots> {
    let kinds = prop::sample::select(vec!["", "call", "home", "lesson"]);
    let duty = (0..62 * 48_i64, 1..40_i64, kinds, prop::option::of((0..30_i64, 1..4_i64)));
    let gaps = prop::collection::vec((1..60_i64, 4..30_i64), 0..50);
    (prop::collection::vec(duty, 0..25), gaps).prop_map(|(mut duties, gaps)| {
        let mut slot = 0;
        for (gap, length) in gaps {
            duties.push((slot + gap, length, "", None));
            slot += gap + length;
        }
        duties
    })
}

/// Days of work and days off in turns, each like the one before but for a few: near the limits of many rules.
fn regular() -> impl Strategy<Value = Slots> {
    let row = (1..7_i64, 0..4_i64, 0..48_i64, 6..40_i64);
    let changes = prop::collection::vec((0..62_usize, -4..5_i64, -4..5_i64), 0..4);
    (row, changes, prop::option::of((4..12_i64, 1..3_i64))).prop_map(
        |((on, off, from, length), changes, unpaid)| {
            let days = (0..62_i64).filter(|day| day % (on + off) < on);
            let mut duties: Slots = days.map(|day| (day * 48 + from, length, "", unpaid)).collect();
            for (position, later, longer) in changes {
                if let Some(duty) = duties.get_mut(position) {
                    *duty = (duty.0 + later, (duty.1 + longer).max(1), "call", None);
                }
            }
            duties
        },
    )
}

pub(crate) fn case() -> impl Strategy<Value = Case> {
    let leaves = prop::collection::vec((0..60_i32, 1..8_i32), 0..3);
    let zones = prop::sample::select(vec!["Europe/Berlin", "America/New_York", "Asia/Tokyo"]);
    let rotation = prop::sample::select(vec![7, 14, 28]);
    (prop_oneof![irregular(), regular()], leaves, zones, rotation).prop_map(
        |(duties, leaves, zone, rotation)| {
            let mut case = Case::in_zone(zone);
            let base = case.days("2025-02-20", "2025-02-20").start().microseconds();
            for (start, length, kind, unpaid) in duties {
                let word = (!kind.is_empty()).then(|| case.vocabulary.word(kind));
                let (start, end) = (base + start * SLOT, base + (start + length) * SLOT);
                let unpaid = unpaid.and_then(|(after, length)| {
                    let from = start + after * SLOT;
                    Span::new(
                        Instant::from_microseconds(from),
                        Instant::from_microseconds(end.min(from + length * SLOT)),
                    )
                });
                case.duties.push(Duty { unpaid, kind: word, ..Duty::of(span(start, end)) });
            }
            case.duties.sort_by_key(|duty| duty.span.start());
            for (first, days) in leaves {
                let first = date("2025-02-20").plus_days(first).unwrap();
                let last = first.plus_days(days - 1).unwrap();
                let span = case.days(&first.to_string(), &last.to_string());
                case.leaves.push(Leave { span, excluded_from_averages: true });
            }
            let mut first = date("2025-02-10");
            while first < date("2025-05-20") {
                let next = first.plus_days(rotation).unwrap();
                case = case.rotation("any", &first.to_string(), &next.plus_days(-1).unwrap().to_string());
                first = next;
            }
            for (number, (rule_type, parameters)) in RULES.iter().enumerate() {
                case = case.must(&number.to_string(), rule_type, parameters);
            }
            for kind in ["call", "home", "lesson"] {
                case.vocabulary.word(kind);
            }
            case
        },
    )
}

pub(crate) fn window(case: &Case) -> Span {
    case.days(FIRST, LAST)
}

/// What a verdict says, but for the positions of duties.
type Said = (usize, Span, Option<Ratio>, Ratio, Level, Vec<Span>);

fn said(case: &Case, verdicts: &[Verdict]) -> Vec<Said> {
    let spans = |verdict: &Verdict| {
        let mut spans: Vec<Span> = verdict.duties.iter().map(|duty| case.duties[*duty].span).collect();
        spans.sort_unstable();
        spans
    };
    verdicts
        .iter()
        .map(|one| (one.rule, one.window, one.measured, one.limit, one.level, spans(one)))
        .collect()
}

/// The same without the duties: what cutting and copying them may change.
fn briefly(verdicts: &[Verdict]) -> Vec<(usize, Span, Option<Ratio>, Ratio, Level)> {
    verdicts.iter().map(|one| (one.rule, one.window, one.measured, one.limit, one.level)).collect()
}

fn slides(rule: &Rule) -> bool {
    let window = match &rule.kind {
        RuleKind::RestWithin(_) => return true,
        RuleKind::MaximumTime(rule) => rule.window,
        RuleKind::Average(rule) => rule.window,
        RuleKind::WeeklyRest(rule) => rule.window,
        RuleKind::DaysOff(rule) => rule.window,
        RuleKind::MaximumDuties(rule) => rule.window,
        _ => return false,
    };
    matches!(window, Window::Days(_) | Window::Time(_))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn verdicts_are_those_of_the_definitions(case in case()) {
        let verdicts = case.book(window(&case)).judge(&case.record());
        for (number, rule) in case.rules.iter().enumerate() {
            let told: Vec<&Verdict> = verdicts.iter().filter(|verdict| verdict.rule == number).collect();
            let expected = breaches(&case, number, window(&case));
            if slides(rule) {
                prop_assert!(told.windows(2).all(|pair| pair[0].window.end() <= pair[1].window.start()), "{rule:?}");
                for verdict in &told {
                    let is_told = |breach: &Breach| breach.window == verdict.window
                        && Some(breach.measured) == verdict.measured && breach.limit == verdict.limit;
                    prop_assert!(expected.iter().any(is_told), "{rule:?} {verdict:?}");
                }
                for breach in &expected {
                    let is_covered = |verdict: &&&Verdict| {
                        let told = expected.iter().find(|told| told.window == verdict.window);
                        verdict.window.overlaps(breach.window)
                            && told.is_some_and(|told| told.excess >= breach.excess)
                    };
                    prop_assert!(told.iter().any(|verdict| is_covered(&verdict)), "{rule:?} {breach:?} {told:?}");
                }
            } else {
                let mut expected: Vec<_> =
                    expected.iter().map(|breach| (breach.window, Some(breach.measured), breach.limit)).collect();
                expected.sort_unstable();
                let mut told: Vec<_> = told.iter().map(|one| (one.window, one.measured, one.limit)).collect();
                told.sort_unstable();
                prop_assert_eq!(told, expected, "{:?}", rule);
            }
        }
    }

    #[test]
    fn headroom_is_negative_exactly_where_a_rule_is_broken(case in case()) {
        let book = case.book(window(&case));
        let verdicts = book.judge(&case.record());
        for headroom in book.headroom(&case.record()) {
            let is_broken = verdicts.iter().any(|verdict| verdict.rule == headroom.rule);
            prop_assert_eq!(headroom.left < Ratio::whole(0), is_broken, "{:?}", headroom);
        }
    }

    #[test]
    fn the_order_of_rows_changes_nothing(case in case(), seed in any::<u64>()) {
        let before = said(&case, &case.book(window(&case)).judge(&case.record()));
        let mut shuffled = case.clone();
        let mut random = fastrand::Rng::with_seed(seed);
        random.shuffle(&mut shuffled.duties);
        random.shuffle(&mut shuffled.leaves);
        random.shuffle(&mut shuffled.rotations);
        let after = said(&shuffled, &shuffled.book(window(&shuffled)).judge(&shuffled.record()));
        prop_assert_eq!(before, after);
    }

    #[test]
    fn cutting_duties_in_two_and_copying_parts_of_them_changes_nothing(case in case(), seed in any::<u64>()) {
        let before = briefly(&case.book(window(&case)).judge(&case.record()));
        let mut cut = case.clone();
        let mut random = fastrand::Rng::with_seed(seed);
        cut.duties = case.duties.iter().flat_map(|duty| {
            let (start, end) = (duty.span.start().microseconds(), duty.span.end().microseconds());
            let middle = random.i64(start + 1..end);
            let part = |start, end| {
                let span = span(start, end);
                Duty { span, unpaid: duty.unpaid.and_then(|unpaid| unpaid.intersect(span)), ..*duty }
            };
            let copy = if random.bool() { part(middle - 1, end) } else { part(start, end) };
            [part(start, middle), part(middle, end), copy]
        }).collect();
        let after = briefly(&cut.book(window(&cut)).judge(&cut.record()));
        prop_assert_eq!(before, after);
    }

    #[test]
    fn shifting_everything_by_weeks_changes_nothing_but_the_time(case in case(), weeks in 1..20_i64) {
        // Tokyo has no clock changes. Two weeks at a time, since some periods have two.
        let case = Case { zone: crate::zone_source::zone("Asia/Tokyo"), rotations: vec![], leaves: vec![], ..case };
        let by = weeks * 14 * DAY;
        let moved = |span: Span| crate::zone_source::span(
            span.start().microseconds() + by,
            span.end().microseconds() + by,
        );
        let mut later = case.clone();
        for duty in &mut later.duties {
            *duty = Duty { span: moved(duty.span), unpaid: duty.unpaid.map(moved), ..*duty };
        }
        let before = briefly(&case.book(window(&case)).judge(&case.record()));
        let before: Vec<_> =
            before.into_iter().map(|(rule, window, measured, limit, level)| (rule, moved(window), measured, limit, level))
                .collect();
        let after = briefly(&later.book(moved(window(&case))).judge(&later.record()));
        prop_assert_eq!(before, after);
    }

    #[test]
    fn what_lies_out_of_reach_changes_nothing(case in case(), first in 0..28_i32, days in 1..4_i32) {
        let day = |day: i32| {
            let day = date(FIRST).plus_days(day).unwrap().at(TimeOfDay::MIDNIGHT).unwrap();
            case.zone.first_instant_at(day).unwrap()
        };
        let changed = Span::new(day(first), day(first + days)).unwrap();
        for rules in [case.rules.clone(), vec![case.rules[usize::try_from(first).unwrap() % RULES.len()].clone()]] {
            let all = Case { rules, ..case.clone() };
            let needed = all.book(changed).needed();
            let mut near = all.clone();
            near.duties.retain(|duty| duty.span.overlaps(needed));
            near.leaves.retain(|leave| leave.span.overlaps(needed));
            near.rotations.retain(|rotation| rotation.span.overlaps(needed));
            near.known = needed;
            let full = said(&all, &all.book(changed).judge(&all.record()));
            prop_assert_eq!(full, said(&near, &near.book(changed).judge(&near.record())));
        }
    }

    #[test]
    fn with_less_known_nothing_that_was_broken_passes_silently(case in case(), from in 0..28_i32, days in 0..20_i32) {
        let full = case.book(window(&case)).judge(&case.record());
        let first = date(FIRST).plus_days(from).unwrap();
        let last = first.plus_days(days).unwrap();
        let known = case.days(&first.to_string(), &last.to_string());
        let mut less = Case { known, ..case.clone() };
        less.duties.retain(|duty| duty.span.overlaps(known));
        let partly = judge(&less.rules, &less.vocabulary, &less.record(), window(&less), &less.zone).unwrap();
        for verdict in full {
            let is_said = partly.iter().any(|said| said.rule == verdict.rule);
            prop_assert!(is_said, "{:?} {:?}", case.rules[verdict.rule], verdict);
        }
    }
}
