//! What a head too few and a head too many cost in the master.
//!
//! Prices of heads swing between these weights before they converge, the longer the heavier heads are beside everything
//! else. So heads begin light, and get heavier where the program leaves them out for that.

use super::variables::Slack;

/// By so much a weight is raised at once.
const RAISE: f64 = 8.0;

/// The weights of all rows, shortage and surplus.
pub(super) struct Weights {
    full: [Vec<f64>; 2],
    /// What they count at present.
    light: [Vec<f64>; 2],
}

impl Weights {
    /// Weights that count no more than `most` to begin with.
    pub(super) fn light(shortage: Vec<f64>, surplus: Vec<f64>, most: f64) -> Self {
        let full = [shortage, surplus];
        let light = full.each_ref().map(|weights| weights.iter().map(|weight| weight.min(most)).collect());
        Self { full, light }
    }

    /// The largest of all.
    pub(super) fn heaviest(&self) -> f64 {
        self.full.iter().flatten().copied().fold(0.0, f64::max)
    }

    /// What a row counts at present.
    #[inline]
    pub(super) fn of(&self, shift: usize, slack: Slack) -> f64 {
        self.light[usize::from(slack == Slack::Surplus)][shift]
    }

    /// Makes a row heavier. False if it counts in full already.
    pub(super) fn raise(&mut self, shift: usize, slack: Slack) -> bool {
        let side = usize::from(slack == Slack::Surplus);
        let (light, full) = (&mut self.light[side][shift], self.full[side][shift]);
        let is_light = *light < full;
        *light = (*light * RAISE).min(full);
        is_light
    }
}
