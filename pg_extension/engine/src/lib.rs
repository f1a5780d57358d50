//! Pure scheduling algorithms: spans, local time, conflicts. No Postgres, no clock, no I/O.
//!
//! | module | holds |
//! |---|---|
//! | [`instant`], [`local`] | points on the UTC line, and readings of a wall clock |
//! | [`duration`] | elapsed time and its exact minutes |
//! | [`span`], [`span_set`] | half-open intervals and their unions |
//! | [`zone`], [`policy`] | what is needed of a time zone, and what local readings mean in it |
//! | [`shift`] | shifts, from what was planned to elapsed time |
//! | [`period`], [`mod@split`], [`band`] | local days, weeks, pay periods and nights, and what of a span lies in them |
//! | [`attribution`] | the pieces of a shift by all of these at once, and by its breaks |
//! | [`head_count`] | how many heads there are at each instant, and in each slot of the clock |
//! | [`offset_change`] | by what two time zone databases are compared |
//! | [`pay`] | what work is paid as: regular time, overtime, holidays, nights |
//! | [`overlap`] | every overlapping pair of a large set |
//! | [`rule`] | what rules ask for, and the words in which they are written |
//! | [`compliance`] | verdicts of working-time law over one person's duties |
//! | [`conflict`] | every conflict of a roster, and those that proposals would add |
//! | [`rostering`] | rosters searched for: model, evaluation, search, explanation |
//! | [`error`] | the one error enum, each variant with its SQLSTATE |
//!
//! Values are Postgres' own: microseconds and days since 2000-01-01, infinities as the extreme integers.
#![forbid(unsafe_code)]

pub mod attribution;
pub mod band;
mod calendar;
pub mod compliance;
pub mod conflict;
pub mod duration;
pub mod error;
pub mod head_count;
pub mod instant;
pub mod local;
pub mod offset_change;
pub mod overlap;
pub mod pay;
pub mod period;
pub mod policy;
pub mod rostering;
pub mod rule;
pub mod shift;
pub mod span;
pub mod span_set;
pub mod split;
pub mod zone;

pub use attribution::{AttributedPiece, Attribution, BreakPosition};
pub use band::{Band, time_in_band};
pub use duration::{Duration, Minutes, MinutesInParts};
pub use error::EngineError;
pub use head_count::HeadCount;
pub use instant::Instant;
pub use local::{LocalDate, LocalDateTime, TimeOfDay};
pub use offset_change::{OffsetChange, offset_changes};
pub use overlap::{GroupedSpan, OverlappingPairs};
pub use period::Boundary;
pub use policy::{FoldPolicy, GapPolicy, LocalPolicy};
pub use shift::{ShiftIntent, shift_lasting, worked_time};
pub use span::Span;
pub use span_set::SpanSet;
pub use split::{Piece, split};
pub use zone::{OffsetPeriod, Resolution, ZoneRules, local_days};
