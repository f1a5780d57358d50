//! Every statement that brings rows into a table is held against the guard.

use anyhow::Result;
use bytes::Bytes;
use futures_util::SinkExt;
use rota_tests::session::Session;
use tokio_postgres::error::SqlState;

use super::duties::{clash, duties, duty, guarded};

/// Sends rows the way `COPY` does.
async fn copy(session: &Session, rows: &'static str) -> Result<u64, tokio_postgres::Error> {
    let sink = session.copy_in("COPY duties (duty_id, person, during) FROM STDIN (FORMAT csv)").await?;
    futures_util::pin_mut!(sink);
    sink.send(Bytes::from_static(rows.as_bytes())).await?;
    sink.finish().await
}

#[tokio::test]
async fn a_row_that_overlaps_is_refused_and_one_that_touches_or_is_another_persons_is_not() -> Result<()> {
    let (_database, session) = guarded().await?;
    session.batch_execute(&duty(1, 7, 8, 16)).await?;
    for (first, last) in [(15, 20), (4, 9), (9, 12), (0, 24), (8, 16), (8, 9), (15, 16)] {
        clash(&session, &duty(2, 7, first, last)).await?;
    }
    for statement in [duty(3, 7, 16, 20), duty(4, 7, 4, 8), duty(5, 8, 8, 16)] {
        session.batch_execute(&statement).await?;
    }
    assert_eq!(duties(&session).await?, ["1 7 8-16", "3 7 16-20", "4 7 4-8", "5 8 8-16"]);
    Ok(())
}

#[tokio::test]
async fn a_row_is_held_against_all_others_and_not_only_the_first() -> Result<()> {
    let (_database, session) = guarded().await?;
    for (id, first) in (0..50).map(|number| (number, number * 10)) {
        session.batch_execute(&duty(id, 7, first, first + 8)).await?;
    }
    for first in (0..50).map(|number| number * 10) {
        clash(&session, &duty(100, 7, first + 7, first + 10)).await?;
        clash(&session, &duty(100, 7, first - 2, first + 1)).await?;
        clash(&session, &duty(100, 7, first + 2, first + 3)).await?;
    }
    clash(&session, &duty(100, 7, -1000, 1000)).await?;
    for (id, first) in (0..50).map(|number| (100 + number, number * 10)) {
        session.batch_execute(&duty(id, 7, first + 8, first + 10)).await?;
    }
    assert_eq!(duties(&session).await?.len(), 100);
    Ok(())
}

#[tokio::test]
async fn the_rows_of_one_statement_are_held_against_each_other() -> Result<()> {
    let (_database, session) = guarded().await?;
    clash(
        &session,
        "INSERT INTO duties (duty_id, person, during) VALUES (1, 7, hours(8, 16)), (2, 8, hours(8, 16)),
            (3, 7, hours(20, 24)), (4, 7, hours(15, 17))",
    )
    .await?;
    // One long duty over two short ones that do not meet each other.
    clash(
        &session,
        "INSERT INTO duties (person, during)
        VALUES (7, hours(0, 24)), (7, hours(2, 3)), (7, hours(30, 31)), (7, hours(10, 11))",
    )
    .await?;
    assert!(duties(&session).await?.is_empty(), "a refused statement left rows");
    session
        .batch_execute(
            "INSERT INTO duties (duty_id, person, during) VALUES (1, 7, hours(16, 24)), (2, 7, hours(8, 16)),
                (3, 8, hours(8, 16))",
        )
        .await?;
    assert_eq!(duties(&session).await?, ["1 7 16-24", "2 7 8-16", "3 8 8-16"]);
    Ok(())
}

#[tokio::test]
async fn a_refused_statement_leaves_the_transaction_to_its_savepoint() -> Result<()> {
    let (_database, session) = guarded().await?;
    session.batch_execute(&format!("BEGIN; {}; SAVEPOINT before", duty(1, 7, 8, 16))).await?;
    clash(&session, &duty(2, 7, 12, 20)).await?;
    session.batch_execute(&format!("ROLLBACK TO before; {}; COMMIT", duty(3, 7, 16, 20))).await?;
    assert_eq!(duties(&session).await?, ["1 7 8-16", "3 7 16-20"]);
    Ok(())
}

#[tokio::test]
async fn rows_that_were_taken_back_are_in_nobodys_way() -> Result<()> {
    let (_database, session) = guarded().await?;
    session
        .batch_execute(&format!(
            "BEGIN; SAVEPOINT one; {}; ROLLBACK TO one; {}; COMMIT",
            duty(1, 7, 8, 16),
            duty(2, 7, 8, 16)
        ))
        .await?;
    session.batch_execute(&format!("BEGIN; {}; ROLLBACK", duty(3, 7, 16, 24))).await?;
    session.batch_execute(&duty(4, 7, 16, 24)).await?;
    session.batch_execute("DELETE FROM duties WHERE duty_id = 4").await?;
    session.batch_execute(&duty(5, 7, 20, 21)).await?;
    assert_eq!(duties(&session).await?, ["2 7 8-16", "5 7 20-21"]);
    Ok(())
}

#[tokio::test]
async fn copied_rows_are_held_against_the_table_and_each_other() -> Result<()> {
    let (_database, session) = guarded().await?;
    session.batch_execute(&duty(1, 7, 8, 16)).await?;
    let among_themselves = r#"2,8,"[2026-03-02 08:00Z,2026-03-02 16:00Z)"
3,8,"[2026-03-02 15:59Z,2026-03-02 20:00Z)"
"#;
    let with_the_table = r#"2,8,"[2026-03-02 08:00Z,2026-03-02 16:00Z)"
3,7,"[2026-03-02 15:59Z,2026-03-02 20:00Z)"
"#;
    let touching = r#"2,8,"[2026-03-02 08:00Z,2026-03-02 16:00Z)"
3,7,"[2026-03-02 16:00Z,2026-03-02 20:00Z)"
"#;
    for rows in [among_themselves, with_the_table] {
        let error = copy(&session, rows).await.err();
        let code = error.as_ref().and_then(tokio_postgres::Error::code).map(SqlState::code);
        assert_eq!(code, Some("23P01"), "{rows}: {error:?}");
    }
    assert_eq!(copy(&session, touching).await?, 2);
    assert_eq!(duties(&session).await?, ["1 7 8-16", "2 8 8-16", "3 7 16-20"]);
    Ok(())
}

#[tokio::test]
async fn rows_of_a_query_are_held_against_the_table_and_each_other() -> Result<()> {
    let (_database, session) = guarded().await?;
    let week = |first: i32, step: i32| {
        format!(
            "INSERT INTO duties (duty_id, person, during)
            SELECT {first} * 100 + number, 7, hours({first} + number * {step}, {first} + number * {step} + 8)
            FROM generate_series(0, 6) AS number"
        )
    };
    clash(&session, &week(8, 7)).await?;
    session.batch_execute(&week(8, 24)).await?;
    clash(&session, &week(15, 24)).await?;
    session.batch_execute(&week(16, 24)).await?;
    assert_eq!(duties(&session).await?.len(), 14);
    Ok(())
}

#[tokio::test]
async fn a_row_that_on_conflict_skips_is_not_judged() -> Result<()> {
    let (_database, session) = guarded().await?;
    session.batch_execute(&duty(1, 7, 8, 16)).await?;
    session.batch_execute(&format!("{} ON CONFLICT DO NOTHING", duty(1, 7, 10, 12))).await?;
    clash(&session, &format!("{} ON CONFLICT DO NOTHING", duty(2, 7, 10, 12))).await?;
    assert_eq!(duties(&session).await?, ["1 7 8-16"]);
    Ok(())
}

#[tokio::test]
async fn a_row_that_on_conflict_changes_is_judged_as_it_becomes() -> Result<()> {
    let (_database, session) = guarded().await?;
    for statement in [duty(1, 7, 8, 16), duty(2, 7, 16, 20)] {
        session.batch_execute(&statement).await?;
    }
    let upsert = |first, last| {
        format!("{} ON CONFLICT (duty_id) DO UPDATE SET during = excluded.during", duty(1, 7, first, last))
    };
    clash(&session, &upsert(8, 17)).await?;
    session.batch_execute(&upsert(6, 16)).await?;
    session.batch_execute(&upsert(20, 24)).await?;
    assert_eq!(duties(&session).await?, ["1 7 20-24", "2 7 16-20"]);
    // One row is new and one changes, in one statement, and the two meet.
    clash(
        &session,
        "INSERT INTO duties (duty_id, person, during) VALUES (2, 7, hours(4, 8)), (3, 7, hours(7, 9))
        ON CONFLICT (duty_id) DO UPDATE SET during = excluded.during",
    )
    .await?;
    // What one row leaves, the other may take.
    session
        .batch_execute(
            "INSERT INTO duties (duty_id, person, during) VALUES (3, 7, hours(16, 18)), (2, 7, hours(18, 20))
            ON CONFLICT (duty_id) DO UPDATE SET during = excluded.during",
        )
        .await?;
    assert_eq!(duties(&session).await?, ["1 7 20-24", "2 7 18-20", "3 7 16-18"]);
    Ok(())
}

#[tokio::test]
async fn merge_is_judged_by_the_rows_it_leaves() -> Result<()> {
    let (_database, session) = guarded().await?;
    for statement in [duty(1, 7, 8, 16), duty(2, 7, 16, 20), duty(3, 8, 8, 16)] {
        session.batch_execute(&statement).await?;
    }
    let merge = |rows: &str| {
        format!(
            "MERGE INTO duties USING (VALUES {rows}) AS wanted (id, person, during) ON duty_id = wanted.id
            WHEN MATCHED AND wanted.during IS NULL THEN DELETE
            WHEN MATCHED THEN UPDATE SET person = wanted.person, during = wanted.during
            WHEN NOT MATCHED THEN INSERT (duty_id, person, during)
                VALUES (wanted.id, wanted.person, wanted.during)"
        )
    };
    clash(&session, &merge("(4, 7, hours(19, 21))")).await?;
    clash(&session, &merge("(2, 7, hours(15, 20))")).await?;
    clash(&session, &merge("(3, 7, hours(8, 9))")).await?;
    clash(&session, &merge("(4, 9, hours(0, 4)), (3, 9, hours(3, 4))")).await?;
    session
        .batch_execute(&merge(
            "(1, 7, hours(16, 20)), (2, 7, NULL), (4, 7, hours(8, 16)), (5, 8, hours(4, 8))",
        ))
        .await?;
    assert_eq!(duties(&session).await?, ["1 7 16-20", "3 8 8-16", "4 7 8-16", "5 8 4-8"]);
    Ok(())
}

#[tokio::test]
async fn a_statement_of_several_parts_is_judged_by_what_all_of_them_leave() -> Result<()> {
    let (_database, session) = guarded().await?;
    session.batch_execute(&duty(1, 7, 8, 16)).await?;
    session
        .batch_execute(
            "WITH gone AS (DELETE FROM duties WHERE duty_id = 1 RETURNING person, during)
            INSERT INTO duties (duty_id, person, during) SELECT 2, person, during FROM gone",
        )
        .await?;
    assert_eq!(duties(&session).await?, ["2 7 8-16"]);
    clash(
        &session,
        "WITH one AS (INSERT INTO duties (person, during) VALUES (9, hours(8, 16)) RETURNING duty_id)
        INSERT INTO duties (person, during) SELECT 9, hours(12, 20) FROM one",
    )
    .await?;
    clash(
        &session,
        "WITH moved AS (UPDATE duties SET person = 9 WHERE duty_id = 2 RETURNING duty_id)
        INSERT INTO duties (person, during) SELECT 9, hours(12, 20) FROM moved",
    )
    .await?;
    session
        .batch_execute(
            "WITH moved AS (UPDATE duties SET during = hours(0, 8) WHERE duty_id = 2 RETURNING duty_id)
            INSERT INTO duties (duty_id, person, during) SELECT 3, 7, hours(8, 16) FROM moved",
        )
        .await?;
    assert_eq!(duties(&session).await?, ["2 7 0-8", "3 7 8-16"]);
    Ok(())
}

#[tokio::test]
async fn rows_are_judged_as_other_triggers_leave_them() -> Result<()> {
    let (_database, session) = guarded().await?;
    session
        .batch_execute(
            "CREATE FUNCTION an_hour_longer() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                NEW.during := tstzrange(lower(NEW.during), upper(NEW.during) + interval '1 hour');
                RETURN NEW;
            END $$;
            CREATE TRIGGER zz_longer BEFORE INSERT ON duties
                FOR EACH ROW EXECUTE FUNCTION an_hour_longer();
            CREATE FUNCTION travel_home() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF NEW.note IS NULL THEN
                    INSERT INTO duties (duty_id, person, during, note)
                    VALUES (-NEW.duty_id, NEW.person, hours(40, 41), 'travel');
                END IF;
                RETURN NULL;
            END $$;
            CREATE TRIGGER aa_travel AFTER INSERT ON duties
                FOR EACH ROW WHEN (NEW.person = 9) EXECUTE FUNCTION travel_home()",
        )
        .await?;
    session.batch_execute(&duty(1, 7, 8, 16)).await?;
    clash(&session, &duty(2, 7, 16, 20)).await?;
    session.batch_execute(&duty(3, 7, 17, 20)).await?;
    session.batch_execute(&duty(4, 9, 8, 16)).await?;
    // Its own travel would meet the one that is there.
    clash(&session, &duty(5, 9, 20, 24)).await?;
    // Its own travel would meet itself.
    clash(&session, &duty(6, 9, 39, 40)).await?;
    assert_eq!(duties(&session).await?, ["-4 9 40-42", "1 7 8-17", "3 7 17-21", "4 9 8-17"]);
    Ok(())
}

#[tokio::test]
async fn statements_inside_functions_and_over_views_are_judged_too() -> Result<()> {
    let (_database, session) = guarded().await?;
    session
        .batch_execute(
            "CREATE VIEW bound AS SELECT duty_id, person, during FROM duties WHERE binding;
            CREATE FUNCTION take(id integer, who integer, first integer, last integer) RETURNS text
            LANGUAGE plpgsql AS $$
            BEGIN
                INSERT INTO duties (duty_id, person, during) VALUES (id, who, hours(first, last));
                RETURN 'taken';
            EXCEPTION
                WHEN exclusion_violation THEN RETURN 'refused';
            END $$",
        )
        .await?;
    assert_eq!(session.text("SELECT take(1, 7, 8, 16)").await?, "taken");
    assert_eq!(session.text("SELECT take(2, 7, 12, 20)").await?, "refused");
    assert_eq!(session.text("SELECT take(3, 7, 16, 20)").await?, "taken");
    clash(&session, "INSERT INTO bound VALUES (4, 7, hours(19, 20))").await?;
    clash(&session, "UPDATE bound SET during = hours(0, 20) WHERE duty_id = 1").await?;
    session.batch_execute("INSERT INTO bound VALUES (4, 7, hours(20, 24))").await?;
    // A loop that goes on after each refusal.
    let taken = session
        .text(
            "SELECT count(*) FILTER (WHERE take(100 + number, 8, number * 3, number * 3 + 4) = 'taken')
            FROM generate_series(0, 9) AS number",
        )
        .await?;
    assert_eq!(taken, "5");
    Ok(())
}

#[tokio::test]
async fn nothing_written_is_nothing_judged() -> Result<()> {
    let (_database, session) = guarded().await?;
    session
        .batch_execute(
            "INSERT INTO duties (person, during) SELECT 1, hours(1, 2) WHERE false;
            UPDATE duties SET during = hours(1, 2) WHERE false;
            DELETE FROM duties;
            TRUNCATE duties",
        )
        .await?;
    session.batch_execute(&duty(1, 7, 8, 16)).await?;
    session.batch_execute("TRUNCATE duties").await?;
    session.batch_execute(&duty(2, 7, 8, 16)).await?;
    session.batch_execute(&format!("BEGIN; TRUNCATE duties; {}; COMMIT", duty(3, 7, 8, 16))).await?;
    assert_eq!(duties(&session).await?, ["3 7 8-16"]);
    Ok(())
}
