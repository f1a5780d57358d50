//! A deferred guard judges what a transaction leaves.

use anyhow::Result;

use super::duties::{clash, duties, duty, guarded_with};

const DEFERRED: &str = "deferred => true";

#[tokio::test]
async fn two_duties_swap_their_hours_in_one_transaction() -> Result<()> {
    let (_database, session) = guarded_with(DEFERRED).await?;
    for statement in [duty(1, 7, 8, 16), duty(2, 7, 16, 20)] {
        session.batch_execute(&statement).await?;
    }
    session
        .batch_execute(
            "BEGIN;
            UPDATE duties SET during = hours(16, 20) WHERE duty_id = 1;
            UPDATE duties SET during = hours(8, 16) WHERE duty_id = 2;
            COMMIT",
        )
        .await?;
    assert_eq!(duties(&session).await?, ["1 7 16-20", "2 7 8-16"]);
    Ok(())
}

#[tokio::test]
async fn an_overlap_that_is_left_is_refused_at_the_end_and_nothing_stays() -> Result<()> {
    let (_database, session) = guarded_with(DEFERRED).await?;
    session.batch_execute(&duty(1, 7, 8, 16)).await?;
    session.batch_execute(&format!("BEGIN; {}; {}", duty(2, 7, 15, 20), duty(3, 8, 0, 1))).await?;
    let refusal = clash(&session, "COMMIT").await?;
    assert_eq!(refusal.constraint.as_deref(), Some("duties_no_overlap"));
    assert_eq!(duties(&session).await?, ["1 7 8-16"]);
    // Alone, a statement is its own transaction.
    clash(&session, &duty(2, 7, 15, 20)).await?;
    Ok(())
}

#[tokio::test]
async fn a_row_that_is_gone_or_taken_back_by_the_end_is_not_judged() -> Result<()> {
    let (_database, session) = guarded_with(DEFERRED).await?;
    session.batch_execute(&duty(1, 7, 8, 16)).await?;
    session
        .batch_execute(&format!(
            "BEGIN; {}; DELETE FROM duties WHERE duty_id = 2; COMMIT",
            duty(2, 7, 15, 20)
        ))
        .await?;
    session
        .batch_execute(&format!(
            "BEGIN; SAVEPOINT one; {}; ROLLBACK TO one; {}; COMMIT",
            duty(2, 7, 15, 20),
            duty(3, 7, 16, 20)
        ))
        .await?;
    session
        .batch_execute(&format!("BEGIN; {}; DELETE FROM duties WHERE duty_id = 1; COMMIT", duty(4, 7, 8, 12)))
        .await?;
    session
        .batch_execute(&format!(
            "BEGIN; {}; UPDATE duties SET person = 8 WHERE duty_id = 5; COMMIT",
            duty(5, 7, 8, 12)
        ))
        .await?;
    assert_eq!(duties(&session).await?, ["3 7 16-20", "4 7 8-12", "5 8 8-12"]);
    Ok(())
}

#[tokio::test]
async fn set_constraints_immediate_judges_at_once() -> Result<()> {
    let (_database, session) = guarded_with(DEFERRED).await?;
    session.batch_execute(&duty(1, 7, 8, 16)).await?;
    for name in ["duties_no_overlap", "ALL"] {
        session.batch_execute(&format!("BEGIN; {}", duty(2, 7, 15, 20))).await?;
        clash(&session, &format!("SET CONSTRAINTS {name} IMMEDIATE")).await?;
        session.batch_execute("ROLLBACK").await?;

        session.batch_execute(&format!("BEGIN; SET CONSTRAINTS {name} IMMEDIATE")).await?;
        clash(&session, &duty(2, 7, 15, 20)).await?;
        session.batch_execute("ROLLBACK").await?;

        // Repaired before it is asked for.
        session
            .batch_execute(&format!(
                "BEGIN; {}; UPDATE duties SET during = hours(16, 20) WHERE duty_id = 2;
                SET CONSTRAINTS {name} IMMEDIATE; ROLLBACK",
                duty(2, 7, 15, 20)
            ))
            .await?;
    }
    assert_eq!(duties(&session).await?, ["1 7 8-16"]);
    Ok(())
}

#[tokio::test]
async fn a_plain_guard_cannot_be_deferred() -> Result<()> {
    let (_database, session) = guarded_with("").await?;
    session.batch_execute(&duty(1, 7, 8, 16)).await?;
    session.batch_execute("BEGIN; SET CONSTRAINTS ALL DEFERRED").await?;
    clash(&session, &duty(2, 7, 15, 20)).await?;
    session.batch_execute("ROLLBACK").await?;
    Ok(())
}

#[tokio::test]
async fn of_two_deferred_transactions_that_overlap_one_commits() -> Result<()> {
    let (database, first) = guarded_with(DEFERRED).await?;
    for round in 0..20 {
        let (from, to) = (round * 10, round * 10 + 8);
        let second = database.session().await?;
        first.batch_execute(&format!("BEGIN; {}", duty(round * 2, 7, from, to))).await?;
        second.batch_execute(&format!("BEGIN; {}", duty(round * 2 + 1, 7, from + 4, to + 1))).await?;
        let late = tokio::spawn(async move { second.batch_execute("COMMIT").await });
        let early = first.batch_execute("COMMIT").await;
        let late = late.await?;
        let refusals: Vec<_> = [early, late].into_iter().filter_map(Result::err).collect();
        assert_eq!(refusals.len(), 1, "round {round}: {refusals:?}");
        assert_eq!(refusals[0].code().map(tokio_postgres::error::SqlState::code), Some("23P01"));
    }
    assert_eq!(duties(&first).await?.len(), 20);
    Ok(())
}

#[tokio::test]
async fn a_deferred_capacity_counts_what_is_left() -> Result<()> {
    let (_database, session) = guarded_with("capacity => 2, deferred => true").await?;
    for statement in [duty(1, 7, 8, 16), duty(2, 7, 8, 16)] {
        session.batch_execute(&statement).await?;
    }
    session
        .batch_execute(&format!(
            "BEGIN; {}; DELETE FROM duties WHERE duty_id = 1; COMMIT",
            duty(3, 7, 15, 20)
        ))
        .await?;
    session.batch_execute(&format!("BEGIN; {}", duty(4, 7, 15, 16))).await?;
    clash(&session, "COMMIT").await?;
    assert_eq!(duties(&session).await?, ["2 7 8-16", "3 7 15-20"]);
    Ok(())
}
