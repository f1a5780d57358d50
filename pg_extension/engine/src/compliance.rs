//! Verdicts of working-time law over one person's duties.
//!
//! A [`RuleBook`] is prepared once for a window of time, a time zone and some rules; then it judges the
//! [`PersonRecord`] of one person after another, in time linear in their duties. [`Verdict`]s are given where a
//! rule is broken, and where data are missing to tell; where a rule is kept, nothing is said. [`Headroom`] tells
//! how near somebody comes to each limit.
//!
//! What always holds:
//!
//! - Duties that overlap count once, duties that touch are one. Rows may come in any order and cut anyhow.
//! - Time is counted as it passes, in whole microseconds; quotients are compared exactly, never rounded.
//! - A window is judged when it overlaps the book's window and begins while the rule is valid. All that has to be
//!   known of it lies within [`reach`] of the book's window.
//! - Of windows that slide, those are told that overlap no worse one: every window that breaks the rule overlaps
//!   one that is told and at least as bad.

mod away;
mod book;
mod case;
mod conditions;
mod day_sums;
mod days;
mod extent;
mod frame;
mod glance;
mod half_day;
mod judges;
mod lines;
mod nights;
mod peaks;
mod person;
mod ratio;
mod reach;
mod record;
mod stretches;
mod verdict;
mod vocabulary;
mod windows;

pub use book::{RuleBook, judge};
pub use glance::{Glance, Shown};
pub use half_day::{Half, HalfDays};
pub use judges::{Term, terms};
pub use ratio::Ratio;
pub use reach::reach;
pub use record::{ClassifiedWork, Duty, Leave, PersonRecord, Posting, Rotation, Scope, Statement};
pub use verdict::{Headroom, Reason, Unit, Verdict};
pub use vocabulary::{Vocabulary, Word};
