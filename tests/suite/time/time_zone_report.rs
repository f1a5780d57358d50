//! The server's time zone data compared with another's.

use std::fs;

use anyhow::Result;
use rota_tests::database::Database;
use rota_tests::server::environment;
use tokio::process::Command;

use super::{check, session};

/// Everything the server knows, or what is left of it, handed back as if it were another's.
fn report(filter: &str, changed: &str) -> String {
    format!(
        "SELECT report.*
         FROM (
             SELECT array_agg(zone ORDER BY zone, changed_at) AS zones,
                 array_agg({changed} ORDER BY zone, changed_at) AS at,
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
    let [_, _, zones, compared, differences] = rows[0].as_slice() else { panic!("{rows:?}") };
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
    assert_eq!(rows[0][3].as_deref(), Some("2"));
    assert_eq!(
        rows[0][4].as_deref(),
        Some(
            "[{\"time_zone\": \"Europe/Berlin\", \"offset_seconds\": 3600, \
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
        .rows(
            "SELECT zones > 300, compared, differences, version ~ '^20[0-9]{2}[a-z]',
                fingerprint ~ '^[0-9a-f]{32}$'
            FROM rota.time_zone_report()",
        )
        .await?;
    let [zones, compared, differences, version, fingerprint] = rows[0].as_slice() else { panic!("{rows:?}") };
    assert_eq!(
        (zones.as_deref(), compared.as_deref(), differences.as_deref()),
        (Some("t"), Some("0"), Some("[]"))
    );
    assert_eq!(fingerprint.as_deref(), Some("t"));
    // The zones that Postgres brings along do not say their edition.
    assert_ne!(version.as_deref(), Some("f"));
    Ok(())
}

#[tokio::test]
async fn changes_of_a_zone_are_those_of_its_offset() -> Result<()> {
    let changes = |zone: &str, within: &str| {
        format!(
            "string_agg(to_char(changed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || ' '
                || offset_seconds, ', '
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

/// A zone file (RFC 8536, version 2) of a zone that never changes.
fn zone_file(name: &str, offset_seconds: i32, rule: &str) -> Vec<u8> {
    let mut block = b"TZif2".to_vec();
    block.extend([0; 15]);
    let characters = u32::try_from(name.len() + 1).unwrap_or_default();
    // Neither indicators, leap seconds nor transitions: one type with its name.
    [0, 0, 0, 0, 1, characters].iter().for_each(|count| block.extend(count.to_be_bytes()));
    block.extend(offset_seconds.to_be_bytes());
    block.extend([0, 0]);
    block.extend(name.as_bytes());
    block.push(0);
    [block.clone(), block, format!("\n{rule}\n").into_bytes()].concat()
}

#[tokio::test]
async fn the_command_tells_which_zones_of_its_machine_differ() -> Result<()> {
    let folder = std::env::temp_dir().join(format!("rota-zones-test-{}", std::process::id()));
    fs::create_dir_all(folder.join("Asia"))?;
    fs::create_dir_all(folder.join("Europe"))?;
    fs::write(folder.join("Asia/Tokyo"), zone_file("JST", 32_400, "JST-9"))?;
    let run = async || -> Result<(Option<i32>, String, String)> {
        let database = Database::with_extension().await?;
        let mut command = Command::new(&environment()?.binary);
        command.arg("zones").env("ROTA_DATABASE_URL", database.url()).env("TZDIR", &folder);
        let output = command.output().await?;
        Ok((output.status.code(), String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?))
    };
    let (code, lines, error) = run().await?;
    assert_eq!((code, error.as_str()), (Some(0), ""), "{lines}");
    assert!(lines.ends_with("; 1 compared\n"), "{lines}");

    fs::write(folder.join("Europe/Berlin"), zone_file("CET", 3_600, "CET-1"))?;
    fs::write(folder.join("Europe/Atlantis"), zone_file("CET", 3_600, "CET-1"))?;
    let (code, lines, error) = run().await?;
    fs::remove_dir_all(&folder)?;
    assert_eq!(code, Some(1), "{lines}");
    assert!(error.contains("2 time zones differ"), "{error}");
    let lines: Vec<&str> = lines.lines().skip(1).collect();
    assert_eq!(
        lines,
        [
            "Europe/Atlantis: not known to the database",
            "Europe/Berlin: from 2020-03-29T01:00:00Z on +01 here, +02 in the database",
        ]
    );
    Ok(())
}
