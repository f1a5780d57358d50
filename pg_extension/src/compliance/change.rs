//! What a change adds to the verdicts.

use std::collections::HashMap;

use rota_engine::compliance::{Duty, Ratio, Reason, Verdict, Word};
use rota_engine::rule::Level;
use rota_engine::{Span, SpanSet};

use super::case::{Amendment, Case};
use super::inquiry::{Inquiry, Questions};
use super::law::Law;
use super::row::VerdictRow;
use crate::error::ExtensionError;
use crate::source::{Connection, RuleQuestion, RuleRow, Views};

/// What there was of somebody before a change, or is after it.
#[derive(Debug, Default)]
pub(super) struct Standing {
    verdicts: Vec<Verdict>,
    work: HashMap<Option<Word>, KindOfWork>,
    leave: SpanSet,
}

/// Somebody's work of one kind.
#[derive(Debug, Default)]
struct KindOfWork {
    /// On duty, breaks included.
    elapsed: SpanSet,
    /// Without unpaid breaks.
    worked: SpanSet,
}

impl Standing {
    /// Of a case.
    pub(super) fn of(verdicts: Vec<Verdict>, case: &Case<'_>) -> Self {
        let leave = case.record.leaves.iter().filter(|leave| leave.excluded_from_averages);
        Self { verdicts, work: by_kind(case.record.duties), leave: leave.map(|leave| leave.span).collect() }
    }

    /// Of nobody: there was nothing.
    pub(super) fn nothing() -> Self {
        Self::default()
    }

    /// What a change added to this standing: `moved` is the time in which work or leave came to be or went.
    pub(super) fn moved_since(&self, before: &Self) -> SpanSet {
        let nothing = KindOfWork::default();
        let leave = self.leave.subtract(&before.leave).union(&before.leave.subtract(&self.leave));
        self.work.iter().fold(leave, |moved, (kind, work)| {
            moved.union(&work.added_to(before.work.get(kind).unwrap_or(&nothing)))
        })
    }

    /// Whether a verdict is new or worse than before: something moved in its window or next to it, and there
    /// was none by the same rule over all of its window that was as far off the limit.
    pub(super) fn had_none_like(&self, verdict: &Verdict, moved: &SpanSet) -> bool {
        let is_touched = moved.spans().iter().any(|span| touches(*span, verdict.window));
        is_touched
            && !self.verdicts.iter().any(|known| {
                known.rule == verdict.rule
                    && known.level == verdict.level
                    && known.window.covers(verdict.window)
                    && is_as_far_off(known, verdict)
            })
    }
}

impl KindOfWork {
    /// The time on duty that was not before, and stretches of duty in which more is worked than before: an unpaid
    /// break became shorter, or other work lies in it.
    fn added_to(&self, before: &Self) -> SpanSet {
        let worked_within = |work: &Self, stretch: Span| {
            let stretch: SpanSet = [stretch].into_iter().collect();
            work.worked.intersect(&stretch).total().unwrap_or_default()
        };
        let stretches = self.elapsed.spans().iter().copied();
        let fuller =
            stretches.filter(|stretch| worked_within(self, *stretch) > worked_within(before, *stretch));
        self.elapsed.subtract(&before.elapsed).union(&fuller.collect())
    }
}

fn by_kind(duties: &[Duty]) -> HashMap<Option<Word>, KindOfWork> {
    let mut spans: HashMap<Option<Word>, (Vec<Span>, Vec<Span>)> = HashMap::new();
    for Duty { span, unpaid, kind, .. } in duties {
        let (elapsed, worked) = spans.entry(*kind).or_default();
        elapsed.push(*span);
        let (from, to) = unpaid.map_or((span.end(), span.end()), |unpaid| (unpaid.start(), unpaid.end()));
        worked.extend(Span::new(span.start(), from).into_iter().chain(Span::new(to, span.end())));
    }
    let made = spans.into_iter().map(|(kind, (elapsed, worked))| {
        let (elapsed, worked) = (elapsed.into_iter().collect(), worked.into_iter().collect());
        (kind, KindOfWork { elapsed, worked })
    });
    made.collect()
}

/// Whether two spans share an instant, or one ends where the other starts.
fn touches(one: Span, other: Span) -> bool {
    one.start() <= other.end() && other.start() <= one.end()
}

fn is_as_far_off(known: &Verdict, verdict: &Verdict) -> bool {
    let (Some(before), Some(after)) = (known.measured, verdict.measured) else {
        return known.measured.is_none() == verdict.measured.is_none();
    };
    match verdict.reason {
        // What is allowed may have become less, as with a day of leave.
        Reason::TooLittle => less(known.limit, before) >= less(verdict.limit, after),
        _ => less(before, known.limit) >= less(after, verdict.limit),
    }
}

fn less(one: Ratio, other: Ratio) -> Ratio {
    Ratio::new(
        one.numerator()
            .saturating_mul(other.denominator())
            .saturating_sub(other.numerator().saturating_mul(one.denominator())),
        one.denominator().saturating_mul(other.denominator()),
    )
}

/// What an amendment would add to the verdicts by the rules that a choice takes of those in force.
///
/// # Errors
/// Those of the rules and the views.
pub(crate) fn added_by(
    connection: &Connection,
    views: &Views,
    (window, people): (Span, &[String]),
    amendment: &Amendment,
    is_chosen: impl Fn(&RuleRow) -> bool,
) -> Result<Vec<VerdictRow>, ExtensionError> {
    let written = RuleQuestion::new(connection, views, None)?.ask(connection)?;
    let law = Law::read(connection, &written, is_chosen)?;
    if law.rules.is_empty() {
        return Ok(Vec::new());
    }
    let questions = Questions::new(views, &law, true, false)?;
    let inquiry = Inquiry { window, people: Some(people), teams: None, amendment: None };
    let mut before = HashMap::new();
    questions.ask(connection, &law, inquiry, &mut |case| {
        before.insert(case.person.id.clone(), Standing::of(case.book.judge(&case.record), case));
        Ok(())
    })?;
    let mut rows = Vec::new();
    let inquiry = Inquiry { amendment: Some(amendment), ..inquiry };
    questions.ask(connection, &law, inquiry, &mut |case| {
        let verdicts = case.book.judge(&case.record);
        let after = Standing::of(verdicts, case);
        let nothing = Standing::nothing();
        let before = before.get(&case.person.id).unwrap_or(&nothing);
        rows.extend(after.added_to(before, case, &law));
        Ok(())
    })?;
    Ok(rows)
}

impl Standing {
    /// The rows of what is new or worse than before. What is unknown was so before, too.
    pub(super) fn added_to(&self, before: &Self, case: &Case<'_>, law: &Law) -> Vec<VerdictRow> {
        let moved = self.moved_since(before);
        let told = self.verdicts.iter().filter(|verdict| verdict.level != Level::Unknown);
        let added = told.filter(|verdict| before.had_none_like(verdict, &moved));
        added.filter_map(|verdict| VerdictRow::of(verdict, case, law)).collect()
    }
}
