//! A rest in the time from each start of duty.

use super::{Judge, Take};
use crate::compliance::case::{Case, Comparison};
use crate::compliance::person::Person;
use crate::compliance::verdict::Unit;
use crate::rule::RestWithin;

/// From every start of duty on, so much time holds a rest that is at least so long.
///
/// Directive 2003/88/EC, article 3: the daily rest lies in each period of 24 hours. A long enough gap between
/// two duties is not enough: it may begin too late.
#[derive(Debug)]
pub(super) struct LongestRest {
    minimum: i64,
    within: i64,
    line: usize,
}

impl LongestRest {
    pub(super) fn of(rest: RestWithin, line: usize) -> Self {
        Self { minimum: rest.minimum.microseconds(), within: rest.within.microseconds(), line }
    }
}

impl Judge for LongestRest {
    fn measure(&self, person: &Person<'_>, take: &mut Take<'_>) {
        let line = person.line(self.line);
        let busy = line.busy().spans();
        let known_end = person.known().1;
        // The rest that follows a stretch; after the last one, as long as anything is known.
        let rest_after = |position: usize| {
            let start = busy.get(position).map_or(known_end, |span| span.1);
            (start, busy.get(position + 1).map_or(known_end.max(start), |next| next.0))
        };
        let mut position = 0;
        let mut long = 0;
        for duty in line.elapsed().spans() {
            let (start, end) = (duty.0, duty.0 + self.within);
            while busy.get(position).is_some_and(|span| span.1 <= start) {
                position += 1;
            }
            if !person.frame.judges(start, end) {
                continue;
            }
            long = long.max(position);
            while long < busy.len() && rest_after(long).1 - rest_after(long).0 < self.minimum {
                long += 1;
            }
            let (from, to) = rest_after(long);
            let is_kept = long < busy.len() && from + self.minimum <= end;
            let longest = if is_kept {
                to.min(end) - from
            } else {
                let rests = (position..busy.len()).map(rest_after).take_while(|(from, _)| *from < end);
                rests.map(|(from, to)| to.min(end) - from).max().unwrap_or_default()
            };
            let found = Comparison::of(longest, self.minimum);
            take(Case::at_least(start, end, found, person.is_known(start, end)));
        }
    }

    fn is_clearly_kept(&self, person: &Person<'_>) -> bool {
        // After each duty there is a rest that is long enough and begins early enough.
        let work = person.line(self.line).busy();
        let (known_end, judged_end) = (person.known().1, person.frame.window.1);
        let is_last_kept = |last: &(i64, i64)| judged_end <= last.0 || known_end - last.1 >= self.minimum;
        work.spans().last().is_none_or(is_last_kept)
            && work.shortest_gap() >= self.minimum
            && work.longest() <= self.within - self.minimum
    }

    fn unit(&self) -> (Unit, i64) {
        (Unit::Minutes, 1)
    }

    fn follows_duties(&self) -> bool {
        true
    }

    fn is_rolling(&self) -> bool {
        true
    }
}
