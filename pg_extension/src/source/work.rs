//! People's work in the order of people and time, row by row.

use rota_engine::{Duration, Span};

use super::names::Name;
use super::query::{Connection, Parameters};
use super::question::Question;
use super::selection::one_of_placeholder;
use super::streamed_row::StreamedRow;
use super::views::Views;
use crate::error::ExtensionError;

/// The longest work that is found by the time at which it begins: five weeks. Where everybody's work is read,
/// it is found by its time, however long it is.
const LONGEST_WORK_MICROSECONDS: i64 = 35 * 86_400_000_000;

const VIEW: &str = "assignments";

/// A row of `rota_source.assignments` that binds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WorkRow<'row> {
    /// Whose it is.
    pub(crate) person: Name<&'row str>,
    /// Its id.
    pub(crate) assignment: Option<Name<&'row str>>,
    /// When.
    pub(crate) span: Span,
    /// What it is to the rules; `None` where that is not shown, or not asked for.
    pub(crate) nature: Option<&'row str>,
    /// Time in it that is not worked.
    pub(crate) unpaid: Duration,
    /// Whether its times were made up, such as those of half days.
    pub(crate) estimated: bool,
}

/// The question for people's work.
pub(crate) struct WorkQuestion {
    question: Question,
    of_some_people: bool,
    person_is_integer: bool,
    assignment_is_integer: bool,
}

impl WorkQuestion {
    /// Asks for the work of everybody, or of some people. `natures` says whether rules tell kinds apart.
    ///
    /// # Errors
    /// As [`Views::check`].
    pub(crate) fn new(views: &Views, of_some_people: bool, natures: bool) -> Result<Self, ExtensionError> {
        views.check(VIEW, &["assignment_id", "person_id", "during", "binding", "unpaid_minutes"])?;
        let optional = |column: &'static str, read_as: &str, wanted: bool| {
            if wanted && views.has(VIEW, column) {
                format!("assignment.{column}::{read_as}")
            } else {
                format!("NULL::{read_as}")
            }
        };
        let unpaid = if views.is_integer(VIEW, "unpaid_minutes")? {
            "assignment.unpaid_minutes::bigint * 60000000"
        } else {
            "(assignment.unpaid_minutes::numeric * 60000000)::bigint"
        };
        let overlaps = "assignment.during OPERATOR(pg_catalog.&&) $1";
        // The bounds on the start are implied by the overlap, but for work longer than five weeks: with them
        // an index on person and start finds one stretch of it, however long a person has been here.
        let condition = if of_some_people {
            format!(
                "{} AND {overlaps}
                AND pg_catalog.lower(assignment.during) >= pg_catalog.lower($3)
                AND pg_catalog.lower(assignment.during) < pg_catalog.upper($3)",
                one_of_placeholder(views, (VIEW, "person_id"), "assignment", "$2")?
            )
        } else {
            overlaps.to_owned()
        };
        let query = format!(
            "SELECT {person}, {assignment}, assignment.during, {nature}, {unpaid}, {estimated}
            FROM rota_source.assignments AS assignment
            WHERE {condition} AND assignment.binding
            ORDER BY assignment.person_id, pg_catalog.lower(assignment.during)",
            person = views.name_of(VIEW, "person_id", "assignment")?,
            assignment = views.name_of(VIEW, "assignment_id", "assignment")?,
            nature = optional("nature", "text", natures),
            estimated = optional("estimated", "boolean", true),
        );
        Ok(Self {
            question: Question::new(query),
            of_some_people,
            person_is_integer: views.is_integer(VIEW, "person_id")?,
            assignment_is_integer: views.is_integer(VIEW, "assignment_id")?,
        })
    }

    /// Has the server keep the plan.
    ///
    /// # Errors
    /// As [`Question::prepare`].
    pub(crate) fn prepare(&mut self, connection: &Connection) -> Result<(), ExtensionError> {
        self.question.prepare(connection, &self.parameters(Span::ALWAYS, &[]))
    }

    /// Hands over the work that meets a span, sorted by person and start: of each person all of it, in one
    /// stretch. People are not looked at where the question is for everybody's.
    ///
    /// # Errors
    /// Those of `each`, which end the query.
    pub(crate) fn ask(
        &self,
        connection: &Connection,
        span: Span,
        people: &[String],
        each: &mut dyn FnMut(WorkRow<'_>) -> Result<(), ExtensionError>,
    ) -> Result<(), ExtensionError> {
        self.question.ask(connection, &self.parameters(span, people), &mut |row| match self.read(row) {
            Some(row) => each(row),
            None => Ok(()),
        })
    }

    fn parameters(&self, span: Span, people: &[String]) -> Parameters {
        let mut parameters = Parameters::default();
        parameters.range(span);
        if self.of_some_people {
            let starts = span
                .start()
                .checked_add_microseconds(-LONGEST_WORK_MICROSECONDS)
                .and_then(|start| Span::new(start, span.end()));
            parameters.texts(people);
            parameters.range(starts.unwrap_or(span));
        }
        parameters
    }

    /// Reads a row; `None` for work of nobody or at no time.
    fn read<'row>(&self, row: StreamedRow<'row>) -> Option<WorkRow<'row>> {
        Some(WorkRow {
            // The last column first: the row is then taken apart once.
            estimated: row.boolean(6) == Some(true),
            unpaid: Duration::from_microseconds(row.integer(5).unwrap_or_default()),
            nature: row.text(4),
            span: row.span(3)?,
            assignment: row.name(2, self.assignment_is_integer),
            person: row.name(1, self.person_is_integer)?,
        })
    }
}
