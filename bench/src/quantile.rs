//! Medians and tails of measured samples.

use std::time::Duration;

/// The sample below which a `share` (0 to 1) of all samples lies; zero of no samples.
pub(crate) fn quantile(samples: &mut [Duration], share: f64) -> Duration {
    samples.sort_unstable();
    let last = samples.len().saturating_sub(1);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a rank among a few thousand samples"
    )]
    let rank = (last as f64 * share).round() as usize;
    samples.get(rank).copied().unwrap_or_default()
}

/// The middle of a few rates.
pub(crate) fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_samples_of_the_sorted_row() {
        let mut samples: Vec<_> = (1..=101).rev().map(Duration::from_micros).collect();
        assert_eq!(quantile(&mut samples, 0.5), Duration::from_micros(51));
        assert_eq!(quantile(&mut samples, 0.95), Duration::from_micros(96));
        assert_eq!(quantile(&mut [], 0.5), Duration::ZERO);
    }

    #[test]
    fn the_median_ignores_one_wild_round() {
        assert_eq!(median(vec![900.0, 10.0, 1000.0]), 900.0);
    }
}
