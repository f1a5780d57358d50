//! Writers at the same time.

use anyhow::Result;
use rota_tests::session::Session;

use super::tables::{anna_and_ben, lines, rule, work};

/// Waits until a session of this database waits for a lock.
async fn somebody_waits(observer: &Session) -> Result<()> {
    let waiting = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while observer.text(waiting).await? == "0" {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    Ok(())
}

#[tokio::test]
async fn of_two_sessions_that_break_a_cap_together_one_is_refused() -> Result<()> {
    for isolation in ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"] {
        let (database, session) = anna_and_ben().await?;
        rule(&session, "daily", "refuse", "maximum_minutes", r#"{"maximum_minutes": 600, "per": "day"}"#)
            .await?;
        session
            .batch_execute("SELECT rota.enforce_rules('rota_source.assignments', 'person_id', 'during')")
            .await?;
        let (one, other) = (database.session().await?, database.session().await?);
        for writer in [&one, &other] {
            writer.batch_execute(&format!("BEGIN ISOLATION LEVEL {isolation}; SELECT 1")).await?;
        }
        one.batch_execute(&work("1", "anna", 6, 12)).await?;
        let second = work("2", "anna", 13, 19);
        let waiting = other.refusal(&second);
        let committing = async {
            somebody_waits(&session).await?;
            one.batch_execute("COMMIT").await?;
            Ok::<_, anyhow::Error>(())
        };
        let (refusal, committed) = tokio::join!(waiting, committing);
        committed?;
        let refusal = refusal?;
        assert_eq!(refusal.sqlstate, "23514", "{isolation}: {refusal:?}");
        assert!(refusal.message.contains("12 h"), "{isolation}: {refusal:?}");
        other.batch_execute("ROLLBACK").await?;
        let there = lines(&session, "SELECT assignment_id FROM rota_source.assignments").await?;
        assert_eq!(there, ["1"], "{isolation}");
    }
    Ok(())
}

#[tokio::test]
async fn a_writer_that_waited_for_one_who_rolled_back_goes_on() -> Result<()> {
    let (database, session) = anna_and_ben().await?;
    rule(&session, "daily", "refuse", "maximum_minutes", r#"{"maximum_minutes": 600, "per": "day"}"#).await?;
    session
        .batch_execute("SELECT rota.enforce_rules('rota_source.assignments', 'person_id', 'during')")
        .await?;
    let (one, other) = (database.session().await?, database.session().await?);
    one.batch_execute(&format!("BEGIN; {}", work("1", "anna", 6, 12))).await?;
    let second = work("2", "anna", 13, 19);
    let writing = other.batch_execute(&second);
    let taking_back = async {
        somebody_waits(&session).await?;
        one.batch_execute("ROLLBACK").await?;
        Ok::<_, anyhow::Error>(())
    };
    let (written, taken_back) = tokio::join!(writing, taking_back);
    taken_back?;
    written?;
    Ok(())
}

#[tokio::test]
async fn two_people_in_opposite_order_wait_and_do_not_deadlock() -> Result<()> {
    let (database, session) = anna_and_ben().await?;
    rule(&session, "daily", "refuse", "maximum_minutes", r#"{"maximum_minutes": 600, "per": "day"}"#).await?;
    session
        .batch_execute("SELECT rota.enforce_rules('rota_source.assignments', 'person_id', 'during')")
        .await?;
    let mut writers = Vec::new();
    for writer in 0..4 {
        let session = database.session().await?;
        writers.push(tokio::spawn(async move {
            let (mut written, mut refused) = (0, 0);
            for round in 0..25 {
                let people = if writer % 2 == 0 { ["anna", "ben"] } else { ["ben", "anna"] };
                let statement = format!(
                    "INSERT INTO rota_source.assignments (assignment_id, person_id, during)
                    SELECT '{writer} {round} ' || who, who, tstzrange(start, start + interval '5 hours')
                    FROM unnest(ARRAY['{}', '{}']) AS who,
                        LATERAL (
                            SELECT timestamptz '2026-03-02 00:00Z' + {round} * interval '1 day'
                                + {writer} * interval '6 hours' AS start
                        ) AS at",
                    people[0], people[1]
                );
                match session.batch_execute(&statement).await {
                    Ok(()) => written += 1,
                    Err(error) => {
                        let code = error.code().map(|code| code.code().to_owned());
                        anyhow::ensure!(code.as_deref() == Some("23514"), "{error:?}");
                        refused += 1;
                    }
                }
            }
            Ok((written, refused))
        }));
    }
    let (mut written, mut refused) = (0, 0);
    for writer in writers {
        let (more_written, more_refused) = writer.await??;
        written += more_written;
        refused += more_refused;
    }
    // Each day takes two of the four.
    assert_eq!((written, refused), (50, 50));
    let told = "SELECT count(*) FROM rota.check_rules(NULL, '2026-03-01', '2026-04-01')";
    assert_eq!(session.text(told).await?, "0");
    Ok(())
}
