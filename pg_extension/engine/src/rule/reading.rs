//! From a type and parameters to what a rule asks for.

use super::applies::Applies;
use super::kind::{
    AverageTime, Clock, ConsecutiveNights, ContinuousDuty, DaysOff, DutyCount, ExceededPeriods,
    ForbiddenWork, LeaveTreatment, Limit, OvertimeCounted, OvertimeLimit, Place, RestAfterDuty, RestBreak,
    RestWithin, Rounding, RuleKind, TermLimit, TimeInWindow, WeeklyRest,
};
use super::parameters::{LONGEST_DAYS, Parameters, unreadable};
use super::requirement::{CountedDays, CountedTime, DayLimit, Requirement};
use super::window::Window;
use crate::error::EngineError;
use crate::period::Boundary;

const CLOCKS: &[(&str, Clock)] = &[("elapsed", Clock::Elapsed), ("nominal", Clock::Nominal)];
const OVERTIME: &[(&str, OvertimeCounted)] =
    &[("overtime", OvertimeCounted::Overtime), ("overtime_and_holidays", OvertimeCounted::WithHolidays)];
/// The longest term: fifty years.
const LONGEST_TERM_MONTHS: u32 = 600;

impl RuleKind {
    /// Every type of rule.
    pub const TYPES: [&'static str; 17] = [
        "rest_period",
        "maximum_minutes",
        "minimum_minutes",
        "average_minutes",
        "rest_within",
        "weekly_rest",
        "days_off",
        "continuous_duty",
        "rest_after_duty",
        "rest_break",
        "consecutive_days",
        "consecutive_nights",
        "maximum_duties",
        "maximum_overtime",
        "exceeded_periods",
        "forbidden_work",
        "assignment_term",
    ];

    /// Reads a rule. Each parameter is a name and its value as text; lists as JSON arrays, or with commas.
    ///
    /// # Errors
    /// [`EngineError::UnknownChoice`], naming `rule_type`; [`EngineError::UnreadableParameter`] for a parameter
    /// that is missing, unknown or says nothing sensible.
    pub fn read(rule_type: &str, parameters: &[(String, String)]) -> Result<(Self, Applies), EngineError> {
        let given = Parameters { parameters };
        let kind = match rule_type {
            "rest_period" => {
                given.know(&["minimum_minutes"])?;
                Self::Rest(given.minutes("minimum_minutes")?)
            }
            "maximum_minutes" => Self::MaximumTime(given.time(&["maximum_minutes", "below_minutes"])?),
            "minimum_minutes" => Self::MinimumTime(given.time(&["minimum_minutes"])?),
            "average_minutes" => Self::Average(given.average()?),
            "rest_within" => {
                given.know(&["minimum_minutes", "within_minutes"])?;
                let minimum = given.minutes("minimum_minutes")?;
                let within = given.minutes("within_minutes")?;
                if within < minimum {
                    let wanted = "at least minimum_minutes";
                    return Err(unreadable("within_minutes", given.find("within_minutes"), wanted));
                }
                Self::RestWithin(RestWithin { minimum, within })
            }
            "weekly_rest" => {
                let (window, names) = given.window_of_days()?;
                given.know(&[["minimum_minutes", "minimum_rests"].as_slice(), names].concat())?;
                Self::WeeklyRest(WeeklyRest {
                    minimum: given.positive_minutes("minimum_minutes")?,
                    minimum_rests: given.number_or("minimum_rests", 1, 1, LONGEST_DAYS)?,
                    window,
                })
            }
            "days_off" => Self::DaysOff(given.days_off()?),
            "continuous_duty" => Self::ContinuousDuty(given.continuous_duty()?),
            "rest_after_duty" => {
                given.know(&["after_minutes", "minimum_minutes", "bridged_minutes", "clock"])?;
                Self::RestAfterDuty(RestAfterDuty {
                    after: given.minutes("after_minutes")?,
                    minimum: given.minutes("minimum_minutes")?,
                    bridged: given.minutes_or("bridged_minutes", 0)?,
                    clock: given.choice("clock", CLOCKS)?,
                })
            }
            "rest_break" => {
                given.know(&["after_minutes", "minimum_minutes", "bridged_minutes"])?;
                Self::RestBreak(RestBreak {
                    after: given.minutes("after_minutes")?,
                    minimum: given.minutes("minimum_minutes")?,
                    bridged: given.minutes_or("bridged_minutes", 0)?,
                })
            }
            "consecutive_days" => {
                given.know(&["maximum_days", "counts"])?;
                let counted = [("begun", CountedDays::Begun), ("worked", CountedDays::Worked)];
                Self::ConsecutiveDays(DayLimit {
                    maximum: given.number("maximum_days", 1, LONGEST_DAYS)?,
                    counted: given.choice("counts", &counted)?,
                })
            }
            "consecutive_nights" => {
                given.know(&["maximum_nights", "night_from", "night_to", "minimum_night_minutes"])?;
                Self::ConsecutiveNights(ConsecutiveNights {
                    maximum: given.number("maximum_nights", 1, LONGEST_DAYS)?,
                    night: given
                        .night()?
                        .ok_or_else(|| unreadable("night_from", None, "a time like 22:00"))?,
                    minimum: given.minutes_or("minimum_night_minutes", 1)?,
                })
            }
            "maximum_duties" => {
                let (window, names) = given.window_of_days()?;
                given.know(&[["maximum_duties", "per_days"].as_slice(), names].concat())?;
                let per_days = given.find("per_days").map(|_| given.number("per_days", 1, LONGEST_DAYS));
                let maximum = given.number("maximum_duties", 0, 1_000)?;
                Self::MaximumDuties(DutyCount { maximum, per_days: per_days.transpose()?, window })
            }
            "maximum_overtime" => Self::MaximumOvertime(given.overtime()?),
            "exceeded_periods" => {
                given.know(&["more_than_minutes", "period", "within", "maximum_periods", "counts"])?;
                Self::ExceededPeriods(ExceededPeriods {
                    more_than: given.minutes("more_than_minutes")?,
                    period: given.boundary("period")?,
                    within: given.boundary("within")?,
                    maximum: given.number("maximum_periods", 0, LONGEST_DAYS)?,
                    counted: given.choice("counts", OVERTIME)?,
                })
            }
            "forbidden_work" => {
                given.know(&["night_from", "night_to"])?;
                Self::ForbiddenWork(ForbiddenWork { night: given.night()? })
            }
            "assignment_term" => {
                given.know(&["maximum_months", "cooling_off_months", "notice_months", "place"])?;
                Self::AssignmentTerm(TermLimit {
                    maximum_months: given.number("maximum_months", 1, LONGEST_TERM_MONTHS)?,
                    cooling_off_months: given.number("cooling_off_months", 0, LONGEST_TERM_MONTHS)?,
                    notice_months: given.number_or("notice_months", 0, 0, LONGEST_TERM_MONTHS)?,
                    place: given
                        .choice("place", &[("unit", Place::Unit), ("establishment", Place::Establishment)])?,
                })
            }
            _ => {
                return Err(EngineError::UnknownChoice {
                    argument: "rule_type",
                    value: rule_type.to_owned(),
                    choices: "rest_period, maximum_minutes, minimum_minutes, average_minutes, rest_within, \
                              weekly_rest, days_off, continuous_duty, rest_after_duty, rest_break, consecutive_days, \
                              consecutive_nights, maximum_duties, maximum_overtime, exceeded_periods, \
                              forbidden_work, assignment_term",
                });
            }
        };
        Ok((kind, given.applies()?))
    }
}

impl Requirement {
    /// The types by which conflicts are found.
    pub const TYPES: [&'static str; 3] = ["rest_period", "maximum_minutes", "consecutive_days"];

    /// Reads a rule of one of [`Requirement::TYPES`]; `None` for any other type, and for one that only
    /// [`crate::compliance`] can judge, such as one about some kinds of duties.
    ///
    /// # Errors
    /// [`EngineError::UnreadableParameter`] as [`RuleKind::read`].
    pub fn read(rule_type: &str, parameters: &[(String, String)]) -> Result<Option<Self>, EngineError> {
        if !Self::TYPES.contains(&rule_type) {
            return Ok(None);
        }
        let (kind, applies) = RuleKind::read(rule_type, parameters)?;
        if applies != Applies::default() {
            return Ok(None);
        }
        Ok(match kind {
            RuleKind::Rest(minimum) => Some(Self::Rest(minimum)),
            RuleKind::MaximumTime(time) => time.of_roster().map(Self::Time),
            RuleKind::ConsecutiveDays(days) => Some(Self::Days(days)),
            _ => None,
        })
    }
}

impl Parameters<'_> {
    fn time(&self, limits: &[&str]) -> Result<TimeInWindow, EngineError> {
        let is_minimum = limits == ["minimum_minutes"];
        let (window, names) = if is_minimum { self.window_of_days()? } else { self.window()? };
        self.know(&[limits, &["counts"], names].concat())?;
        let limit = if is_minimum { Limit::AtMost(self.minutes("minimum_minutes")?) } else { self.limit()? };
        let counted: &[(&str, CountedTime)] = match window {
            Window::Fixed(boundary) if boundary == Boundary::DAY && !is_minimum => &[
                ("worked", CountedTime::Worked),
                ("elapsed", CountedTime::Elapsed),
                ("spread", CountedTime::Spread),
            ],
            _ => &[("worked", CountedTime::Worked), ("elapsed", CountedTime::Elapsed)],
        };
        Ok(TimeInWindow { limit, window, counted: self.choice("counts", counted)? })
    }

    fn average(&self) -> Result<AverageTime, EngineError> {
        let (window, names) = self.window_of_days()?;
        let own =
            ["maximum_minutes", "below_minutes", "per_days", "leave", "leave_weekdays", "counts"].as_slice();
        self.know(&[own, names].concat())?;
        let weekdays = self.weekdays("leave_weekdays")?;
        let leave = [
            ("excluded", LeaveTreatment::Excluded),
            ("counted", LeaveTreatment::Counted),
            ("replaced", LeaveTreatment::Replaced(weekdays)),
        ];
        let leave = self.choice("leave", &leave)?;
        if let (Some(given), false) =
            (self.find("leave_weekdays"), matches!(leave, LeaveTreatment::Replaced(_)))
        {
            return Err(unreadable("leave_weekdays", Some(given), "none without leave replaced"));
        }
        Ok(AverageTime {
            limit: self.limit()?,
            per_days: self.number_or("per_days", 7, 1, LONGEST_DAYS)?,
            window,
            leave,
            counted: self
                .choice("counts", &[("worked", CountedTime::Worked), ("elapsed", CountedTime::Elapsed)])?,
        })
    }

    fn days_off(&self) -> Result<DaysOff, EngineError> {
        let (window, names) = self.window_of_days()?;
        self.know(
            &[["minimum_days", "per_days", "rounding", "except_after_kinds"].as_slice(), names].concat(),
        )?;
        Ok(DaysOff {
            minimum_days: self.number("minimum_days", 1, LONGEST_DAYS)?,
            per_days: self.number_or("per_days", 7, 1, LONGEST_DAYS)?,
            rounding: self.choice("rounding", &[("down", Rounding::Down), ("exact", Rounding::Exact)])?,
            except_after_kinds: self.words("except_after_kinds")?,
            window,
        })
    }

    fn continuous_duty(&self) -> Result<ContinuousDuty, EngineError> {
        self.know(&["maximum_minutes", "extension_minutes", "extension_kinds", "bridged_minutes", "clock"])?;
        let extension_kinds = self.words("extension_kinds")?;
        if self.find("extension_minutes").is_some() && extension_kinds.is_empty() {
            return Err(unreadable("extension_kinds", None, "the kinds of work that may extend a duty"));
        }
        Ok(ContinuousDuty {
            maximum: self.minutes("maximum_minutes")?,
            extension: self.minutes_or("extension_minutes", 0)?,
            extension_kinds,
            bridged: self.minutes_or("bridged_minutes", 0)?,
            clock: self.choice("clock", CLOCKS)?,
        })
    }

    fn overtime(&self) -> Result<OvertimeLimit, EngineError> {
        self.know(&["maximum_minutes", "below_minutes", "period", "mean_of", "counts"])?;
        let mean_of = match self.find("mean_of") {
            None => vec![1],
            Some(_) => self.numbers("mean_of", 1, 60)?,
        };
        Ok(OvertimeLimit {
            limit: self.limit()?,
            period: self.boundary("period")?,
            mean_of,
            counted: self.choice("counts", OVERTIME)?,
        })
    }

    /// Whole minutes, at least one.
    fn positive_minutes(&self, name: &'static str) -> Result<crate::Duration, EngineError> {
        let minutes = self.minutes(name)?;
        if minutes > crate::Duration::ZERO {
            Ok(minutes)
        } else {
            Err(unreadable(name, self.find(name), "a whole number, one or more"))
        }
    }
}
