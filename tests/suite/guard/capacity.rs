//! Capacity: at most so many at any instant, or loads that sum up to at most so much.

use anyhow::Result;
use rota_tests::session::Session;

use super::duties::{bare, clash, duties, duty, guarded_with, somebody_waits};

/// Beds: bookings of a room with the beds they take.
async fn rooms(capacity: &str) -> Result<Session> {
    let session = bare().await?;
    session
        .batch_execute(&format!(
            "CREATE TABLE bookings (booking_id integer PRIMARY KEY, person integer, during tstzrange, share numeric);
            SELECT rota.guard_overlaps('bookings', 'person', 'during', capacity => {capacity}, load_column => 'share')"
        ))
        .await?;
    Ok(session)
}

fn booking(booking_id: i32, person: i32, hours: (i32, i32), share: &str) -> String {
    let (first, last) = hours;
    format!("INSERT INTO bookings VALUES ({booking_id}, {person}, hours({first}, {last}), {share})")
}

#[tokio::test]
async fn as_many_as_the_capacity_may_overlap_and_not_one_more() -> Result<()> {
    let (_database, session) = guarded_with("capacity => 3").await?;
    for statement in [duty(1, 7, 8, 16), duty(2, 7, 10, 18), duty(3, 7, 12, 20)] {
        session.batch_execute(&statement).await?;
    }
    clash(&session, &duty(4, 7, 15, 17)).await?;
    clash(&session, &duty(4, 7, 0, 24)).await?;
    clash(&session, &duty(4, 7, 12, 13)).await?;
    session.batch_execute(&duty(4, 7, 16, 24)).await?;
    session.batch_execute(&duty(5, 7, 0, 12)).await?;
    session.batch_execute(&duty(6, 8, 12, 16)).await?;
    clash(&session, "UPDATE duties SET person = 7 WHERE person = 8").await?;
    clash(&session, "UPDATE duties SET during = hours(0, 13) WHERE duty_id = 5").await?;
    assert_eq!(duties(&session).await?.len(), 6);
    Ok(())
}

#[tokio::test]
async fn rows_that_never_meet_each_other_count_one_by_one() -> Result<()> {
    let (_database, session) = guarded_with("capacity => 2").await?;
    // The first overlaps both others, which do not overlap each other: never more than two at once.
    for statement in [duty(1, 7, 0, 24), duty(2, 7, 2, 8), duty(3, 7, 8, 20)] {
        session.batch_execute(&statement).await?;
    }
    clash(&session, &duty(4, 7, 7, 8)).await?;
    session.batch_execute(&duty(4, 7, 20, 48)).await?;
    // In one statement.
    session
        .batch_execute(
            "INSERT INTO duties (duty_id, person, during)
            VALUES (11, 8, hours(0, 24)), (12, 8, hours(2, 8)), (13, 8, hours(8, 20)), (14, 8, hours(20, 48))",
        )
        .await?;
    clash(
        &session,
        "INSERT INTO duties (person, during) VALUES (9, hours(0, 24)), (9, hours(2, 8)), (9, hours(7, 20))",
    )
    .await?;
    Ok(())
}

#[tokio::test]
async fn one_statement_may_replace_what_fills_the_capacity() -> Result<()> {
    let (_database, session) = guarded_with("capacity => 2, predicate => 'binding'").await?;
    session
        .batch_execute(
            "INSERT INTO duties (duty_id, person, during, binding)
            VALUES (1, 7, hours(8, 16), true), (2, 7, hours(8, 16), true), (3, 7, hours(8, 16), false)",
        )
        .await?;
    clash(&session, "UPDATE duties SET binding = true").await?;
    session.batch_execute("UPDATE duties SET binding = NOT binding WHERE duty_id > 1").await?;
    session.batch_execute("UPDATE duties SET during = hours(9, 17)").await?;
    clash(&session, "UPDATE duties SET binding = true").await?;
    Ok(())
}

#[tokio::test]
async fn three_half_time_assignments_overload_one_person_and_two_do_not() -> Result<()> {
    let session = rooms("1.0").await?;
    session.batch_execute(&booking(1, 7, (8, 16), "0.5")).await?;
    session.batch_execute(&booking(2, 7, (8, 16), "0.5")).await?;
    clash(&session, &booking(3, 7, (8, 16), "0.5")).await?;
    clash(&session, &booking(3, 7, (15, 24), "0.0001")).await?;
    session.batch_execute(&booking(3, 7, (16, 24), "0.5")).await?;
    session.batch_execute(&booking(4, 8, (8, 16), "1")).await?;
    // All three at once.
    clash(
        &session,
        "INSERT INTO bookings SELECT 100 + n, 9, hours(8, 16), 0.5 FROM generate_series(1, 3) AS n",
    )
    .await?;
    session
        .batch_execute(
            "INSERT INTO bookings SELECT 100 + n, 9, hours(8, 16), 0.5 FROM generate_series(1, 2) AS n",
        )
        .await?;
    // A load that grows is a change like any other.
    clash(&session, "UPDATE bookings SET share = 0.6 WHERE booking_id = 1").await?;
    session.batch_execute("UPDATE bookings SET share = 1.1 - share WHERE booking_id = 3").await?;
    session
        .batch_execute(
            "UPDATE bookings SET share = CASE booking_id WHEN 1 THEN 0.7 ELSE 0.3 END WHERE booking_id < 3",
        )
        .await?;
    Ok(())
}

#[tokio::test]
async fn loads_are_summed_exactly() -> Result<()> {
    let session = rooms("1").await?;
    // Ten tenths are one, which they are not in binary fractions.
    session
        .batch_execute("INSERT INTO bookings SELECT n, 7, hours(8, 16), 0.1 FROM generate_series(1, 10) AS n")
        .await?;
    clash(&session, &booking(11, 7, (8, 16), "0.000000000000000001")).await?;
    let thirds = rooms("0.3").await?;
    for id in 1..=3 {
        thirds.batch_execute(&booking(id, 7, (8, 16), "0.1")).await?;
    }
    clash(&thirds, &booking(4, 7, (8, 16), "0.1")).await?;
    Ok(())
}

#[tokio::test]
async fn a_load_above_the_capacity_is_refused_alone_and_none_counts_nothing() -> Result<()> {
    let session = rooms("4").await?;
    clash(&session, &booking(1, 7, (8, 16), "4.5")).await?;
    session.batch_execute(&booking(1, 7, (8, 16), "4")).await?;
    session.batch_execute(&booking(2, 7, (8, 16), "0")).await?;
    session.batch_execute(&booking(3, 7, (8, 16), "NULL")).await?;
    clash(&session, "UPDATE bookings SET share = 0.5 WHERE booking_id = 2").await?;
    clash(&session, "UPDATE bookings SET share = 0.5 WHERE booking_id = 3").await?;
    Ok(())
}

#[tokio::test]
async fn of_two_sessions_that_would_fill_the_capacity_twice_the_second_waits_and_is_refused() -> Result<()> {
    let (database, first) = guarded_with("capacity => 2").await?;
    first.batch_execute(&duty(1, 7, 8, 16)).await?;
    for (isolation, id) in [("READ COMMITTED", 10), ("REPEATABLE READ", 20), ("SERIALIZABLE", 30)] {
        let second = database.session().await?;
        // It has its snapshot before the first writes.
        second
            .batch_execute(&format!("BEGIN ISOLATION LEVEL {isolation}; SELECT count(*) FROM duties"))
            .await?;
        first.batch_execute(&format!("BEGIN; {}", duty(id, 7, 8, 16))).await?;
        let late = tokio::spawn(async move { second.refusal(&duty(id + 1, 7, 8, 16)).await });
        somebody_waits(&database.session().await?).await?;
        first.batch_execute("COMMIT").await?;
        assert_eq!(late.await??.sqlstate, "23P01", "{isolation}");
        first.batch_execute(&format!("DELETE FROM duties WHERE duty_id = {id}")).await?;
    }
    Ok(())
}

#[tokio::test]
async fn sessions_at_once_never_fill_more_than_the_capacity() -> Result<()> {
    const SESSIONS: i32 = 6;
    const TRIES: i32 = 60;
    let (database, session) = guarded_with("capacity => 3").await?;
    let mut writers = Vec::new();
    for number in 0..SESSIONS {
        let writer = database.session().await?;
        writers.push(tokio::spawn(async move {
            for attempt in 0..TRIES {
                let id = number * TRIES + attempt;
                let statement = duty(id, id % 2, attempt % 7, attempt % 7 + 3);
                match writer.batch_execute(&statement).await {
                    Ok(()) => {}
                    Err(error) if error.code().is_some_and(|code| code.code() == "23P01") => {}
                    Err(error) => return Err(error),
                }
                if attempt % 5 == 0 {
                    writer.batch_execute(&format!("DELETE FROM duties WHERE duty_id = {id}")).await?;
                }
            }
            Ok(())
        }));
    }
    for writer in writers {
        writer.await??;
    }
    // Whatever begins, begins among at most three: the fullest instant is somebody's start.
    let most = "SELECT max(together) FROM (
            SELECT count(*) AS together
            FROM duties AS one
                JOIN duties AS other
                    ON other.person = one.person AND other.during @> lower(one.during)
            GROUP BY one.duty_id
        ) AS starts";
    assert_eq!(session.text(most).await?, "3");
    let proof = session.rows("SELECT * FROM rota.verify_guard('duties')").await?;
    assert!(proof.is_empty(), "{proof:?}");
    Ok(())
}
