//! Everybody who is asked about, one case after the other.

use std::rc::Rc;

use rota_engine::Span;
use rota_engine::compliance::{RuleBook, Vocabulary};

use super::case::{Amendment, Case, Further, Ground, Work};
use super::law::Law;
use crate::error::ExtensionError;
use crate::source::{Connection, FactQuestions, Name, Names, PersonFacts, Views, WorkQuestion, widened};
use crate::zone::{ServerZone, ZonePeriods};

/// What is asked of the views: prepared once where it is asked often.
pub(crate) struct Questions {
    facts: FactQuestions,
    work: WorkQuestion,
}

/// Who is asked about, and when.
#[derive(Clone, Copy)]
pub(crate) struct Inquiry<'a> {
    /// Windows that meet it are judged.
    pub(crate) window: Span,
    /// Only these people, by id; `None` for everybody.
    pub(crate) people: Option<&'a [String]>,
    /// Only these teams' people.
    pub(crate) teams: Option<&'a [String]>,
    /// A change that is not made yet.
    pub(crate) amendment: Option<&'a Amendment>,
}

impl Questions {
    /// The questions that some rules lead to, about everybody, or some people, or some teams' people.
    ///
    /// # Errors
    /// As [`Views::check`].
    pub(crate) fn new(
        views: &Views,
        law: &Law,
        of_some_people: bool,
        of_some_teams: bool,
    ) -> Result<Self, ExtensionError> {
        Ok(Self {
            facts: FactQuestions::new(views, of_some_people, of_some_teams, law.facts)?,
            work: WorkQuestion::new(views, of_some_people || of_some_teams, law.natures)?,
        })
    }

    /// Has the server keep the plans.
    ///
    /// # Errors
    /// Those of the server.
    pub(crate) fn prepare(&mut self, connection: &Connection) -> Result<(), ExtensionError> {
        self.facts.prepare(connection)?;
        self.work.prepare(connection)
    }

    /// Hands over the case of each person once. Somebody whom the view of people does not show is not judged.
    ///
    /// # Errors
    /// [`rota_engine::EngineError::SpanTooLong`] for a window too long for a rule, naming `window_end`; those
    /// of the views, and of `each`.
    pub(crate) fn ask(
        &self,
        connection: &Connection,
        law: &Law,
        inquiry: Inquiry<'_>,
        each: &mut dyn FnMut(&Case<'_>) -> Result<(), ExtensionError>,
    ) -> Result<(), ExtensionError> {
        let mut register = Register::default();
        let (people, teams) = (inquiry.people.unwrap_or_default(), inquiry.teams.unwrap_or_default());
        self.facts.ask_for_people(connection, people, teams, &mut |person| register.add(person))?;
        let known = widened(inquiry.window, law.reach);
        let zones: Vec<ZonePeriods> =
            register.zones.iter().map(|zone| ZonePeriods::over(*zone, known)).collect::<Result<_, _>>()?;
        let books: Vec<RuleBook> = zones
            .iter()
            .map(|zone| RuleBook::prepare(&law.rules, &law.vocabulary, zone, inquiry.window))
            .collect::<Result<_, _>>()?;
        let known = books.iter().map(RuleBook::needed).fold(known, Span::hull);
        let ids: Vec<String> = register.people.iter().map(|person| person.id.clone().into()).collect();
        let mut further: Vec<Further> = ids.iter().map(|_| Further::default()).collect();
        let mut places = Vocabulary::default();
        let mut turn = Turn::default();
        self.facts.ask_for_facts(connection, known, &ids, &mut |person, fact| {
            if let Some(further) = turn.of(person, &register.ids).and_then(|number| further.get_mut(number)) {
                further.add(fact, law, &mut places);
            }
            Ok(())
        })?;
        let ground = Ground { law, known };
        let mut open = |number: usize, work: &mut Work| {
            let (Some(person), Some(further), Some(zone)) =
                (register.people.get(number), further.get(number), register.zone_of.get(number))
            else {
                return Ok(());
            };
            let (Some(zone), Some(book)) = (zones.get(*zone), books.get(*zone)) else { return Ok(()) };
            work.sort();
            if let Some(amendment) = inquiry.amendment {
                work.amend(&person.id, amendment, law);
            }
            ground.open(person, (zone, book), work, further, each)
        };
        let mut work = Work::default();
        let mut is_judged = vec![false; ids.len()];
        let mut whose: Option<usize> = None;
        let mut turn = Turn::default();
        self.work.ask(connection, known, &ids, &mut |person, row| {
            let number = turn.of(person, &register.ids);
            if number != whose {
                if let Some(number) = whose {
                    open(number, &mut work)?;
                }
                work.clear();
                whose = number;
                if let Some(is_judged) = number.and_then(|number| is_judged.get_mut(number)) {
                    *is_judged = true;
                }
            }
            work.add(&row, law);
            Ok(())
        })?;
        if let Some(number) = whose {
            open(number, &mut work)?;
        }
        for (number, _) in is_judged.iter().enumerate().filter(|(_, is_judged)| !**is_judged) {
            work.clear();
            open(number, &mut work)?;
        }
        Ok(())
    }
}

/// Whose rows come: most rows are of the person of the row before.
#[derive(Default)]
struct Turn {
    last: Option<Name<Rc<str>>>,
    number: Option<usize>,
}

impl Turn {
    /// The number of the person of the next row; `None` for somebody who is not asked about.
    fn of(&mut self, person: Name<&str>, ids: &Names) -> Option<usize> {
        if !self.last.as_ref().is_some_and(|last| last.is(person)) {
            self.last = Some(person.kept());
            self.number = ids.find(person);
        }
        self.number
    }
}

/// The people who are asked about.
#[derive(Default)]
struct Register {
    ids: Names,
    people: Vec<PersonFacts>,
    zone_names: Names,
    zones: Vec<ServerZone>,
    /// The position of each person's zone.
    zone_of: Vec<usize>,
}

impl Register {
    /// Takes somebody in. Who is listed twice counts as listed first.
    fn add(&mut self, person: PersonFacts) -> Result<(), ExtensionError> {
        let zone_name = person.zone_name();
        let zone = self.zone_names.number(zone_name.into());
        if zone == self.zones.len() {
            self.zones.push(ServerZone::named(zone_name)?);
        }
        if self.ids.number((&*person.id).into()) == self.people.len() {
            self.people.push(person);
            self.zone_of.push(zone);
        }
        Ok(())
    }
}
