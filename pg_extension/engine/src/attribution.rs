//! The pieces of a shift by everything that pays differently: day, period, band, break.

use crate::band::Band;
use crate::duration::Duration;
use crate::error::EngineError;
use crate::instant::Instant;
use crate::local::LocalDate;
use crate::period::Boundary;
use crate::policy::LocalPolicy;
use crate::span::Span;
use crate::span_set::SpanSet;
use crate::split::{Piece, split};
use crate::zone::ZoneRules;

/// Where an unpaid break of known length was taken, when nobody wrote down when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BreakPosition {
    /// As the shift began.
    Start,
    /// With as much work before it as after it, where breaks usually are. The default.
    #[default]
    Middle,
    /// As the shift ended.
    End,
    /// Nowhere: each piece bears its share of the break by its length.
    Proportional,
}

/// By what a shift is cut.
#[derive(Debug, Clone)]
pub struct Attribution {
    /// The periods, beside the local days by which it is always cut.
    pub boundary: Boundary,
    /// The band of the clock, if there is one.
    pub band: Option<Band>,
    /// The breaks of which it is known when they were; what lies outside of the shift counts for nothing.
    pub breaks: SpanSet,
    /// The length of a further break.
    pub break_minutes: i64,
    /// When that was.
    pub break_position: BreakPosition,
    /// What readings of the clock mean where it changes.
    pub policy: LocalPolicy,
}

/// A part of a shift of which every instant is of the same kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttributedPiece {
    /// The local day.
    pub local_day: LocalDate,
    /// The first day of the period.
    pub period_start: LocalDate,
    /// Whether it lies in the band.
    pub is_in_band: bool,
    /// Whether it is a break.
    pub is_break: bool,
    /// The part of the shift.
    pub span: Span,
    /// What of it was worked: nothing of a break, and else all but its share of a proportional break.
    pub worked: Duration,
}

impl BreakPosition {
    /// From the word that SQL uses: `start`, `middle`, `end` or `proportional`.
    ///
    /// # Errors
    /// [`EngineError::UnknownChoice`], naming `break_position`.
    pub fn from_word(word: &str) -> Result<Self, EngineError> {
        match word {
            "start" => Ok(Self::Start),
            "middle" => Ok(Self::Middle),
            "end" => Ok(Self::End),
            "proportional" => Ok(Self::Proportional),
            _ => Err(EngineError::UnknownChoice {
                argument: "break_position",
                value: word.to_owned(),
                choices: "start, middle, end, proportional",
            }),
        }
    }
}

impl Attribution {
    /// The pieces of a shift, in order. They follow one another, sum to the whole, and no two neighbours are
    /// of one kind; the worked time sums to the whole without its breaks.
    ///
    /// A break of unknown position lies within the time that the other breaks leave, to the microsecond. The
    /// share of a proportional one in a piece is what the piece adds to `⌊break × worked so far ÷ worked in
    /// all⌋`, in microseconds: shares sum to the break, and each is within a microsecond of exact.
    ///
    /// # Errors
    /// Those of [`split`] and [`Band::within`]; [`EngineError::NegativeBreak`];
    /// [`EngineError::BreakLongerThanShift`] when the breaks leave less than `break_minutes`.
    pub fn pieces(&self, zone: &dyn ZoneRules, shift: Span) -> Result<Vec<AttributedPiece>, EngineError> {
        let days = split(zone, shift, Boundary::DAY, self.policy)?;
        let periods = split(zone, shift, self.boundary, self.policy)?;
        let band = match self.band {
            Some(band) => band.within(zone, shift, self.policy)?,
            None => SpanSet::default(),
        };
        let shift_set = SpanSet::from_iter([shift]);
        let unpaid = self.unplaced_break(&shift_set.subtract(&self.breaks))?;
        let breaks = self.breaks.union(&unpaid.placed).intersect(&shift_set);

        let mut cuts: Vec<Instant> = days.iter().chain(&periods).map(|piece| piece.span.end()).collect();
        let edges = band.spans().iter().chain(breaks.spans()).flat_map(|span| [span.start(), span.end()]);
        cuts.extend(edges.filter(|edge| *edge > shift.start()));
        cuts.sort_unstable();
        cuts.dedup();

        let mut worked_before = Duration::ZERO;
        let mut start = shift.start();
        let mut pieces = Vec::with_capacity(cuts.len());
        for end in cuts {
            let Some(span) = Span::new(start, end) else { continue };
            let is_break = breaks.covers(span);
            let mut worked = Duration::ZERO;
            if !is_break {
                let worked_after = worked_before.plus(span.elapsed()?)?;
                worked = unpaid.paid_between(worked_before, worked_after);
                worked_before = worked_after;
            }
            pieces.push(AttributedPiece {
                local_day: period_at(&days, start)?,
                period_start: period_at(&periods, start)?,
                is_in_band: band.covers(span),
                is_break,
                span,
                worked,
            });
            start = end;
        }
        Ok(pieces)
    }

    /// The break of unknown position within the time that is left to work.
    fn unplaced_break(&self, worked: &SpanSet) -> Result<UnplacedBreak, EngineError> {
        if self.break_minutes < 0 {
            return Err(EngineError::NegativeBreak { break_minutes: self.break_minutes });
        }
        let all = worked.total()?;
        let length =
            Duration::from_minutes(self.break_minutes).filter(|length| *length <= all).ok_or_else(|| {
                EngineError::BreakLongerThanShift {
                    break_minutes: self.break_minutes,
                    shift_minutes: all.minutes().to_string(),
                }
            })?;
        let free = all.microseconds() - length.microseconds();
        let begins_after = match self.break_position {
            BreakPosition::Proportional => {
                return Ok(UnplacedBreak { placed: SpanSet::default(), share: Some((length, all)) });
            }
            BreakPosition::Start => 0,
            BreakPosition::Middle => free / 2,
            BreakPosition::End => free,
        };
        let placed = worked.stretch(Duration::from_microseconds(begins_after), length)?;
        Ok(UnplacedBreak { placed, share: None })
    }
}

/// A break of unknown position, attributed.
struct UnplacedBreak {
    /// Where it was put.
    placed: SpanSet,
    /// Its length and that of the time that bears it, when it was put nowhere.
    share: Option<(Duration, Duration)>,
}

impl UnplacedBreak {
    /// What is paid of the time from one amount of work done to another.
    fn paid_between(&self, before: Duration, after: Duration) -> Duration {
        let paid = |worked: Duration| match self.share {
            Some((length, all)) if all > Duration::ZERO => {
                let [worked, length, all] = [worked, length, all].map(|time| i128::from(time.microseconds()));
                // The quotient is at most `length`, because `worked` is at most `all`.
                worked - worked * length / all
            }
            _ => i128::from(worked.microseconds()),
        };
        Duration::from_microseconds(i64::try_from(paid(after) - paid(before)).unwrap_or_default())
    }
}

/// The period of the piece that an instant lies in.
fn period_at(pieces: &[Piece], instant: Instant) -> Result<LocalDate, EngineError> {
    let after = pieces.partition_point(|piece| piece.span.start() <= instant);
    let piece = after.checked_sub(1).and_then(|last| pieces.get(last));
    piece.map(|piece| piece.period_start).ok_or(EngineError::BrokenZoneRules)
}
