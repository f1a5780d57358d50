//! Assignments: they move with their shift, and nobody is booked twice, whoever books at once.

use anyhow::Result;
use rota_tests::database::Database;
use rota_tests::session::Session;

use super::roster::{ROSTER, booking, bookings, somebody_waits};

const DOUBLE_BOOKING: Option<&str> = Some("assignments_no_double_booking");

async fn roster() -> Result<(Database, Session)> {
    let database = Database::migrated().await?;
    let session = database.session().await?;
    session.batch_execute(ROSTER).await?;
    Ok((database, session))
}

#[tokio::test]
async fn overlapping_bookings_of_one_person_are_refused_and_touching_ones_are_not() -> Result<()> {
    let (_database, session) = roster().await?;
    session.batch_execute(&booking(1, 1, "assigned")).await?;
    let refusal = session.refusal(&booking(1, 2, "confirmed")).await?;
    assert_eq!((refusal.sqlstate.as_str(), refusal.constraint.as_deref()), ("23P01", DOUBLE_BOOKING));
    session.batch_execute(&booking(2, 2, "assigned")).await?;
    session.batch_execute(&booking(1, 3, "assigned")).await?;
    session.batch_execute(&booking(1, 4, "assigned")).await?;
    assert_eq!(bookings(&session).await?, ["1 1", "1 3", "1 4", "2 2"]);
    Ok(())
}

#[tokio::test]
async fn proposed_declined_and_cancelled_assignments_do_not_block_until_they_bind_again() -> Result<()> {
    for status in ["proposed", "declined", "cancelled"] {
        let (_database, session) = roster().await?;
        session.batch_execute(&booking(1, 1, status)).await?;
        session.batch_execute(&booking(1, 2, "assigned")).await?;
        assert_eq!(bookings(&session).await?, ["1 2"], "{status}");
        let confirm = "UPDATE workforce.assignments SET status = 'confirmed' WHERE shift_id = 1";
        let refusal = session.refusal(confirm).await?;
        assert_eq!((refusal.sqlstate.as_str(), refusal.constraint.as_deref()), ("23P01", DOUBLE_BOOKING));
        session
            .batch_execute("UPDATE workforce.assignments SET status = 'declined' WHERE shift_id = 2")
            .await?;
        session.batch_execute(confirm).await?;
        assert_eq!(bookings(&session).await?, ["1 1"], "{status}");
    }
    Ok(())
}

#[tokio::test]
async fn a_shift_that_moves_takes_its_assignments_along() -> Result<()> {
    let (_database, session) = roster().await?;
    for statement in [booking(1, 1, "assigned"), booking(2, 1, "declined")] {
        session.batch_execute(&statement).await?;
    }
    let changes = [
        "date = '2026-03-28', start_time = '22:00', end_time = '06:00'",
        "time_zone = 'Europe/Berlin'",
        "end_time = '07:30'",
    ];
    for change in changes {
        session.batch_execute(&format!("UPDATE workforce.shifts SET {change} WHERE shift_id = 1")).await?;
        let in_step =
            "SELECT count(*) FROM workforce.assignments JOIN workforce.shifts USING (shift_id, during)";
        assert_eq!(session.text(in_step).await?, "2", "{change}");
    }
    let during = session.text("SELECT during FROM workforce.assignments WHERE employee_id = 1").await?;
    assert_eq!(during, r#"["2026-03-28 21:00:00+00","2026-03-29 05:30:00+00")"#);
    Ok(())
}

#[tokio::test]
async fn a_shift_does_not_move_onto_another_booking_of_its_people() -> Result<()> {
    let (_database, session) = roster().await?;
    session.batch_execute(&booking(1, 1, "assigned")).await?;
    session.batch_execute(&booking(1, 3, "assigned")).await?;
    let all = "SELECT concat(during, ' ', (SELECT string_agg(a.during::text, ' ' ORDER BY shift_id)
        FROM workforce.assignments AS a)) FROM workforce.shifts WHERE shift_id = 1";
    let before = session.text(all).await?;
    let later = "UPDATE workforce.shifts SET end_time = '15:00' WHERE shift_id = 1";
    let refusal = session.refusal(later).await?;
    assert_eq!((refusal.sqlstate.as_str(), refusal.constraint.as_deref()), ("23P01", DOUBLE_BOOKING));
    assert_eq!(session.text(all).await?, before);
    Ok(())
}

#[tokio::test]
async fn an_assignment_cannot_disagree_with_its_shift() -> Result<()> {
    let (_database, session) = roster().await?;
    let refusal = session
        .refusal(
            "INSERT INTO workforce.assignments (shift_id, during, employee_id)
            VALUES (1, '[2026-02-02 06:00Z,2026-02-02 13:59Z)', 1)",
        )
        .await?;
    assert_eq!(
        (refusal.sqlstate.as_str(), refusal.constraint.as_deref()),
        ("23503", Some("assignments_shift_fkey"))
    );
    Ok(())
}

#[tokio::test]
async fn of_two_sessions_that_book_one_person_the_second_waits_and_loses_with_23p01() -> Result<()> {
    let (database, first) = roster().await?;
    first.batch_execute("BEGIN").await?;
    first.batch_execute(&booking(1, 1, "assigned")).await?;
    let second = database.session().await?;
    let late = tokio::spawn(async move { second.refusal(&booking(1, 2, "assigned")).await });
    somebody_waits(&database.session().await?).await?;
    first.batch_execute("COMMIT").await?;
    let refusal = late.await??;
    assert_eq!((refusal.sqlstate.as_str(), refusal.constraint.as_deref()), ("23P01", DOUBLE_BOOKING));
    assert_eq!(bookings(&first).await?, ["1 1"]);
    Ok(())
}

#[tokio::test]
async fn of_two_sessions_that_book_one_person_the_second_wins_when_the_first_gives_up() -> Result<()> {
    let (database, first) = roster().await?;
    first.batch_execute("BEGIN").await?;
    first.batch_execute(&booking(1, 1, "assigned")).await?;
    let second = database.session().await?;
    let late = tokio::spawn(async move { second.batch_execute(&booking(1, 2, "assigned")).await });
    somebody_waits(&database.session().await?).await?;
    first.batch_execute("ROLLBACK").await?;
    late.await??;
    assert_eq!(bookings(&first).await?, ["1 2"]);
    Ok(())
}

/// An exclusion constraint lets two writers find each other and wait in a circle, until the server ends one of them
/// with 40P01. The guard locks before it looks.
#[tokio::test]
async fn of_many_sessions_that_book_one_person_at_once_exactly_one_wins() -> Result<()> {
    const SESSIONS: i64 = 6;
    const ROUNDS: i64 = 12;
    let (database, session) = roster().await?;
    session
        .batch_execute(&format!(
            "INSERT INTO workforce.shifts (shift_type, date, start_time, end_time)
            SELECT 'race', date '2026-05-01' + day, make_time(hour, 0, 0), '23:00'
            FROM generate_series(1, {ROUNDS}) AS day, generate_series(1, {SESSIONS}) AS hour"
        ))
        .await?;
    let mut sessions = Vec::new();
    for _ in 0..SESSIONS {
        let racer = database.session().await?;
        racer.batch_execute("SET deadlock_timeout = '10ms'").await?;
        sessions.push(std::sync::Arc::new(racer));
    }
    for round in 1..=ROUNDS {
        let race = sessions.iter().cloned().zip(1..).map(|(racer, hour)| {
            tokio::spawn(async move {
                let outcome = racer
                    .batch_execute(&format!(
                        "INSERT INTO workforce.assignments (shift_id, during, employee_id)
                        SELECT shift_id, during, 1 FROM workforce.shifts
                        WHERE shift_type = 'race' AND date = date '2026-05-01' + {round}
                            AND start_time = make_time({hour}, 0, 0)"
                    ))
                    .await;
                outcome.map_err(|error| error.code().map(|code| code.code().to_owned()))
            })
        });
        let mut outcomes = Vec::new();
        for racer in race.collect::<Vec<_>>() {
            outcomes.push(racer.await?);
        }
        let winners = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        assert_eq!(winners, 1, "{outcomes:?}");
        let refused = Err(Some("23P01".to_owned()));
        assert!(outcomes.iter().all(|outcome| outcome.is_ok() || *outcome == refused), "{outcomes:?}");
    }
    assert_eq!(bookings(&session).await?.len(), usize::try_from(ROUNDS)?);
    Ok(())
}

#[tokio::test]
async fn moving_a_shift_and_booking_its_person_elsewhere_at_once_never_double_books() -> Result<()> {
    let (database, first) = roster().await?;
    first.batch_execute(&booking(1, 1, "assigned")).await?;
    first.batch_execute("BEGIN; UPDATE workforce.shifts SET end_time = '15:00' WHERE shift_id = 1").await?;
    let second = database.session().await?;
    let late = tokio::spawn(async move { second.refusal(&booking(1, 3, "assigned")).await });
    somebody_waits(&database.session().await?).await?;
    first.batch_execute("COMMIT").await?;
    assert_eq!(late.await??.sqlstate, "23P01");
    Ok(())
}
