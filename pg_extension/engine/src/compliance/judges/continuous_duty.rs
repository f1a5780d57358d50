//! An end of duty.

use super::{Judge, Take};
use crate::compliance::case::{Case, Comparison};
use crate::compliance::person::Person;
use crate::compliance::verdict::{Reason, Unit};
use crate::rule::{Clock, ContinuousDuty};

/// No duty is longer than so much, nor than so much more where only extensions follow.
///
/// Whatever work goes on after the maximum has to be of a kind of extension: hand-overs and lessons, but no new
/// patient.
#[derive(Debug)]
pub(super) struct LongestDuty {
    maximum: i64,
    extended: i64,
    has_extension: bool,
    bridged: i64,
    clock: Clock,
    line: usize,
    /// The line of the work that is no extension.
    plain: usize,
}

impl LongestDuty {
    pub(super) fn of(duty: &ContinuousDuty, (line, plain): (usize, usize)) -> Self {
        let maximum = duty.maximum.microseconds();
        Self {
            maximum,
            extended: maximum + duty.extension.microseconds(),
            has_extension: !duty.extension_kinds.is_empty(),
            bridged: duty.bridged.microseconds(),
            clock: duty.clock,
            line,
            plain,
        }
    }
}

impl Judge for LongestDuty {
    fn measure(&self, person: &Person<'_>, take: &mut Take<'_>) {
        let plain = person.line(self.plain).elapsed().spans();
        let mut last_plain = 0;
        for (start, end) in duties(person, self.line, self.bridged) {
            while plain.get(last_plain).is_some_and(|span| span.0 < end) {
                last_plain += 1;
            }
            if !person.frame.judges(start, end) {
                continue;
            }
            let before = last_plain.checked_sub(1).and_then(|last| plain.get(last));
            let plain_end = before.map_or(start, |span| span.1).max(start);
            let is_known = person.is_known(start - self.bridged - 1, end + self.bridged + 1);
            let of_plain = Comparison::of(length(person, self.clock, start, plain_end), self.maximum);
            let of_all = Comparison::of(length(person, self.clock, start, end), self.extended);
            let mut plain = Case::at_most(start, end, of_plain, is_known);
            let all = Case::at_most(start, end, of_all, is_known);
            if plain.left < 0 && self.has_extension {
                plain.reason = Reason::NoExtension;
            }
            // Both may be broken: work that is no extension says more.
            take(if plain.left < 0 || plain.left <= all.left { plain } else { all });
        }
    }

    fn is_clearly_kept(&self, person: &Person<'_>) -> bool {
        self.clock == Clock::Elapsed
            && longest(person, self.line, self.bridged).is_some_and(|longest| longest <= self.maximum)
    }

    fn unit(&self) -> (Unit, i64) {
        (Unit::Minutes, 1)
    }

    fn follows_duties(&self) -> bool {
        true
    }
}

/// Every duty of a line, short gaps filled.
pub(super) fn duties(person: &Person<'_>, line: usize, bridged: i64) -> impl Iterator<Item = (i64, i64)> {
    let elapsed = person.line(line).elapsed();
    let joined = (bridged > 0).then(|| elapsed.bridged(bridged));
    let count = joined.as_ref().unwrap_or(elapsed).spans().len();
    (0..count).filter_map(move |place| joined.as_ref().unwrap_or(elapsed).spans().get(place).copied())
}

/// The length of the longest duty of a line; `None` where short gaps have to be filled first.
pub(super) fn longest(person: &Person<'_>, line: usize, bridged: i64) -> Option<i64> {
    let elapsed = person.line(line).elapsed();
    (elapsed.shortest_gap() > bridged).then(|| elapsed.longest())
}

/// How long a duty is.
pub(super) fn length(person: &Person<'_>, clock: Clock, start: i64, end: i64) -> i64 {
    match clock {
        Clock::Elapsed => end - start,
        Clock::Nominal => person.frame.offsets.nominal(start, end),
    }
}
