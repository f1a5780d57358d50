//! The server's time zone data compared with another's.

use anyhow::Result;

use super::{check, session};

/// Everything the server knows, or what is left of it, handed back as if it were another's.
fn report(filter: &str, changed: &str) -> String {
    format!(
        "SELECT report.*
         FROM (
             SELECT array_agg(zone ORDER BY zone, changed_at) AS zones, array_agg({changed} ORDER BY zone, changed_at) AS at,
                 array_agg(offset_seconds ORDER BY zone, changed_at) AS seconds
             FROM (SELECT name AS zone FROM pg_timezone_names) AS listed,
                 rota.time_zone_changes(zone, '[2020-01-01 00:00Z,2038-01-01 00:00Z)')
             WHERE {filter}
         ) AS given,
             rota.time_zone_report(given.zones, at, seconds) AS report"
    )
}

#[tokio::test]
async fn data_that_is_the_servers_own_differs_nowhere() -> Result<()> {
    let session = session().await?;
    let rows = session.rows(&report("true", "changed_at")).await?;
    let [_, zones, compared, differences] = rows[0].as_slice() else { panic!("{rows:?}") };
    assert_eq!(zones, compared);
    assert_eq!(differences.as_deref(), Some("[]"));
    Ok(())
}

#[tokio::test]
async fn the_first_difference_of_a_zone_is_told() -> Result<()> {
    let session = session().await?;
    let moved =
        "changed_at + CASE WHEN zone = 'Europe/Berlin' AND changed_at > '2030-01-01' THEN interval '1 hour'
        ELSE interval '0' END";
    let rows = session.rows(&report("zone IN ('Europe/Berlin', 'Asia/Tokyo')", moved)).await?;
    assert_eq!(rows[0][2].as_deref(), Some("2"));
    assert_eq!(
        rows[0][3].as_deref(),
        Some(
            "[{\"time_zone\": \"Europe/Berlin\", \"offset_seconds\": null, \
             \"first_difference\": \"2030-03-31T01:00:00+00:00\", \"server_offset_seconds\": 7200}]"
        )
    );
    let unknown = session
        .text("SELECT differences FROM rota.time_zone_report('{Mars/Olympus}', '{2020-01-01 00:00Z}', '{0}')")
        .await?;
    assert_eq!(unknown, "[{\"time_zone\": \"Mars/Olympus\", \"unknown_to_server\": true}]");
    Ok(())
}

#[tokio::test]
async fn without_other_data_the_report_is_about_the_server() -> Result<()> {
    let session = session().await?;
    let rows = session
        .rows("SELECT zones > 300, compared, differences, version ~ '^20[0-9]{2}[a-z]' FROM rota.time_zone_report()")
        .await?;
    let [zones, compared, differences, version] = rows[0].as_slice() else { panic!("{rows:?}") };
    assert_eq!(
        (zones.as_deref(), compared.as_deref(), differences.as_deref()),
        (Some("t"), Some("0"), Some("[]"))
    );
    // The zones that Postgres brings along do not say their edition.
    assert_ne!(version.as_deref(), Some("f"));
    Ok(())
}

#[tokio::test]
async fn changes_of_a_zone_are_those_of_its_offset() -> Result<()> {
    let changes = |zone: &str, within: &str| {
        format!(
            "string_agg(to_char(changed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || ' ' || offset_seconds, ', '
                 ORDER BY changed_at)
             FROM rota.time_zone_changes('{zone}', '{within}')"
        )
    };
    check(&[
        (
            &changes("Europe/Berlin", "[2025-01-01 00:00Z,2026-01-01 00:00Z)"),
            "2025-01-01 00:00 3600, 2025-03-30 01:00 7200, 2025-10-26 01:00 3600",
        ),
        (&changes("Asia/Tokyo", "[2025-01-01 00:00Z,2026-01-01 00:00Z)"), "2025-01-01 00:00 32400"),
        ("count(*) FROM rota.time_zone_changes('UTC', 'empty')", "0"),
    ])
    .await
}
