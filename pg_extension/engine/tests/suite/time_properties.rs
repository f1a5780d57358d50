//! Local time over all zones, close to their changes.

use chrono::{DateTime, LocalResult, Offset, TimeZone};
use chrono_tz::TZ_VARIANTS;
use proptest::prelude::*;
use rota_engine::{
    Band, Boundary, FoldPolicy, GapPolicy, Instant, LocalDate, LocalDateTime, LocalPolicy, Piece, Resolution,
    ShiftIntent, Span, TimeOfDay, ZoneRules, split, time_in_band,
};

use crate::zone_source::{ChronoZone, DAY, HOUR, MINUTE, instant, span, zone};

/// Zones with odd offsets, odd rules, changes at midnight, changed sides of the date line, or two changes in
/// a month.
const REMARKABLE_ZONES: [&str; 24] = [
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/Monrovia",
    "America/Asuncion",
    "America/Caracas",
    "America/Havana",
    "America/New_York",
    "America/Nuuk",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Antarctica/Troll",
    "Asia/Amman",
    "Asia/Gaza",
    "Asia/Kathmandu",
    "Asia/Pyongyang",
    "Asia/Tehran",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Europe/Dublin",
    "Pacific/Apia",
    "Pacific/Chatham",
    "Pacific/Kwajalein",
    "Pacific/Norfolk",
];

/// A zone and an instant from 1970 to 2037, mostly close to a change of its offset.
pub(crate) fn moments() -> impl Strategy<Value = (ChronoZone, i64)> {
    let (first, last) = (instant("1970-01-01T00:00:00Z"), instant("2037-12-31T00:00:00Z"));
    let around = prop_oneof![-3 * DAY..3 * DAY, -2 * HOUR..2 * HOUR, Just(0), Just(-1)];
    (0..TZ_VARIANTS.len(), first.microseconds()..last.microseconds(), around).prop_map(
        |(index, near, around)| {
            let zone = ChronoZone(TZ_VARIANTS[index]);
            let near = Instant::from_microseconds(near);
            let change = zone.next_change(near, Instant::from_microseconds(near.microseconds() + 200 * DAY));
            (zone, change.unwrap_or(near).microseconds() + around)
        },
    )
}

pub(crate) fn times_of_day() -> impl Strategy<Value = TimeOfDay> {
    let quarters = (0..=96_i64).prop_map(|quarter| quarter * 15 * MINUTE);
    prop_oneof![quarters, 0..=DAY].prop_map(|time| TimeOfDay::from_microseconds(time).unwrap())
}

/// What the clock shows, by chrono alone.
pub(crate) fn shown(zone: ChronoZone, microseconds: i64) -> i64 {
    let utc = DateTime::from_timestamp_micros(microseconds + 946_684_800_000_000).unwrap().naive_utc();
    microseconds + i64::from(zone.0.offset_from_utc_datetime(&utc).fix().local_minus_utc()) * 1_000_000
}

fn in_band(zone: ChronoZone, span: Span, start: TimeOfDay, end: TimeOfDay) -> i64 {
    time_in_band(&zone, span, Band { start, end }, LocalPolicy::BOUNDARY).unwrap().microseconds()
}

/// Boundaries of every kind, each with the minute of the day at which its periods begin.
const BOUNDARIES: [(&str, i64); 9] = [
    ("day", 0),
    ("week", 0),
    ("day at 02:30", 150),
    ("week from sunday at 23:59", 1_439),
    ("14 days from 2001-09-09", 0),
    ("month", 0),
    ("month to 30 at 00:01", 1),
    ("half-month", 0),
    ("month to 10 and 25 at 01:00", 60),
];

fn boundaries() -> impl Strategy<Value = (Boundary, i64)> {
    (0..BOUNDARIES.len()).prop_map(|index| read(BOUNDARIES[index]))
}

fn read((text, minute): (&str, i64)) -> (Boundary, i64) {
    (Boundary::from_text(text).unwrap(), minute)
}

fn policies() -> impl Strategy<Value = LocalPolicy> {
    let folds = prop_oneof![Just(FoldPolicy::Earlier), Just(FoldPolicy::Later), Just(FoldPolicy::Reject)];
    let gaps = prop_oneof![
        Just(GapPolicy::Earlier),
        Just(GapPolicy::Later),
        Just(GapPolicy::Change),
        Just(GapPolicy::Reject)
    ];
    (folds, gaps).prop_map(|(fold, gap)| LocalPolicy { fold, gap })
}

/// Fails unless the pieces follow one another, have a period of their own each, and sum to the whole.
fn check_tiling(whole: Span, pieces: &[Piece]) {
    let length: i64 = pieces.iter().map(|piece| piece.span.elapsed().unwrap().microseconds()).sum();
    assert_eq!(length, whole.elapsed().unwrap().microseconds());
    assert_eq!(pieces.first().unwrap().span.start(), whole.start());
    assert_eq!(pieces.last().unwrap().span.end(), whole.end());
    assert!(pieces.windows(2).all(|pair| pair[0].span.end() == pair[1].span.start()));
    assert!(pieces.windows(2).all(|pair| pair[0].period_start < pair[1].period_start));
}

/// Fails unless the pieces sum to the whole and each lies within its period.
fn check_pieces(zone: ChronoZone, whole: Span, (boundary, minute): (Boundary, i64)) {
    let pieces = split(&zone, whole, boundary, LocalPolicy::BOUNDARY).unwrap();
    check_tiling(whole, &pieces);
    let at = TimeOfDay::from_microseconds(minute * MINUTE).unwrap();
    let begins = |first_day: LocalDate| zone.first_instant_at(first_day.at(at).unwrap()).unwrap();
    for piece in pieces {
        let (first_day, next_first_day) = boundary.period_of(piece.period_start).unwrap();
        assert_eq!(first_day, piece.period_start);
        assert!(begins(first_day) <= piece.span.start());
        assert!(piece.span.end() <= begins(next_first_day));
    }
}

/// Pieces with those of one period that touch joined.
fn joined(pieces: impl IntoIterator<Item = Piece>) -> Vec<Piece> {
    let mut joined: Vec<Piece> = Vec::new();
    for piece in pieces {
        match joined.last_mut() {
            Some(last) if last.period_start == piece.period_start && last.span.touches(piece.span) => {
                last.span = Span::new(last.span.start(), piece.span.end()).unwrap();
            }
            _ => joined.push(piece),
        }
    }
    joined
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(600) })]

    #[test]
    fn local_readings_mean_what_another_library_says((zone, near) in moments()) {
        let reading = shown(zone, near) / MINUTE * MINUTE;
        let local = DateTime::from_timestamp_micros(reading + 946_684_800_000_000).unwrap().naive_utc();
        let instant_in = |offset: i32| Instant::from_microseconds(reading - i64::from(offset) * 1_000_000);
        let resolved = zone.resolve(LocalDateTime::from_microseconds(reading)).unwrap();
        match zone.0.offset_from_local_datetime(&local) {
            LocalResult::Single(offset) => {
                prop_assert_eq!(resolved, Resolution::Unique(instant_in(offset.fix().local_minus_utc())));
            }
            LocalResult::Ambiguous(one, two) => {
                let (one, two) =
                    (instant_in(one.fix().local_minus_utc()), instant_in(two.fix().local_minus_utc()));
                prop_assert_eq!(resolved, Resolution::Fold { earlier: one.min(two), later: one.max(two) });
            }
            LocalResult::None => {
                let Resolution::Gap { earlier, change, later } = resolved else {
                    return Err(TestCaseError::fail(format!("no gap: {resolved:?}")));
                };
                // Both are the reading moved by the length of the gap, to its other side.
                let (back, forth) = (shown(zone, earlier.microseconds()), shown(zone, later.microseconds()));
                prop_assert!(back < reading && reading < forth);
                prop_assert!(shown(zone, change.microseconds() - 1) < reading);
                prop_assert!(shown(zone, change.microseconds()) > reading);
                prop_assert_eq!(reading - back, forth - reading);
            }
        }
    }

    #[test]
    fn the_first_instant_of_a_reading_is_the_first((zone, near) in moments(), minutes in -200..200_i64) {
        let reading = shown(zone, near) + minutes * MINUTE;
        let first = zone.first_instant_at(LocalDateTime::from_microseconds(reading)).unwrap().microseconds();
        prop_assert!(shown(zone, first) >= reading);
        prop_assert!(shown(zone, first - 1) < reading);
        for quarters in 1..200 {
            prop_assert!(shown(zone, first - quarters * 15 * MINUTE) < reading);
        }
    }

    #[test]
    fn pieces_sum_to_the_whole((zone, start) in moments(), length in prop_oneof![1..3 * DAY, 1..20 * DAY]) {
        for boundary in BOUNDARIES {
            check_pieces(zone, span(start, start + length), read(boundary));
        }
    }

    #[test]
    fn pieces_sum_to_the_whole_under_every_policy(
        (zone, start) in moments(),
        length in prop_oneof![1..3 * DAY, 1..40 * DAY],
        (boundary, _) in boundaries(),
        policy in policies(),
    ) {
        let whole = span(start, start + length);
        match split(&zone, whole, boundary, policy) {
            Ok(pieces) => check_tiling(whole, &pieces),
            Err(refusal) => {
                prop_assert!(policy.fold == FoldPolicy::Reject || policy.gap == GapPolicy::Reject);
                prop_assert_eq!((refusal.sqlstate(), refusal.argument()), ("22023", Some("boundary")));
            }
        }
    }

    #[test]
    fn cutting_first_or_joining_first_is_the_same(
        (zone, start) in moments(),
        (first, second) in (1..4 * DAY, 1..4 * DAY),
        (boundary, _) in boundaries(),
    ) {
        let (seam, end) = (start + first, start + first + second);
        let parts = [span(start, seam), span(seam, end)];
        let apart = parts.into_iter().flat_map(|part| split(&zone, part, boundary, LocalPolicy::BOUNDARY).unwrap());
        prop_assert_eq!(joined(apart), split(&zone, span(start, end), boundary, LocalPolicy::BOUNDARY).unwrap());
    }

    #[test]
    fn a_band_and_its_complement_are_the_whole(
        (zone, start) in moments(),
        length in 1..4 * DAY,
        (opens, closes) in (times_of_day(), times_of_day()),
    ) {
        prop_assume!(opens != closes);
        let whole = span(start, start + length);
        let (inside, outside) = (in_band(zone, whole, opens, closes), in_band(zone, whole, closes, opens));
        prop_assert!(inside >= 0 && outside >= 0);
        prop_assert_eq!(inside + outside, length);
        prop_assert_eq!(in_band(zone, whole, opens, opens), length);
    }

    #[test]
    fn a_band_holds_the_minutes_at_which_the_clock_is_in_it(
        (zone, near) in moments(),
        length_minutes in 1..1_800_i64,
        (opens, closes) in (0..96_i64, 0..96_i64),
    ) {
        let start = near.div_euclid(MINUTE) * MINUTE;
        let end = start + length_minutes * MINUTE;
        let [opens, closes] = [opens, closes].map(|quarter| quarter * 15 * MINUTE);
        let advance = |at: i64| shown(zone, at) - at;
        let hours = (start - 2 * DAY..=end + 2 * DAY).step_by(usize::try_from(HOUR / 4).unwrap());
        // A repeated reading is in the band by where its instant lies: there the clock alone does not decide.
        prop_assume!(hours.map(advance).is_sorted() && advance(start) % MINUTE == 0);

        let is_in_band = |at: i64| {
            let clock = shown(zone, at).rem_euclid(DAY);
            if opens < closes { opens <= clock && clock < closes } else { opens <= clock || clock < closes }
        };
        let counted = (0..length_minutes).filter(|minute| is_in_band(start + minute * MINUTE)).count();
        let [opens, closes] = [opens, closes].map(|time| TimeOfDay::from_microseconds(time).unwrap());
        let expected = i64::try_from(counted).unwrap() * MINUTE;
        prop_assert_eq!(in_band(zone, span(start, end), opens, closes), expected);
    }

    #[test]
    fn a_band_of_a_span_is_the_sum_over_its_parts(
        (zone, start) in moments(),
        (first, second) in (1..2 * DAY, 1..2 * DAY),
        (opens, closes) in (times_of_day(), times_of_day()),
    ) {
        let (seam, end) = (start + first, start + first + second);
        let within = |start, end| in_band(zone, span(start, end), opens, closes);
        prop_assert_eq!(within(start, seam) + within(seam, end), within(start, end));
    }

    #[test]
    fn a_shift_lasts_what_the_clock_says_but_for_the_change(
        (zone, near) in moments(),
        (start_time, end_time) in (times_of_day(), times_of_day()),
    ) {
        let date = LocalDateTime::from_microseconds(shown(zone, near)).date();
        let intent = ShiftIntent { date, start_time, end_time };
        let Ok(span) = intent.span(&zone, LocalPolicy::default()) else {
            // Only a skipped start can leave nothing, and from 24:00 to 00:00, which is the same midnight.
            let is_midnight = start_time.microseconds() == DAY && end_time.microseconds() == 0;
            let start = zone.resolve(date.at(start_time).unwrap()).unwrap();
            prop_assert!(is_midnight || matches!(start, Resolution::Gap { .. }), "{start:?}");
            return Ok(());
        };
        // From 1 microsecond to 24 hours.
        let on_clock = (end_time.microseconds() - start_time.microseconds() - 1).rem_euclid(DAY) + 1;
        let change = |at: Instant| shown(zone, at.microseconds()) - at.microseconds();
        let skipped = |time| matches!(zone.resolve(time).unwrap(), Resolution::Gap { .. });
        let overnight = i32::from(end_time <= start_time);
        let end = date.plus_days(overnight).unwrap().at(end_time).unwrap();
        if !skipped(date.at(start_time).unwrap()) && !skipped(end) {
            let elapsed = span.elapsed().unwrap().microseconds();
            prop_assert_eq!(elapsed, on_clock + change(span.start()) - change(span.end()));
        }
    }
}

#[test]
fn pieces_sum_to_the_whole_at_every_change_of_remarkable_zones() {
    let end = instant("2037-12-31T00:00:00Z");
    let mut changes = 0;
    for zone in REMARKABLE_ZONES.map(zone) {
        let mut position = instant("1970-01-01T00:00:00Z");
        while let Some(change) = zone.next_change(position, end) {
            let at = change.microseconds();
            for whole in [span(at - 30 * HOUR, at + 30 * HOUR), span(at, at + 1), span(at - 1, at + 9 * HOUR)]
            {
                check_pieces(zone, whole, read(BOUNDARIES[0]));
            }
            check_pieces(zone, span(at - 8 * DAY, at + 8 * DAY), read(BOUNDARIES[1]));
            position = change;
            changes += 1;
        }
    }
    assert!(changes > 1_500, "only {changes} changes");
}
