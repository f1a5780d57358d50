//! A file written row by row, each with what is said about it.

use anyhow::{Context, Result};
use serde_json::Value;

use super::super::service::{Service, number};

/// A row of a file, and what refuses it: column, SQLSTATE, and a word that the message must have.
pub(super) struct Row {
    bytes: Vec<u8>,
    refused: Vec<Refusal>,
}

/// A refusal as expected; the column is empty when the row as a whole is at fault.
#[derive(Debug, PartialEq)]
struct Refusal {
    column: &'static str,
    code: &'static str,
    word: String,
    other_id: Option<String>,
}

/// A row that must be imported.
pub(super) fn good(text: impl Into<Vec<u8>>) -> Row {
    Row { bytes: text.into(), refused: Vec::new() }
}

/// A row that must be refused.
pub(super) fn bad(
    text: impl Into<Vec<u8>>,
    column: &'static str,
    code: &'static str,
    word: impl Into<String>,
) -> Row {
    let refusal = Refusal { column, code, word: word.into(), other_id: None };
    Row { bytes: text.into(), refused: vec![refusal] }
}

impl Row {
    /// The refusal names this row as the one in the way.
    pub(super) fn because_of(mut self, other_id: impl Into<String>) -> Self {
        if let Some(refusal) = self.refused.last_mut() {
            refusal.other_id = Some(other_id.into());
        }
        self
    }

    /// The row has another fault besides.
    pub(super) fn and(mut self, column: &'static str, code: &'static str, word: &str) -> Self {
        self.refused.push(Refusal { column, code, word: word.to_owned(), other_id: None });
        self
    }
}

/// The file, with the line on which each row starts.
fn file(header: &str, rows: &[Row]) -> (Vec<u8>, Vec<u64>) {
    let mut bytes = format!("{header}\n").into_bytes();
    let mut line = 2;
    let mut lines = Vec::new();
    for row in rows {
        lines.push(line);
        line += 1 + row.bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        bytes.extend_from_slice(&row.bytes);
        bytes.push(b'\n');
    }
    (bytes, lines)
}

/// Imports the rows, first as a dry run, and fails unless exactly the bad ones are refused for their
/// reasons and all good ones are in.
pub(super) async fn import_and_compare(
    service: &Service,
    import: &str,
    header: &str,
    rows: Vec<Row>,
) -> Result<()> {
    let (csv, lines) = file(header, &rows);
    let dry = service.dry_import(import, &csv).await?;
    let mut report = service.import(import, &csv).await?;
    let refusals = report["refusals"].as_array().context("no refusals")?.clone();
    let mut expected: Vec<(u64, Refusal)> = Vec::new();
    let mut good_rows = 0;
    for (row, line) in rows.into_iter().zip(lines) {
        good_rows += i64::from(row.refused.is_empty());
        expected.extend(row.refused.into_iter().map(|refusal| (line, refusal)));
    }

    let mut faults = Vec::new();
    let mut found = refusals.clone();
    for (line, refusal) in &expected {
        let at = found.iter().position(|item| matches(item, *line, refusal));
        match at {
            Some(at) => drop(found.swap_remove(at)),
            None => faults.push(format!("line {line} is not refused as {refusal:?}")),
        }
    }
    faults.extend(found.iter().map(|item| format!("not expected: {item}")));
    assert!(faults.is_empty(), "{}\nfrom {}", faults.join("\n"), String::from_utf8_lossy(&csv));

    assert_eq!(dry["refusals"], report["refusals"], "the dry run says the same");
    report["dry_run"] = Value::Bool(true);
    assert_eq!(dry, report);
    let refused_lines: std::collections::BTreeSet<_> = expected.iter().map(|(line, _)| line).collect();
    assert_eq!(number(&report["refused"])?, i64::try_from(refused_lines.len())?);
    let written = number(&report["inserted"])? + number(&report["updated"])? + number(&report["unchanged"])?;
    assert_eq!(written, good_rows, "{report}");
    Ok(())
}

fn matches(found: &Value, line: u64, expected: &Refusal) -> bool {
    found["line"] == line
        && found["column"].as_str().unwrap_or_default() == expected.column
        && found["code"] == expected.code
        && found["message"].as_str().is_some_and(|message| message.contains(&expected.word))
        && (expected.other_id.is_none() || found["other_id"].as_str() == expected.other_id.as_deref())
}
