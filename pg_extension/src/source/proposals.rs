//! Proposed assignments, as callers write them in JSON.

use std::collections::HashMap;

use rota_engine::Span;

use super::query::{Connection, Parameters, Row};
use super::views::Views;
use crate::error::ExtensionError;

/// Proposals of one call: a month of a large ward is some thousands.
const MOST_PROPOSALS: usize = 10_000;

/// Somebody proposed to work at some time.
#[derive(Debug, Clone)]
pub(crate) struct Proposal {
    /// Id of the person.
    pub(crate) person_id: String,
    /// Id of the shift, if it is on one.
    pub(crate) shift_id: Option<String>,
    /// When: as written, or else the shift's.
    pub(crate) span: Span,
}

/// Reads `[{"person_id", "shift_id"?, "starts_at"?, "ends_at"?}, …]`.
///
/// # Errors
/// [`ExtensionError::UnreadableProposal`] for what is no such list, names no time, or a shift that does not
/// exist; [`ExtensionError::TooManyProposals`]; as [`Views::check`].
pub(crate) fn read_proposals(
    connection: &Connection,
    views: &Views,
    proposed: pgrx::JsonB,
) -> Result<Vec<Proposal>, ExtensionError> {
    let items = proposed.0.as_array().ok_or(ExtensionError::ProposedNoList)?;
    if items.len() > MOST_PROPOSALS {
        return Err(ExtensionError::TooManyProposals { given: items.len(), limit: MOST_PROPOSALS });
    }
    if let Some(position) = items.iter().position(|item| !item.is_object()) {
        return Err(unreadable(position, "is no object"));
    }
    views.check("assignments", &["person_id", "shift_id"])?;
    let person_type = views.column_type("assignments", "person_id")?;
    let shift_type = views.column_type("assignments", "shift_id")?;
    let mut drafts = Vec::with_capacity(items.len());
    let mut parameters = Parameters::default();
    // Taken apart by the server, so that instants and ids are read, and ids written, as everywhere else.
    let query = format!(
        "SELECT
            proposal.person_id::{person_type}::text,
            proposal.shift_id::{shift_type}::text,
            CASE
                WHEN proposal.starts_at < proposal.ends_at
                    THEN pg_catalog.tstzrange(proposal.starts_at, proposal.ends_at)
            END,
            (proposal.starts_at IS NOT NULL)::integer::bigint,
            (proposal.ends_at IS NOT NULL)::integer::bigint
        FROM
            ROWS FROM (
                pg_catalog.jsonb_to_recordset({}) AS (
                    person_id text,
                    shift_id text,
                    starts_at timestamptz,
                    ends_at timestamptz
                )
            ) WITH ORDINALITY AS proposal (person_id, shift_id, starts_at, ends_at, position)
        ORDER BY
            proposal.position",
        parameters.json(proposed)
    );
    connection.for_each_of("proposed", &query, parameters, |row| {
        drafts.push(Draft::read(drafts.len(), row)?);
        Ok(())
    })?;
    let spans = shift_spans(connection, views, &drafts)?;
    drafts.into_iter().enumerate().map(|(position, draft)| draft.complete(position, &spans)).collect()
}

/// A proposal whose time may still be that of its shift.
struct Draft {
    person_id: String,
    shift_id: Option<String>,
    span: Option<Span>,
}

impl Draft {
    fn read(position: usize, row: &Row<'_>) -> Result<Self, ExtensionError> {
        let person_id = row.text(1).ok_or_else(|| unreadable(position, "has no person_id"))?.to_owned();
        let shift_id = row.text(2).map(str::to_owned);
        let span = match (row.integer(4), row.integer(5), &shift_id) {
            (Some(1), Some(1), _) => {
                Some(row.span(3).ok_or_else(|| unreadable(position, "does not end after it starts"))?)
            }
            (Some(0), Some(0), Some(_)) => None,
            (Some(0), Some(0), None) => {
                return Err(unreadable(position, "has neither shift_id nor starts_at and ends_at"));
            }
            _ => return Err(unreadable(position, "has only one of starts_at and ends_at")),
        };
        Ok(Self { person_id, shift_id, span })
    }

    fn complete(self, position: usize, spans: &HashMap<String, Span>) -> Result<Proposal, ExtensionError> {
        let span = match (self.span, &self.shift_id) {
            (Some(span), None) => Some(span),
            (written, Some(shift_id)) => {
                let of_shift = spans.get(shift_id).copied().ok_or_else(|| {
                    ExtensionError::UnknownInProposal { position, noun: "shift", id: shift_id.clone() }
                })?;
                Some(written.unwrap_or(of_shift))
            }
            (None, None) => None,
        };
        let span = span.ok_or_else(|| unreadable(position, "has no time"))?;
        Ok(Proposal { person_id: self.person_id, shift_id: self.shift_id, span })
    }
}

/// When the shifts of the drafts are.
fn shift_spans(
    connection: &Connection,
    views: &Views,
    drafts: &[Draft],
) -> Result<HashMap<String, Span>, ExtensionError> {
    let mut spans = HashMap::new();
    let ids: Vec<String> = drafts.iter().filter_map(|draft| draft.shift_id.clone()).collect();
    if ids.is_empty() {
        return Ok(spans);
    }
    views.check("shifts", &["shift_id", "during"])?;
    let id_type = views.column_type("shifts", "shift_id")?;
    let mut parameters = Parameters::default();
    let query = format!(
        "SELECT shift.shift_id::text, shift.during
        FROM rota_source.shifts AS shift
        WHERE shift.shift_id = ANY ({}::{id_type}[])",
        parameters.texts(&ids)
    );
    connection.for_each(&query, parameters, |row| {
        if let (Some(id), Some(span)) = (row.text(1), row.span(2)) {
            spans.insert(id.to_owned(), span);
        }
        Ok(())
    })?;
    Ok(spans)
}

fn unreadable(position: usize, fault: &str) -> ExtensionError {
    ExtensionError::UnreadableProposal { position, fault: fault.to_owned() }
}
