//! What the engine promises, from outside: hand-computed vectors, and properties against naive oracles.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod attribution_properties;
mod compliance_anchors;
mod compliance_case;
mod compliance_directive;
mod compliance_glance;
mod compliance_missing;
mod compliance_oracle;
mod compliance_overtime;
mod compliance_properties;
mod compliance_residents;
mod compliance_terms;
mod conflict_generator;
mod conflict_oracle;
mod conflict_properties;
mod conflict_sums;
mod conflict_vectors;
mod head_count_properties;
mod pay_properties;
mod pay_vectors;
mod rostering_generator;
mod rostering_oracle;
mod rostering_parts;
mod rostering_repair;
mod rostering_stop;
mod rostering_vectors;
mod rule_reading;
mod span_set_algebra;
mod time_properties;
mod time_vectors;
mod zone_source;
