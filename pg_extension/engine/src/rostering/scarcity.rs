//! What minutes and weekends are worth where there are too few of them.
//!
//! The cheapest problem of all: everybody's minutes and weekends are one stock that is cut as one likes, and heads take from
//! it. Its prices are where prices of the real problem begin, and prove a good part of what these can.

use std::collections::BTreeMap;

use super::compiled::Compiled;
use super::person_path::forward::Weekday;
use super::person_space::PersonSpace;
use super::problem::Counted;

/// More prices than this are not tried of each sort.
const MOST_PRICES: usize = 100;
/// Days of a weekend.
const WEEKEND_DAYS: f64 = 2.0;

/// What scarce things are worth, in units of cost.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ScarcePrices {
    pub(super) minute: f64,
    pub(super) weekend: f64,
}

impl ScarcePrices {
    /// What a head takes of the stock is worth so much, and at most its weight.
    pub(super) fn of_head(self, weight: i64, minutes: i64, is_weekend: bool) -> f64 {
        let day = if is_weekend { self.weekend / WEEKEND_DAYS } else { 0.0 };
        f64::min(weight as f64, self.minute * minutes as f64 + day)
    }
}

/// Heads that are asked for, and the stock that fills them.
pub(super) struct Scarcity {
    /// Heads by weight, minutes, and whether they are of a weekend.
    heads: BTreeMap<(i64, i64, bool), i64>,
    /// Minutes of all people; none if somebody's have no end.
    minutes: Option<i64>,
    /// The same of weekends.
    weekends: Option<i64>,
}

impl Scarcity {
    /// Adds up what people may work, and the heads that are required of them.
    pub(super) fn of<'a>(
        compiled: &Compiled<'_>,
        people: impl Iterator<Item = &'a PersonSpace>,
        required: &[i64],
    ) -> Self {
        let mut heads = BTreeMap::new();
        for (shift, &required) in compiled.problem.shifts.iter().zip(required) {
            if required > 0 && shift.short_weight > 0 {
                let is_weekend = compiled.weekdays[shift.day] != Weekday::Other;
                *heads.entry((shift.short_weight, shift.worked_minutes, is_weekend)).or_default() += required;
            }
        }
        let (mut minutes, mut weekends) = (Some(0), Some(0));
        for space in people {
            minutes = minutes.zip(most_minutes(space)).map(|(sum, most)| sum + most);
            weekends = weekends.zip(most_weekends(space)).map(|(sum, most)| sum + most);
        }
        Self { heads, minutes, weekends }
    }

    /// The prices that prove the most.
    pub(super) fn prices(&self) -> ScarcePrices {
        let (mut best, mut most) = (ScarcePrices::default(), 0.0);
        let heads = self.heads.keys().filter(|(_, minutes, _)| self.minutes.is_some() && *minutes > 0);
        let minute = heads.map(|&(weight, minutes, _)| weight as f64 / minutes as f64).take(MOST_PRICES);
        for minute in minute.chain([0.0]) {
            let heads = self.heads.keys().filter(|(.., is_weekend)| self.weekends.is_some() && *is_weekend);
            let left = heads.map(|&(weight, minutes, _)| weight as f64 - minute * minutes as f64);
            let weekend = left.map(|left| WEEKEND_DAYS * left.max(0.0)).take(MOST_PRICES);
            for weekend in weekend.chain([0.0]) {
                let prices = ScarcePrices { minute, weekend };
                let proven = self.proven(prices);
                if proven > most {
                    (best, most) = (prices, proven);
                }
            }
        }
        best
    }

    /// What heads are worth at these prices, less what the stock is.
    fn proven(&self, prices: ScarcePrices) -> f64 {
        let heads = self.heads.iter().map(|(&(weight, minutes, is_weekend), &heads)| {
            prices.of_head(weight, minutes, is_weekend) * heads as f64
        });
        let minutes = prices.minute * self.minutes.unwrap_or(0) as f64;
        heads.sum::<f64>() - minutes - prices.weekend * self.weekends.unwrap_or(0) as f64
    }
}

fn most_minutes(space: &PersonSpace) -> Option<i64> {
    let period = space.minutes.as_ref()?;
    Some((period.hard_most()? - period.already).max(0))
}

fn most_weekends(space: &PersonSpace) -> Option<i64> {
    let mut axes = space.axes.iter().filter(|axis| axis.counted == Counted::Weekends);
    let axis = axes.next()?;
    let periods = axis.periods.iter().map(|period| Some((period.hard_most()? - period.already).max(0)));
    let covered: usize = axis.periods.iter().map(|period| period.days.len()).sum();
    (covered == space.days.len()).then(|| periods.sum::<Option<i64>>())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prices_prove_what_cannot_be_filled_and_nothing_where_all_can() {
        // Six heads of 480 minutes, two of 720; what there is suffices for so many minutes.
        let heads = BTreeMap::from([((100, 480, false), 6), ((100, 720, false), 2)]);
        let scarcity = |minutes| Scarcity { heads: heads.clone(), minutes: Some(minutes), weekends: None };
        for (minutes, missing) in [(6 * 480 + 2 * 720, 0.0), (6 * 480 + 720, 100.0), (5 * 480, 300.0)] {
            let scarcity = scarcity(minutes);
            let proven = scarcity.proven(scarcity.prices());
            assert!((proven - missing).abs() < 1e-6, "{minutes}: {proven}");
        }
        // Three heads on a Saturday and three on its Sunday, two people with one weekend each.
        let heads = BTreeMap::from([((100, 480, true), 6)]);
        let scarcity = Scarcity { heads, minutes: None, weekends: Some(2) };
        let proven = scarcity.proven(scarcity.prices());
        assert!((proven - 200.0).abs() < 1e-6, "{proven}");
    }
}
