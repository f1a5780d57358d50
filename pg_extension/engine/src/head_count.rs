//! How many heads there are at each instant.

use crate::duration::Duration;
use crate::error::EngineError;
use crate::instant::Instant;
use crate::local::{LocalDateTime, MICROSECONDS_PER_DAY};
use crate::span::Span;
use crate::split::limited_length;
use crate::zone::ZoneRules;

/// The most slots of one call: a year by quarters of an hour, and some.
pub const MOST_SLOTS: usize = 50_000;

/// A number of heads over time: a step function that is zero before its first change.
///
/// Heads may be negative, so that the heads booked can be taken off those wanted. Merging two counts is
/// merging their changes, in any order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeadCount {
    /// Where the number changes and by how much; sorted, one for each instant, none of zero, after
    /// [`HeadCount::settle`].
    changes: Vec<(Instant, i64)>,
    /// How many changes there were when they were settled last.
    settled: usize,
}

/// A stretch of time with the same number of heads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The stretch.
    pub span: Span,
    /// The number.
    pub heads: i64,
}

/// A slot of the clock, and the heads in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// The slot.
    pub span: Span,
    /// What the clock shows when it starts.
    pub local_start: LocalDateTime,
    /// The smallest number at any instant of the slot.
    pub fewest: i64,
    /// The greatest number at any instant of the slot.
    pub most: i64,
    /// The numbers times how long they lasted.
    pub head_time: Duration,
}

impl HeadCount {
    /// Adds some heads for as long as a span lasts.
    pub fn add(&mut self, span: Span, heads: i64) {
        self.add_change(span.start(), heads);
        if span.end() < Instant::INFINITY {
            self.add_change(span.end(), heads.saturating_neg());
        }
    }

    /// Adds a change of the number; what [`HeadCount::changes`] gave elsewhere, for example.
    pub fn add_change(&mut self, at: Instant, by: i64) {
        self.changes.push((at, by));
        // Shifts start and end at the same few instants of a day: kept settled, even millions of them are few.
        if self.changes.len() > 1_024 && self.changes.len() > 2 * self.settled {
            self.settle();
        }
    }

    /// Where the number changes and by how much, in order; none is zero.
    pub fn changes(&mut self) -> &[(Instant, i64)] {
        self.settle();
        &self.changes
    }

    fn settle(&mut self) {
        self.changes.sort_unstable_by_key(|(at, _)| *at);
        self.changes.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                earlier.1 = earlier.1.saturating_add(later.1);
            }
            same
        });
        self.changes.retain(|(_, by)| *by != 0);
        self.settled = self.changes.len();
    }

    /// The number over time: from the first change to the last, or, given a window, exactly over that. Steps
    /// follow one another, and neighbours differ; some may be of no heads.
    pub fn steps(&mut self, window: Option<Span>) -> Vec<Step> {
        self.settle();
        let first = self.changes.first().map(|(at, _)| *at);
        let last = match self.changes.iter().try_fold(0_i64, |heads, (_, by)| heads.checked_add(*by)) {
            // Whoever comes and never goes is there for good.
            Some(0) => self.changes.last().map(|(at, _)| *at),
            _ => Some(Instant::INFINITY),
        };
        let whole = first.zip(last).and_then(|(first, last)| Span::new(first, last));
        let Some(window) = window.or(whole) else { return Vec::new() };
        let mut steps = Vec::new();
        let (mut start, mut heads) = (window.start(), 0_i64);
        for &(at, by) in &self.changes {
            if let Some(span) = Span::new(start, at.min(window.end())) {
                steps.push(Step { span, heads });
                start = at;
            }
            heads = heads.saturating_add(by);
        }
        steps.extend(Span::new(start, window.end()).map(|span| Step { span, heads }));
        steps
    }

    /// The number by slots of the clock. The slots follow one another over the whole window.
    ///
    /// A slot starts where the clock shows a whole number of slots since midnight, or skips from one slot into
    /// another. So an hour that occurs twice is two slots of an hour, the half day around it one of 13 hours,
    /// and an hour of which the first half is skipped is half as long. The first and the last slot are cut by
    /// the window.
    ///
    /// # Errors
    /// [`EngineError::UnfitNumber`], naming `slot_minutes`; [`EngineError::TooManySlots`]; [`EngineError::UnboundedSpan`] and
    /// [`EngineError::SpanTooLong`], naming `during`; [`EngineError::OutOfRange`] for a sum of time that no
    /// integer holds; those of [`ZoneRules::period_at`].
    pub fn slots(
        &mut self,
        zone: &dyn ZoneRules,
        window: Span,
        slot_minutes: i32,
    ) -> Result<Vec<Slot>, EngineError> {
        let starts = slot_starts(zone, window, slot_minutes)?;
        let steps = self.steps(Some(window));
        let ends = starts.iter().skip(1).map(|(at, _)| *at).chain([window.end()]);
        let mut first_step = 0;
        let mut slots = Vec::with_capacity(starts.len());
        for ((start, local_start), end) in starts.iter().zip(ends) {
            let Some(span) = Span::new(*start, end) else { continue };
            let mut slot = Slot {
                span,
                local_start: *local_start,
                fewest: i64::MAX,
                most: i64::MIN,
                head_time: Duration::ZERO,
            };
            while steps.get(first_step).is_some_and(|step| step.span.end() <= span.start()) {
                first_step += 1;
            }
            for step in steps.iter().skip(first_step).take_while(|step| step.span.start() < span.end()) {
                let Some(shared) = step.span.intersect(span) else { continue };
                slot.fewest = slot.fewest.min(step.heads);
                slot.most = slot.most.max(step.heads);
                let head_time = shared.elapsed()?.microseconds().checked_mul(step.heads);
                let head_time = head_time.ok_or(EngineError::OutOfRange { argument: "heads" })?;
                slot.head_time = slot.head_time.plus(Duration::from_microseconds(head_time))?;
            }
            slots.push(slot);
        }
        Ok(slots)
    }
}

/// The instants at which slots start, each with what the clock shows.
fn slot_starts(
    zone: &dyn ZoneRules,
    window: Span,
    slot_minutes: i32,
) -> Result<Vec<(Instant, LocalDateTime)>, EngineError> {
    limited_length(window)?;
    let slot = Duration::from_minutes(i64::from(slot_minutes)).map_or(0, Duration::microseconds);
    if slot <= 0 || slot > MICROSECONDS_PER_DAY {
        return Err(EngineError::UnfitNumber {
            argument: "slot_minutes",
            value: i64::from(slot_minutes),
            wanted: "1 to 1440",
        });
    }
    let mut starts = Vec::new();
    let mut position = window.start();
    let mut shown_before = None;
    while position < window.end() {
        let period = zone.period_at(position)?;
        if period.until <= position {
            return Err(EngineError::BrokenZoneRules);
        }
        let offset = i64::from(period.offset_seconds) * 1_000_000;
        let until = period.until.min(window.end());
        while position < until {
            let out_of_range = EngineError::OutOfRange { argument: "during" };
            let reading = position.microseconds().checked_add(offset).ok_or(out_of_range.clone())?;
            let into_day = reading.rem_euclid(MICROSECONDS_PER_DAY);
            let shown = Some((reading.div_euclid(MICROSECONDS_PER_DAY), into_day / slot));
            if into_day % slot == 0 || shown != shown_before {
                if starts.len() >= MOST_SLOTS {
                    return Err(EngineError::TooManySlots { argument: "during", limit: MOST_SLOTS });
                }
                starts.push((position, LocalDateTime::from_microseconds(reading)));
            }
            shown_before = shown;
            // Slots that do not divide the day begin anew at midnight.
            let left = (slot - into_day % slot).min(MICROSECONDS_PER_DAY - into_day);
            position = position.checked_add_microseconds(left).ok_or(out_of_range)?.min(until);
        }
    }
    Ok(starts)
}
