//! Settings: four layers, all faults at once with their source, and secrets stay hidden.

use std::path::PathBuf;

use anyhow::{Context, Result};
use rota_tests::server::environment;
use tokio::process::Command;

/// What the program said, and how it ended.
struct Said {
    code: Option<i32>,
    out: String,
    errors: String,
}

/// A settings file of a test's own, removed with the value.
struct SettingsFile(PathBuf);

impl SettingsFile {
    fn holding(name: &str, text: &str) -> Result<Self> {
        let path = std::env::temp_dir().join(format!("rota-settings-{}-{name}.toml", std::process::id()));
        std::fs::write(&path, text)?;
        Ok(Self(path))
    }

    fn path(&self) -> Result<&str> {
        self.0.to_str().context("a path that is no text")
    }
}

impl Drop for SettingsFile {
    fn drop(&mut self) {
        // What is left of a temporary file is nobody's loss.
        drop(std::fs::remove_file(&self.0));
    }
}

async fn rota(flags: &[&str], variables: &[(&str, &str)]) -> Result<Said> {
    let mut command = Command::new(&environment()?.binary);
    command.args(["serve", "--print-settings"]).args(flags).env_clear().envs(variables.iter().copied());
    let output = command.output().await?;
    Ok(Said {
        code: output.status.code(),
        out: String::from_utf8(output.stdout)?,
        errors: String::from_utf8(output.stderr)?,
    })
}

#[tokio::test]
async fn flags_win_over_the_environment_which_wins_over_the_file() -> Result<()> {
    let file = SettingsFile::holding(
        "layers",
        "pool_size = 11\nslow_threshold_ms = 111\nretry_after_seconds = 5\nlisten = \"127.0.0.1:9999\"\n",
    )?;
    let variables =
        [("ROTA_POOL_SIZE", "12"), ("ROTA_SLOW_THRESHOLD_MS", "112"), ("ROTA_CONFIG", file.path()?)];
    let said = rota(&["--pool-size", "13"], &variables).await?;
    assert_eq!(said.code, Some(0), "{}", said.errors);
    for (setting, source) in [
        ("pool_size = 13 ", "flag --pool-size"),
        ("slow_threshold_ms = 112 ", "variable ROTA_SLOW_THRESHOLD_MS"),
        ("retry_after_seconds = 5 ", file.path()?),
        ("body_limit_bytes = 1048576 ", "default"),
    ] {
        let line = said.out.lines().find(|line| line.starts_with(setting));
        let line = line.with_context(|| format!("no {setting}in\n{}", said.out))?;
        assert!(line.ends_with(source), "{line}");
    }
    Ok(())
}

#[tokio::test]
async fn what_is_printed_is_a_settings_file() -> Result<()> {
    let first = rota(&["--pool-size", "13", "--log-format", "human"], &[]).await?;
    let file = SettingsFile::holding("printed", &first.out)?;
    let second = rota(&["--config", file.path()?], &[]).await?;
    let values = |said: &Said| -> Vec<String> {
        said.out.lines().map(|line| line.split(" # ").next().unwrap_or_default().trim().to_owned()).collect()
    };
    assert_eq!(second.code, Some(0), "{}", second.errors);
    assert_eq!(values(&first), values(&second));
    assert!(values(&first).len() > 25, "{}", first.out);
    Ok(())
}

#[tokio::test]
async fn all_faults_of_all_layers_are_told_at_once_with_their_source() -> Result<()> {
    let file = SettingsFile::holding(
        "faults",
        "pool_size = 0\npol_size = 3\nlisten = [\"a\"]\nrequest_log = \"some\"\ncolour = \"red\"\n",
    )?;
    let variables = [
        ("ROTA_THREADS", "many"),
        ("ROTA_DATABASE_URL", "mysql://user:hidden_word@host/base"),
        ("ROTA_LOG_FILTER", "rota=loud=er"),
    ];
    let flags = ["--config", file.path()?, "--admin-listen", "nowhere", "--slow-threshold-ms", "-1"];
    let said = rota(&flags, &variables).await;
    let said = match said {
        Ok(said) if said.errors.contains("unexpected argument") => rota(&flags[..4], &variables).await?,
        other => other?,
    };
    assert_eq!(said.code, Some(2), "{}", said.errors);
    let from_file = file.path()?;
    for (setting, source) in [
        ("pool_size (", from_file),
        ("pol_size (", from_file),
        ("listen (", from_file),
        ("request_log (", from_file),
        ("colour (", from_file),
        ("threads (", "variable ROTA_THREADS"),
        ("database_url (", "variable ROTA_DATABASE_URL"),
        ("log_filter (", "variable ROTA_LOG_FILTER"),
        ("admin_listen (", "flag --admin-listen"),
    ] {
        let line = said.errors.lines().find(|line| line.trim_start().starts_with(setting));
        let line = line.with_context(|| format!("no {setting} in\n{}", said.errors))?;
        assert!(line.contains(source), "{line}");
    }
    assert!(said.errors.contains("did you mean pool_size"), "{}", said.errors);
    assert!(!said.errors.contains("hidden_word"), "{}", said.errors);
    assert!(said.out.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_variable_that_is_no_setting_is_a_fault() -> Result<()> {
    let said = rota(&[], &[("ROTA_POL_SIZE", "3"), ("ROTA_COLOUR", "red"), ("ROTA_POOL_SIZE", "0")]).await?;
    assert_eq!(said.code, Some(2), "{}", said.errors);
    for name in ["ROTA_POL_SIZE", "ROTA_COLOUR", "ROTA_POOL_SIZE"] {
        assert!(said.errors.contains(name), "no {name} in\n{}", said.errors);
    }
    Ok(())
}

#[tokio::test]
async fn settings_that_contradict_each_other_are_faults() -> Result<()> {
    let said = rota(
        &[
            "--statement-timeout-ms",
            "40000",
            "--listen",
            "127.0.0.1:7777",
            "--admin-listen",
            "127.0.0.1:7777",
        ],
        &[],
    )
    .await?;
    assert_eq!(said.code, Some(2), "{}", said.errors);
    for setting in ["statement_timeout_ms", "admin_listen"] {
        assert!(said.errors.contains(setting), "{}", said.errors);
    }
    Ok(())
}

#[tokio::test]
async fn a_settings_file_that_cannot_be_read_is_a_fault_with_its_name() -> Result<()> {
    let broken = SettingsFile::holding("broken", "pool_size = = 3\n")?;
    for path in ["/nowhere/rota.toml", broken.path()?] {
        let said = rota(&["--config", path], &[]).await?;
        assert_eq!(said.code, Some(2), "{}", said.errors);
        assert!(said.errors.contains(path), "{}", said.errors);
    }
    Ok(())
}

#[tokio::test]
async fn passwords_are_never_printed() -> Result<()> {
    for url in [
        "postgres://user:hidden_word@localhost/base",
        "host=localhost user=user password=hidden_word dbname=base",
        "postgres://localhost/base?user=user&password=hidden_word",
    ] {
        let said = rota(&[], &[("ROTA_DATABASE_URL", url)]).await?;
        assert_eq!(said.code, Some(0), "{}", said.errors);
        let line =
            said.out.lines().find(|line| line.starts_with("database_url")).context("no database_url")?;
        assert!(line.contains("host=localhost") && line.contains("password=***"), "{line}");
        assert!(!format!("{}{}", said.out, said.errors).contains("hidden_word"));
    }
    Ok(())
}

#[tokio::test]
async fn every_setting_is_a_flag_and_is_documented() -> Result<()> {
    let help = Command::new(&environment()?.binary).args(["serve", "--help"]).env_clear().output().await?;
    let help = String::from_utf8(help.stdout)?;
    let printed = rota(&[], &[]).await?.out;
    for name in printed.lines().filter_map(|line| line.split(" = ").next()) {
        let flag = format!("--{} ", name.replace('_', "-"));
        let variable = format!("ROTA_{}", name.to_uppercase());
        assert!(help.contains(&flag) && help.contains(&variable), "{name} is not in\n{help}");
    }
    Ok(())
}
