//! Work that must not be.

use super::{Judge, Making, Take};
use crate::compliance::case::{Case, Comparison, State};
use crate::compliance::nights::nights;
use crate::compliance::person::{Person, cut};
use crate::compliance::verdict::{Reason, Unit};
use crate::error::EngineError;
use crate::rule::ForbiddenWork;

/// No work at all, or none at night.
#[derive(Debug)]
pub(super) struct AnyWork {
    nights: Option<Vec<(i64, i64)>>,
    line: usize,
}

impl AnyWork {
    pub(super) fn of(rule: ForbiddenWork, line: usize, making: &Making<'_>) -> Result<Self, EngineError> {
        let of_band = |band| nights(band, making.frame.days(0), making.zone);
        Ok(Self { nights: rule.night.map(of_band).transpose()?, line })
    }
}

impl Judge for AnyWork {
    fn measure(&self, person: &Person<'_>, take: &mut Take<'_>) {
        let mut tell = |(start, end): (i64, i64)| {
            if person.frame.judges(start, end) {
                let found = Comparison::of(end - start, 0);
                let case = Case::at_most(start, end, found, true);
                take(Case { state: State::Broken, reason: Reason::Forbidden, ..case });
            }
        };
        let (from, to) = person.frame.window;
        let work = person.line(self.line).worked();
        for stretch in work.meeting(from, to) {
            let Some(nights) = &self.nights else {
                tell(*stretch);
                continue;
            };
            let first = nights.partition_point(|night| night.1 <= stretch.0);
            let meeting = nights.get(first..).unwrap_or_default().iter();
            let meeting = meeting.take_while(|night| night.0 < stretch.1);
            meeting.filter_map(|night| cut(*stretch, *night)).for_each(&mut tell);
        }
    }

    fn unit(&self) -> (Unit, i64) {
        (Unit::Minutes, 1)
    }

    fn follows_duties(&self) -> bool {
        true
    }

    fn has_headroom(&self) -> bool {
        false
    }
}
