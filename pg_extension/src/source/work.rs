//! People's work in the order of people and time, row by row.

use pgrx::datum::FromDatum;
use pgrx::pg_sys;
use rota_engine::{Duration, Span};

use super::names::Name;
use super::prepared::Prepared;
use super::query::{Connection, Parameters};
use super::selection::{one_of, overlaps};
use super::views::Views;
use crate::convert::InstantRange;
use crate::error::ExtensionError;
use crate::guard::Slot;

/// The longest work that is found by the time at which it begins: five weeks. Longer work is looked for by
/// its time only where everybody's is.
const LONGEST_WORK_MICROSECONDS: i64 = 35 * 86_400_000_000;

/// A row of `rota_source.assignments` that binds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WorkRow<'row> {
    /// Whose it is.
    pub(crate) person: Name<&'row str>,
    /// Its id.
    pub(crate) assignment: Option<Name<&'row str>>,
    /// When.
    pub(crate) span: Span,
    /// What it is to the law; `None` for ordinary work, and where it is not asked for.
    pub(crate) nature: Option<&'row str>,
    /// Time in it that is not worked.
    pub(crate) unpaid: Duration,
    /// Whether its times were made up from a model of half days.
    pub(crate) estimated: bool,
}

/// Which work is wanted.
pub(crate) struct WorkWanted<'ids> {
    /// That meets it.
    pub(crate) span: Span,
    /// Of these people, by id; `None` for everybody.
    pub(crate) people: Option<&'ids [String]>,
}

/// Hands over work, sorted by person and start. What meets the span is all there, of each person in one
/// stretch.
///
/// # Errors
/// As [`Views::check`]; those of `each`, which end the query.
pub(crate) fn read_work(
    connection: &Connection,
    views: &Views,
    wanted: &WorkWanted<'_>,
    each: &mut dyn FnMut(WorkRow<'_>) -> Result<(), ExtensionError>,
) -> Result<(), ExtensionError> {
    let columns = Columns::of(views)?;
    let mut parameters = Parameters::default();
    let mut condition = overlaps("assignment", wanted.span, &mut parameters);
    if let Some(people) = wanted.people {
        let of_people = one_of(views, ("assignments", "person_id"), "assignment", people, &mut parameters)?;
        condition = format!("{condition} AND {of_people}");
    }
    let query = format!("{} WHERE {condition} {ORDER}", columns.selected);
    connection.stream_with(&query, &parameters, &mut |slot| {
        // SAFETY: the slot holds a row of this query, and lives for the time of the call.
        match unsafe { columns.read(slot) } {
            Some(row) => each(row),
            None => Ok(()),
        }
    })
}

const ORDER: &str = "AND assignment.binding ORDER BY assignment.person_id, pg_catalog.lower(assignment.during)";

/// The question for the work of one person, asked often.
pub(crate) struct WorkOfPerson {
    query: Prepared,
    columns: Columns,
}

impl WorkOfPerson {
    /// Prepares it.
    ///
    /// # Errors
    /// As [`Views::check`].
    pub(crate) fn prepare(connection: &Connection, views: &Views) -> Result<Self, ExtensionError> {
        let columns = Columns::of(views)?;
        let id_type = views.column_type("assignments", "person_id")?;
        // The bounds on the start are implied by the overlap, but for work longer than five weeks: with them
        // an index on person and start finds one stretch of it, however long the person has been here.
        let query = format!(
            "{} WHERE assignment.person_id = $1::{id_type}
                AND assignment.during OPERATOR(pg_catalog.&&) $2
                AND pg_catalog.lower(assignment.during) >= pg_catalog.lower($3)
                AND pg_catalog.lower(assignment.during) < pg_catalog.upper($3)
                {ORDER}",
            columns.selected
        );
        let types = [pg_sys::TEXTOID, pg_sys::TSTZRANGEOID, pg_sys::TSTZRANGEOID];
        Ok(Self { query: Prepared::of(connection, &query, &types)?, columns })
    }

    /// Hands over one person's work that meets a span, sorted by start.
    ///
    /// # Errors
    /// Those of `each`, which end the query.
    pub(crate) fn read(
        &self,
        connection: &Connection,
        person: &str,
        span: Span,
        each: &mut dyn FnMut(WorkRow<'_>) -> Result<(), ExtensionError>,
    ) -> Result<(), ExtensionError> {
        let starts = span
            .start()
            .checked_add_microseconds(-LONGEST_WORK_MICROSECONDS)
            .and_then(|start| Span::new(start, span.end()))
            .unwrap_or(span);
        let mut parameters = Parameters::default();
        parameters.text(person);
        parameters.range(span);
        parameters.range(starts);
        self.query.stream(connection, &parameters, &mut |slot| {
            // SAFETY: the slot holds a row of this query, and lives for the time of the call.
            match unsafe { self.columns.read(slot) } {
                Some(row) => each(row),
                None => Ok(()),
            }
        })
    }
}

/// What is selected of a row of work, and how it is read.
struct Columns {
    selected: String,
    person_is_integer: bool,
    assignment_is_integer: bool,
}

impl Columns {
    fn of(views: &Views) -> Result<Self, ExtensionError> {
        const VIEW: &str = "assignments";
        views.check(VIEW, &["assignment_id", "person_id", "during", "binding", "unpaid_minutes"])?;
        let optional = |column: &'static str, read_as: &str| {
            let is_there = views.has(VIEW, column);
            if is_there { format!("assignment.{column}::{read_as}") } else { format!("NULL::{read_as}") }
        };
        let unpaid = if views.is_integer(VIEW, "unpaid_minutes")? {
            "assignment.unpaid_minutes::bigint * 60000000"
        } else {
            "(assignment.unpaid_minutes::numeric * 60000000)::bigint"
        };
        let selected = format!(
            "SELECT {person}, {assignment}, assignment.during, {nature}, {unpaid}, {estimated}
            FROM rota_source.assignments AS assignment",
            person = views.name_of(VIEW, "person_id", "assignment")?,
            assignment = views.name_of(VIEW, "assignment_id", "assignment")?,
            nature = optional("nature", "text"),
            estimated = optional("estimated", "boolean"),
        );
        Ok(Self {
            selected,
            person_is_integer: views.is_integer(VIEW, "person_id")?,
            assignment_is_integer: views.is_integer(VIEW, "assignment_id")?,
        })
    }

    /// Reads a row; `None` for work of nobody or at no time.
    ///
    /// # Safety
    /// The slot holds a row of a query that selects these columns, and lives as long as what is read.
    unsafe fn read<'row>(&self, slot: *mut pg_sys::TupleTableSlot) -> Option<WorkRow<'row>> {
        // SAFETY: the caller says so; each column is of the type that it is selected as.
        unsafe {
            let slot = Slot::new(slot);
            let estimated = slot.value(6).is_some_and(|value| value.value() != 0);
            let unpaid = slot.value(5).map_or(0, |value| value.value().cast_signed() as i64);
            let nature = slot.value(4).and_then(|value| <&str>::from_datum(value, false));
            let span = InstantRange::from_datum(slot.value(3)?, false)?.0?;
            Some(WorkRow {
                person: name(slot.value(1)?, self.person_is_integer)?,
                assignment: slot.value(2).and_then(|value| name(value, self.assignment_is_integer)),
                span,
                nature,
                unpaid: Duration::from_microseconds(unpaid),
                estimated,
            })
        }
    }
}

/// Reads a name.
///
/// # Safety
/// The value is a bigint or a text, as the flag says, and lives as long as what is read.
unsafe fn name<'row>(value: pg_sys::Datum, is_integer: bool) -> Option<Name<&'row str>> {
    if is_integer {
        return Some(Name::Integer(value.value().cast_signed() as i64));
    }
    // SAFETY: the caller says so.
    unsafe { <&str>::from_datum(value, false) }.map(Name::from)
}
