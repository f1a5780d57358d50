//! The data: what `rota migrate` makes of a database, what the tables promise, and what the
//! conflict functions find in them.

mod assignments;
mod audit_log;
mod catalog;
mod command;
mod conflict_days;
mod conflict_hours;
mod conflict_kinds;
mod conflict_oracle;
mod conflict_reach;
mod conflict_rest;
mod conflict_sources;
mod conflict_vectors;
mod demo;
mod departments;
mod dump;
mod employees;
mod hours;
mod index_document;
mod indexes;
mod intervals;
mod migrations;
mod plain_tables;
mod programs;
mod proposals;
mod query_patterns;
mod roster;
mod shifts;
mod zones;
