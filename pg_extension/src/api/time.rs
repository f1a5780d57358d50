//! Exact hours: instants of shifts, their length, their pieces, the heads they bring.

mod coverage;
mod coverage_aggregate;
mod pieces;
mod ranges;
mod shift;
mod zone;
