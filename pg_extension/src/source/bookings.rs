//! Assignments that callers name by their id.

use std::collections::HashMap;

use rota_engine::conflict::Load;
use rota_engine::{Duration, Span};

use super::query::{Connection, Parameters};
use super::selection::one_of;
use super::views::Views;
use crate::error::ExtensionError;

/// An assignment as it stands, binding or not.
#[derive(Debug, Clone)]
pub(crate) struct Booking {
    /// Its id.
    pub(crate) assignment_id: String,
    /// Id of the person.
    pub(crate) person_id: String,
    /// Id of the shift, if it is on one.
    pub(crate) shift_id: Option<String>,
    /// When.
    pub(crate) span: Span,
    /// Whether the person is booked by it.
    pub(crate) binding: bool,
    /// How much of the person it takes.
    pub(crate) load: Load,
    /// Time in it that is not paid.
    pub(crate) unpaid: Duration,
}

/// The assignments of these ids, by id. Ids that do not occur are left out, and so is an assignment of nobody
/// or at no time.
///
/// # Errors
/// As [`Views::check`].
pub(crate) fn read_bookings(
    connection: &Connection,
    views: &Views,
    ids: &[String],
) -> Result<HashMap<String, Booking>, ExtensionError> {
    let mut bookings = HashMap::new();
    if ids.is_empty() {
        return Ok(bookings);
    }
    let columns = ["assignment_id", "person_id", "shift_id", "during", "binding", "load", "unpaid_minutes"];
    views.check("assignments", &columns)?;
    let mut parameters = Parameters::default();
    let query = format!(
        "SELECT
            assignment.assignment_id::text,
            assignment.person_id::text,
            assignment.shift_id::text,
            assignment.during,
            assignment.binding::integer::bigint,
            (coalesce(assignment.load::numeric, 1) * 1000000000)::bigint,
            (coalesce(assignment.unpaid_minutes::numeric, 0) * 60000000)::bigint
        FROM rota_source.assignments AS assignment
        WHERE {}",
        one_of(views, ("assignments", "assignment_id"), "assignment", ids, &mut parameters)?
    );
    connection.for_each(&query, parameters, |row| {
        let (Some(id), Some(person_id), Some(span)) = (row.text(1), row.text(2), row.span(4)) else {
            return Ok(());
        };
        let booking = Booking {
            assignment_id: id.to_owned(),
            person_id: person_id.to_owned(),
            shift_id: row.text(3).map(str::to_owned),
            span,
            binding: row.integer(5) == Some(1),
            load: row.integer(6).map_or(Load::WHOLE, Load::from_billionths),
            unpaid: Duration::from_microseconds(row.integer(7).unwrap_or_default()),
        };
        bookings.insert(id.to_owned(), booking);
        Ok(())
    })?;
    Ok(bookings)
}
