//! A hospital ward, imported from files and asked over HTTP: the product from end to end.
//!
//! What is true of the ward was computed without this project; see `data/README.md`.

mod files;
mod imports;
mod truth;
