//! Reads rules as they are written: a type, and parameters by name.

use super::{CountedDays, CountedTime, DayLimit, Period, Requirement, TimeLimit};
use crate::duration::Duration;
use crate::error::EngineError;

/// The longest window, and the longest row of days: a year and a day. Rules look as far as this on both sides
/// of the time in question, for everybody in it.
const LONGEST_DAYS: u32 = 366;
const LONGEST_MINUTES: i64 = LONGEST_DAYS as i64 * 1_440;

const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

impl Requirement {
    /// The types of rules that are judged here.
    pub const TYPES: [&str; 3] = ["rest_period", "maximum_minutes", "consecutive_days"];

    /// Reads a rule of one of [`Requirement::TYPES`]; `None` for any other type. Each parameter is a name and
    /// its value as text.
    ///
    /// # Errors
    /// [`EngineError::UnreadableParameter`] for one that is missing, unknown or says nothing sensible.
    pub fn read(rule_type: &str, parameters: &[(String, String)]) -> Result<Option<Self>, EngineError> {
        let given = Parameters { parameters };
        match rule_type {
            "rest_period" => {
                given.know(&["minimum_minutes"])?;
                given.minutes("minimum_minutes").map(Self::Rest).map(Some)
            }
            "maximum_minutes" => given.time_limit().map(Self::Time).map(Some),
            "consecutive_days" => {
                given.know(&["maximum_days", "counts"])?;
                let maximum = given.number("maximum_days", 1, LONGEST_DAYS)?;
                let counted = match given.find("counts") {
                    None | Some("begun") => CountedDays::Begun,
                    Some("worked") => CountedDays::Worked,
                    found => return Err(unreadable("counts", found, "begun or worked")),
                };
                Ok(Some(Self::Days(DayLimit { maximum, counted })))
            }
            _ => Ok(None),
        }
    }
}

struct Parameters<'a> {
    parameters: &'a [(String, String)],
}

impl Parameters<'_> {
    fn time_limit(&self) -> Result<TimeLimit, EngineError> {
        let per = self.find("per");
        let own: &[&str] = match per {
            Some("week") => &["week_starts_on"],
            Some("window") => &["window_days", "window_minutes"],
            _ => &[],
        };
        let period = match per {
            Some("day") => Period::Day,
            Some("week") => Period::Week { days_after_monday: self.weekday("week_starts_on")? },
            Some("window") => self.window()?,
            found => return Err(unreadable("per", found, "day, week or window")),
        };
        self.know(&[["maximum_minutes", "per", "counts"].as_slice(), own].concat())?;
        let counted = match (self.find("counts"), period) {
            (None | Some("worked"), _) => CountedTime::Worked,
            (Some("elapsed"), _) => CountedTime::Elapsed,
            (Some("spread"), Period::Day) => CountedTime::Spread,
            (found, Period::Day) => return Err(unreadable("counts", found, "worked, elapsed or spread")),
            (found, _) => return Err(unreadable("counts", found, "worked or elapsed")),
        };
        Ok(TimeLimit { maximum: self.minutes("maximum_minutes")?, period, counted })
    }

    fn window(&self) -> Result<Period, EngineError> {
        match (self.find("window_days"), self.find("window_minutes")) {
            (Some(_), None) => self.number("window_days", 1, LONGEST_DAYS).map(Period::Days),
            (None, Some(minutes)) => minutes
                .parse()
                .ok()
                .filter(|minutes| (1..=LONGEST_MINUTES).contains(minutes))
                .and_then(Duration::from_minutes)
                .map(Period::Time)
                .ok_or_else(|| {
                    let wanted = format!("a whole number from 1 to {LONGEST_MINUTES}");
                    unreadable("window_minutes", Some(minutes), &wanted)
                }),
            (None, None) => Err(unreadable("window_days", None, "either that or window_minutes")),
            (Some(_), Some(minutes)) => {
                Err(unreadable("window_minutes", Some(minutes), "none besides window_days"))
            }
        }
    }

    /// Days after Monday; Monday where nothing is said, as in ISO 8601.
    fn weekday(&self, name: &'static str) -> Result<u8, EngineError> {
        let Some(given) = self.find(name) else { return Ok(0) };
        (0..)
            .zip(WEEKDAYS)
            .find(|(_, weekday)| given.eq_ignore_ascii_case(weekday))
            .map(|(days_after_monday, _)| days_after_monday)
            .ok_or_else(|| unreadable(name, Some(given), &WEEKDAYS.join(", ")))
    }

    fn minutes(&self, name: &'static str) -> Result<Duration, EngineError> {
        let given = self.find(name);
        given
            .and_then(|minutes| minutes.parse().ok())
            .filter(|minutes| *minutes >= 0)
            .and_then(Duration::from_minutes)
            .ok_or_else(|| unreadable(name, given, "a whole number, zero or more"))
    }

    fn number(&self, name: &'static str, least: u32, most: u32) -> Result<u32, EngineError> {
        let given = self.find(name);
        given
            .and_then(|number| number.parse().ok())
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| unreadable(name, given, &format!("a whole number from {least} to {most}")))
    }

    fn find(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// Refuses any other parameter.
    fn know(&self, names: &[&str]) -> Result<(), EngineError> {
        match self.parameters.iter().find(|(given, _)| !names.contains(&given.as_str())) {
            Some((name, value)) => Err(EngineError::UnreadableParameter {
                name: name.clone(),
                value: Some(value.clone()),
                wanted: format!("none of this name, only {}", names.join(", ")),
            }),
            None => Ok(()),
        }
    }
}

fn unreadable(name: &str, value: Option<&str>, wanted: &str) -> EngineError {
    EngineError::UnreadableParameter {
        name: name.to_owned(),
        value: value.map(str::to_owned),
        wanted: wanted.to_owned(),
    }
}
