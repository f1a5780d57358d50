//! What is known of one person.

use super::vocabulary::Word;
use crate::duration::Duration;
use crate::instant::Instant;
use crate::local::LocalDate;
use crate::span::Span;

/// Somebody works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duty {
    /// From its start to its end.
    pub span: Span,
    /// The unpaid break in it. It is no work and no rest. Of several breaks, cut the duty between them.
    pub unpaid: Option<Span>,
    /// What kind of work it is.
    pub kind: Option<Word>,
    /// Whether its time is a guess, such as that of a half day.
    pub estimated: bool,
}

/// Somebody is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leave {
    /// When.
    pub span: Span,
    /// Whether its days leave averages, as those of annual leave and sickness do.
    pub excluded_from_averages: bool,
}

/// A period of the person's own, such as four weeks in one department.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// From its first day to its last.
    pub span: Span,
    /// What kind it is.
    pub kind: Option<Word>,
}

/// Whether somebody meets a condition, such as an individual opt-out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement {
    /// Which.
    pub condition: Word,
    /// When that is so.
    pub during: Span,
    /// Whether they meet it then.
    pub holds: bool,
}

/// Work that has been classified by how it is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassifiedWork {
    /// The local day to which it counts: that on which its duty began, or of holidays its own.
    pub day: LocalDate,
    /// How much.
    pub worked: Duration,
    /// Whether it was on a statutory holiday; else it is overtime.
    pub on_holiday: bool,
}

/// Somebody is posted somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posting {
    /// The first day.
    pub first_day: LocalDate,
    /// The last day; `None` for as long as can be seen.
    pub last_day: Option<LocalDate>,
    /// The organisational unit.
    pub unit: Option<Word>,
    /// The establishment.
    pub establishment: Option<Word>,
}

/// A rule speaks of this person for some time, as when it is one of a team.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// The position of the rule.
    pub rule: usize,
    /// Windows that begin in this span are judged.
    pub during: Span,
}

/// What is known of one person. Each slice is in any order; duties in the order of their starts are faster.
#[derive(Debug, Clone, Copy)]
pub struct PersonRecord<'a> {
    /// The work.
    pub duties: &'a [Duty],
    /// The leave.
    pub leaves: &'a [Leave],
    /// The person's own periods.
    pub rotations: &'a [Rotation],
    /// The conditions of which something is known. Where two statements differ, the later one counts.
    pub statements: &'a [Statement],
    /// The postings.
    pub postings: &'a [Posting],
    /// Overtime and work on statutory holidays; `None` where nobody classified the work.
    pub overtime: Option<&'a [ClassifiedWork]>,
    /// The date of birth; `None` where it is not known.
    pub birth_date: Option<LocalDate>,
    /// For how long the person is employed.
    pub employed: Span,
    /// The time of which everything is known: what is not listed did not happen.
    pub known: Span,
    /// Time within that of which something is not known, such as a punch without its counterpart.
    pub unclear: &'a [Span],
    /// The rules that speak of this person; `None` for all.
    pub scopes: Option<&'a [Scope]>,
}

impl Default for PersonRecord<'_> {
    /// Somebody who never does anything, of whom that is known.
    fn default() -> Self {
        Self {
            duties: &[],
            leaves: &[],
            rotations: &[],
            statements: &[],
            postings: &[],
            overtime: None,
            birth_date: None,
            employed: Span::ALWAYS,
            known: Span::ALWAYS,
            unclear: &[],
            scopes: None,
        }
    }
}

impl Duty {
    /// Work without a break, of no kind.
    #[must_use]
    pub const fn of(span: Span) -> Self {
        Self { span, unpaid: None, kind: None, estimated: false }
    }

    /// The same with an unpaid break of which only the length is known: it lies in the middle, as where
    /// conflicts are found. A break as long as the duty, or longer, is all of it.
    #[must_use]
    pub fn with_break(self, length: Duration) -> Self {
        let (start, end) = (self.span.start().microseconds(), self.span.end().microseconds());
        let (Ok(elapsed), true) = (self.span.elapsed(), length > Duration::ZERO) else { return self };
        let before = (elapsed.microseconds() - length.microseconds()).max(0) / 2;
        let break_start = Instant::from_microseconds(start + before);
        let break_end = start.saturating_add(before).saturating_add(length.microseconds()).min(end);
        Self { unpaid: Span::new(break_start, Instant::from_microseconds(break_end)), ..self }
    }
}
