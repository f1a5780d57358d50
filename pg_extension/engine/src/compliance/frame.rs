//! The time in which a book of rules judges, and what its judges want to know of everybody.

use super::days::{Days, Offsets};
use super::vocabulary::{Vocabulary, Word, WordSet};
use crate::error::EngineError;
use crate::local::TimeOfDay;
use crate::rule::{Applies, CountedTime};
use crate::zone::ZoneRules;

/// The time in which a book judges, with its local days.
#[derive(Debug)]
pub(super) struct Frame {
    /// What is judged, in microseconds.
    pub(super) window: (i64, i64),
    /// What has to be known for it.
    pub(super) needed: (i64, i64),
    /// The local days by the reading at which they begin; the first begin at midnight.
    days: Vec<(TimeOfDay, Days)>,
    /// The offsets from UTC.
    pub(super) offsets: Offsets,
}

impl Frame {
    /// # Errors
    /// Those of [`Days::of`] and [`Offsets::of`].
    pub(super) fn of(
        zone: &dyn ZoneRules,
        window: (i64, i64),
        needed: (i64, i64),
    ) -> Result<Self, EngineError> {
        let midnight = Days::of(zone, needed, TimeOfDay::MIDNIGHT)?;
        let offsets = Offsets::of(zone, needed)?;
        Ok(Self { window, needed, days: vec![(TimeOfDay::MIDNIGHT, midnight)], offsets })
    }

    /// The number of the days that begin at a reading.
    ///
    /// # Errors
    /// Those of [`Days::of`].
    pub(super) fn days_from(&mut self, zone: &dyn ZoneRules, at: TimeOfDay) -> Result<usize, EngineError> {
        if let Some(known) = self.days.iter().position(|(reading, _)| *reading == at) {
            return Ok(known);
        }
        self.days.push((at, Days::of(zone, self.needed, at)?));
        Ok(self.days.len() - 1)
    }

    /// The days of a number; those from midnight for one that was never given.
    pub(super) fn days(&self, number: usize) -> &Days {
        const NONE: &Days = &Days::NONE;
        self.days.get(number).or(self.days.first()).map_or(NONE, |(_, days)| days)
    }

    /// How many kinds of days there are.
    pub(super) fn kinds_of_days(&self) -> usize {
        self.days.len()
    }

    /// Whether a window is judged.
    pub(super) fn judges(&self, start: i64, end: i64) -> bool {
        start < self.window.1 && self.window.0 < end
    }
}

/// What has to be made of everybody's record before it is judged.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// Which duties count, for each line of work.
    pub(super) lines: Vec<Counted>,
    /// Sums by day.
    pub(super) sums: Vec<WantedSums>,
}

/// Sums by day of a line of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WantedSums {
    pub(super) line: usize,
    pub(super) is_elapsed: bool,
    pub(super) days: usize,
}

/// Which duties count.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Counted {
    /// Only these kinds; `None` for all.
    kinds: Option<WordSet>,
    /// None of these.
    except: WordSet,
}

impl Counted {
    /// Whether duties of a kind count, or those of none.
    pub(super) fn counts(&self, kind: Option<Word>) -> bool {
        self.kinds.as_ref().is_none_or(|kinds| kinds.contains(kind)) && !self.except.contains(kind)
    }
}

impl Wanted {
    /// The number of the line of the work that a rule is about, without some further kinds.
    pub(super) fn line(&mut self, vocabulary: &Vocabulary, applies: &Applies, without: &[String]) -> usize {
        let except: Vec<String> = applies.except_kinds.iter().chain(without).cloned().collect();
        let counted = Counted {
            kinds: applies.kinds.as_ref().map(|kinds| WordSet::of(vocabulary, kinds)),
            except: WordSet::of(vocabulary, &except),
        };
        find_or_push(&mut self.lines, counted)
    }

    /// The number of the line of the work of some kinds.
    pub(super) fn line_of_kinds(&mut self, vocabulary: &Vocabulary, kinds: &[String]) -> usize {
        let kinds = Some(WordSet::of(vocabulary, kinds));
        find_or_push(&mut self.lines, Counted { kinds, except: WordSet::default() })
    }

    /// The number of sums by day.
    pub(super) fn sums(&mut self, line: usize, counted: CountedTime, days: usize) -> usize {
        let is_elapsed = counted != CountedTime::Worked;
        find_or_push(&mut self.sums, WantedSums { line, is_elapsed, days })
    }
}

fn find_or_push<T: PartialEq>(list: &mut Vec<T>, wanted: T) -> usize {
    if let Some(known) = list.iter().position(|known| *known == wanted) {
        return known;
    }
    list.push(wanted);
    list.len() - 1
}
