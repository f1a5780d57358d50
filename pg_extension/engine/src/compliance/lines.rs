//! One person's work, by the kinds that rules are about.

use std::cell::OnceCell;

use super::frame::Counted;
use super::person::{bounds, cut};
use super::record::Duty;
use super::stretches::Stretches;
use super::vocabulary::Word;

/// Work of the kinds that a rule is about.
#[derive(Debug)]
pub(super) struct Line {
    /// On duty, breaks included.
    elapsed: Stretches,
    /// Without unpaid breaks; `None` where there are none.
    worked: Option<Stretches>,
    /// On duty, or not known; `None` where all is known.
    busy: Option<Stretches>,
    /// On duty, not known, or away: made where it is asked for.
    busy_or_away: OnceCell<Stretches>,
}

/// The lines that a book wants of a person. Rules are about different kinds of work, of which most people have
/// few, so many lines are one.
#[derive(Debug)]
pub(super) struct Lines {
    made: Vec<Line>,
    /// The position of each wanted line among those.
    place_of: Vec<usize>,
    /// What a number that no rule has stands for.
    none: Line,
}

impl Lines {
    /// Of duties in the order of their starts, within the needed time. Nothing is known of what is unclear.
    pub(super) fn of<'a>(
        wanted: &[Counted],
        duties: &(impl Iterator<Item = &'a Duty> + Clone),
        needed: (i64, i64),
        unclear: &[(i64, i64)],
    ) -> Self {
        let mut kinds: Vec<Option<Word>> = Vec::new();
        let mut last = None;
        for duty in duties.clone() {
            if last != Some(duty.kind) && !kinds.contains(&duty.kind) {
                kinds.push(duty.kind);
            }
            last = Some(duty.kind);
        }
        let (mut made, mut made_of): (Vec<Line>, Vec<Vec<Option<Word>>>) = (Vec::new(), Vec::new());
        let place = |counted: &Counted| {
            let counted: Vec<Option<Word>> =
                kinds.iter().copied().filter(|kind| counted.counts(*kind)).collect();
            made_of.iter().position(|known| *known == counted).unwrap_or_else(|| {
                made.push(if counted.len() == kinds.len() {
                    Line::of(duties.clone(), needed, unclear)
                } else {
                    Line::of(duties.clone().filter(|duty| counted.contains(&duty.kind)), needed, unclear)
                });
                made_of.push(counted);
                made.len() - 1
            })
        };
        let place_of = wanted.iter().map(place).collect();
        let none = Line::of([].iter(), needed, &[]);
        Self { made, place_of, none }
    }

    /// A wanted line, by its number.
    pub(super) fn line(&self, number: usize) -> &Line {
        self.place_of.get(number).and_then(|place| self.made.get(*place)).unwrap_or(&self.none)
    }
}

impl Line {
    fn of<'a>(
        duties: impl Iterator<Item = &'a Duty> + Clone,
        needed: (i64, i64),
        unclear: &[(i64, i64)],
    ) -> Self {
        let elapsed = Stretches::of(duties.clone().filter_map(|duty| cut(bounds(duty.span), needed)));
        let worked = duties.clone().any(|duty| duty.unpaid.is_some()).then(|| {
            let mut parts = Vec::with_capacity(2 * elapsed.spans().len());
            for duty in duties {
                let (start, end) = bounds(duty.span);
                let (from, to) = duty.unpaid.map_or((end, end), bounds);
                parts.extend(cut((start, from.min(end)), needed));
                parts.extend(cut((to.max(start), end), needed));
            }
            Stretches::sorted(parts)
        });
        let busy = (!unclear.is_empty()).then(|| elapsed.with(unclear.to_vec()));
        Self { elapsed, worked, busy, busy_or_away: OnceCell::new() }
    }

    /// On duty, breaks included.
    pub(super) fn elapsed(&self) -> &Stretches {
        &self.elapsed
    }

    /// Without unpaid breaks.
    pub(super) fn worked(&self) -> &Stretches {
        self.worked.as_ref().unwrap_or(&self.elapsed)
    }

    /// On duty, or not known to be free.
    pub(super) fn busy(&self) -> &Stretches {
        self.busy.as_ref().unwrap_or(&self.elapsed)
    }

    /// On duty, not known to be free, or away.
    pub(super) fn busy_or_away(&self, leaves: &[(i64, i64)]) -> &Stretches {
        if leaves.is_empty() {
            return self.busy();
        }
        self.busy_or_away.get_or_init(|| self.busy().with(leaves.to_vec()))
    }
}
