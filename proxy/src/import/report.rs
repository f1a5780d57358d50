//! What an import did, row by row where it refused.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_postgres::error::SqlState;

/// Refusals that the loader keeps in words. A file of another shape refuses every row: beyond this many it is
/// only counted, so that memory stays bounded.
const REFUSALS_KEPT: usize = 100_000;

/// One row that was not imported, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Physical line of the file on which the row starts, counted from 1.
    pub line: u64,
    /// The column at fault, if it is one.
    pub column: Option<String>,
    /// SQLSTATE of the reason.
    pub code: String,
    /// The reason, for people.
    pub message: String,
    /// Id of the row that is in the way, if there is one.
    #[serde(default)]
    pub other_id: Option<Value>,
}

/// The outcome of an import, as HTTP gives it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportReport {
    /// Rows of the file, without its header and empty lines.
    pub rows: u64,
    /// Rows that became new ones.
    pub inserted: u64,
    /// Rows that changed existing ones.
    pub updated: u64,
    /// Rows that stood there already.
    pub unchanged: u64,
    /// Rows that were refused.
    pub refused: u64,
    /// True if everything was rolled back on demand.
    #[serde(default)]
    pub dry_run: bool,
    /// The transaction that wrote the rows. A header tells it, not the report.
    #[serde(skip)]
    pub transaction: Option<u64>,
    /// Every fault of the refused rows in the order of the file, at least one for each row unless they are
    /// very many.
    pub refusals: Vec<Refusal>,
}

impl ImportReport {
    /// Joins what the function of the import says with what the loader refused before, sorted by line.
    #[must_use]
    pub(super) fn merge(mut self, loader: Refusals, dry_run: bool) -> Self {
        self.rows += loader.count;
        self.refused += loader.count;
        self.refusals.extend(loader.kept);
        self.refusals.sort_by_key(|refusal| refusal.line);
        self.dry_run = dry_run;
        // What is rolled back is no transaction to wait for.
        self.transaction = self.transaction.filter(|_| !dry_run);
        self
    }
}

/// The rows that the loader refuses because they are no rows of this file.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    count: u64,
    kept: Vec<Refusal>,
}

impl Refusals {
    /// A row with another number of fields than the header.
    pub(super) fn field_count(&mut self, line: u64, found: usize, expected: usize) {
        let message = format!("the number of fields is {found}, that of the header {expected}");
        self.push(line, None, &SqlState::BAD_COPY_FILE_FORMAT, message);
    }

    /// A field with bytes that are not UTF-8.
    pub(super) fn encoding(&mut self, line: u64, column: &str) {
        let message = format!("{column} is not valid UTF-8; save the file as UTF-8");
        self.push(line, Some(column), &SqlState::CHARACTER_NOT_IN_REPERTOIRE, message);
    }

    /// A field with a zero byte, which text in the server cannot hold.
    pub(super) fn zero_byte(&mut self, line: u64, column: &str) {
        let message = format!("{column} holds a zero byte; remove it");
        self.push(line, Some(column), &SqlState::CHARACTER_NOT_IN_REPERTOIRE, message);
    }

    fn push(&mut self, line: u64, column: Option<&str>, code: &SqlState, message: String) {
        self.count += 1;
        if self.kept.len() < REFUSALS_KEPT {
            let column = column.map(str::to_owned);
            self.kept.push(Refusal { line, column, code: code.code().to_owned(), message, other_id: None });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_of_loader_and_function_are_merged_by_line() {
        let function: ImportReport = serde_json::from_str(
            r#"{"rows": 5, "inserted": 3, "updated": 0, "unchanged": 1, "refused": 1,
                "refusals": [{"line": 4, "column": "email", "code": "23505",
                    "message": "taken", "other_id": 7}]}"#,
        )
        .unwrap();
        let mut loader = Refusals::default();
        loader.field_count(2, 3, 4);
        loader.encoding(9, "name");

        let report = function.merge(loader, true);
        assert_eq!((report.rows, report.inserted, report.unchanged, report.refused), (7, 3, 1, 3));
        assert_eq!(report.refusals.iter().map(|refusal| refusal.line).collect::<Vec<_>>(), [2, 4, 9]);
        assert_eq!(report.refusals[0].message, "the number of fields is 3, that of the header 4");
        assert_eq!(report.refusals[1].other_id, Some(Value::from(7)));
        assert!(report.dry_run);
    }

    #[test]
    fn refusals_beyond_the_limit_are_still_counted() {
        let mut loader = Refusals::default();
        for line in 0..REFUSALS_KEPT as u64 + 5 {
            loader.field_count(line, 1, 2);
        }
        let report = ImportReport::default().merge(loader, false);
        assert_eq!((report.refused, report.refusals.len()), (REFUSALS_KEPT as u64 + 5, REFUSALS_KEPT));
    }
}
