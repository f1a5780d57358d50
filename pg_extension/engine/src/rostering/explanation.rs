//! Why heads stayed open, which rules of a person contradict each other, what a roster's cost is made of.

mod contradiction;
mod open_heads;
mod score;

pub use contradiction::{HardRule, contradiction, contradictions};
pub use open_heads::{Difference, Obstacle, OpenHead, OpenHeads, open_heads};
pub use score::{Score, Spread, Sum, score, violations};
