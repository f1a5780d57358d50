//! Cutting duties into what they are paid as.

use super::counter::{Belonging, Counter, Opening};
use super::rules::{PayKind, PayRules, Reason};
use crate::attribution::{AttributedPiece, Attribution, BreakPosition};
use crate::duration::Duration;
use crate::error::EngineError;
use crate::instant::Instant;
use crate::local::LocalDate;
use crate::period::Boundary;
use crate::span::Span;
use crate::span_set::SpanSet;
use crate::zone::ZoneRules;

/// A duty of one person and its unpaid breaks.
#[derive(Debug, Clone)]
pub struct PayDuty {
    /// From its start to its end.
    pub span: Span,
    /// The breaks of which it is known when they were.
    pub breaks: SpanSet,
    /// The length of a further break.
    pub break_minutes: i64,
    /// When that was.
    pub break_position: BreakPosition,
}

/// A stretch of work that is paid alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PayPiece {
    /// The position of its duty.
    pub duty: usize,
    /// When it was.
    pub span: Span,
    /// How much of that was work: all, but for its share of a proportional break.
    pub worked: Duration,
    /// The local day on which it lies.
    pub local_day: LocalDate,
    /// The local day to which a limit by duty counts it: the one on which the duty, or the first of the duties
    /// that touch, began.
    pub duty_day: LocalDate,
    /// What it is paid as.
    pub kind: PayKind,
    /// Whether it lies in the night.
    pub is_night: bool,
    /// Why.
    pub reason: Reason,
}

/// Classifies the work of one person. The duties may be in any order; time that several share is paid once,
/// in the one that began first.
///
/// Give all duties since the weeks and pay periods in question began, or what they amounted to as `opening`.
/// The pieces come in the order of time and sum to the work of all duties together. Counting goes by the
/// first-come rule: the first work of a day and week is regular, the last is overtime.
///
/// A duty that runs out of a holiday goes on with what the holiday used of the day's limit; holiday work counts
/// towards no weekly limit and no overtime (Kihatsu 331, 1994).
///
/// # Errors
/// Those of [`PayRules::check`] and [`Attribution::pieces`].
pub fn classify(
    duties: &[PayDuty],
    rules: &PayRules,
    opening: Opening,
    zone: &dyn ZoneRules,
) -> Result<Vec<PayPiece>, EngineError> {
    rules.check()?;
    let mut counter = Counter::new(rules, opening);
    let mut pieces: Vec<PayPiece> = Vec::new();
    for fragment in fragments(duties, rules, zone)? {
        let mut rest = Some(fragment.span);
        let mut worked = fragment.worked;
        while let Some(span) = rest.filter(|_| worked > Duration::ZERO) {
            let verdict = counter.count(fragment.belonging, worked)?;
            let cut = fragment.cut(span, verdict.time, worked);
            worked = Duration::from_microseconds(worked.microseconds() - verdict.time.microseconds());
            rest = Span::new(cut, span.end());
            let Some(span) = Span::new(span.start(), cut) else { continue };
            pieces.push(PayPiece {
                duty: fragment.duty,
                span,
                worked: verdict.time,
                local_day: fragment.belonging.local_day,
                duty_day: fragment.belonging.duty_day,
                kind: verdict.kind,
                is_night: fragment.is_night,
                reason: verdict.reason,
            });
        }
    }
    Ok(pieces)
}

/// A stretch of work on one day, wholly at night or not.
struct Fragment {
    duty: usize,
    span: Span,
    worked: Duration,
    is_night: bool,
    belonging: Belonging,
}

impl Fragment {
    /// The instant at which so much of the work that is left in a span has been done.
    fn cut(&self, span: Span, time: Duration, worked: Duration) -> Instant {
        if time == worked {
            return span.end();
        }
        let length = span.end().microseconds() - span.start().microseconds();
        let share = i128::from(length) * i128::from(time.microseconds()) / i128::from(worked.microseconds());
        // At most `length`, as `time` is at most `worked`.
        let share = i64::try_from(share).unwrap_or(length);
        Instant::from_microseconds(span.start().microseconds() + share)
    }
}

/// The work of all duties in the order of time, no instant twice.
fn fragments(
    duties: &[PayDuty],
    rules: &PayRules,
    zone: &dyn ZoneRules,
) -> Result<Vec<Fragment>, EngineError> {
    let mut by_start: Vec<(usize, &PayDuty)> = duties.iter().enumerate().collect();
    by_start.sort_by_key(|(_, duty)| duty.span);
    let mut fragments = Vec::with_capacity(duties.len() * 2);
    let mut counted = SpanSet::default();
    let mut chain: Option<(LocalDate, Instant)> = None;
    for (position, duty) in by_start {
        let pieces = attribution(duty, rules).pieces(zone, duty.span)?;
        let (duty_day, overlaps) = match chain {
            Some((day, until)) if duty.span.start() <= until => (day, duty.span.start() < until),
            _ => (zone.local_at(duty.span.start())?.date(), false),
        };
        let until = chain.map_or(duty.span.end(), |(_, until)| until.max(duty.span.end()));
        chain = Some((duty_day, until));
        // Only duties that overlap can count an instant twice, and only their chain is remembered.
        if !overlaps {
            counted = SpanSet::default();
        }
        let worked: Vec<&AttributedPiece> = pieces.iter().filter(|piece| !piece.is_break).collect();
        for piece in &worked {
            for span in counted.gaps_within(piece.span).spans() {
                let worked = share(piece, *span);
                let belonging =
                    Belonging { duty_day, local_day: piece.local_day, period_start: piece.period_start };
                fragments.push(Fragment {
                    duty: position,
                    span: *span,
                    worked,
                    is_night: piece.is_in_band,
                    belonging,
                });
            }
        }
        counted = counted.union(&worked.iter().map(|piece| piece.span).collect());
    }
    // A duty within the break of another lies before what follows that break.
    fragments.sort_by_key(|fragment| fragment.span);
    Ok(fragments)
}

/// By what a duty is cut before it is counted.
fn attribution(duty: &PayDuty, rules: &PayRules) -> Attribution {
    Attribution {
        boundary: rules.weekly.map_or(Boundary::DAY, |limit| limit.boundary),
        band: rules.night,
        breaks: duty.breaks.clone(),
        break_minutes: duty.break_minutes,
        break_position: duty.break_position,
        policy: rules.policy,
    }
}

/// What was worked in a part of a piece.
fn share(piece: &AttributedPiece, part: Span) -> Duration {
    if part == piece.span {
        return piece.worked;
    }
    let microseconds = |span: Span| i128::from(span.end().microseconds() - span.start().microseconds());
    let share = i128::from(piece.worked.microseconds()) * microseconds(part) / microseconds(piece.span);
    Duration::from_microseconds(i64::try_from(share).unwrap_or_default())
}
