//! Conflicts of a roster: all of them, or those that proposals would add.
//!
//! People, shifts, teams, skills and rules are plain numbers here. The caller keeps the names and gives each
//! a number; a conflict gives the numbers back, and positions in the caller's own slices.

mod input;
mod qualification;
mod rest;
mod row;
mod staffing;
mod sweep;

pub use input::{
    Absence, Assignment, Availability, Person, Preference, RestRule, Roster, Shift, SkillValidity,
};
pub use row::{AddedConflict, Cause, Conflict, ConflictKind, Level, Quantity};
pub use sweep::{find_added_conflicts, find_conflicts};
