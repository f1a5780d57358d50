//! Conflicts of a roster: all of them, or those that proposals would add.
//!
//! People, shifts, teams, skills and rules are plain numbers here. The caller keeps the names and gives each
//! a number; a conflict gives the numbers back, and positions in the caller's own slices.

mod change;
mod days;
mod hours;
mod input;
mod load;
mod person;
mod qualification;
mod rest;
mod row;
mod rule;
mod staffing;
mod streak;
mod sweep;
mod work;

pub use change::{AddedConflict, Change, find_added_conflicts};
pub use days::LocalDays;
pub use input::{Absence, Assignment, Availability, Person, Preference, Roster, Shift, SkillValidity};
pub use load::Load;
pub use row::{Cause, Conflict, ConflictKind, Quantity};
pub use rule::Rule;
pub use streak::people_with_open_rows_of_days;
pub use sweep::find_conflicts;

pub use crate::rule::{CountedDays, CountedTime, DayLimit, Level, Period, Requirement, TimeLimit};
