//! How a writer hears of broken rules.

use std::fmt;

use pgrx::pg_sys::errcodes::PgSqlErrorCode;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{PgLogLevel, function_name, pg_sys};
use rota_engine::rule::Mode;

use super::arguments::Arguments;
use crate::compliance::row::VerdictRow;
use crate::guard::{name_of, schema_of};

/// Messages of one statement: who writes more wants a list, which is `rota.written_verdicts`.
const MOST_MESSAGES: usize = 20;

/// Verdicts that a refusal names beside the first.
const NAMED_VERDICTS: usize = 5;

/// A refusal with everything that its report says.
#[derive(Debug, Clone)]
pub(crate) struct Breach {
    /// Schema of the table.
    pub(crate) schema: String,
    /// The table that was written.
    pub(crate) table: String,
    /// The person's column.
    pub(crate) column: String,
    /// The rule.
    pub(crate) rule: String,
    /// What was measured, and what else is broken.
    pub(crate) detail: Option<String>,
    message: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

/// The refusal of a statement; `None` where nothing refuses it.
pub(super) fn breach(
    refused: &[VerdictRow],
    (table, arguments): (pg_sys::Oid, &Arguments<'_>),
    may_tell: bool,
) -> Option<Breach> {
    let (first, others) = refused.split_first()?;
    let message = if may_tell {
        first.message.clone()
    } else {
        format!("rule {} would be broken for somebody of {}", first.rule.id, arguments.person)
    };
    Some(Breach {
        schema: schema_of(table),
        table: name_of(table),
        column: arguments.person.to_owned(),
        rule: first.rule.id.clone(),
        detail: may_tell.then(|| detail(first, others)),
        message,
    })
}

/// Tells what rules of the modes `warn` and `advise` say.
pub(super) fn tell(told: &[VerdictRow], may_tell: bool) {
    for row in told.iter().take(MOST_MESSAGES) {
        let (level, code) = match row.rule.mode {
            Mode::Warn => (PgLogLevel::WARNING, PgSqlErrorCode::ERRCODE_WARNING),
            _ => (PgLogLevel::NOTICE, PgSqlErrorCode::ERRCODE_SUCCESSFUL_COMPLETION),
        };
        let report = if may_tell {
            ErrorReport::new(code, row.message.clone(), function_name!()).set_detail(facts(row))
        } else {
            let message = format!("rule {} is broken for somebody", row.rule.id);
            ErrorReport::new(code, message, function_name!())
        };
        report.report(level);
    }
    let more = told.len().saturating_sub(MOST_MESSAGES);
    if more > 0 {
        let message = format!("{more} more verdicts on this statement: rota.written_verdicts() lists them");
        let code = PgSqlErrorCode::ERRCODE_SUCCESSFUL_COMPLETION;
        ErrorReport::new(code, message, function_name!()).report(PgLogLevel::NOTICE);
    }
}

fn detail(first: &VerdictRow, others: &[VerdictRow]) -> String {
    let mut detail = facts(first);
    if !others.is_empty() {
        let named: Vec<&str> = others.iter().take(NAMED_VERDICTS).map(|row| row.message.as_str()).collect();
        detail = format!("{detail} {} more: {}.", others.len(), named.join("; "));
    }
    detail
}

/// `Person 7, rule acgme/A1: measured 4815 minutes per 7 days, limit 4800, from … to …; source: CPR 6.20.`
fn facts(row: &VerdictRow) -> String {
    let measured = row.measured.map_or_else(|| "nothing".to_owned(), |measured| measured.to_string());
    let source = row.rule.source.as_ref().map(|source| format!("; source: {source}")).unwrap_or_default();
    let instant = |instant: rota_engine::Instant| {
        format!("{}Z", rota_engine::LocalDateTime::from_microseconds(instant.microseconds()))
    };
    format!(
        "Person {}, rule {}: measured {measured} {}, limit {}, from {} to {}{source}.",
        row.person_id,
        row.rule.id,
        row.unit,
        row.limit,
        instant(row.during.start()),
        instant(row.during.end()),
    )
}
