//! Imports over HTTP and from the command line.

mod command;
mod files;
mod repeated;
mod report;
mod rows_of_assignments;
mod rows_of_employees;
mod rows_of_shifts;
mod rows_of_time_off;
