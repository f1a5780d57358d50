//! The ward goes in by either door and is the same.

use anyhow::Result;
use rota_tests::server::environment;
use tokio::process::Command;

use super::files::{FILES, content, path, ward};
use crate::api::service::Service;

/// The ward's rows without what differs from one import to the next: timestamps.
async fn rows(service: &Service) -> Result<String> {
    service
        .session()
        .await?
        .text(
            "SELECT concat(
                 (SELECT json_agg(to_jsonb(t) - '{created_at}'::text[] ORDER BY department_id)
                  FROM workforce.departments AS t),
                 (SELECT json_agg(to_jsonb(t) - '{created_at,updated_at}'::text[] ORDER BY employee_id)
                  FROM workforce.employees AS t),
                 (SELECT json_agg(t ORDER BY employee_qualification_id)
                  FROM (SELECT row_number() OVER (ORDER BY employee_id, qualification_id)
                            AS employee_qualification_id, employee_id, qualification_id, valid
                        FROM workforce.employee_qualifications) AS t),
                 (SELECT json_agg(to_jsonb(t) - '{created_at,updated_at}'::text[] ORDER BY shift_id)
                  FROM workforce.shifts AS t),
                 (SELECT json_agg(to_jsonb(t) - '{created_at,updated_at}'::text[] ORDER BY assignment_id)
                  FROM workforce.assignments AS t),
                 (SELECT json_agg(to_jsonb(t) - '{created_at,updated_at}'::text[] ORDER BY time_off_id)
                  FROM workforce.time_off AS t)
             )",
        )
        .await
}

/// Runs `rota import` for one of the files, and gives what it printed.
async fn import(service: &Service, import: &str, file: &str, options: &[&str]) -> Result<String> {
    let output = Command::new(&environment()?.binary)
        .args(["import", import])
        .arg(path(file)?)
        .args(options)
        .env("ROTA_DATABASE_URL", service.database.url())
        .output()
        .await?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    anyhow::ensure!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    Ok(printed)
}

#[tokio::test]
async fn the_command_line_and_http_import_the_same_ward() -> Result<()> {
    let by_command = Service::start().await?;
    for (name, file, count) in FILES {
        let printed = import(&by_command, name, file, &[]).await?;
        let expected = format!("{name}: {count} rows, {count} inserted, 0 updated, 0 unchanged, 0 refused\n");
        assert_eq!(printed, expected);
    }
    assert_eq!(rows(&by_command).await?, rows(&ward().await?).await?);
    Ok(())
}

#[tokio::test]
async fn importing_the_ward_again_by_either_door_finds_every_row_unchanged() -> Result<()> {
    let service = ward().await?;
    let before = rows(&service).await?;
    for (name, file, count) in FILES {
        let printed = import(&service, name, file, &[]).await?;
        assert!(
            printed.contains(&format!("0 inserted, 0 updated, {count} unchanged, 0 refused")),
            "{printed}"
        );
        let report = service.import(name, &content(file)?).await?;
        assert_eq!((&report["unchanged"], &report["rows"]), (&count.into(), &count.into()), "{report}");
    }
    assert_eq!(rows(&service).await?, before);
    Ok(())
}

#[tokio::test]
async fn a_dry_run_over_the_ward_by_either_door_changes_nothing() -> Result<()> {
    let service = Service::start().await?;
    let empty = rows(&service).await?;
    let (name, file, count) = FILES[0];
    let printed = import(&service, name, file, &["--dry-run"]).await?;
    assert!(
        printed.contains(&format!("{count} inserted")) && printed.contains("nothing was changed"),
        "{printed}"
    );
    assert_eq!(service.dry_import(name, &content(file)?).await?["inserted"], count);
    assert_eq!(rows(&service).await?, empty);
    Ok(())
}
