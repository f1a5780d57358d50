//! What work is paid as: regular time, overtime, statutory holidays, nights.
//!
//! [`PayRules`] say the limits and premiums; [`classify`] cuts duties into pieces of one kind each. Money is not
//! made here: a piece has exact time and an exact premium, and whoever multiplies rounds once, at the end.
//!
//! Sources of the shapes: Japan's Labour Standards Act, articles 32, 35 and 37, with the notices 1988-01-01
//! Kihatsu 1 and 1994-05-31 Kihatsu 331; 29 CFR 778 and 29 USC 207(j) of the United States.

mod classify;
mod counter;
mod rules;

pub use classify::{PayDuty, PayPiece, classify};
pub use counter::Opening;
pub use rules::{CountedOn, Limit, OvertimeTier, PayKind, PayRules, Premium, Reason};
