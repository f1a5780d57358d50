//! What the limits are, and what each kind of time is paid on top.

use crate::band::Band;
use crate::duration::{Duration, MICROSECONDS_PER_MINUTE};
use crate::error::EngineError;
use crate::local::LocalDate;
use crate::period::Boundary;
use crate::policy::LocalPolicy;

/// How working time is paid.
#[derive(Debug, Clone)]
pub struct PayRules {
    /// The band of the clock that counts as night.
    pub night: Option<Band>,
    /// Work beyond this on one day is overtime. A day's boundary is always the local day.
    pub daily: Option<Limit>,
    /// Work beyond this in one week, or another fixed period, is overtime. Only time that is neither overtime
    /// by the day nor work on a holiday counts towards it.
    pub weekly: Option<Limit>,
    /// The periods by which overtime is added up for the tiers.
    pub pay_period: Boundary,
    /// The tiers of overtime, by how much of it the pay period has seen; the first begins at zero.
    pub overtime: Vec<OvertimeTier>,
    /// Statutory holidays, sorted. They are calendar days: work is cut at their midnights.
    pub holidays: Vec<LocalDate>,
    /// What work on them is paid on top.
    pub holiday: Premium,
    /// What work at night is paid on top, beside all else.
    pub night_premium: Premium,
    /// What readings of the clock mean where it changes.
    pub policy: LocalPolicy,
}

/// How much work is regular.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// The time up to which work is regular.
    pub time: Duration,
    /// The periods over which it is added up.
    pub boundary: Boundary,
    /// To which of them work belongs.
    pub counted_on: CountedOn,
}

/// To which day or week work belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CountedOn {
    /// All of a duty to the day on which it began, however far it runs (Kihatsu 1, 1988). Duties that touch
    /// are one.
    #[default]
    DutyStart,
    /// Each instant to its own (29 CFR 778.105).
    Instant,
}

/// A premium from some overtime on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OvertimeTier {
    /// Overtime of the pay period after which it applies.
    pub after: Duration,
    /// What is paid on top.
    pub premium: Premium,
}

/// A share of the rate that is paid on top, in ten-thousandths: 2,500 is 25 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Premium(pub u32);

/// What a piece of work is paid as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PayKind {
    /// Within all limits.
    Regular,
    /// Beyond a limit; the number of its tier, from 0.
    Overtime(usize),
    /// On a statutory holiday.
    Holiday,
}

/// Why it is paid as that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// No limit was passed.
    WithinLimits,
    /// The day's limit was.
    DailyLimit,
    /// The week's limit was, and not the day's.
    WeeklyLimit,
    /// It is a statutory holiday.
    StatutoryHoliday,
}

impl PayRules {
    /// What a kind of time is paid on top, at night or not. Premiums add up (Labour Standards Act, article 37,
    /// with its enforcement ordinance, article 20).
    #[must_use]
    pub fn premium(&self, kind: PayKind, is_night: bool) -> Premium {
        let Premium(own) = match kind {
            PayKind::Regular => Premium::default(),
            PayKind::Overtime(tier) => self.overtime.get(tier).map(|tier| tier.premium).unwrap_or_default(),
            PayKind::Holiday => self.holiday,
        };
        let Premium(night) = if is_night { self.night_premium } else { Premium::default() };
        Premium(own.saturating_add(night))
    }

    /// Whether a local day is a statutory holiday.
    #[must_use]
    pub fn is_holiday(&self, day: LocalDate) -> bool {
        self.holidays.binary_search(&day).is_ok()
    }

    /// Refuses rules that say nothing sensible.
    ///
    /// # Errors
    /// [`EngineError::UnfitNumber`] for a limit below zero, and for tiers that do not rise from zero.
    pub fn check(&self) -> Result<(), EngineError> {
        for (limit, argument) in [(self.daily, "daily_minutes"), (self.weekly, "weekly_minutes")] {
            if let Some(limit) = limit.filter(|limit| limit.time < Duration::ZERO) {
                return Err(unfit(argument, limit.time, "zero or more"));
            }
        }
        let mut least = Duration::ZERO;
        for (position, tier) in self.overtime.iter().enumerate() {
            let is_first = position == 0;
            if is_first && tier.after != Duration::ZERO {
                return Err(unfit("overtime_tiers", tier.after, "0 for the first"));
            }
            if !is_first && tier.after <= least {
                return Err(unfit("overtime_tiers", tier.after, "more than the one before"));
            }
            least = tier.after;
        }
        Ok(())
    }
}

fn unfit(argument: &'static str, time: Duration, wanted: &'static str) -> EngineError {
    EngineError::UnfitNumber { argument, value: time.microseconds() / MICROSECONDS_PER_MINUTE, wanted }
}
