//! One person's case, as it is asked for at nearly every write.

use std::cell::RefCell;

use rota_engine::Span;
use rota_engine::compliance::{RuleBook, Shown, Vocabulary};

use super::case::{Case, Further, Ground, Work};
use super::law::Law;
use crate::error::ExtensionError;
use crate::source::{Connection, PersonFacts, PersonQuestion, PersonRow, Views, widened};
use crate::zone::{ServerZone, ZonePeriods};

/// What is asked of the views about one person.
pub(super) struct OnePerson {
    question: PersonQuestion,
}

impl OnePerson {
    /// The question that some rules lead to, planned once.
    ///
    /// # Errors
    /// As [`Views::check`]; those of the server.
    pub(super) fn prepare(connection: &Connection, views: &Views, law: &Law) -> Result<Self, ExtensionError> {
        let mut question = PersonQuestion::new(views, law.facts, law.natures)?;
        question.prepare(connection)?;
        Ok(Self { question })
    }

    /// Hands over the case of a person, for windows that meet a span. Somebody whom the view of people does
    /// not show is not judged; who is listed twice counts as listed first.
    ///
    /// # Errors
    /// [`rota_engine::EngineError::SpanTooLong`] for a span too long for a rule, naming `window_end`; those
    /// of the views, and of `each`.
    pub(super) fn ask(
        &self,
        connection: &Connection,
        law: &Law,
        (window, person): (Span, &str),
        each: &mut dyn FnMut(&Case<'_>) -> Result<(), ExtensionError>,
    ) -> Result<(), ExtensionError> {
        let known = widened(window, law.reach);
        let mut record = Record::with_room();
        self.question.ask(connection, known, person, &mut |row| {
            match row {
                PersonRow::Work(row) => record.work.add(&row, law),
                other => record.add(other, law),
            }
            Ok(())
        })?;
        record.open(law, (window, known), each)
    }

    /// As [`OnePerson::ask`], without a query; tells whether that could be. If not, nobody's case was handed over.
    /// Neither is that of somebody whose work alone shows that all rules are kept. Cases come without the ids of
    /// assignments.
    ///
    /// # Errors
    /// As [`OnePerson::ask`].
    pub(super) fn ask_directly(
        &self,
        law: &Law,
        (window, person): (Span, &str),
        each: &mut dyn FnMut(&Case<'_>) -> Result<(), ExtensionError>,
    ) -> Result<bool, ExtensionError> {
        let known = widened(window, law.reach);
        let record = RefCell::new(Record::with_room());
        let mut take = |row: PersonRow<'_>| {
            record.borrow_mut().add(row, law);
            Ok(())
        };
        let mut is_enough = || record.borrow_mut().shows_kept(law);
        let Some(asked) = self.question.ask_directly(known, person, &mut take, &mut is_enough) else {
            return Ok(false);
        };
        asked?;
        record.into_inner().open(law, (window, known), each)?;
        Ok(true)
    }
}

/// What was read about the person.
#[derive(Default)]
struct Record {
    facts: Option<PersonFacts>,
    further: Further,
    work: Work,
    places: Vocabulary,
}

/// Rows of work that most people have in the time that most rules look at.
const USUAL_ROWS: usize = 64;

impl Record {
    fn with_room() -> Self {
        Self { work: Work::with_room(USUAL_ROWS), ..Self::default() }
    }

    /// Takes a row in, without the id of an assignment.
    #[inline]
    fn add(&mut self, row: PersonRow<'_>, law: &Law) {
        match row {
            PersonRow::Person(person) => {
                self.facts.get_or_insert(*person);
            }
            PersonRow::Fact(fact) => self.further.add(fact, law, &mut self.places),
            PersonRow::Work(row) => self.work.add_nameless(&row, law),
        }
    }

    /// Whether the work shows that all rules are kept, whoever the person is: of nobody who is asked for without a
    /// query a day of hiring is told.
    fn shows_kept(&mut self, law: &Law) -> bool {
        self.work.sort();
        self.work.shows(law, &self.further) != Shown::Nothing
    }

    fn open(
        mut self,
        law: &Law,
        (window, known): (Span, Span),
        each: &mut dyn FnMut(&Case<'_>) -> Result<(), ExtensionError>,
    ) -> Result<(), ExtensionError> {
        let Some(facts) = self.facts else { return Ok(()) };
        let zone = ServerZone::named(facts.zone_name())?;
        let zone = ZonePeriods::over(zone, known)?;
        let book = RuleBook::prepare(&law.rules, &law.vocabulary, &zone, window)?;
        self.work.sort();
        Ground { law, known }.open(&facts, (&zone, &book), &mut self.work, &self.further, each)
    }
}
