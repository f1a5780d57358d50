//! `rota job`: submitted and followed from a terminal.

use anyhow::Result;
use rota_tests::database::Database;
use rota_tests::server::environment;
use tokio::process::Command;

use super::ward::ward;

/// Exit code, standard output and standard error of `rota job`.
async fn rota_job(database: &Database, arguments: &[&str]) -> Result<(Option<i32>, String, String)> {
    let output = Command::new(&environment()?.binary)
        .arg("job")
        .args(arguments)
        .env("ROTA_DATABASE_URL", database.url())
        .output()
        .await?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok((output.status.code(), text(output.stdout), text(output.stderr)))
}

#[tokio::test]
async fn a_roster_is_generated_from_a_terminal() -> Result<()> {
    let (database, session) = ward().await?;
    let arguments = ["generate", "1", "--run", "--commit", "--options", r#"{"steps": 3000}"#];
    let (code, output, error) = rota_job(&database, &arguments).await?;
    assert_eq!(code, Some(0), "{error}");
    assert!(output.contains("job 1: submitted\njob 1: done, cost 0"), "{output}");
    assert!(output.contains("0 heads missing, written"), "{output}");
    assert_eq!(session.text("SELECT count(*) FROM workforce.assignments WHERE schedule_id = 1").await?, "56");
    Ok(())
}

#[tokio::test]
async fn a_job_that_fails_or_does_not_exist_is_an_error() -> Result<()> {
    let (database, _session) = ward().await?;
    let (code, _, error) = rota_job(&database, &["follow", "12"]).await?;
    assert_eq!(code, Some(1));
    assert!(error.contains("job 12 does not exist"), "{error}");
    let arguments = ["generate", "1", "--run", "--options", r#"{"time_ms": 0}"#];
    let (code, _, error) = rota_job(&database, &arguments).await?;
    assert_eq!(code, Some(1));
    assert!(error.contains("job 1 failed: options.time_ms is 0"), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_job_is_submitted_and_cancelled_from_a_terminal() -> Result<()> {
    let (database, _session) = ward().await?;
    let (code, output, _) = rota_job(&database, &["repair", "1", "--detach"]).await?;
    assert_eq!((code, output.as_str()), (Some(0), "job 1: submitted\n"));
    let (code, output, _) = rota_job(&database, &["cancel", "1"]).await?;
    assert_eq!((code, output.as_str()), (Some(0), "job 1: cancelled\n"));
    Ok(())
}
