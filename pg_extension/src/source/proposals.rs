//! Proposed assignments, as callers write them in JSON.

use std::collections::HashMap;

use rota_engine::conflict::Load;
use rota_engine::{Duration, Span};

use super::bookings::{Booking, read_bookings};
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
    /// When: as written, or else the shift's, or that of the assignment it replaces.
    pub(crate) span: Span,
    /// How much of the person it takes.
    pub(crate) load: Load,
    /// Time in it that is not paid; `None` for the shift's break.
    pub(crate) unpaid: Option<Duration>,
    /// The assignment whose place it takes.
    pub(crate) replaced: Option<Booking>,
}

/// Reads `[{"person_id", "shift_id"?, "starts_at"?, "ends_at"?, "load"?, "unpaid_minutes"?, "replaces"?}, …]`.
///
/// What a proposal leaves out is as in the assignment that it replaces, if it replaces one.
///
/// # Errors
/// [`ExtensionError::UnreadableProposal`] for what is no such list, names no time, or a shift or assignment that
/// does not exist; [`ExtensionError::TooManyProposals`]; as [`Views::check`].
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
    let assignment_type = views.column_type("assignments", "assignment_id")?;
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
            (proposal.ends_at IS NOT NULL)::integer::bigint,
            (proposal.load * 1000000000)::bigint,
            (proposal.unpaid_minutes * 60000000)::bigint,
            proposal.replaces::{assignment_type}::text
        FROM
            ROWS FROM (
                pg_catalog.jsonb_to_recordset({}) AS (
                    person_id text,
                    shift_id text,
                    starts_at timestamptz,
                    ends_at timestamptz,
                    load numeric,
                    unpaid_minutes numeric,
                    replaces text
                )
            ) WITH ORDINALITY AS proposal (
                person_id, shift_id, starts_at, ends_at, load, unpaid_minutes, replaces, position
            )
        ORDER BY
            proposal.position",
        parameters.json(proposed)
    );
    connection.for_each_of("proposed", &query, parameters, |row| {
        drafts.push(Draft::read(drafts.len(), row)?);
        Ok(())
    })?;
    let spans = shift_spans(connection, views, &drafts)?;
    let replaced: Vec<String> = drafts.iter().filter_map(|draft| draft.replaces.clone()).collect();
    let bookings = read_bookings(connection, views, &replaced)?;
    let mut bookings = bookings.into_iter().map(|(id, booking)| (id, Some(booking))).collect();
    drafts
        .into_iter()
        .enumerate()
        .map(|(position, draft)| draft.complete(position, &spans, &mut bookings))
        .collect()
}

/// A proposal that may still leave something to its shift, or to the assignment that it replaces.
struct Draft {
    person_id: Option<String>,
    shift_id: Option<String>,
    span: Option<Span>,
    load: Option<Load>,
    unpaid: Option<Duration>,
    replaces: Option<String>,
}

impl Draft {
    fn read(position: usize, row: &Row<'_>) -> Result<Self, ExtensionError> {
        let replaces = row.text(8).map(str::to_owned);
        let person_id = row.text(1).map(str::to_owned);
        if person_id.is_none() && replaces.is_none() {
            return Err(unreadable(position, "has no person_id"));
        }
        let shift_id = row.text(2).map(str::to_owned);
        let span = match (row.integer(4), row.integer(5)) {
            (Some(1), Some(1)) => {
                Some(row.span(3).ok_or_else(|| unreadable(position, "does not end after it starts"))?)
            }
            (Some(0), Some(0)) if shift_id.is_some() || replaces.is_some() => None,
            (Some(0), Some(0)) => {
                return Err(unreadable(position, "has neither shift_id nor starts_at and ends_at"));
            }
            _ => return Err(unreadable(position, "has only one of starts_at and ends_at")),
        };
        let load = row.integer(6).map(Load::from_billionths);
        let unpaid = row.integer(7).map(Duration::from_microseconds);
        if load.is_some_and(|load| load.billionths() < 0) {
            return Err(unreadable(position, "has a load below zero"));
        }
        if unpaid.is_some_and(|unpaid| unpaid < Duration::ZERO) {
            return Err(unreadable(position, "has unpaid_minutes below zero"));
        }
        Ok(Self { person_id, shift_id, span, load, unpaid, replaces })
    }

    fn complete(
        self,
        position: usize,
        spans: &HashMap<String, Span>,
        bookings: &mut HashMap<String, Option<Booking>>,
    ) -> Result<Proposal, ExtensionError> {
        let unknown =
            |noun, id: &str| ExtensionError::UnknownInProposal { position, noun, id: id.to_owned() };
        let of_shift = match &self.shift_id {
            Some(id) => Some(spans.get(id).copied().ok_or_else(|| unknown("shift", id))?),
            None => None,
        };
        let replaced = match &self.replaces {
            Some(id) => {
                let booking = bookings.get_mut(id).ok_or_else(|| unknown("assignment", id))?.take();
                let taken = || unreadable(position, "replaces what another proposal replaces");
                Some(booking.ok_or_else(taken)?)
            }
            None => None,
        };
        let before = replaced.as_ref();
        let span = self.span.or(of_shift).or(before.map(|booking| booking.span));
        let load = self.load.or(before.map(|booking| booking.load)).unwrap_or_default();
        let unpaid_before = before.filter(|_| self.shift_id.is_none()).map(|booking| booking.unpaid);
        let shift_id = self.shift_id.or_else(|| before.and_then(|booking| booking.shift_id.clone()));
        let person_id = self.person_id.or_else(|| before.map(|booking| booking.person_id.clone()));
        Ok(Proposal {
            person_id: person_id.ok_or_else(|| unreadable(position, "has no person_id"))?,
            shift_id,
            span: span.ok_or_else(|| unreadable(position, "has no time"))?,
            load,
            unpaid: self.unpaid.or(unpaid_before),
            replaced,
        })
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
