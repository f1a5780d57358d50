//! Hand-computed vectors K-1 to K-10 and R21: postings that come to an end after three years.

use rota_engine::compliance::{Reason, Term, terms};
use rota_engine::rule::{Place, TermLimit};

use crate::compliance_case::Case;
use crate::zone_source::date;

const THREE_YEARS: TermLimit =
    TermLimit { maximum_months: 36, cooling_off_months: 3, notice_months: 1, place: Place::Unit };

fn terms_of(postings: &[(&str, Option<&str>)]) -> Vec<Term> {
    let postings: Vec<_> = postings.iter().map(|(first, last)| (date(first), last.map(date))).collect();
    terms(&postings, THREE_YEARS).unwrap()
}

/// The conflict date of the last term.
fn conflict_date(postings: &[(&str, Option<&str>)]) -> String {
    terms_of(postings).last().unwrap().conflict_date.to_string()
}

fn japan() -> Case {
    Case::in_zone("Asia/Tokyo")
        .must(
            "K1",
            "assignment_term",
            r#"{"maximum_months": 36, "cooling_off_months": 3, "notice_months": 1, "unless": "indefinite_term"}"#,
        )
        .must(
            "K2",
            "assignment_term",
            r#"{"maximum_months": 36, "cooling_off_months": 3, "notice_months": 1, "place": "establishment"}"#,
        )
}

#[test]
fn k_1_three_years_end_the_day_before_the_same_day() {
    let term = terms_of(&[("2022-04-01", None)]).remove(0);
    assert_eq!(term.conflict_date.to_string(), "2025-04-01");
    assert_eq!(term.conflict_date.plus_days(-1).unwrap().to_string(), "2025-03-31");
    assert_eq!(term.notice_date.to_string(), "2025-03-01");
}

#[test]
fn k_2_a_gap_of_exactly_three_months_does_not_reset() {
    assert_eq!(conflict_date(&[("2022-04-01", Some("2024-06-30")), ("2024-10-01", None)]), "2025-04-01");
}

#[test]
fn k_3_a_gap_of_three_months_and_a_day_resets() {
    assert_eq!(conflict_date(&[("2022-04-01", Some("2024-06-30")), ("2024-10-02", None)]), "2027-10-02");
}

#[test]
fn k_4_another_unit_begins_anew_and_another_establishment_does_not() {
    let case =
        japan().posting("assembly", "2022-04-01", Some("2025-02-28")).posting("painting", "2025-03-01", None);
    assert_eq!(case.told("2025-04-01", "2025-04-01"), ["K2 violation 1097"]);
    assert_eq!(case.verdicts("2025-04-01", "2025-04-01")[0].duties, [1], "the posting that goes on");
}

#[test]
fn k_5_who_turned_sixty_before_the_end_is_exempt() {
    let case = |birth: &str| {
        let case = Case::in_zone("Asia/Tokyo").must(
            "K1",
            "assignment_term",
            r#"{"maximum_months": 36, "cooling_off_months": 3, "younger_than_years": 60}"#,
        );
        let case = case.posting("assembly", "2022-04-01", None);
        Case { birth_date: Some(date(birth)), ..case }.told("2025-04-01", "2025-04-30")
    };
    assert_eq!(case("1964-05-01"), [""; 0]);
    assert_eq!(case("1965-05-01"), ["K1 violation 1126"]);
    let unknown = Case { birth_date: None, ..japan() };
    let unknown = Case { rules: vec![], ..unknown }.must(
        "K1",
        "assignment_term",
        r#"{"maximum_months": 36, "cooling_off_months": 3, "younger_than_years": 60}"#,
    );
    assert_eq!(
        unknown.posting("a", "2022-04-01", None).told("2025-04-01", "2025-04-30"),
        ["K1 unknown 1126"]
    );
}

#[test]
fn k_6_the_establishment_counts_from_the_first_posting_of_anybody() {
    let everybody = [("2023-01-10", None), ("2025-06-01", None)];
    assert_eq!(terms_of(&everybody).len(), 1);
    assert_eq!(conflict_date(&everybody), "2026-01-10");
    let case = japan().posting("assembly", "2023-01-10", None).posting("painting", "2025-06-01", None);
    let verdicts = case.verdicts("2026-01-10", "2026-01-10");
    let plant: Vec<_> = verdicts.iter().filter(|verdict| verdict.rule == 1).collect();
    assert_eq!((plant.len(), plant[0].duties.as_slice()), (1, [0, 1].as_slice()), "for both");
}

#[test]
fn k_7_three_years_from_a_leap_day_end_with_february() {
    assert_eq!(conflict_date(&[("2024-02-29", None)]), "2027-03-01");
}

#[test]
fn k_8_a_gap_within_months_counts_by_the_day() {
    let back = |day| terms_of(&[("2023-01-01", Some("2024-06-15")), (day, None)]).len();
    assert_eq!((back("2024-09-16"), back("2024-09-17")), (1, 2), "terms");
}

#[test]
fn k_9_a_gap_to_the_end_of_february_is_exactly_three_months() {
    let back = |day| terms_of(&[("2023-01-01", Some("2024-11-28")), (day, None)]).len();
    assert_eq!((back("2025-03-01"), back("2025-03-02")), (1, 2), "arithmetic that clips resets a day early");
}

#[test]
fn k_10_on_the_conflict_date_it_is_a_violation_and_the_month_before_it_is_told() {
    let case = japan().states("indefinite_term", false).posting("assembly", "2022-04-01", None);
    assert_eq!(case.told("2025-04-01", "2025-04-01"), ["K1 violation 1097", "K2 violation 1097"]);
    assert_eq!(case.told("2025-03-31", "2025-03-31"), ["K1 advisory 1096", "K2 advisory 1096"]);
    assert_eq!(case.verdicts("2025-03-31", "2025-03-31")[0].reason, Reason::TermEnds);
    assert_eq!(case.told("2025-02-28", "2025-02-28"), [""; 0]);
    assert_eq!(case.nearest("K1", "2025-02-28", "2025-02-28"), ("1065".to_owned(), "31".to_owned()));
    let ended = japan().posting("assembly", "2022-04-01", Some("2025-03-31"));
    assert_eq!(ended.told("2025-03-01", "2025-04-30"), [""; 0]);
    let exempt = japan().states("indefinite_term", true).posting("assembly", "2022-04-01", None);
    assert_eq!(exempt.told("2025-04-01", "2025-04-01"), ["K2 violation 1097"]);
}

#[test]
fn r_21_three_months_from_the_end_of_june_run_on() {
    let back = |day| terms_of(&[("2022-04-01", Some("2024-06-30")), (day, None)]).len();
    assert_eq!((back("2024-10-01"), back("2024-10-02")), (1, 2));
}
