//! Pure scheduling algorithms: spans, local time, conflicts. No Postgres, no clock, no I/O.
//!
//! | module | holds |
//! |---|---|
//! | [`instant`], [`local`] | points on the UTC line, and readings of a wall clock |
//! | [`duration`] | elapsed time and its exact minutes |
//! | [`span`], [`span_set`] | half-open intervals and their unions |
//! | [`zone`] | what is needed of a time zone, and how local readings become instants |
//! | [`shift`], [`mod@split`], [`band`] | shifts, their pieces per local day or week, their part in a band |
//! | [`conflict`] | every conflict of a roster, and those that proposals would add |
//! | [`rostering`] | rosters searched for: model, evaluation, search, explanation |
//! | [`error`] | the one error enum, each variant with its SQLSTATE |
//!
//! Values are Postgres' own: microseconds and days since 2000-01-01, infinities as the extreme integers.
#![forbid(unsafe_code)]

pub mod band;
pub mod conflict;
pub mod duration;
pub mod error;
pub mod instant;
pub mod local;
pub mod rostering;
pub mod shift;
pub mod span;
pub mod span_set;
pub mod split;
pub mod zone;

pub use band::{Band, time_in_band};
pub use duration::Duration;
pub use error::EngineError;
pub use instant::Instant;
pub use local::{LocalDate, LocalDateTime, TimeOfDay};
pub use shift::{ShiftIntent, worked_time};
pub use span::Span;
pub use span_set::SpanSet;
pub use split::{Boundary, Piece, split};
pub use zone::{FoldPolicy, GapPolicy, LocalPolicy, OffsetPeriod, Resolution, ZoneRules, local_days};
