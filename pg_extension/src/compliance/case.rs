//! One person's record, put together from what was read.

use std::collections::HashSet;
use std::rc::Rc;

use rota_engine::compliance::{
    ClassifiedWork, Duty, Leave, PersonRecord, Posting, Rotation, RuleBook, Scope, Shown, Statement,
    Vocabulary, Word,
};
use rota_engine::pay::{Opening, PayDuty, PayKind, classify};
use rota_engine::{BreakPosition, Instant, LocalDate, LocalPolicy, Span, SpanSet, ZoneRules, local_days};

use super::law::Law;
use crate::convert::PayDocument;
use crate::error::ExtensionError;
use crate::source::{Fact, Name, PersonFacts, WorkRow};
use crate::zone::ZonePeriods;

/// Somebody with everything that rules are judged by.
pub(crate) struct Case<'a> {
    /// Who.
    pub(crate) person: &'a PersonFacts,
    /// The zone of their days.
    pub(crate) zone: &'a ZonePeriods,
    /// The rules, prepared for that zone.
    pub(crate) book: &'a RuleBook,
    /// What is known.
    pub(crate) record: PersonRecord<'a>,
    /// The id of the assignment behind each duty, if they were asked for; `None` for one that is proposed.
    pub(crate) assignments: &'a [Option<Name<Rc<str>>>],
    /// The id of each posting.
    pub(crate) postings: &'a [Box<str>],
}

/// Work that somebody would do, and what it would take the place of.
#[derive(Debug, Default)]
pub(crate) struct Amendment {
    /// Ids of assignments that would be gone.
    pub(crate) removed: HashSet<String>,
    /// Duties that would be there.
    pub(crate) added: Vec<AddedDuty>,
}

/// A duty that somebody would have.
#[derive(Debug)]
pub(crate) struct AddedDuty {
    /// The id of the person.
    pub(crate) person: String,
    /// When, and the break in it.
    pub(crate) duty: Duty,
    /// What it is to the rules.
    pub(crate) nature: Option<String>,
}

/// Facts of a person beside their work.
#[derive(Debug, Default)]
pub(super) struct Further {
    leaves: Vec<Leave>,
    rotations: Vec<Rotation>,
    statements: Vec<Statement>,
    postings: Vec<Posting>,
    posting_ids: Vec<Box<str>>,
}

impl Further {
    /// Takes a fact in. Places are words of a vocabulary of their own.
    pub(super) fn add(&mut self, fact: Fact<'_>, law: &Law, places: &mut Vocabulary) {
        match fact {
            Fact::Leave { span, excluded_from_averages } => {
                self.leaves.push(Leave { span, excluded_from_averages });
            }
            Fact::Rotation { span, kind } => {
                let kind = kind.and_then(|kind| law.vocabulary.find(kind));
                self.rotations.push(Rotation { span, kind });
            }
            Fact::Condition { condition, span, holds } => {
                // One that no rule depends on is nothing to them.
                let condition = law.vocabulary.find(condition);
                self.statements.extend(condition.map(|condition| Statement {
                    condition,
                    during: span,
                    holds,
                }));
            }
            Fact::Posting { posting, unit, establishment, first_day, day_after } => {
                let last_day = day_after.and_then(|day| day.plus_days(-1).ok());
                // A unit is one of its establishment.
                let unit = places.word(&format!("{establishment}\n{unit}"));
                let establishment = places.word(establishment);
                self.posting_ids.push(posting.into());
                self.postings.push(Posting {
                    first_day,
                    last_day,
                    unit: Some(unit),
                    establishment: Some(establishment),
                });
            }
        }
    }
}

/// The work of the person whose turn it is. The memory is used again for the next one.
#[derive(Debug, Default)]
pub(super) struct Work {
    duties: Vec<Duty>,
    assignments: Vec<Option<Name<Rc<str>>>>,
    unclear: Vec<Span>,
    classified: Vec<ClassifiedWork>,
    /// The kind of the row before, which the next one often has, too.
    last_nature: Option<(Box<str>, Option<Word>)>,
}

impl Work {
    /// With room for so many rows.
    pub(super) fn with_room(rows: usize) -> Self {
        Self { duties: Vec::with_capacity(rows), ..Self::default() }
    }

    /// Begins with somebody else.
    pub(super) fn clear(&mut self) {
        self.duties.clear();
        self.assignments.clear();
        self.unclear.clear();
        self.classified.clear();
    }

    /// Takes a row in, with the id of its assignment.
    pub(super) fn add(&mut self, row: &WorkRow<'_>, law: &Law) {
        if row.span.is_bounded() {
            self.assignments.push(row.assignment().map(Name::kept));
        }
        self.add_nameless(row, law);
    }

    /// Takes a row in, of which nobody will be told. Either all rows come so, or none.
    #[inline]
    pub(super) fn add_nameless(&mut self, row: &WorkRow<'_>, law: &Law) {
        if !row.span.is_bounded() {
            self.unclear.push(row.span);
            return;
        }
        let kind = row.nature.and_then(|nature| self.kind_of(nature, law));
        let duty = Duty { kind, estimated: row.estimated, ..Duty::of(row.span) }.with_break(row.unpaid);
        self.duties.push(duty);
    }

    fn kind_of(&mut self, nature: &str, law: &Law) -> Option<Word> {
        match &self.last_nature {
            Some((known, kind)) if **known == *nature => *kind,
            _ => {
                let kind = law.vocabulary.find(nature);
                self.last_nature = Some((nature.into(), kind));
                kind
            }
        }
    }

    /// Puts the work in the order of its starts, where it does not lie so already.
    pub(super) fn sort(&mut self) {
        let start = |duty: &Duty| duty.span.start();
        if self.duties.is_sorted_by_key(start) {
            return;
        }
        if self.assignments.is_empty() {
            self.duties.sort_by_key(start);
            return;
        }
        let duties = std::mem::take(&mut self.duties).into_iter();
        let mut both: Vec<_> = duties.zip(std::mem::take(&mut self.assignments)).collect();
        both.sort_by_key(|(duty, _)| start(duty));
        (self.duties, self.assignments) = both.into_iter().unzip();
    }

    /// What it alone, in the order of its starts, shows of the rules.
    pub(super) fn shows(&self, law: &Law, further: &Further) -> Shown {
        match &law.glance {
            Some(glance) if self.unclear.is_empty() => glance.at(&self.duties, !further.leaves.is_empty()),
            _ => Shown::Nothing,
        }
    }

    /// Does as if a change had been made.
    pub(super) fn amend(&mut self, person: &str, amendment: &Amendment, law: &Law) {
        let is_kept = |id: &Option<Name<Rc<str>>>| {
            id.as_ref().is_none_or(|id| !amendment.removed.contains(&id.to_string()))
        };
        let keep: Vec<bool> = self.assignments.iter().map(is_kept).collect();
        let mut place = keep.iter();
        self.duties.retain(|_| place.next().copied().unwrap_or(true));
        let mut place = keep.iter();
        self.assignments.retain(|_| place.next().copied().unwrap_or(true));
        for AddedDuty { duty, nature, .. } in amendment.added.iter().filter(|added| added.person == person) {
            let kind = nature.as_deref().and_then(|nature| law.vocabulary.find(nature));
            let place = self.duties.partition_point(|other| other.span.start() <= duty.span.start());
            self.duties.insert(place, Duty { kind, ..*duty });
            self.assignments.insert(place, None);
        }
    }
}

/// What is the same for everybody of a question.
pub(super) struct Ground<'a> {
    /// The rules.
    pub(super) law: &'a Law,
    /// The time of which everything was read.
    pub(super) known: Span,
}

impl Ground<'_> {
    /// Hands over the case of somebody.
    ///
    /// # Errors
    /// Those of the engine where days are out of range; those of `each`.
    pub(super) fn open(
        &self,
        person: &PersonFacts,
        (zone, book): (&ZonePeriods, &RuleBook),
        work: &mut Work,
        further: &Further,
        each: &mut dyn FnMut(&Case<'_>) -> Result<(), ExtensionError>,
    ) -> Result<(), ExtensionError> {
        for span in &mut work.unclear {
            *span = unclear_part(zone, *span)?;
        }
        let overtime = match &self.law.pay {
            Some(pay) => {
                classify_work(pay, zone, &work.duties, &mut work.classified)?;
                Some(work.classified.as_slice())
            }
            None => None,
        };
        let employed = match person.hired_on {
            Some(day) => local_days(zone, Some(day), None, LocalPolicy::BOUNDARY)?.unwrap_or(Span::ALWAYS),
            None => Span::ALWAYS,
        };
        let scopes: Option<Vec<Scope>> = self.law.scopes_of(person);
        let record = PersonRecord {
            duties: &work.duties,
            leaves: &further.leaves,
            rotations: &further.rotations,
            statements: &further.statements,
            postings: &further.postings,
            overtime,
            birth_date: person.born_on,
            employed,
            known: self.known,
            unclear: &work.unclear,
            scopes: scopes.as_deref(),
        };
        each(&Case {
            person,
            zone,
            book,
            record,
            assignments: &work.assignments,
            postings: &further.posting_ids,
        })
    }
}

/// What cannot be told for work without an end: the rest of the day on which it began. Work without a start
/// leaves all before its end open.
fn unclear_part(zone: &ZonePeriods, span: Span) -> Result<Span, ExtensionError> {
    if !span.start().is_finite() || span.end().is_finite() {
        return Ok(span);
    }
    let day = zone.local_at(span.start())?.date();
    let rest = local_days(zone, Some(day), Some(day.plus_days(1)?), LocalPolicy::BOUNDARY)?;
    Ok(rest.and_then(|day| day.intersect(span)).unwrap_or(span))
}

/// Tells overtime and work on statutory holidays.
fn classify_work(
    pay: &PayDocument,
    zone: &ZonePeriods,
    duties: &[Duty],
    classified: &mut Vec<ClassifiedWork>,
) -> Result<(), ExtensionError> {
    let spans: Vec<Span> = duties.iter().map(|duty| duty.span).collect();
    let rules = pay.rules(&spans, zone)?;
    let duties: Vec<PayDuty> = duties
        .iter()
        .map(|duty| PayDuty {
            span: duty.span,
            breaks: duty.unpaid.into_iter().collect::<SpanSet>(),
            break_minutes: 0,
            break_position: BreakPosition::Middle,
        })
        .collect();
    for piece in classify(&duties, &rules, Opening::default(), zone)? {
        let (day, on_holiday): (LocalDate, bool) = match piece.kind {
            PayKind::Regular => continue,
            PayKind::Overtime(_) => (piece.duty_day, false),
            PayKind::Holiday => (piece.local_day, true),
        };
        classified.push(ClassifiedWork { day, worked: piece.worked, on_holiday });
    }
    Ok(())
}

/// The last instant of a span, or the last there is.
pub(super) fn last_instant(span: Span) -> Instant {
    span.end().checked_add_microseconds(-1).unwrap_or(span.end())
}
