//! Everything about one person, in one query.
//!
//! A write is judged by the work and the facts of the person whose row it is, nearly always one. To begin and end
//! a query costs the server more than to find these few rows, so all views are asked at once.

use std::ffi::c_int;

use rota_engine::Span;

use super::facts::{
    Fact, FactReading, FactsWanted, PEOPLE, PEOPLE_TYPES, PersonFacts, people_query, read_person,
};
use super::prepared::Halt;
use super::query::{Connection, Parameters};
use super::question::Question;
use super::selection::is_placeholder;
use super::streamed_row::{IntegerType, StreamedRow};
use super::views::Views;
use super::work::{Whose, WorkColumns, WorkRow, starts_of};
use crate::error::ExtensionError;

/// The question for one person's facts and work.
pub(crate) struct PersonQuestion {
    question: Question,
    parts: Vec<Part>,
}

/// What a part of the rows is, and how many columns come before its own.
struct Part {
    reading: Reading,
    skipped: i16,
}

enum Reading {
    Person,
    Fact(FactReading),
    Work(WorkColumns),
}

/// A row about somebody.
pub(crate) enum PersonRow<'row> {
    /// Who they are.
    Person(Box<PersonFacts>),
    /// Something else that is known of them.
    Fact(Fact<'row>),
    /// Work that they do.
    Work(WorkRow<'row>),
}

impl PersonRow<'_> {
    /// The time that has to meet that which was asked about; `None` where any does.
    #[inline(always)]
    fn span(&self) -> Option<Span> {
        match self {
            Self::Person(_) | Self::Fact(Fact::Posting { .. }) => None,
            Self::Fact(
                Fact::Leave { span, .. } | Fact::Rotation { span, .. } | Fact::Condition { span, .. },
            ) => Some(*span),
            Self::Work(row) => Some(row.span),
        }
    }
}

/// A query with the types of its columns, and what its rows are.
struct Member {
    query: String,
    types: Vec<&'static str>,
    reading: Reading,
}

impl PersonQuestion {
    /// Asks for the facts that rules lead to, and for work. `natures` says whether rules tell kinds apart.
    ///
    /// # Errors
    /// As [`Views::check`].
    pub(crate) fn new(views: &Views, wanted: FactsWanted, natures: bool) -> Result<Self, ExtensionError> {
        let is_that_person = |view, alias| is_placeholder(views, (view, "person_id"), alias, "$2");
        let mut members = Vec::new();
        for reading in FactReading::all(views, wanted)? {
            let query = reading.query(views, Some(&is_that_person(reading.view(), "fact")?))?;
            members.push(Member { query, types: reading.types(), reading: Reading::Fact(reading) });
        }
        let (query, columns) = WorkColumns::query(views, Whose::One, natures)?;
        members.push(Member { query, types: columns.types(), reading: Reading::Work(columns) });
        // Who they are last: what they do may be enough.
        members.push(Member {
            query: people_query(views, &is_that_person(PEOPLE, "person")?)?,
            types: PEOPLE_TYPES.to_vec(),
            reading: Reading::Person,
        });
        let (query, parts) = united(members);
        Ok(Self { question: Question::new(query), parts })
    }

    /// Has the server keep the plan.
    ///
    /// # Errors
    /// As [`Question::prepare`].
    pub(crate) fn prepare(&mut self, connection: &Connection) -> Result<(), ExtensionError> {
        self.question.prepare_comparing(connection, &parameters(Span::ALWAYS, ""), SPAN)
    }

    /// Hands over what is known of a person, and what of their work meets a span, in any order.
    ///
    /// # Errors
    /// Those of `each`, which end the query.
    pub(crate) fn ask(
        &self,
        connection: &Connection,
        span: Span,
        person: &str,
        each: &mut dyn FnMut(PersonRow<'_>) -> Result<(), ExtensionError>,
    ) -> Result<(), ExtensionError> {
        self.question.ask(connection, &parameters(span, person), &mut |row| match self.read(row, span) {
            Some(row) => each(row),
            None => Ok(()),
        })
    }

    /// As [`PersonQuestion::ask`], without a query, and whatever `search_path` is; `None` where that cannot be, such as
    /// where views tell when people were born or hired: to read a date depends on a setting.
    /// `is_enough` may be asked once, after all facts and all work: then nobody is handed over whose they are.
    pub(crate) fn ask_directly(
        &self,
        span: Span,
        person: &str,
        each: &mut dyn FnMut(PersonRow<'_>) -> Result<(), ExtensionError>,
        is_enough: &mut dyn FnMut() -> bool,
    ) -> Option<Result<(), ExtensionError>> {
        let mut take = |row: StreamedRow<'_>| match self.read(row, span) {
            Some(row) => each(row),
            None => Ok(()),
        };
        let last_part = i32::try_from(self.parts.len()).unwrap_or_default() - 1;
        let halt = Halt { last_part, is_enough };
        self.question.ask_directly(&parameters(span, person), &mut take, halt)
    }

    /// Reads a row; `None` for one of nobody, or of another time.
    #[inline(always)]
    fn read<'row>(&self, row: StreamedRow<'row>, span: Span) -> Option<PersonRow<'row>> {
        let part = usize::try_from(row.whole_number(1, IntegerType::Plain)?).ok()?;
        let Part { reading, skipped } = self.parts.get(part)?;
        let row = row.after(*skipped);
        let row = match reading {
            Reading::Person => PersonRow::Person(Box::new(read_person(row)?)),
            Reading::Fact(reading) => PersonRow::Fact(reading.read(row)?.1),
            Reading::Work(columns) => PersonRow::Work(columns.read(row)?),
        };
        row.span().is_none_or(|found| found.overlaps(span)).then_some(row)
    }
}

/// One query of several: the first column says of which one a row is, and each has columns of its own.
fn united(members: Vec<Member>) -> (String, Vec<Part>) {
    let types: Vec<Vec<&'static str>> = members.iter().map(|member| member.types.clone()).collect();
    let mut skipped = 1;
    let (mut branches, mut parts) = (Vec::new(), Vec::new());
    for (number, Member { query, reading, .. }) in members.into_iter().enumerate() {
        let columns = types.iter().enumerate().map(|(part, types)| {
            if part == number {
                return "member.*".to_owned();
            }
            types.iter().map(|column| format!("NULL::{column}")).collect::<Vec<_>>().join(", ")
        });
        let columns = columns.collect::<Vec<_>>().join(", ");
        branches.push(format!("SELECT {number}, {columns} FROM ({query}) AS member"));
        parts.push(Part { reading, skipped });
        let own = types.get(number).map_or(0, Vec::len);
        skipped += i16::try_from(own).unwrap_or_default();
    }
    (branches.join(" UNION ALL "), parts)
}

/// The number of the parameter that holds the time in question.
const SPAN: c_int = 1;

fn parameters(span: Span, person: &str) -> Parameters {
    let mut parameters = Parameters::with_room(3);
    parameters.range(span);
    parameters.text(person);
    parameters.range(starts_of(span));
    parameters
}
