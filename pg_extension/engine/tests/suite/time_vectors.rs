//! Hand-computed shifts, splits and bands.

use rota_engine::{
    Band, Boundary, BreakPosition, EngineError, FoldPolicy, GapPolicy, Instant, LocalPolicy, Resolution,
    ShiftIntent, Span, ZoneRules, local_days, split, time_in_band, worked_time,
};

use crate::zone_source::{DAY, HOUR, TableZone, date, instant, local, span, time, zone};

fn shift(zone_name: &str, day: &str, start: &str, end: &str) -> Span {
    shift_under(LocalPolicy::default(), zone_name, day, start, end).unwrap()
}

fn shift_under(
    policy: LocalPolicy,
    zone_name: &str,
    day: &str,
    start: &str,
    end: &str,
) -> Result<Span, EngineError> {
    ShiftIntent { date: date(day), start_time: time(start), end_time: time(end) }
        .span(&zone(zone_name), policy)
}

fn minutes(span: Span) -> String {
    span.elapsed().unwrap().minutes().to_string()
}

fn minutes_in_band(zone_name: &str, span: Span, start: &str, end: &str) -> String {
    let band = Band { start: time(start), end: time(end) };
    time_in_band(&zone(zone_name), span, band, LocalPolicy::BOUNDARY).unwrap().minutes().to_string()
}

#[test]
fn overnight_shifts_have_their_elapsed_length() {
    let vectors = [
        ("Europe/Berlin", "2025-03-28", "22:00", "06:00", "480"),
        ("Europe/Berlin", "2025-03-29", "22:00", "06:00", "420"),
        ("Europe/Berlin", "2025-10-25", "22:00", "06:00", "540"),
        ("America/New_York", "2025-03-08", "22:00", "06:00", "420"),
        ("America/New_York", "2025-11-01", "22:00", "06:00", "540"),
        ("America/New_York", "2026-03-07", "22:00", "06:00", "420"),
        ("America/New_York", "2026-10-31", "22:00", "06:00", "540"),
        ("Asia/Tokyo", "2025-03-29", "22:00", "06:00", "480"),
        ("UTC", "2025-01-01", "08:00", "08:00", "1440"),
        ("Europe/Berlin", "2025-03-29", "08:00", "08:00", "1380"),
        ("Europe/Berlin", "2025-10-25", "08:00", "08:00", "1500"),
        ("UTC", "2025-01-01", "00:00", "24:00", "1440"),
        ("UTC", "2025-01-01", "24:00", "06:00", "360"),
        ("UTC", "2025-01-01", "09:00", "17:00:30", "480.5"),
    ];
    for (zone_name, day, start, end, expected) in vectors {
        assert_eq!(minutes(shift(zone_name, day, start, end)), expected, "{zone_name} {day} {start}-{end}");
    }
}

#[test]
fn a_skipped_reading_follows_the_gap_policy() {
    let policy = |gap| LocalPolicy { gap, ..LocalPolicy::default() };
    let start = |gap| shift_under(policy(gap), "Europe/Berlin", "2025-03-30", "02:30", "08:00");
    assert_eq!(start(GapPolicy::Later).unwrap().start(), instant("2025-03-30T01:30:00Z"));
    assert_eq!(start(GapPolicy::Earlier).unwrap().start(), instant("2025-03-30T00:30:00Z"));
    let refusal = start(GapPolicy::Reject).unwrap_err();
    assert_eq!((refusal.sqlstate(), refusal.argument()), ("22023", Some("start_time")));
    assert!(refusal.to_string().contains("2025-03-30 02:30"), "{refusal}");
}

#[test]
fn a_repeated_reading_follows_the_fold_policy() {
    let policy = |fold| LocalPolicy { fold, ..LocalPolicy::default() };
    let end = |fold| shift_under(policy(fold), "America/New_York", "2026-10-31", "22:00", "01:30");
    assert_eq!(end(FoldPolicy::Earlier).unwrap().end(), instant("2026-11-01T05:30:00Z"));
    assert_eq!(end(FoldPolicy::Later).unwrap().end(), instant("2026-11-01T06:30:00Z"));
    let refusal = end(FoldPolicy::Reject).unwrap_err();
    assert_eq!((refusal.sqlstate(), refusal.argument()), ("22023", Some("end_time")));
}

#[test]
fn a_shift_that_a_gap_turns_around_is_refused() {
    let refusal = shift_under(LocalPolicy::default(), "Europe/Berlin", "2025-03-30", "02:30", "03:10");
    assert_eq!(refusal.clone().unwrap_err().argument(), Some("end_time"));
    assert!(matches!(refusal, Err(EngineError::ShiftWithoutLength { .. })));
}

#[test]
fn days_start_at_their_first_instant_whatever_happens_at_midnight() {
    let vectors = [
        // The clocks skip midnight.
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z"),
        // 01:00 goes back to 00:00: midnight occurs twice.
        ("America/Havana", "2024-11-03", "2024-11-03T04:00:00Z"),
        // 00:00 goes back to 23:00: midnight is reached once, an hour later.
        ("America/Sao_Paulo", "2018-02-18", "2018-02-18T03:00:00Z"),
        // 00:01 goes back to 23:01: midnight is reached, left and reached again.
        ("America/St_Johns", "2010-11-07", "2010-11-07T02:30:00Z"),
        ("Europe/Berlin", "2025-03-30", "2025-03-29T23:00:00Z"),
    ];
    for (zone_name, day, expected) in vectors {
        assert_eq!(zone(zone_name).start_of_day(date(day)), Ok(instant(expected)), "{zone_name} {day}");
    }
    assert_eq!(
        zone("America/Havana").resolve(local("2024-11-03 00:00")),
        Ok(Resolution::Fold {
            earlier: instant("2024-11-03T04:00:00Z"),
            later: instant("2024-11-03T05:00:00Z")
        })
    );
}

#[test]
fn a_day_that_a_zone_skipped_is_empty() {
    let apia = zone("Pacific/Apia");
    let days =
        |first, end| local_days(&apia, Some(date(first)), Some(date(end)), LocalPolicy::BOUNDARY).unwrap();
    assert_eq!(days("2011-12-30", "2011-12-31"), None);
    assert_eq!(days("2011-12-29", "2011-12-31").map(minutes), Some("1440".to_owned()));
    let around = days("2011-12-29", "2012-01-01").unwrap();
    let pieces = split(&apia, around, Boundary::DAY, LocalPolicy::BOUNDARY).unwrap();
    let starts: Vec<String> = pieces.iter().map(|piece| piece.period_start.to_string()).collect();
    assert_eq!(starts, ["2011-12-29", "2011-12-31"]);
}

#[test]
fn local_days_keep_open_sides_open() {
    let berlin = zone("Europe/Berlin");
    assert_eq!(local_days(&berlin, None, None, LocalPolicy::BOUNDARY), Ok(Some(Span::ALWAYS)));
    let from = local_days(&berlin, Some(date("2025-03-30")), None, LocalPolicy::BOUNDARY).unwrap().unwrap();
    assert_eq!((from.start(), from.end()), (instant("2025-03-29T23:00:00Z"), Instant::INFINITY));
    assert_eq!(
        local_days(&berlin, Some(date("2025-03-30")), Some(date("2025-03-30")), LocalPolicy::BOUNDARY),
        Ok(None)
    );
    let day = local_days(&berlin, Some(date("2025-03-30")), Some(date("2025-03-31")), LocalPolicy::BOUNDARY)
        .unwrap()
        .unwrap();
    assert_eq!(minutes(day), "1380");
}

#[test]
fn an_overnight_shift_is_cut_at_local_midnight_and_on_monday() {
    let berlin = zone("Europe/Berlin");
    let cut = |span, boundary| -> Vec<(String, String)> {
        let pieces = split(&berlin, span, boundary, LocalPolicy::BOUNDARY).unwrap();
        pieces.iter().map(|piece| (piece.period_start.to_string(), minutes(piece.span))).collect()
    };
    let written = |rows: &[(&str, &str)]| -> Vec<(String, String)> {
        rows.iter().map(|(day, minutes)| ((*day).to_owned(), (*minutes).to_owned())).collect()
    };
    let saturday = shift("Europe/Berlin", "2025-03-29", "22:00", "06:00");
    assert_eq!(cut(saturday, Boundary::DAY), written(&[("2025-03-29", "120"), ("2025-03-30", "300")]));
    assert_eq!(cut(saturday, Boundary::WEEK), written(&[("2025-03-24", "420")]));
    let sunday = shift("Europe/Berlin", "2025-03-30", "22:00", "06:00");
    assert_eq!(cut(sunday, Boundary::WEEK), written(&[("2025-03-24", "120"), ("2025-03-31", "360")]));
    let until_midnight = shift("Europe/Berlin", "2025-03-30", "22:00", "00:00");
    assert_eq!(cut(until_midnight, Boundary::DAY), written(&[("2025-03-30", "120")]));
}

#[test]
fn a_repeated_hour_before_midnight_stays_with_the_day_that_had_begun() {
    let saint_johns = zone("America/St_Johns");
    // 23:30 for the second time on the 6th: the 7th had begun for a minute before.
    let span = Span::new(instant("2010-11-07T03:00:00Z"), instant("2010-11-07T05:00:00Z")).unwrap();
    let pieces = split(&saint_johns, span, Boundary::DAY, LocalPolicy::BOUNDARY).unwrap();
    assert_eq!(pieces.len(), 1);
    assert_eq!(pieces[0].period_start, date("2010-11-07"));
    assert_eq!(pieces[0].span, span);
}

#[test]
fn night_minutes_meet_the_band_opened_the_evening_before() {
    let vectors = [
        // J-2 and J-3, before breaks.
        ("16:00", "01:00", "180"),
        ("00:00", "09:00", "300"),
        ("03:00", "12:00", "120"),
        // J-1 and J-4.
        ("09:00", "20:00", "0"),
        ("09:00", "02:00", "240"),
        ("13:00", "02:00", "240"),
        ("22:00", "05:00", "420"),
        ("05:00", "22:00", "0"),
        ("21:59", "22:01", "1"),
        ("08:00", "08:00", "420"),
    ];
    for (start, end, expected) in vectors {
        let span = shift("Asia/Tokyo", "2025-06-03", start, end);
        assert_eq!(minutes_in_band("Asia/Tokyo", span, "22:00", "05:00"), expected, "{start}-{end}");
    }
}

#[test]
fn bands_are_exact_when_the_clocks_change() {
    let spring = shift("Europe/Berlin", "2025-03-29", "20:00", "08:00");
    let autumn = shift("Europe/Berlin", "2025-10-25", "20:00", "08:00");
    assert_eq!(minutes_in_band("Europe/Berlin", spring, "22:00", "05:00"), "360");
    assert_eq!(minutes_in_band("Europe/Berlin", autumn, "22:00", "05:00"), "480");
    assert_eq!(minutes_in_band("Europe/Berlin", spring, "02:15", "02:45"), "0");
    assert_eq!(minutes_in_band("Europe/Berlin", autumn, "00:00", "00:00"), minutes(autumn));
    assert_eq!(minutes_in_band("Europe/Berlin", autumn, "00:00", "24:00"), minutes(autumn));
}

#[test]
fn worked_time_is_elapsed_time_without_the_break() {
    let day = span(0, 8 * HOUR);
    assert_eq!(worked_time(day, 30).unwrap().minutes().to_string(), "450");
    assert_eq!(worked_time(day, 480).unwrap().minutes().to_string(), "0");
    for (span, break_minutes, argument) in [
        (day, 481, "break_minutes"),
        (day, i64::MAX, "break_minutes"),
        (day, -1, "break_minutes"),
        (Span::ALWAYS, 0, "during"),
    ] {
        let refusal = worked_time(span, break_minutes).unwrap_err();
        assert_eq!((refusal.sqlstate(), refusal.argument()), ("22023", Some(argument)));
    }
}

#[test]
fn spans_without_bounds_or_longer_than_a_century_are_not_cut() {
    let berlin = zone("Europe/Berlin");
    let band = Band { start: time("22:00"), end: time("05:00") };
    let unbounded = Span::new(Instant::from_microseconds(0), Instant::INFINITY).unwrap();
    let too_long = span(0, 36_600 * DAY);
    for (span, sqlstate) in [(unbounded, "22023"), (too_long, "54000")] {
        assert_eq!(
            split(&berlin, span, Boundary::DAY, LocalPolicy::BOUNDARY).unwrap_err().sqlstate(),
            sqlstate
        );
        assert_eq!(
            time_in_band(&berlin, span, band, LocalPolicy::BOUNDARY).unwrap_err().sqlstate(),
            sqlstate
        );
    }
}

#[test]
fn what_postgres_cannot_hold_is_refused_and_never_overflows() {
    let utc = TableZone(vec![(Instant::FIRST, 0)]);
    for microseconds in [i64::MIN, i64::MIN + 1, i64::MAX - 1, i64::MAX] {
        let reading = rota_engine::LocalDateTime::from_microseconds(microseconds);
        assert_eq!(utc.resolve(reading).unwrap_err().sqlstate(), "22008");
        assert_eq!(utc.first_instant_at(reading).unwrap_err().sqlstate(), "22008");
    }
    let last_hour = span(Instant::END.microseconds() - HOUR, Instant::END.microseconds() - 1);
    assert_eq!(split(&utc, last_hour, Boundary::DAY, LocalPolicy::BOUNDARY).unwrap_err().sqlstate(), "22008");
}

#[test]
fn several_changes_within_a_day_are_all_seen() {
    let at = |hours: i64| Instant::from_microseconds(hours * HOUR);
    // At 10:00 the clocks go on to 12:00, an hour later (13:00) back to 11:00, and at 12:00 back to 10:00.
    let hectic = TableZone(vec![(Instant::FIRST, 0), (at(10), 7_200), (at(11), 0), (at(12), -7_200)]);
    let reading = |hours: i64| rota_engine::LocalDateTime::from_microseconds(hours * HOUR + HOUR / 2);
    assert_eq!(hectic.resolve(reading(9)), Ok(Resolution::Unique(reading_at(9))));
    assert_eq!(
        hectic.resolve(reading(10)),
        Ok(Resolution::Unique(reading_at(12))),
        "skipped at first, shown later"
    );
    assert_eq!(
        hectic.resolve(reading(11)),
        Ok(Resolution::Fold { earlier: reading_at(11), later: reading_at(13) })
    );
    assert_eq!(
        hectic.resolve(reading(12)),
        Ok(Resolution::Fold { earlier: reading_at(10), later: reading_at(14) })
    );
    assert_eq!(hectic.first_instant_at(reading(10)), Ok(at(10)));
}

fn reading_at(hours: i64) -> Instant {
    Instant::from_microseconds(hours * HOUR + HOUR / 2)
}

#[test]
fn words_that_are_no_choice_name_the_choices() {
    for (refusal, argument) in [
        (FoldPolicy::from_word("first").unwrap_err(), "fold"),
        (GapPolicy::from_word("").unwrap_err(), "gap"),
        (Boundary::from_text("fortnight").unwrap_err(), "boundary"),
        (BreakPosition::from_word("").unwrap_err(), "break_position"),
    ] {
        assert_eq!((refusal.sqlstate(), refusal.argument()), ("22023", Some(argument)));
        assert!(refusal.to_string().contains("one of"), "{refusal}");
    }
}
