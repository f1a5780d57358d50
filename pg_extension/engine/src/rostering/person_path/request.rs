//! What is asked of a path search, and what it answers.

use super::forward::Weekday;
use crate::rostering::person_space::PersonSpace;
use crate::rostering::problem::Problem;
use crate::rostering::window::Window;

/// Whose days are wanted, when, and at which prices.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a, T> {
    pub(crate) problem: &'a Problem,
    pub(crate) space: &'a PersonSpace,
    pub(crate) person: usize,
    /// The person's days as they stand; those outside of the window stay.
    pub(crate) row: &'a [u32],
    /// The days that may change. No end lies between a Saturday and its Sunday.
    pub(crate) window: Window,
    /// Cost of each shift beside the person's own, multiplied by `scale`.
    pub(crate) prices: &'a [T],
    /// What the person's own costs are multiplied by.
    pub(crate) scale: i64,
    pub(crate) weekdays: &'a [Weekday],
    /// Largest price of a limit, in cost units.
    pub(crate) most_multiplier: i64,
}

/// What was found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    /// No days of this person can cost less, scaled, in the costs that the window can change.
    pub(crate) bound: i64,
    /// What the days found cost in the same terms.
    pub(crate) cost: i64,
}
