//! Bad input: every refusal names the argument and what would be right.

mod requests;
mod table;
