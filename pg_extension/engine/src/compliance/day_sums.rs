//! One person's time by local days.

use super::away::Away;
use super::frame::{Frame, WantedSums};
use super::lines::Lines;
use super::stretches::Stretches;

/// Time before each local day.
#[derive(Debug)]
pub(super) struct DaySums {
    /// All of it.
    before: Vec<i64>,
    /// Without that of days of leave; `None` where there are none.
    kept: Option<Vec<i64>>,
}

/// The sums that a book wants of a person. Those of lines that are one are one.
#[derive(Debug)]
pub(super) struct AllDaySums {
    made: Vec<DaySums>,
    /// The position of each wanted sum among those.
    place_of: Vec<usize>,
}

impl AllDaySums {
    pub(super) fn of(wanted: &[WantedSums], lines: &Lines, away: &[Away], frame: &Frame) -> Self {
        let (mut made, mut made_of): (Vec<DaySums>, Vec<(*const Stretches, usize)>) =
            (Vec::new(), Vec::new());
        let place = |sums: &WantedSums| {
            let line = lines.line(sums.line);
            let time = if sums.is_elapsed { line.elapsed() } else { line.worked() };
            let key = (std::ptr::from_ref(time), sums.days);
            made_of.iter().position(|known| *known == key).unwrap_or_else(|| {
                let before = time.time_before_each(frame.days(sums.days).starts());
                let kept = away.get(sums.days).and_then(|away| without(away, &before));
                made.push(DaySums { before, kept });
                made_of.push(key);
                made.len() - 1
            })
        };
        let place_of = wanted.iter().map(place).collect();
        Self { made, place_of }
    }

    /// Wanted sums, by their number.
    pub(super) fn sums(&self, number: usize) -> &DaySums {
        const NONE: &DaySums = &DaySums { before: Vec::new(), kept: None };
        self.place_of.get(number).and_then(|place| self.made.get(*place)).unwrap_or(NONE)
    }
}

impl DaySums {
    /// The time from one day to another.
    pub(super) fn time(&self, first: usize, end: usize) -> i64 {
        difference(&self.before, first, end)
    }

    /// The same without days of leave.
    pub(super) fn kept(&self, first: usize, end: usize) -> i64 {
        difference(self.before_kept(), first, end)
    }

    /// The time before each day.
    pub(super) fn before(&self) -> &[i64] {
        &self.before
    }

    /// The time before each day, without that of days of leave.
    pub(super) fn before_kept(&self) -> &[i64] {
        self.kept.as_ref().unwrap_or(&self.before)
    }
}

fn difference(before: &[i64], first: usize, end: usize) -> i64 {
    match (before.get(first), before.get(end)) {
        (Some(first), Some(end)) => end - first,
        _ => 0,
    }
}

/// Time before each day without that of the days of leave; `None` where there are none.
fn without(away: &Away, before: &[i64]) -> Option<Vec<i64>> {
    if away.is_none() {
        return None;
    }
    let mut total = 0;
    let mut kept = Vec::with_capacity(before.len());
    kept.push(0);
    for (day, pair) in before.windows(2).enumerate() {
        if let ([start, end], 0) = (pair, away.count(day, day + 1)) {
            total += end - start;
        }
        kept.push(total);
    }
    Some(kept)
}
