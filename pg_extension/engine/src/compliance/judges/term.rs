//! Postings come to an end.
//!
//! Periods of months are counted as civil codes do (Civil Code of Japan, article 143(2)): from a day up to, but
//! without, the day of the same number so many months later; where that month has no such day, up to its end.
//! Arithmetic that clips to the end of the month ends them a day early.

use super::{Contributing, Judge, Take};
use crate::calendar::month_and_day;
use crate::compliance::case::{Case, Comparison, State};
use crate::compliance::days::Days;
use crate::compliance::person::Person;
use crate::compliance::record::Posting;
use crate::compliance::verdict::{Reason, Unit};
use crate::error::EngineError;
use crate::local::LocalDate;
use crate::rule::{Place, TermLimit};

/// A row of postings that count as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// The first day.
    pub first_day: LocalDate,
    /// The last day; `None` for as long as can be seen.
    pub last_day: Option<LocalDate>,
    /// The first day on which nobody may be posted any more; the last lawful day is the one before.
    pub conflict_date: LocalDate,
    /// The first day on which the end is told.
    pub notice_date: LocalDate,
    /// The positions of the postings, ascending.
    pub postings: Vec<usize>,
}

/// The terms that postings make, each from a first day to a last. All are taken to be at one place.
///
/// A posting goes on with the term before it unless more than the cooling-off lies between: unless it begins after
/// the first day that follows so many months without one.
///
/// # Errors
/// [`EngineError::OutOfRange`] past what dates hold.
pub fn terms(
    postings: &[(LocalDate, Option<LocalDate>)],
    limit: TermLimit,
) -> Result<Vec<Term>, EngineError> {
    let mut by_start: Vec<usize> = (0..postings.len()).collect();
    by_start.sort_by_key(|position| postings.get(*position));
    let mut terms: Vec<Term> = Vec::new();
    for position in by_start {
        let Some((first_day, last_day)) = postings.get(position).copied() else { continue };
        let goes_on = match terms.last() {
            None => false,
            Some(Term { last_day: None, .. }) => true,
            Some(Term { last_day: Some(last), .. }) => {
                first_day <= after_months(last.plus_days(1)?, limit.cooling_off_months)?
            }
        };
        if goes_on && let Some(term) = terms.last_mut() {
            term.last_day = term.last_day.zip(last_day).map(|(one, other)| one.max(other));
            term.postings.push(position);
            continue;
        }
        let conflict_date = after_months(first_day, limit.maximum_months)?;
        let notice_date = before_months(conflict_date, limit.notice_months)?;
        terms.push(Term { first_day, last_day, conflict_date, notice_date, postings: vec![position] });
    }
    for term in &mut terms {
        term.postings.sort_unstable();
    }
    Ok(terms)
}

/// The first day after a period of months that begins on a day.
fn after_months(day: LocalDate, months: u32) -> Result<LocalDate, EngineError> {
    let (month, number) = month_and_day(day);
    let month = month.plus(months.into());
    if number <= month.length_days() { month.day(number) } else { month.plus(1).day(1) }
}

/// The same day so many months before, or the last of a month that has none such.
fn before_months(day: LocalDate, months: u32) -> Result<LocalDate, EngineError> {
    let (month, number) = month_and_day(day);
    let month = month.plus(-i64::from(months));
    month.day(number.min(month.length_days()))
}

/// Nobody is posted at one place for longer than so many months.
#[derive(Debug)]
pub(super) struct TermOfPosting {
    limit: TermLimit,
}

impl TermOfPosting {
    pub(super) fn of(limit: TermLimit) -> Self {
        Self { limit }
    }

    fn place(&self, posting: &Posting) -> Option<crate::compliance::Word> {
        match self.limit.place {
            Place::Unit => posting.unit,
            Place::Establishment => posting.establishment,
        }
    }

    fn measure_term(&self, person: &Person<'_>, term: &Term, take: &mut Take<'_>) {
        let days = person.frame.days(0);
        let start = |day: LocalDate| days.start(days.on(day));
        // What ends on a day, ends where the next begins.
        let end = |day: Option<LocalDate>| {
            day.and_then(|day| day.plus_days(1).ok()).map_or(days.start(usize::MAX), start)
        };
        let judged_until = days.date(days.at(person.frame.window.1 - 1));
        let today = judged_until.map(|today| term.last_day.map_or(today, |last| last.min(today)));
        let posted = today.map_or(0, |today| days_between(term.first_day, today) + 1);
        let allowed = days_between(term.first_day, term.conflict_date);
        let found = Comparison::of(posted, allowed);
        let case = |window: (i64, i64), state, reason| Case {
            state,
            reason,
            ..Case::at_most(window.0, window.1, found, true)
        };
        let lasts_too_long = term.last_day.is_none_or(|last| last >= term.conflict_date);
        let (over, notice) = (start(term.conflict_date), start(term.notice_date));
        let mut tell = |window: (i64, i64), state, reason| {
            if window.0 < window.1 && person.frame.judges(window.0, window.1) {
                take(case(window, state, reason));
            }
        };
        if lasts_too_long {
            tell((over, end(term.last_day)), State::Broken, Reason::TermOver);
            tell((notice, over), State::Broken, Reason::TermEnds);
        }
        let lawful = term.last_day.filter(|last| *last < term.conflict_date);
        let lawful_end = lawful.map_or(over, |last| end(Some(last)));
        tell((start(term.first_day), lawful_end), State::Kept, Reason::TooMuch);
    }
}

impl Judge for TermOfPosting {
    fn measure(&self, person: &Person<'_>, take: &mut Take<'_>) {
        let postings = person.record.postings;
        let mut places: Vec<_> = postings.iter().map(|posting| self.place(posting)).collect();
        places.sort_unstable();
        places.dedup();
        for place in places {
            let here = postings.iter().filter(|posting| self.place(posting) == place);
            let here: Vec<_> = here.map(|posting| (posting.first_day, posting.last_day)).collect();
            // Dates past the end of time end nothing.
            for term in terms(&here, self.limit).unwrap_or_default() {
                self.measure_term(person, &term, take);
            }
        }
    }

    fn unit(&self) -> (Unit, i64) {
        (Unit::DaysPosted, 1)
    }

    fn contributing(&self) -> Contributing {
        Contributing::Postings
    }
}

fn days_between(first: LocalDate, last: LocalDate) -> i64 {
    i64::from(last.days()) - i64::from(first.days())
}

/// The span of a posting on the days of a frame.
pub(in crate::compliance) fn span_of(posting: &Posting, days: &Days) -> (i64, i64) {
    let end = posting.last_day.and_then(|last| last.plus_days(1).ok());
    let start = |day: LocalDate| days.start(days.on(day));
    (start(posting.first_day), end.map_or(i64::MAX, start))
}
