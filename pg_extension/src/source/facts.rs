//! What is known of people beside their work: zone, age, leave, conditions, rotations, postings.

use rota_engine::{LocalDate, Span};

use super::names::Name;
use super::query::{Connection, Parameters};
use super::question::Question;
use super::selection::one_of_placeholder;
use super::streamed_row::StreamedRow;
use super::views::Views;
use crate::error::ExtensionError;

/// Somebody who can be judged.
#[derive(Debug, Clone)]
pub(crate) struct PersonFacts {
    /// The id, as text.
    pub(crate) id: Box<str>,
    /// The name.
    pub(crate) name: Option<Box<str>>,
    /// The zone of their days.
    pub(crate) time_zone: Option<Box<str>>,
    /// The team's id, as text.
    pub(crate) team: Option<Box<str>>,
    /// The date of birth.
    pub(crate) born_on: Option<LocalDate>,
    /// The first day of their contract.
    pub(crate) hired_on: Option<LocalDate>,
}

impl PersonFacts {
    /// The zone of their days; that of nobody in particular where none is known.
    pub(crate) fn zone_name(&self) -> &str {
        self.time_zone.as_deref().unwrap_or("UTC")
    }
}

/// Who is handed the facts, each with the person it is known of.
pub(crate) type Receiver<'each> = dyn FnMut(Name<&str>, Fact<'_>) -> Result<(), ExtensionError> + 'each;

/// A further fact of a person.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fact<'row> {
    /// They are away.
    Leave {
        /// When.
        span: Span,
        /// Whether averages leave it out.
        excluded_from_averages: bool,
    },
    /// A period of their own.
    Rotation {
        /// When.
        span: Span,
        /// Of which kind.
        kind: Option<&'row str>,
    },
    /// They meet a condition, or do not.
    Condition {
        /// Which.
        condition: &'row str,
        /// When that is so.
        span: Span,
        /// Whether they meet it.
        holds: bool,
    },
    /// They are posted somewhere.
    Posting {
        /// The posting's id.
        posting: &'row str,
        /// The unit.
        unit: &'row str,
        /// The establishment.
        establishment: &'row str,
        /// The first day.
        first_day: LocalDate,
        /// The day after the last; `None` for no end.
        day_after: Option<LocalDate>,
    },
}

/// Which facts the rules ask for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct FactsWanted {
    /// Leave, because something is averaged.
    pub(crate) leaves: bool,
    /// Rotations.
    pub(crate) rotations: bool,
    /// Conditions.
    pub(crate) conditions: bool,
    /// Postings.
    pub(crate) postings: bool,
}

/// The questions for what is known of people.
pub(crate) struct FactQuestions {
    people: Question,
    of_some_people: bool,
    of_some_teams: bool,
    facts: Vec<FactQuestion>,
}

struct FactQuestion {
    question: Question,
    reading: FactReading,
}

/// How a row of facts is read: the person, then what is known.
#[derive(Debug, Clone)]
pub(super) struct FactReading {
    view: &'static str,
    columns: &'static str,
    /// The SQL types of those columns.
    types: &'static [&'static str],
    person_is_integer: bool,
    read: fn(StreamedRow<'_>) -> Option<Fact<'_>>,
}

impl FactQuestions {
    /// Asks about everybody, or about some people, or some teams' people.
    ///
    /// # Errors
    /// As [`Views::check`].
    pub(crate) fn new(
        views: &Views,
        of_some_people: bool,
        of_some_teams: bool,
        wanted: FactsWanted,
    ) -> Result<Self, ExtensionError> {
        let mut conditions = Vec::new();
        if of_some_people {
            conditions.push(one_of_placeholder(views, (PEOPLE, "person_id"), "person", "$1")?);
        }
        if of_some_teams {
            let placeholder = if of_some_people { "$2" } else { "$1" };
            conditions.push(one_of_placeholder(views, (PEOPLE, "team_id"), "person", placeholder)?);
        }
        let wanted_people = if conditions.is_empty() { "true".to_owned() } else { conditions.join(" AND ") };
        let people = Question::new(people_query(views, &wanted_people)?);
        let facts = FactReading::all(views, wanted)?.into_iter().map(|reading| {
            let column = (reading.view, "person_id");
            let of_people = if of_some_people || of_some_teams {
                Some(one_of_placeholder(views, column, "fact", "$2")?)
            } else {
                None
            };
            let question = Question::new(reading.query(views, of_people.as_deref())?);
            Ok::<_, ExtensionError>(FactQuestion { question, reading })
        });
        let facts = facts.collect::<Result<_, _>>()?;
        Ok(Self { people, of_some_people, of_some_teams, facts })
    }

    /// Has the server keep the plans.
    ///
    /// # Errors
    /// As [`Question::prepare`].
    pub(crate) fn prepare(&mut self, connection: &Connection) -> Result<(), ExtensionError> {
        let parameters = self.people_parameters(&[], &[]);
        self.people.prepare(connection, &parameters)?;
        let parameters = self.fact_parameters(Span::ALWAYS, &[]);
        self.facts.iter_mut().try_for_each(|fact| fact.question.prepare(connection, &parameters))
    }

    /// Hands over people, each once.
    ///
    /// # Errors
    /// Those of `each`, which end the query.
    pub(crate) fn ask_for_people(
        &self,
        connection: &Connection,
        people: &[String],
        teams: &[String],
        each: &mut dyn FnMut(PersonFacts) -> Result<(), ExtensionError>,
    ) -> Result<(), ExtensionError> {
        let parameters = self.people_parameters(people, teams);
        self.people.ask(connection, &parameters, &mut |row| read_person(row).map_or(Ok(()), &mut *each))
    }

    /// Hands over what is known of people in a span. They are not looked at where the questions are for
    /// everybody.
    ///
    /// # Errors
    /// Those of `each`, which end the query.
    pub(crate) fn ask_for_facts(
        &self,
        connection: &Connection,
        span: Span,
        people: &[String],
        each: &mut Receiver<'_>,
    ) -> Result<(), ExtensionError> {
        let parameters = self.fact_parameters(span, people);
        self.facts.iter().try_for_each(|asked| {
            asked.question.ask(connection, &parameters, &mut |row| match asked.reading.read(row) {
                Some((person, fact)) => each(person, fact),
                None => Ok(()),
            })
        })
    }

    fn people_parameters(&self, people: &[String], teams: &[String]) -> Parameters {
        let mut parameters = Parameters::default();
        if self.of_some_people {
            parameters.texts(people);
        }
        if self.of_some_teams {
            parameters.texts(teams);
        }
        parameters
    }

    fn fact_parameters(&self, span: Span, people: &[String]) -> Parameters {
        let mut parameters = Parameters::default();
        parameters.range(span);
        if self.of_some_people || self.of_some_teams {
            parameters.texts(people);
        }
        parameters
    }
}

impl FactReading {
    /// Those that are wanted, as far as there are views for them: what these do not show is unknown.
    ///
    /// # Errors
    /// As [`Views::check`].
    pub(super) fn all(views: &Views, wanted: FactsWanted) -> Result<Vec<Self>, ExtensionError> {
        let mut readings = Vec::new();
        let mut add = |view, columns, types, read| {
            let person_is_integer = views.is_integer(view, "person_id")?;
            readings.push(Self { view, columns, types, person_is_integer, read });
            Ok::<(), ExtensionError>(())
        };
        if wanted.leaves {
            views.check("absences", &["person_id", "during", "excluded_from_averages"])?;
            let columns = "fact.during, fact.excluded_from_averages::boolean";
            add("absences", columns, &["tstzrange", "boolean"], read_leave)?;
        }
        if wanted.rotations && views.has("rotations", "person_id") {
            views.check("rotations", &["person_id", "during", "kind"])?;
            add("rotations", "fact.during, fact.kind::text", &["tstzrange", "text"], read_rotation)?;
        }
        if wanted.conditions && views.has("conditions", "person_id") {
            views.check("conditions", &["person_id", "during", "condition", "holds"])?;
            let columns = "fact.during, fact.condition::text, fact.holds::boolean";
            add("conditions", columns, &["tstzrange", "text", "boolean"], read_condition)?;
        }
        if wanted.postings && views.has("postings", "person_id") {
            views.check("postings", &["posting_id", "person_id", "unit", "establishment", "days"])?;
            let columns =
                "fact.days::daterange, fact.unit::text, fact.establishment::text, fact.posting_id::text";
            add("postings", columns, &["daterange", "text", "text", "text"], read_posting)?;
        }
        Ok(readings)
    }

    /// The view that it reads.
    pub(super) fn view(&self) -> &'static str {
        self.view
    }

    /// The query for what meets the first parameter, of people as a condition says.
    ///
    /// # Errors
    /// As [`Views::column_type`].
    pub(super) fn query(&self, views: &Views, of_people: Option<&str>) -> Result<String, ExtensionError> {
        let meets = match self.view {
            // A posting that ended before may still count for one that began after.
            "postings" => "true",
            _ => "fact.during OPERATOR(pg_catalog.&&) $1",
        };
        Ok(format!(
            "SELECT {person}, {columns} FROM rota_source.{view} AS fact WHERE {of_people} AND {meets}",
            person = views.name_of(self.view, "person_id", "fact")?,
            columns = self.columns,
            view = self.view,
            of_people = of_people.unwrap_or("true"),
        ))
    }

    /// The SQL types of the query's columns.
    pub(super) fn types(&self) -> Vec<&'static str> {
        let person = if self.person_is_integer { "bigint" } else { "text" };
        std::iter::once(person).chain(self.types.iter().copied()).collect()
    }

    /// Reads a row; `None` for what is of nobody, or at no time.
    pub(super) fn read<'row>(&self, row: StreamedRow<'row>) -> Option<(Name<&'row str>, Fact<'row>)> {
        Some((row.name(1, self.person_is_integer)?, (self.read)(row)?))
    }
}

/// The view of people.
pub(super) const PEOPLE: &str = "people";

/// The SQL types of the columns of [`people_query`].
pub(super) const PEOPLE_TYPES: [&str; 6] = ["text", "text", "text", "text", "date", "date"];

/// The query for people as a condition says.
///
/// # Errors
/// As [`Views::check`].
pub(super) fn people_query(views: &Views, condition: &str) -> Result<String, ExtensionError> {
    const VIEW: &str = PEOPLE;
    // Days are days of a zone: without one nothing could be told.
    views.check(VIEW, &["person_id", "name", "team_id", "time_zone"])?;
    let date = |attribute: &str| {
        if views.has(VIEW, "attributes") {
            format!("(person.attributes OPERATOR(pg_catalog.->>) '{attribute}')::date")
        } else {
            "NULL::date".to_owned()
        }
    };
    Ok(format!(
        "SELECT person.person_id::text, person.name::text, person.time_zone::text, person.team_id::text,
            {born_on}, {hired_on}
        FROM rota_source.people AS person
        WHERE {condition}",
        born_on = date("born_on"),
        hired_on = date("hired_on"),
    ))
}

/// Reads a row of [`people_query`]; `None` for one without an id.
pub(super) fn read_person(row: StreamedRow<'_>) -> Option<PersonFacts> {
    Some(PersonFacts {
        id: row.text(1)?.into(),
        name: row.text(2).map(Box::from),
        time_zone: row.text(3).map(Box::from),
        team: row.text(4).map(Box::from),
        born_on: row.date(5),
        hired_on: row.date(6),
    })
}

fn read_leave(row: StreamedRow<'_>) -> Option<Fact<'_>> {
    Some(Fact::Leave { excluded_from_averages: row.boolean(3) == Some(true), span: row.span(2)? })
}

fn read_rotation(row: StreamedRow<'_>) -> Option<Fact<'_>> {
    Some(Fact::Rotation { kind: row.text(3), span: row.span(2)? })
}

fn read_condition(row: StreamedRow<'_>) -> Option<Fact<'_>> {
    Some(Fact::Condition { holds: row.boolean(4)?, condition: row.text(3)?, span: row.span(2)? })
}

fn read_posting(row: StreamedRow<'_>) -> Option<Fact<'_>> {
    let (first_day, day_after) = row.days(2)?;
    Some(Fact::Posting {
        posting: row.text(5)?,
        establishment: row.text(4)?,
        unit: row.text(3)?,
        first_day: first_day?,
        day_after,
    })
}
