//! The clocks of dispatched work: dates that calendars get wrong.

use anyhow::Result;
use rota_tests::database::Database;
use rota_tests::session::Session;

use super::tables::lines;

/// `worker unit first end`, end exclusive and `-` for none, at one plant.
async fn clocks(session: &Session, stints: &[&str], as_of: &str) -> Result<Vec<String>> {
    let column = |position: usize| {
        let words = stints.iter().map(|stint| stint.split(' ').nth(position).unwrap_or_default());
        words.map(|word| format!("'{word}'")).collect::<Vec<_>>().join(", ")
    };
    let periods: Vec<String> = stints
        .iter()
        .map(|stint| {
            let mut words = stint.split(' ').skip(2);
            let (first, end) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
            format!("'[{first},{})'", end.trim_start_matches('-'))
        })
        .collect();
    let exempt: Vec<String> = stints.iter().map(|stint| stint.ends_with(" exempt").to_string()).collect();
    lines(
        session,
        &format!(
            "SELECT clock, worker, unit, last_lawful_day, conflict_date, level
            FROM rota.dispatch_clocks(
                ARRAY[{}], ARRAY[{}], ARRAY[{}], ARRAY[{}]::daterange[], ARRAY[{}], {as_of}
            )",
            column(0),
            column(1),
            stints.iter().map(|_| "'plant'").collect::<Vec<_>>().join(", "),
            periods.join(", "),
            exempt.join(", "),
        ),
    )
    .await
}

#[tokio::test]
async fn conflict_dates_are_those_computed_by_hand() -> Result<()> {
    let session = Database::with_extension().await?.session().await?;
    for (name, stints, individual) in [
        ("K-1", vec!["a 1 2022-04-01 2025-03-01"], "2025-03-31 2025-04-01"),
        ("K-2", vec!["a 1 2022-04-01 2024-07-01", "a 1 2024-10-01 2025-03-01"], "2025-03-31 2025-04-01"),
        ("K-3", vec!["a 1 2022-04-01 2024-07-01", "a 1 2024-10-02 2025-03-01"], "2027-10-01 2027-10-02"),
        ("K-7", vec!["a 1 2024-02-29 2025-03-01"], "2027-02-28 2027-03-01"),
        (
            "K-8 runs on",
            vec!["a 1 2023-01-01 2024-06-16", "a 1 2024-09-16 2025-01-01"],
            "2025-12-31 2026-01-01",
        ),
        ("K-8 anew", vec!["a 1 2023-01-01 2024-06-16", "a 1 2024-09-17 2025-01-01"], "2027-09-16 2027-09-17"),
        (
            "K-9 runs on",
            vec!["a 1 2023-01-01 2024-11-29", "a 1 2025-03-01 2025-06-01"],
            "2025-12-31 2026-01-01",
        ),
        ("K-9 anew", vec!["a 1 2023-01-01 2024-11-29", "a 1 2025-03-02 2025-06-01"], "2028-03-01 2028-03-02"),
        ("R21", vec!["a 1 2023-01-01 2024-07-01", "a 1 2024-10-01 2025-01-01"], "2025-12-31 2026-01-01"),
    ] {
        let told = clocks(&session, &stints, "NULL").await?;
        let last = told.iter().rfind(|line| line.starts_with("individual"));
        assert_eq!(last, Some(&format!("individual a 1 {individual}")), "{name}: {told:?}");
    }
    Ok(())
}

#[tokio::test]
async fn k_4_another_unit_restarts_the_workers_clock_and_not_the_workplaces() -> Result<()> {
    let session = Database::with_extension().await?.session().await?;
    let told = clocks(&session, &["a 1 2022-04-01 2025-03-01", "a 2 2025-03-01 2025-06-01"], "NULL").await?;
    assert_eq!(
        told,
        [
            "individual a 1 2025-03-31 2025-04-01",
            "individual a 2 2028-02-29 2028-03-01",
            "workplace 2025-03-31 2025-04-01 violation",
        ]
    );
    Ok(())
}

#[tokio::test]
async fn k_5_whoever_is_sixty_is_exempt_from_then_on() -> Result<()> {
    let session = Database::with_extension().await?.session().await?;
    let stints = ["a 1 2022-04-01 2024-05-01", "a 1 2024-05-01 2026-01-01 exempt"];
    let told = clocks(&session, &stints, "NULL").await?;
    assert!(told.iter().all(|line| !line.contains("violation")), "{told:?}");
    let told = clocks(&session, &["a 1 2022-04-01 2026-01-01"], "NULL").await?;
    assert!(told.iter().all(|line| line.ends_with("violation")), "{told:?}");
    Ok(())
}

#[tokio::test]
async fn k_6_the_first_dispatch_starts_the_workplaces_clock_for_everybody() -> Result<()> {
    let session = Database::with_extension().await?.session().await?;
    let stints = ["a 1 2023-01-10 2025-05-20", "b 2 2025-06-01 -"];
    let told = clocks(&session, &stints, "'2026-01-09'").await?;
    assert!(told.contains(&"workplace 2026-01-09 2026-01-10 warning".to_owned()), "{told:?}");
    Ok(())
}

#[tokio::test]
async fn k_10_on_the_conflict_date_it_is_a_violation_and_the_month_before_a_warning() -> Result<()> {
    let session = Database::with_extension().await?.session().await?;
    for (as_of, level) in [
        ("2025-02-28", ""),
        ("2025-03-01", " warning"),
        ("2025-03-31", " warning"),
        ("2025-04-01", " violation"),
    ] {
        let told = clocks(&session, &["a 1 2022-04-01 -"], &format!("'{as_of}'")).await?;
        assert_eq!(told[0], format!("individual a 1 2025-03-31 2025-04-01{level}"), "{as_of}");
    }
    Ok(())
}

#[tokio::test]
async fn arrays_that_do_not_belong_together_are_refused_by_name() -> Result<()> {
    let session = Database::with_extension().await?.session().await?;
    let refusal = session
        .refusal("SELECT * FROM rota.dispatch_clocks('{a,b}', '{1}', '{p,p}', '{\"[2022-04-01,)\",\"[2022-04-01,)\"}')")
        .await?;
    assert_eq!((refusal.sqlstate.as_str(), refusal.column.as_deref()), ("22023", Some("units")));
    Ok(())
}
