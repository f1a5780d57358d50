//! The windows over which time, rests, days and duties are added up.

use crate::duration::Duration;
use crate::period::Boundary;

/// In what something is added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// Periods that follow one another: days, weeks, pay months, anchored blocks.
    Fixed(Boundary),
    /// Any so many local days in a row.
    Days(u32),
    /// Any stretch of this length. The fullest begin where duty begins: those are judged.
    Time(Duration),
    /// The person's own periods.
    Rotation {
        /// A longer one is judged in blocks of 28 days from its start on, the last of them shorter.
        longest_days: u32,
    },
}

impl Window {
    /// The blocks of a rotation that is too long to be one window, in days.
    pub const BLOCK_DAYS: u32 = 28;
}
