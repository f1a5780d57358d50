//! `rota import`: loads one CSV file and says what became of its rows.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use tokio::io::AsyncRead;

use crate::config::Settings;
use crate::database::connect::{SessionOptions, connect};
use crate::error::Error;
use crate::import::{ImportOptions, ImportReport, ImportSpec, Refusal, read_catalog, run_import};

/// Refusals that are printed; the report has all of them. As many as fit on a screen.
const REFUSALS_PRINTED: usize = 20;

/// What `rota import` takes.
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// Name of the import, such as employees; an unknown one lists the known
    name: String,
    /// The CSV file, in UTF-8 with a header; - reads standard input
    file: PathBuf,
    /// Judge every row, but change nothing
    #[arg(long)]
    dry_run: bool,
    /// Write every refused row to this CSV file
    #[arg(long, value_name = "REPORT")]
    report: Option<PathBuf>,
    /// Character between two fields: one ASCII character, or tab
    #[arg(long, default_value = ",", value_parser = parse_delimiter)]
    delimiter: u8,
}

/// Runs the verb. Refused rows are an error of their own, so that scripts notice.
pub(super) async fn run(args: ImportArgs, settings: Settings) -> Result<(), Error> {
    let mut client = connect(&settings, SessionOptions::named("rota import")).await?;
    let catalog = read_catalog(&client).await.map_err(Error::database("does not show its imports"))?;
    let spec = find(catalog, &args.name)?;
    let (reader, length_bytes) = open(&args.file).await?;
    let options =
        ImportOptions { dry_run: args.dry_run, delimiter: args.delimiter, ..ImportOptions::default() };

    let bar = progress_bar(length_bytes);
    let outcome = run_import(&mut client, &spec, reader, &options, |bytes| bar.set_position(bytes)).await;
    bar.finish_and_clear();
    let report = outcome?;

    if let Some(path) = &args.report {
        write_report(path, &report.refusals)?;
    }
    // Whoever closed standard output does not want the summary.
    let _ = print(&mut std::io::stdout().lock(), &spec.name, &report);
    match report.refused {
        0 => Ok(()),
        refused => Err(Error::RowsRefused { refused, rows: report.rows }),
    }
}

fn find(catalog: Vec<ImportSpec>, name: &str) -> Result<ImportSpec, Error> {
    let known = catalog.iter().map(|spec| spec.name.clone()).collect();
    let found = catalog.into_iter().find(|spec| spec.name == name);
    found.ok_or_else(|| Error::UnknownImport { name: name.to_owned(), known })
}

/// The file with its length, or standard input without one.
async fn open(path: &Path) -> Result<(Box<dyn AsyncRead + Send + Unpin>, Option<u64>), Error> {
    if path == Path::new("-") {
        return Ok((Box::new(tokio::io::stdin()), None));
    }
    let fault = |source| Error::File { path: path.to_owned(), source };
    let file = tokio::fs::File::open(path).await.map_err(fault)?;
    let length_bytes = file.metadata().await.map_err(fault)?.len();
    Ok((Box::new(file), Some(length_bytes)))
}

/// A bar over the bytes of the file. It shows itself on a terminal only.
fn progress_bar(length_bytes: Option<u64>) -> ProgressBar {
    let (bar, template) = match length_bytes {
        Some(length) => (ProgressBar::new(length), "{bar:40} {bytes}/{total_bytes} {bytes_per_sec} {eta}"),
        None => (ProgressBar::no_length(), "{spinner} {bytes} {bytes_per_sec}"),
    };
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn parse_delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        _ if text == "tab" => Ok(b'\t'),
        b"\"" | b"\r" | b"\n" => Err("a quote or a line end cannot stand between fields".to_owned()),
        &[byte] if byte.is_ascii() => Ok(byte),
        _ => Err("one ASCII character is wanted, or the word tab".to_owned()),
    }
}

fn print(output: &mut impl Write, name: &str, report: &ImportReport) -> std::io::Result<()> {
    for refusal in report.refusals.iter().take(REFUSALS_PRINTED) {
        writeln!(output, "line {}: {} [{}]", refusal.line, refusal.message, refusal.code)?;
    }
    let more = report.refusals.len().saturating_sub(REFUSALS_PRINTED);
    if more > 0 {
        writeln!(output, "... and {more} more refusals; --report writes all of them")?;
    }
    let ImportReport { rows, inserted, updated, unchanged, refused, .. } = report;
    let dry_run = if report.dry_run { "; dry run, nothing was changed" } else { "" };
    writeln!(
        output,
        "{name}: {rows} rows, {inserted} inserted, {updated} updated, {unchanged} unchanged, \
         {refused} refused{dry_run}"
    )
}

/// The refused rows as CSV: line, column, code, message, `other_id`.
fn write_report(path: &Path, refusals: &[Refusal]) -> Result<(), Error> {
    let write = || -> csv::Result<()> {
        let mut writer = csv::Writer::from_path(path)?;
        writer.write_record(["line", "column", "code", "message", "other_id"])?;
        for refusal in refusals {
            let line = refusal.line.to_string();
            let column = refusal.column.as_deref().unwrap_or_default();
            let other_id = match &refusal.other_id {
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
                None => String::new(),
            };
            writer.write_record([&line, column, &refusal.code, &refusal.message, &other_id])?;
        }
        Ok(writer.flush()?)
    };
    write().map_err(|error| Error::File { path: path.to_owned(), source: error.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(refused: u64) -> ImportReport {
        let refusal = |line| Refusal {
            line,
            column: Some("email".to_owned()),
            code: "23505".to_owned(),
            message: "email is taken".to_owned(),
            other_id: None,
        };
        ImportReport {
            rows: 40,
            inserted: 3,
            refused,
            refusals: (2..refused + 2).map(refusal).collect(),
            ..Default::default()
        }
    }

    fn printed(report: &ImportReport) -> String {
        let mut output = Vec::new();
        print(&mut output, "employees", report).unwrap();
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn the_summary_names_every_count() {
        let expected = "line 2: email is taken [23505]\n\
            employees: 40 rows, 3 inserted, 0 updated, 0 unchanged, 1 refused\n";
        assert_eq!(printed(&report(1)), expected);
        let dry_run = ImportReport { dry_run: true, ..report(0) };
        assert!(printed(&dry_run).ends_with("0 refused; dry run, nothing was changed\n"));
    }

    #[test]
    fn a_screen_of_refusals_is_printed_and_the_rest_counted() {
        let text = printed(&report(25));
        assert_eq!(text.lines().count(), REFUSALS_PRINTED + 2);
        assert!(text.contains("... and 5 more refusals"));
    }

    #[test]
    fn a_delimiter_is_one_ascii_character() {
        assert_eq!(parse_delimiter(";"), Ok(b';'));
        assert_eq!(parse_delimiter("tab"), Ok(b'\t'));
        for wrong in ["", "ab", "ä", "\"", "\n"] {
            assert!(parse_delimiter(wrong).is_err(), "{wrong:?}");
        }
    }
}
