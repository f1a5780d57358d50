//! A minimum gap: rows of one key keep a distance.

use anyhow::Result;

use super::duties::{bare, clash, duties, duty, guarded_with};

#[tokio::test]
async fn a_rest_may_be_as_long_as_the_gap_and_not_shorter() -> Result<()> {
    let (_database, session) = guarded_with("minimum_gap => '11 hours'").await?;
    session.batch_execute(&duty(1, 7, 24, 32)).await?;
    for (first, last) in [(42, 50), (32, 40), (28, 30), (0, 14), (5, 24), (0, 60)] {
        clash(&session, &duty(2, 7, first, last)).await?;
    }
    for statement in [duty(2, 7, 43, 50), duty(3, 7, 0, 13), duty(4, 8, 32, 40)] {
        session.batch_execute(&statement).await?;
    }
    clash(&session, "UPDATE duties SET during = hours(24, 32.01) WHERE duty_id = 1").await?;
    clash(&session, "UPDATE duties SET during = hours(23.99, 32) WHERE duty_id = 1").await?;
    // The whole week moves by one hour at once.
    session
        .batch_execute(
            "UPDATE duties SET during = tstzrange(lower(during) + interval '1 hour', upper(during) + interval '1 hour')",
        )
        .await?;
    assert_eq!(duties(&session).await?, ["1 7 25-33", "2 7 44-51", "3 7 1-14", "4 8 33-41"]);
    Ok(())
}

#[tokio::test]
async fn the_rows_of_one_statement_keep_the_gap_too() -> Result<()> {
    let (_database, session) = guarded_with("minimum_gap => '11 hours'").await?;
    clash(
        &session,
        "INSERT INTO duties (person, during) VALUES (7, hours(0, 8)), (7, hours(40, 48)), (7, hours(18, 26))",
    )
    .await?;
    session
        .batch_execute(
            "INSERT INTO duties (person, during) VALUES (7, hours(0, 8)), (7, hours(40, 48)), (7, hours(19, 27)), (7, NULL),
                (7, 'empty'), (NULL, hours(0, 8))",
        )
        .await?;
    Ok(())
}

#[tokio::test]
async fn a_gap_is_written_as_the_type_of_the_range_measures_distance() -> Result<()> {
    let ranges = [
        ("int4range", "5", "[0,10)", "[15,20)", "[24,30)"),
        ("int8range", "5", "[0,10)", "[15,20)", "[24,30)"),
        ("daterange", "2", "[2026-03-01,2026-03-05)", "[2026-03-07,2026-03-10)", "[2026-03-11,2026-03-12)"),
        (
            "tsrange",
            "90 minutes",
            "[2026-03-01 00:00,2026-03-01 08:00)",
            "[2026-03-01 09:30,2026-03-01 10:00)",
            "[2026-03-01 11:29,2026-03-01 12:00)",
        ),
    ];
    for (range_type, gap, first, apart, near) in ranges {
        let session = bare().await?;
        session
            .batch_execute(&format!(
                "CREATE TABLE kept (key integer, span {range_type});
                SELECT rota.guard_overlaps('kept', 'key', 'span', minimum_gap => '{gap}');
                INSERT INTO kept VALUES (1, '{first}');
                INSERT INTO kept VALUES (1, '{apart}')"
            ))
            .await?;
        clash(&session, &format!("INSERT INTO kept VALUES (1, '{near}')")).await?;
        clash(&session, &format!("INSERT INTO kept VALUES (2, '{near}'), (2, '{apart}')")).await?;
        let proof = session.rows("SELECT * FROM rota.verify_guard('kept')").await?;
        assert!(proof.is_empty(), "{range_type}: {proof:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_gap_is_measured_on_the_time_line_and_not_on_clocks() -> Result<()> {
    let (_database, session) = guarded_with("minimum_gap => '11 hours'").await?;
    session.batch_execute("SET TIME ZONE 'Europe/Berlin'").await?;
    // Clocks go forward in the night to 29 March: 20:00 to 07:00 is ten hours.
    session
        .batch_execute(
            "INSERT INTO duties (person, during) VALUES (7, '[2026-03-28 12:00,2026-03-28 20:00)')",
        )
        .await?;
    clash(&session, "INSERT INTO duties (person, during) VALUES (7, '[2026-03-29 07:00,2026-03-29 15:00)')")
        .await?;
    session
        .batch_execute(
            "INSERT INTO duties (person, during) VALUES (7, '[2026-03-29 08:00,2026-03-29 15:00)')",
        )
        .await?;
    Ok(())
}
