//! The statements in `migrations/indexes`.
//!
//! The rule is strict, so that no parser of SQL is needed: a statement runs to the first line that ends with
//! `;`; comment lines stand between statements, and those right above a statement say what the index is for;
//! a statement is `CREATE [UNIQUE] INDEX CONCURRENTLY IF NOT EXISTS name ON schema.table ...`. Anything else
//! is refused.

use crate::migration::embedded::{self, SqlFile};
use crate::migration::fault::MigrationFault;

/// One desired index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IndexStatement {
    /// Schema of the table, and so of the index.
    pub(super) schema: String,
    /// Name of the index.
    pub(super) name: String,
    /// The whole statement.
    pub(super) file: SqlFile,
    purpose: String,
    checksum: String,
}

impl IndexStatement {
    /// `schema.name`.
    pub(super) fn qualified_name(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }

    /// What the index's comment says when it was built from this statement: its purpose and a mark.
    pub(super) fn comment(&self) -> String {
        format!("{} {}", self.purpose, self.mark()).trim_start().to_owned()
    }

    /// The mark alone: equal marks mean the same definition.
    pub(super) fn mark(&self) -> String {
        format!("{MARK_START}{}]", &self.checksum[..16])
    }
}

/// How a mark begins. It ends with 16 digits and `]`.
pub(super) const MARK_START: &str = "[definition ";

/// Reads one file.
pub(super) fn parse(file: &SqlFile) -> Result<Vec<IndexStatement>, MigrationFault> {
    let mut statements = Vec::new();
    let mut purpose: Vec<&str> = Vec::new();
    let mut lines: Vec<&str> = Vec::new();
    let mut first_line = 0;
    for (index, line) in file.text.lines().enumerate() {
        let content = line.trim();
        if lines.is_empty() {
            if let Some(comment) = content.strip_prefix("--") {
                purpose.push(comment.trim());
                continue;
            }
            if content.is_empty() {
                purpose.clear();
                continue;
            }
            first_line = index + 1;
        }
        lines.push(line);
        if content.ends_with(';') {
            let text = lines.join("\n").trim().trim_end_matches(';').to_owned();
            statements.push(
                read(file, &text, &purpose.join(" ")).map_err(|reason| fault(file, first_line, reason))?,
            );
            lines.clear();
            purpose.clear();
        }
    }
    if lines.is_empty() {
        return Ok(statements);
    }
    Err(fault(file, first_line, "the statement does not end; put ; at the end of its last line".to_owned()))
}

/// Takes one statement apart, as far as its table.
fn read(file: &SqlFile, text: &str, purpose: &str) -> Result<IndexStatement, String> {
    if text.contains(';') || text.contains("--") {
        return Err("a statement holds no other ; and no comment; put comments above it".to_owned());
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let wanted = "only CREATE [UNIQUE] INDEX CONCURRENTLY IF NOT EXISTS name ON schema.table stands here";
    let (["CREATE", "UNIQUE", "INDEX", "CONCURRENTLY", "IF", "NOT", "EXISTS", name, "ON", table, ..]
    | ["CREATE", "INDEX", "CONCURRENTLY", "IF", "NOT", "EXISTS", name, "ON", table, ..]) = words.as_slice()
    else {
        return Err(wanted.to_owned());
    };
    let table = table.split('(').next().unwrap_or_default();
    let Some((schema, table)) = table.split_once('.') else {
        return Err(format!("table {table:?} has no schema; write schema.table"));
    };
    for identifier in [name, schema, table] {
        check_identifier(identifier)?;
    }
    Ok(IndexStatement {
        schema: schema.to_owned(),
        name: (*name).to_owned(),
        file: SqlFile { path: file.path.clone(), text: text.to_owned().into() },
        purpose: purpose.to_owned(),
        // Over the words, so that a new line break rebuilds no index.
        checksum: embedded::checksum(words),
    })
}

/// Plain identifiers only: a statement and the catalog then agree without quoting.
fn check_identifier(identifier: &str) -> Result<(), String> {
    let is_plain =
        |character: char| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '_';
    // The server cuts a longer name without an error, and the index would never be found again.
    const LENGTH_LIMIT_BYTES: usize = 63;
    if identifier.is_empty() || identifier.len() > LENGTH_LIMIT_BYTES || !identifier.chars().all(is_plain) {
        return Err(format!(
            "name {identifier:?} is not of lower-case letters, digits and _, at most {LENGTH_LIMIT_BYTES}"
        ));
    }
    Ok(())
}

fn fault(file: &SqlFile, line: usize, reason: String) -> MigrationFault {
    MigrationFault::IndexFile { file: file.path.clone(), line, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_text(text: &str) -> Result<Vec<IndexStatement>, MigrationFault> {
        parse(&SqlFile { path: "migrations/indexes/a.sql".to_owned(), text: text.to_owned().into() })
    }

    fn reason(text: &str) -> (usize, String) {
        match parse_text(text).unwrap_err() {
            MigrationFault::IndexFile { line, reason, .. } => (line, reason),
            other => panic!("{other}"),
        }
    }

    const TWO: &str = "-- What this file holds.\n\n-- Shifts of a department,\n-- by date.\n\
        CREATE INDEX CONCURRENTLY IF NOT EXISTS shifts_by_date\n    ON workforce.shifts (date);\n\
        CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS one ON workforce.people(lower(email)) WHERE active;\n";

    #[test]
    fn statements_carry_table_name_and_the_comment_above_them() {
        let statements = parse_text(TWO).unwrap();
        let names: Vec<_> = statements.iter().map(IndexStatement::qualified_name).collect();
        assert_eq!(names, ["workforce.shifts_by_date", "workforce.one"]);
        assert!(statements[0].comment().starts_with("Shifts of a department, by date. [definition "));
        assert!(statements[1].comment().starts_with(MARK_START));
        assert!(statements[1].file.text.ends_with("WHERE active"));
    }

    #[test]
    fn a_new_line_break_is_no_new_definition_and_a_new_column_is() {
        let one_line = TWO.replace("shifts_by_date\n    ON", "shifts_by_date ON");
        let (two, one) = (parse_text(TWO).unwrap(), parse_text(&one_line).unwrap());
        assert_eq!(two[0].mark(), one[0].mark());
        let other = parse_text(&TWO.replace("(date)", "(date, shift_id)")).unwrap();
        assert_ne!(two[0].mark(), other[0].mark());
    }

    #[test]
    fn what_breaks_the_rule_is_refused_with_its_line() {
        assert_eq!(reason("-- a\nSELECT 1;").0, 2);
        assert_eq!(reason("\n\nCREATE INDEX a ON b.c (d);").0, 3);
        assert!(reason("CREATE INDEX CONCURRENTLY IF NOT EXISTS a ON c (d);").1.contains("has no schema"));
        assert!(reason("CREATE INDEX CONCURRENTLY IF NOT EXISTS \"A\" ON b.c (d);").1.contains("lower-case"));
        assert!(reason("CREATE INDEX CONCURRENTLY IF NOT EXISTS a ON b.c (d)").1.contains("does not end"));
        assert!(
            reason("CREATE INDEX CONCURRENTLY IF NOT EXISTS a ON b.c (d); SELECT 1;").1.contains("other ;")
        );
        let long = format!("CREATE INDEX CONCURRENTLY IF NOT EXISTS {} ON b.c (d);", "a".repeat(64));
        assert!(reason(&long).1.contains("at most 63"));
    }

    #[test]
    fn the_embedded_files_keep_the_rule() {
        for file in embedded::indexes() {
            parse(&file).unwrap();
        }
    }
}
