//! The variables of the restricted master.

/// A roster of one person.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// Number of the person in the scope.
    pub(super) person: usize,
    /// Rows of the shifts it works, counted from 0.
    pub(super) cells: Vec<u32>,
    pub(super) cost: f64,
    pub(super) banned: bool,
}

/// The slack of a shift's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slack {
    Shortage,
    Surplus,
}

impl Slack {
    pub(super) fn sign(self) -> f64 {
        match self {
            Self::Shortage => 1.0,
            Self::Surplus => -1.0,
        }
    }
}

/// A variable that could enter the basis, with its reduced cost.
#[derive(Debug, Clone, Copy)]
pub(super) enum Entering {
    Column(usize),
    Slack(usize, Slack),
}

/// A variable that leaves the basis: the place of a column, or a shift whose slack becomes zero.
#[derive(Debug, Clone, Copy)]
pub(super) enum Leaving {
    Place(usize),
    Slack(usize),
}
