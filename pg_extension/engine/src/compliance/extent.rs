//! A glance at windows that follow one another.

use super::windows::DayWindow;

/// Windows that follow one another: later ones start and end later.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    /// The end of the first one, in microseconds.
    first_end: i64,
    /// The start of the last one.
    last_start: i64,
    /// The length of the shortest, in microseconds.
    shortest: i64,
    /// The days of the one that has most.
    most_days: i64,
}

impl Extent {
    /// Of windows in order; `None` where there are none.
    pub(super) fn of(windows: impl Iterator<Item = DayWindow>) -> Option<Self> {
        windows.fold(None, |extent: Option<Self>, window| {
            let (length, days) = (window.end - window.start, window.length());
            let before = extent.unwrap_or(Self {
                first_end: window.end,
                last_start: window.start,
                shortest: length,
                most_days: days,
            });
            Some(Self {
                first_end: before.first_end,
                last_start: window.start,
                shortest: before.shortest.min(length),
                most_days: before.most_days.max(days),
            })
        })
    }

    /// The length of the shortest window, in microseconds.
    pub(super) fn shortest(&self) -> i64 {
        self.shortest
    }

    /// The days of the window that has most.
    pub(super) fn most_days(&self) -> i64 {
        self.most_days
    }

    /// Whether each window is served by something. What comes as `(after, until)`, ascending, serves every
    /// window that ends after the one and starts no later than the other. `false` says nothing.
    pub(super) fn is_served(&self, serving: impl Iterator<Item = (i64, i64)>) -> bool {
        let mut served_until: Option<i64> = None;
        for (after, until) in serving {
            // A window between the one before and this one would lie in that time as a whole.
            let may_be_missed = match served_until {
                None => self.first_end <= after,
                Some(served) => after.saturating_sub(served) > self.shortest,
            };
            if may_be_missed {
                return false;
            }
            served_until = served_until.max(Some(until));
        }
        served_until.is_some_and(|served| self.last_start <= served)
    }
}
