//! `rota.verify_guard` finds what came in past the guard.

use anyhow::Result;
use rota_tests::session::Session;

use super::duties::{clash, duty, guarded, guarded_with};

/// Lets rows pass that nobody judges, as a replica and a restore do.
async fn smuggle(session: &Session, statement: &str) -> Result<()> {
    session
        .batch_execute(&format!(
            "SET session_replication_role = replica; {statement}; SET session_replication_role = origin"
        ))
        .await?;
    Ok(())
}

async fn found(session: &Session) -> Result<Vec<String>> {
    let rows = session
        .rows(
            "SELECT concat_ws(' | ', key, row_identity, other_row_identity, overlap, trim_scale(minutes))
            FROM rota.verify_guard('duties') ORDER BY 1",
        )
        .await?;
    Ok(rows.into_iter().flatten().flatten().collect())
}

#[tokio::test]
async fn a_clean_table_is_proven_clean() -> Result<()> {
    let (_database, session) = guarded().await?;
    assert!(found(&session).await?.is_empty());
    session
        .batch_execute(
            "INSERT INTO duties (person, during) SELECT n % 10, hours(n, n + 10) FROM generate_series(1, 1000) AS n;
            INSERT INTO duties (person, during) VALUES (NULL, hours(0, 9)), (NULL, hours(0, 9)), (1, 'empty'), (1, NULL);
            INSERT INTO duties (person, during, binding) VALUES (1, '(,)', false)",
        )
        .await?;
    assert!(found(&session).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn every_pair_that_was_smuggled_in_is_found() -> Result<()> {
    let (_database, session) = guarded().await?;
    for statement in [duty(1, 7, 0, 24), duty(5, 8, 0, 24)] {
        session.batch_execute(&statement).await?;
    }
    for statement in [duty(2, 7, 2, 3), duty(3, 7, 5, 6), duty(4, 7, 23, 30)] {
        smuggle(&session, &statement).await?;
    }
    // One long duty over three short ones: three pairs, not one.
    let range = |first, last| format!("[\"2026-03-02 {first:02}:00:00+00\",\"2026-03-0{last}:00:00+00\")");
    assert_eq!(
        found(&session).await?,
        [
            format!("7 | (duty_id) = (1) | (duty_id) = (2) | {} | 60", range(2, "2 03")),
            format!("7 | (duty_id) = (1) | (duty_id) = (3) | {} | 60", range(5, "2 06")),
            format!("7 | (duty_id) = (1) | (duty_id) = (4) | {} | 60", range(23, "3 00")),
        ]
    );
    // What is new is judged all the same, and what is smuggled is in its way.
    clash(&session, &duty(6, 7, 29, 31)).await?;
    session.batch_execute(&duty(6, 7, 30, 31)).await?;
    // What stays wrong is not made worse by repairing it.
    session.batch_execute("UPDATE duties SET during = hours(6, 24) WHERE duty_id = 1").await.ok();
    session.batch_execute("DELETE FROM duties WHERE duty_id = 1").await?;
    assert!(found(&session).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn what_does_not_count_is_no_violation() -> Result<()> {
    let (_database, session) = guarded().await?;
    session.batch_execute(&duty(1, 7, 0, 24)).await?;
    smuggle(
        &session,
        "INSERT INTO duties (person, during, binding)
        VALUES (7, hours(2, 3), false), (7, 'empty', true), (NULL, hours(2, 3), true), (7, NULL, true), (7, hours(24, 25), true)",
    )
    .await?;
    assert!(found(&session).await?.is_empty());
    smuggle(&session, "UPDATE duties SET binding = true").await?;
    assert_eq!(found(&session).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn an_overfull_stretch_is_found() -> Result<()> {
    let (_database, session) = guarded_with("capacity => 2").await?;
    for statement in [duty(1, 7, 0, 10), duty(2, 7, 5, 15)] {
        session.batch_execute(&statement).await?;
    }
    smuggle(&session, &duty(3, 7, 8, 20)).await?;
    let rows = session
        .rows("SELECT key, other_row_identity IS NULL, overlap, trim_scale(minutes) FROM rota.verify_guard('duties')")
        .await?;
    assert_eq!(rows.len(), 1, "{rows:?}");
    let told: Vec<String> = rows.into_iter().flatten().flatten().collect();
    assert_eq!(told, ["7", "t", "[\"2026-03-02 08:00:00+00\",\"2026-03-02 10:00:00+00\")", "120"]);
    Ok(())
}

#[tokio::test]
async fn a_gap_that_is_too_short_is_found() -> Result<()> {
    let (_database, session) = guarded_with("minimum_gap => '11 hours'").await?;
    session.batch_execute(&duty(1, 7, 0, 8)).await?;
    smuggle(&session, &duty(2, 7, 18, 20)).await?;
    smuggle(&session, &duty(3, 7, 31, 40)).await?;
    let rows =
        session.rows("SELECT row_identity, other_row_identity FROM rota.verify_guard('duties')").await?;
    let told: Vec<String> = rows.into_iter().flatten().flatten().collect();
    assert_eq!(told, ["(duty_id) = (1)", "(duty_id) = (2)"]);
    Ok(())
}
