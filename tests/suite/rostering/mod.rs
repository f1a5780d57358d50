//! Rosters: solved on plain data, generated and repaired from the tables, run as jobs, streamed.
//!
//! [`ward`] is what most tests stand on: ten people, two weeks over a change of the clocks, neighbours on both sides.

mod bad_input;
mod command;
mod commits;
mod events;
mod explanations;
mod hard_input;
mod hard_schedules;
mod house_rules;
mod interrupts;
mod jobs;
mod memory;
mod parts;
mod plain;
mod repairs;
mod schedules;
mod searched_rules;
mod ward;
mod words;
