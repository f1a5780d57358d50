//! What a refusal tells: who, which rows, when, and by how much.

use anyhow::{Context, Result};
use rota_tests::session::Refusal;

use super::duties::{bare, clash, duty, guarded, guarded_with};

fn facts(refusal: &Refusal) -> [Option<&str>; 4] {
    [
        refusal.schema.as_deref(),
        refusal.table.as_deref(),
        refusal.constraint.as_deref(),
        refusal.column.as_deref(),
    ]
}

#[tokio::test]
async fn a_double_booking_names_the_person_both_rows_the_range_and_the_minutes() -> Result<()> {
    let (_database, session) = guarded().await?;
    session.batch_execute(&duty(3, 42, 8, 16)).await?;
    let refusal = clash(&session, &duty(7, 42, 14, 20)).await?;
    assert_eq!(facts(&refusal), [Some("public"), Some("duties"), Some("duties_no_overlap"), Some("person")]);
    assert_eq!(
        refusal.message,
        "person 42 is booked twice: row (duty_id) = (3) \
         during [\"2026-03-02 08:00:00+00\",\"2026-03-02 16:00:00+00\") overlaps row (duty_id) = (7) \
         during [\"2026-03-02 14:00:00+00\",\"2026-03-02 20:00:00+00\") by 120 minutes"
    );
    let detail = refusal.detail.context("no detail")?;
    assert!(
        detail.contains("[\"2026-03-02 14:00:00+00\",\"2026-03-02 16:00:00+00\")"),
        "no overlapping range in {detail}"
    );
    Ok(())
}

#[tokio::test]
async fn the_two_rows_may_stand_in_one_statement() -> Result<()> {
    let (_database, session) = guarded().await?;
    let refusal = clash(
        &session,
        "INSERT INTO duties (duty_id, person, during) VALUES (1, 7, hours(8, 16)), (2, 7, hours(15, 17))",
    )
    .await?;
    for fact in ["person 7 ", "(duty_id) = (1)", "(duty_id) = (2)", "by 60 minutes"] {
        assert!(refusal.message.contains(fact), "no {fact} in {refusal:?}");
    }
    Ok(())
}

#[tokio::test]
async fn further_conflicts_of_the_statement_are_told_too() -> Result<()> {
    let (_database, session) = guarded().await?;
    for statement in [duty(1, 7, 8, 9), duty(2, 7, 10, 11), duty(3, 8, 8, 9)] {
        session.batch_execute(&statement).await?;
    }
    let refusal = clash(
        &session,
        "INSERT INTO duties (duty_id, person, during) VALUES (11, 7, hours(0, 24)), (12, 8, hours(8, 10))",
    )
    .await?;
    let told = format!("{} {}", refusal.message, refusal.detail.context("no detail")?);
    for row in [1, 3, 11, 12] {
        assert!(told.contains(&format!("({row})")), "no row {row} in {told}");
    }
    Ok(())
}

#[tokio::test]
async fn rows_are_named_by_the_whole_primary_key() -> Result<()> {
    let session = bare().await?;
    session
        .batch_execute(
            "CREATE SCHEMA \"Ward 1\";
            CREATE TABLE \"Ward 1\".\"Duty List\" (
                site text, number integer, \"Person\" text, during tstzrange, PRIMARY KEY (site, number)
            );
            SELECT rota.guard_overlaps('\"Ward 1\".\"Duty List\"', 'Person', 'during', guard_name => 'One Place');
            INSERT INTO \"Ward 1\".\"Duty List\" VALUES ('north', 1, 'O''Neill', hours(8, 16))",
        )
        .await?;
    let refusal =
        clash(&session, "INSERT INTO \"Ward 1\".\"Duty List\" VALUES ('south', 1, 'O''Neill', hours(8, 9))")
            .await?;
    assert_eq!(facts(&refusal), [Some("Ward 1"), Some("Duty List"), Some("One Place"), Some("Person")]);
    for fact in ["O'Neill", "(site, number) = (north, 1)", "(site, number) = (south, 1)", "by 60 minutes"] {
        assert!(refusal.message.contains(fact), "no {fact} in {refusal:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_table_without_a_primary_key_is_guarded_all_the_same() -> Result<()> {
    let session = bare().await?;
    session
        .batch_execute(
            "CREATE TABLE visits (nurse text, visit tstzrange);
            SELECT rota.guard_overlaps('visits', 'nurse', 'visit');
            INSERT INTO visits VALUES ('Anna', hours(8, 9))",
        )
        .await?;
    let refusal = clash(&session, "INSERT INTO visits VALUES ('Anna', hours(8.5, 9))").await?;
    assert!(refusal.message.contains("Anna") && refusal.message.contains("30 minutes"), "{refusal:?}");
    Ok(())
}

#[tokio::test]
async fn a_gap_that_is_too_short_tells_both_lengths() -> Result<()> {
    let (_database, session) = guarded_with("minimum_gap => '11 hours'").await?;
    session.batch_execute(&duty(9, 42, 24, 32)).await?;
    let refusal = clash(&session, &duty(7, 42, 12, 20)).await?;
    assert_eq!(facts(&refusal), [Some("public"), Some("duties"), Some("duties_no_overlap"), Some("person")]);
    for fact in ["person 42 ", "(duty_id) = (7)", "(duty_id) = (9)", "240 minutes", "660 minutes"] {
        assert!(refusal.message.contains(fact), "no {fact} in {refusal:?}");
    }
    // An overlap is more than a short gap, and is told as one.
    let refusal = clash(&session, &duty(7, 42, 12, 25)).await?;
    assert!(refusal.message.contains("by 60 minutes"), "{refusal:?}");
    Ok(())
}

#[tokio::test]
async fn a_full_capacity_tells_what_it_is_and_what_would_be() -> Result<()> {
    let (_database, session) = guarded_with("capacity => 2").await?;
    for statement in [duty(1, 42, 8, 16), duty(2, 42, 10, 18)] {
        session.batch_execute(&statement).await?;
    }
    let refusal = clash(&session, &duty(3, 42, 0, 24)).await?;
    assert_eq!(facts(&refusal), [Some("public"), Some("duties"), Some("duties_no_overlap"), Some("person")]);
    let full = "[\"2026-03-02 10:00:00+00\",\"2026-03-02 16:00:00+00\")";
    for fact in ["person 42 ", "3 at once", "at most 2", full] {
        assert!(refusal.message.contains(fact), "no {fact} in {refusal:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_range_without_an_end_and_one_of_numbers_are_told_too() -> Result<()> {
    let (_database, session) = guarded().await?;
    session
        .batch_execute("INSERT INTO duties (duty_id, person, during) VALUES (1, 7, hours(8, NULL))")
        .await?;
    let refusal =
        clash(&session, "INSERT INTO duties (duty_id, person, during) VALUES (2, 7, hours(9, NULL))").await?;
    assert!(refusal.message.contains("(duty_id) = (2)"), "{refusal:?}");
    let numbers = bare().await?;
    numbers
        .batch_execute(
            "CREATE TABLE pages (page_id integer PRIMARY KEY, book text, pages int4range);
            SELECT rota.guard_overlaps('pages', 'book', 'pages');
            INSERT INTO pages VALUES (1, 'Atlas', '[1,10)')",
        )
        .await?;
    let refusal = clash(&numbers, "INSERT INTO pages VALUES (2, 'Atlas', '[9,12)')").await?;
    assert!(!refusal.message.contains("minutes"), "{refusal:?}");
    for fact in ["book Atlas ", "(page_id) = (1)", "(page_id) = (2)", "[9,12)"] {
        assert!(refusal.message.contains(fact), "no {fact} in {refusal:?}");
    }
    Ok(())
}
