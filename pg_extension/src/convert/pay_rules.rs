//! Pay rules, as callers write them in JSON.

use pgrx::JsonB;
use rota_engine::pay::{CountedOn, Limit, OvertimeTier, PayRules, Premium};
use rota_engine::{
    Band, Boundary, BreakPosition, Duration, LocalDate, LocalPolicy, Span, TimeOfDay, ZoneRules,
};
use serde::Deserialize;

use crate::error::ExtensionError;

/// The most days of duties over which a weekday is looked for: a decade, and some.
const MOST_HOLIDAY_DAYS: i32 = 3_660;

/// What [`PayRules`] look like in JSON.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PayDocument {
    /// Work beyond this on a day is overtime.
    daily_minutes: Option<i64>,
    /// To which day a duty over midnight belongs.
    #[serde(default)]
    daily_by: By,
    /// Work beyond this in a week is overtime.
    weekly_minutes: Option<i64>,
    /// The weeks, as `rota.split_shift` writes boundaries.
    #[serde(default = "week")]
    week: String,
    /// To which week a duty over its end belongs.
    #[serde(default)]
    weekly_by: By,
    /// The periods in which overtime is added up, as `rota.split_shift` writes boundaries.
    #[serde(default = "month")]
    pay_period: String,
    /// The tiers of overtime, the first after 0 minutes.
    #[serde(default)]
    overtime: Vec<Tier>,
    /// Statutory holidays by their date.
    #[serde(default)]
    holidays: Vec<String>,
    /// A day of the week on which each is a statutory holiday.
    holiday_weekday: Option<String>,
    #[serde(default)]
    holiday_premium_percent: Percent,
    /// The night.
    night: Option<Night>,
    #[serde(default)]
    night_premium_percent: Percent,
    /// When breaks were of which only the length is known.
    #[serde(default = "middle")]
    break_position: String,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum By {
    #[default]
    Duty,
    Instant,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tier {
    after_minutes: i64,
    premium_percent: Percent,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Night {
    from: String,
    to: String,
}

/// A share in percent with at most two decimals, 0 to 1,000.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(try_from = "serde_json::Number")]
struct Percent(Premium);

impl TryFrom<serde_json::Number> for Percent {
    type Error = String;

    /// Reads the digits, so that no binary fraction comes near money.
    fn try_from(number: serde_json::Number) -> Result<Self, String> {
        let text = number.to_string();
        let (whole, decimals) = text.split_once('.').unwrap_or((&text, ""));
        let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        (!whole.is_empty() && is_digits(whole) && is_digits(decimals) && decimals.len() <= 2)
            .then(|| format!("{whole}{decimals:0<2}").parse().ok())
            .flatten()
            .filter(|ten_thousandths| *ten_thousandths <= 100_000)
            .map(|ten_thousandths| Self(Premium(ten_thousandths)))
            .ok_or_else(|| format!("{text} percent, 0 to 1000 with at most two decimals would be right"))
    }
}

fn week() -> String {
    "week".to_owned()
}

fn month() -> String {
    "month".to_owned()
}

fn middle() -> String {
    "middle".to_owned()
}

impl PayDocument {
    /// Reads a document. Fields that nobody knows are refused.
    ///
    /// # Errors
    /// [`ExtensionError::UnreadablePayRules`], naming the field and what would be right.
    pub(crate) fn read(rules: JsonB) -> Result<Self, ExtensionError> {
        serde_json::from_value(rules.0).map_err(|fault| unreadable(fault.to_string()))
    }

    /// When breaks were of which only the length is known.
    ///
    /// # Errors
    /// As [`BreakPosition::from_word`].
    pub(crate) fn break_position(&self) -> Result<BreakPosition, ExtensionError> {
        Ok(BreakPosition::from_word(&self.break_position)?)
    }

    /// The periods in which overtime is added up.
    ///
    /// # Errors
    /// As [`Boundary::from_text`].
    pub(crate) fn pay_period(&self) -> Result<Boundary, ExtensionError> {
        Ok(Boundary::from_text(&self.pay_period)?)
    }

    /// The rules, with the holidays that a weekday gives around the duties.
    ///
    /// # Errors
    /// [`ExtensionError::UnreadablePayRules`]; those of [`Boundary::from_text`].
    pub(crate) fn rules(&self, duties: &[Span], zone: &dyn ZoneRules) -> Result<PayRules, ExtensionError> {
        let limit = |minutes: Option<i64>, argument, boundary, by| {
            let Some(minutes) = minutes else { return Ok(None) };
            let time = Duration::from_minutes(minutes)
                .ok_or_else(|| unreadable(format!("{argument} is {minutes}, which is out of range")))?;
            let counted_on = match by {
                By::Duty => CountedOn::DutyStart,
                By::Instant => CountedOn::Instant,
            };
            Ok::<_, ExtensionError>(Some(Limit { time, boundary, counted_on }))
        };
        let tier = |tier: &Tier| {
            let after = Duration::from_minutes(tier.after_minutes).ok_or_else(|| {
                unreadable(format!("after_minutes is {}, which is out of range", tier.after_minutes))
            })?;
            Ok::<_, ExtensionError>(OvertimeTier { after, premium: tier.premium_percent.0 })
        };
        Ok(PayRules {
            night: self.night.as_ref().map(Night::band).transpose()?,
            daily: limit(self.daily_minutes, "daily_minutes", Boundary::DAY, self.daily_by)?,
            weekly: limit(
                self.weekly_minutes,
                "weekly_minutes",
                Boundary::from_text(&self.week)?,
                self.weekly_by,
            )?,
            pay_period: self.pay_period()?,
            overtime: self.overtime.iter().map(tier).collect::<Result<_, _>>()?,
            holidays: self.holidays(duties, zone)?,
            holiday: self.holiday_premium_percent.0,
            night_premium: self.night_premium_percent.0,
            policy: LocalPolicy::BOUNDARY,
        })
    }

    fn holidays(&self, duties: &[Span], zone: &dyn ZoneRules) -> Result<Vec<LocalDate>, ExtensionError> {
        let read = |text: &String| {
            LocalDate::from_text(text).ok_or_else(|| {
                unreadable(format!("holidays has \"{text}\", a date like 2026-08-02 would be right"))
            })
        };
        let mut holidays: Vec<LocalDate> = self.holidays.iter().map(read).collect::<Result<_, _>>()?;
        let hull = duties.iter().copied().reduce(Span::hull);
        if let (Some(weekday), Some(hull)) = (&self.holiday_weekday, hull) {
            let week = Boundary::from_text(&format!("week from {weekday}")).map_err(|_| {
                unreadable(format!("holiday_weekday is \"{weekday}\", sunday to saturday would be right"))
            })?;
            let (first, last) = (zone.local_at(hull.start())?.date(), zone.local_at(hull.end())?.date());
            if last.days().saturating_sub(first.days()) > MOST_HOLIDAY_DAYS {
                return Err(unreadable(format!(
                    "holiday_weekday is looked for in at most {MOST_HOLIDAY_DAYS} days of duties"
                )));
            }
            let (mut day, _) = week.period_of(first)?;
            while day <= last {
                holidays.push(day);
                day = day.plus_days(7)?;
            }
        }
        holidays.sort_unstable();
        Ok(holidays)
    }
}

impl Night {
    fn band(&self) -> Result<Band, ExtensionError> {
        let read = |text: &String| {
            TimeOfDay::from_text(text)
                .ok_or_else(|| unreadable(format!("night has \"{text}\", a time like 22:00 would be right")))
        };
        Ok(Band { start: read(&self.from)?, end: read(&self.to)? })
    }
}

fn unreadable(fault: String) -> ExtensionError {
    ExtensionError::UnreadablePayRules { fault }
}
