//! `rota import` from the command line.

use std::env::temp_dir;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};
use rota_tests::database::Database;
use rota_tests::server::environment;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// Runs `rota` on a database with something to read from its standard input.
async fn rota(database_url: &str, arguments: &[&str], input: &[u8]) -> Result<Output> {
    let mut child = Command::new(&environment()?.binary)
        .args(arguments)
        .env("ROTA_DATABASE_URL", database_url)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut pipe = child.stdin.take().context("no standard input")?;
    // A command that refuses its arguments ends without reading.
    drop(pipe.write_all(input).await);
    drop(pipe);
    Ok(child.wait_with_output().await?)
}

fn printed(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// A folder that is removed with the value.
struct Folder(PathBuf);

impl Folder {
    fn make() -> Result<Self> {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let count = COUNTER.fetch_add(1, Ordering::Relaxed);
        let path = temp_dir().join(format!("rota-suite-{}-{count}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    fn file(&self, name: &str, content: &[u8]) -> Result<String> {
        std::fs::write(self.0.join(name), content)?;
        self.path(name)
    }

    fn path(&self, name: &str) -> Result<String> {
        Ok(self.0.join(name).to_str().context("no UTF-8")?.to_owned())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

const GOOD: &[u8] = b"employee_no,name,email\n1,Ada,a@example.org\n2,Ben,b@example.org\n";
const MIXED: &[u8] =
    b"employee_no,name,email\n1,Ada,a@example.org\n2,\"B, \"\"b\"\"\",A@example.org\n3,,c@example.org\n";

#[tokio::test]
async fn the_exit_status_tells_done_from_refused_rows_from_failed() -> Result<()> {
    let database = Database::migrated().await?;
    let folder = Folder::make()?;
    let (good, mixed) = (folder.file("good.csv", GOOD)?, folder.file("mixed.csv", MIXED)?);
    let broken = folder.file("broken.csv", b"employee_no,name,email\n1,\"Ada")?;
    let missing = folder.path("missing.csv")?;
    let url = database.url();
    let nowhere = "postgres://nobody@127.0.0.1:1/nothing";
    let cases: &[(&str, &[&str], i32, &str)] = &[
        (
            &url,
            &["import", "employees", &good],
            0,
            "employees: 2 rows, 2 inserted, 0 updated, 0 unchanged, 0 refused",
        ),
        (&url, &["import", "employees", &good], 0, "0 inserted, 0 updated, 2 unchanged"),
        (&url, &["import", "employees", &mixed], 2, "2 of 3 rows were refused"),
        (&url, &["import", "employees", &broken], 1, "never closed"),
        (&url, &["import", "employees", &missing], 1, "missing.csv"),
        (&url, &["import", "cats", &good], 1, "employees"),
        (nowhere, &["import", "employees", &good], 1, "cannot be reached"),
        (&url, &["import", "employees"], 2, "Usage"),
        (&url, &["import", "employees", &good, "--delimiter", "ab"], 2, "delimiter"),
    ];
    for (url, arguments, status, words) in cases {
        let output = rota(url, arguments, b"").await?;
        assert_eq!(output.status.code(), Some(*status), "{arguments:?}: {}", printed(&output));
        assert!(printed(&output).contains(words), "{words} is not in {}", printed(&output));
    }
    Ok(())
}

#[tokio::test]
async fn the_report_file_has_every_refused_row_for_a_program_to_read() -> Result<()> {
    let database = Database::migrated().await?;
    let folder = Folder::make()?;
    let report = folder.path("report.csv")?;
    let output = rota(&database.url(), &["import", "employees", "-", "--report", &report], MIXED).await?;
    assert_eq!(output.status.code(), Some(2));
    let expected = "line,column,code,message,other_id\n\
                    3,email,23505,\"e-mail address \"\"A@example.org\"\" stands in line 2 already\",line 2\n\
                    4,name,23502,name is missing,\n";
    assert_eq!(std::fs::read_to_string(Path::new(&report))?, expected);

    let output = rota(&database.url(), &["import", "employees", "-", "--report", &report], GOOD).await?;
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(std::fs::read_to_string(Path::new(&report))?, "line,column,code,message,other_id\n");

    let taken = b"employee_no,name,email\n7,Gus,a@example.org\n";
    rota(&database.url(), &["import", "employees", "-", "--report", &report], taken).await?;
    let session = database.session().await?;
    let holder = session.text("SELECT employee_id FROM workforce.employees WHERE employee_no = '1'").await?;
    let written = std::fs::read_to_string(Path::new(&report))?;
    assert!(written.trim_end().ends_with(&format!(",{holder}")), "the id of the row in the way: {written}");
    Ok(())
}

#[tokio::test]
async fn a_dry_run_of_the_command_changes_nothing_and_says_so() -> Result<()> {
    let database = Database::migrated().await?;
    let output = rota(&database.url(), &["import", "employees", "-", "--dry-run"], MIXED).await?;
    assert_eq!(output.status.code(), Some(2));
    assert!(
        printed(&output).contains("1 inserted") && printed(&output).contains("dry run"),
        "{}",
        printed(&output)
    );
    let session = database.session().await?;
    assert_eq!(session.text("SELECT count(*) FROM workforce.employees").await?, "0");
    Ok(())
}

#[tokio::test]
async fn another_delimiter_is_named_on_the_command_line() -> Result<()> {
    let database = Database::migrated().await?;
    let semicolons = b"employee_no;name;email\n1;\"Ada; B.\";a@example.org\n";
    let refused = rota(&database.url(), &["import", "employees", "-"], semicolons).await?;
    assert_eq!(refused.status.code(), Some(1));
    assert!(printed(&refused).contains("delimiter"), "{}", printed(&refused));
    let done = rota(&database.url(), &["import", "employees", "-", "--delimiter", ";"], semicolons).await?;
    assert_eq!(done.status.code(), Some(0), "{}", printed(&done));
    let session = database.session().await?;
    assert_eq!(session.text("SELECT name FROM workforce.employees").await?, "Ada; B.");
    Ok(())
}

#[tokio::test]
async fn rows_that_were_refused_are_imported_once_they_are_mended() -> Result<()> {
    let database = Database::migrated().await?;
    rota(&database.url(), &["import", "employees", "-"], MIXED).await?;
    let mended = b"employee_no,name,email\n1,Ada,a@example.org\n2,Ben,b@example.org\n3,Cem,c@example.org\n";
    let output = rota(&database.url(), &["import", "employees", "-"], mended).await?;
    assert_eq!(output.status.code(), Some(0));
    assert!(printed(&output).contains("2 inserted, 0 updated, 1 unchanged"), "{}", printed(&output));
    Ok(())
}
