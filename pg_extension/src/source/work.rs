//! People's work in the order of people, row by row.

use rota_engine::{Duration, Span};

use super::names::Name;
use super::query::{Connection, Parameters};
use super::question::Question;
use super::selection::{is_placeholder, one_of_placeholder};
use super::streamed_row::{IntegerType, StreamedRow};
use super::views::Views;
use crate::error::ExtensionError;

/// The longest work that is found by the time at which it begins: five weeks. Where everybody's work is read,
/// it is found by its time, however long it is.
const LONGEST_WORK_MICROSECONDS: i64 = 35 * 86_400_000_000;

const MICROSECONDS_PER_MINUTE: i64 = 60_000_000;

const VIEW: &str = "assignments";

/// A row of `rota_source.assignments` that binds.
#[derive(Clone, Copy)]
pub(crate) struct WorkRow<'row> {
    row: StreamedRow<'row>,
    columns: WorkColumns,
    /// When.
    pub(crate) span: Span,
    /// What it is to the rules; `None` where that is not shown, or not asked for.
    pub(crate) nature: Option<&'row str>,
    /// Time in it that is not worked.
    pub(crate) unpaid: Duration,
    /// Whether its times were made up, such as those of half days.
    pub(crate) estimated: bool,
}

/// What is told about each person's work, row by row.
type Listener<'work> = dyn FnMut(Name<&str>, WorkRow<'_>) -> Result<(), ExtensionError> + 'work;

/// The question for people's work.
pub(crate) struct WorkQuestion {
    question: Question,
    of_some_people: bool,
    columns: WorkColumns,
}

/// How a row of work is read: what integers its columns are. Anything else is read as text, and unpaid time as
/// microseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct WorkColumns {
    person: Option<IntegerType>,
    assignment: Option<IntegerType>,
    unpaid: Option<IntegerType>,
}

/// Whose work a query is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// Everybody's.
    Everybody,
    /// That of the people of a list, the second parameter.
    Some,
    /// That of one person, the second parameter.
    One,
}

impl WorkQuestion {
    /// Asks for the work of everybody, or of some people. `natures` says whether rules tell kinds apart.
    ///
    /// # Errors
    /// As [`Views::check`].
    pub(crate) fn new(views: &Views, of_some_people: bool, natures: bool) -> Result<Self, ExtensionError> {
        let whose = if of_some_people { Whose::Some } else { Whose::Everybody };
        let (query, columns) = WorkColumns::query(views, whose, natures)?;
        let query = format!("{query} ORDER BY assignment.person_id");
        Ok(Self { question: Question::new(query), of_some_people, columns })
    }

    /// Has the server keep the plan.
    ///
    /// # Errors
    /// As [`Question::prepare`].
    pub(crate) fn prepare(&mut self, connection: &Connection) -> Result<(), ExtensionError> {
        self.question.prepare(connection, &self.parameters(Span::ALWAYS, &[]))
    }

    /// Hands over the work that meets a span: of each person all of it, in one stretch, in no order. To have
    /// the server sort by start as well costs more than to look whether an index gave that order. People are
    /// not looked at where the question is for everybody's.
    ///
    /// # Errors
    /// Those of `each`, which end the query.
    pub(crate) fn ask(
        &self,
        connection: &Connection,
        span: Span,
        people: &[String],
        each: &mut Listener<'_>,
    ) -> Result<(), ExtensionError> {
        self.question.ask(connection, &self.parameters(span, people), &mut |row| match (
            self.columns.read(row),
            name(row, PERSON, self.columns.person),
        ) {
            (Some(row), Some(person)) => each(person, row),
            _ => Ok(()),
        })
    }

    fn parameters(&self, span: Span, people: &[String]) -> Parameters {
        let mut parameters = Parameters::default();
        parameters.range(span);
        if self.of_some_people {
            parameters.texts(people);
            parameters.range(starts_of(span));
        }
        parameters
    }
}

/// When work has to begin that meets a span and is not longer than five weeks: the third parameter.
pub(super) fn starts_of(span: Span) -> Span {
    let start = span.start().checked_add_microseconds(-LONGEST_WORK_MICROSECONDS);
    start.and_then(|start| Span::new(start, span.end())).unwrap_or(span)
}

impl WorkColumns {
    /// The query for work that meets the first parameter, and how its rows are read.
    ///
    /// # Errors
    /// As [`Views::check`].
    pub(super) fn query(
        views: &Views,
        whose: Whose,
        natures: bool,
    ) -> Result<(String, Self), ExtensionError> {
        views.check(VIEW, &["assignment_id", "person_id", "during", "binding", "unpaid_minutes"])?;
        let optional = |column: &'static str, read_as: &str, wanted: bool| {
            if wanted && views.has(VIEW, column) {
                format!("assignment.{column}::{read_as}")
            } else {
                format!("NULL::{read_as}")
            }
        };
        let integer = |column| views.integer_type(VIEW, column);
        let (person, assignment) = (integer("person_id")?, integer("assignment_id")?);
        let unpaid = integer("unpaid_minutes")?;
        let read = |column: &str, integer: Option<IntegerType>, otherwise: &str| match integer {
            Some(_) => format!("assignment.{column}"),
            None => otherwise.to_owned(),
        };
        let overlaps = "assignment.during OPERATOR(pg_catalog.&&) $1";
        // The bounds on the start are implied by the overlap, but for work longer than five weeks: with them
        // an index on person and start finds one stretch of it, however long a person has been here.
        let column = (VIEW, "person_id");
        let of_people = match whose {
            Whose::Everybody => None,
            Whose::Some => Some(one_of_placeholder(views, column, "assignment", "$2")?),
            Whose::One => Some(is_placeholder(views, column, "assignment", "$2")?),
        };
        let condition = match of_people {
            Some(of_people) => format!(
                "{of_people} AND {overlaps}
                AND pg_catalog.lower(assignment.during) >= pg_catalog.lower($3)
                AND pg_catalog.lower(assignment.during) < pg_catalog.upper($3)"
            ),
            None => overlaps.to_owned(),
        };
        let person_id = match whose {
            // Whose rows they are is known.
            Whose::One => format!("NULL::{}", person.map_or("text", IntegerType::name)),
            _ => read("person_id", person, "assignment.person_id::text"),
        };
        let query = format!(
            "SELECT {person_id}, {assignment_id}, assignment.during, {nature}, {unpaid_minutes}, {estimated}
            FROM rota_source.assignments AS assignment
            WHERE {condition} AND assignment.binding",
            assignment_id = read("assignment_id", assignment, "assignment.assignment_id::text"),
            unpaid_minutes =
                read("unpaid_minutes", unpaid, "(assignment.unpaid_minutes::numeric * 60000000)::bigint"),
            nature = optional("nature", "text", natures),
            estimated = optional("estimated", "boolean", true),
        );
        Ok((query, Self { person, assignment, unpaid }))
    }

    /// The SQL types of the query's columns.
    pub(super) fn types(self) -> Vec<&'static str> {
        let of = |integer: Option<IntegerType>, otherwise| integer.map_or(otherwise, IntegerType::name);
        vec![
            of(self.person, "text"),
            of(self.assignment, "text"),
            "tstzrange",
            "text",
            of(self.unpaid, "bigint"),
            "boolean",
        ]
    }

    #[inline]
    fn unpaid(self, row: StreamedRow<'_>) -> Duration {
        const COLUMN: i16 = 5;
        let microseconds = match self.unpaid {
            Some(integer) => row
                .whole_number(COLUMN, integer)
                .map(|minutes| minutes.saturating_mul(MICROSECONDS_PER_MINUTE)),
            None => row.integer(COLUMN),
        };
        Duration::from_microseconds(microseconds.unwrap_or_default())
    }

    /// Reads a row; `None` for work at no time.
    #[inline(always)]
    pub(super) fn read(self, row: StreamedRow<'_>) -> Option<WorkRow<'_>> {
        Some(WorkRow {
            // The last column first: the row is then taken apart once.
            estimated: row.boolean(6) == Some(true),
            unpaid: self.unpaid(row),
            nature: row.text(4),
            span: row.span(3)?,
            row,
            columns: self,
        })
    }
}

impl<'row> WorkRow<'row> {
    /// Its id, which few rows are asked for.
    pub(crate) fn assignment(&self) -> Option<Name<&'row str>> {
        name(self.row, ASSIGNMENT, self.columns.assignment)
    }
}

/// The columns of the query, counted from 1, that name something.
const PERSON: i16 = 1;
const ASSIGNMENT: i16 = 2;

/// A column that names something, as the type says that it is.
#[inline]
fn name(row: StreamedRow<'_>, column: i16, integer: Option<IntegerType>) -> Option<Name<&str>> {
    match integer {
        Some(integer) => row.whole_number(column, integer).map(Name::Integer),
        None => row.text(column).map(Name::from),
    }
}
