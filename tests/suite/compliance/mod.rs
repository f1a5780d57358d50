//! Working-time rules through SQL: what they say, what they refuse, and what is shipped.

mod allocations;
mod changes;
mod clocks;
mod concurrency;
mod definitions;
mod endpoints;
mod enforcement;
mod explanations;
mod incremental;
mod indexed_work;
mod kept_rules;
mod own_tables;
mod presets;
mod tables;
mod vectors;
