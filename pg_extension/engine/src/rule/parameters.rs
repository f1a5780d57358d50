//! Reads parameters as they are written: a name, and a value as text.

use super::applies::Applies;
use super::kind::Limit;
use super::window::Window;
use crate::band::Band;
use crate::duration::Duration;
use crate::error::EngineError;
use crate::local::TimeOfDay;
use crate::period::Boundary;

/// The longest window, and the longest row of days: a year and a day. Rules look as far as this on both sides
/// of the time in question, for everybody in it.
pub(super) const LONGEST_DAYS: u32 = 366;
const LONGEST_MINUTES: i64 = LONGEST_DAYS as i64 * 1_440;
/// The largest limit: ten years of minutes. Products with the days of a window stay far within an `i64`.
const LARGEST_LIMIT_MINUTES: i64 = 3_660 * 1_440;
/// The longest rotation that is judged as one: a calendar month.
const LONGEST_ROTATION_DAYS: u32 = 31;

const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

pub(super) struct Parameters<'a> {
    pub(super) parameters: &'a [(String, String)],
}

impl<'a> Parameters<'a> {
    /// Of which work and of whom the rule speaks.
    pub(super) fn applies(&self) -> Result<Applies, EngineError> {
        let age = |name| self.find(name).map(|_| self.number(name, 1, 200)).transpose();
        Ok(Applies {
            kinds: self.find("kinds").map(|_| self.words("kinds")).transpose()?,
            except_kinds: self.words("except_kinds")?,
            rotations: self.find("rotations").map(|_| self.words("rotations")).transpose()?,
            only_if: self.find("only_if").map(str::to_owned),
            unless: self.find("unless").map(str::to_owned),
            younger_than_years: age("younger_than_years")?,
            at_least_years: age("at_least_years")?,
        })
    }

    /// The window, and the names of the parameters that say it.
    pub(super) fn window(&self) -> Result<(Window, &'static [&'static str]), EngineError> {
        match self.find("per") {
            Some("day") => Ok((Window::Fixed(Boundary::DAY), &["per"])),
            Some("week") => {
                let weekday = self.weekday("week_starts_on")?;
                Ok((Window::Fixed(Boundary::week_from(weekday)), &["per", "week_starts_on"]))
            }
            Some("window") => Ok((self.rolling()?, &["per", "window_days", "window_minutes"])),
            Some("period") => Ok((Window::Fixed(self.boundary("period")?), &["per", "period"])),
            Some("rotation") => {
                let longest_days = self.number_or("longest_days", LONGEST_ROTATION_DAYS, 1, LONGEST_DAYS)?;
                Ok((Window::Rotation { longest_days }, &["per", "longest_days"]))
            }
            found => Err(unreadable("per", found, "day, week, window, period or rotation")),
        }
    }

    /// As [`Parameters::window`], where days are counted: no stretch of minutes.
    pub(super) fn window_of_days(&self) -> Result<(Window, &'static [&'static str]), EngineError> {
        let found = self.window()?;
        match found.0 {
            Window::Time(_) => {
                Err(unreadable("window_minutes", self.find("window_minutes"), "window_days instead"))
            }
            _ => Ok(found),
        }
    }

    fn rolling(&self) -> Result<Window, EngineError> {
        match (self.find("window_days"), self.find("window_minutes")) {
            (Some(_), None) => self.number("window_days", 1, LONGEST_DAYS).map(Window::Days),
            (None, Some(minutes)) => minutes
                .parse()
                .ok()
                .filter(|minutes| (1..=LONGEST_MINUTES).contains(minutes))
                .and_then(Duration::from_minutes)
                .map(Window::Time)
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

    /// `maximum_minutes` or `below_minutes`.
    pub(super) fn limit(&self) -> Result<Limit, EngineError> {
        match (self.find("maximum_minutes"), self.find("below_minutes")) {
            (Some(_), Some(below)) => {
                Err(unreadable("below_minutes", Some(below), "none besides maximum_minutes"))
            }
            (None, Some(_)) => self.minutes("below_minutes").map(Limit::Below),
            _ => self.minutes("maximum_minutes").map(Limit::AtMost),
        }
    }

    /// `night_from` and `night_to`; `None` where neither is given.
    pub(super) fn night(&self) -> Result<Option<Band>, EngineError> {
        let time = |name| {
            let found = self.find(name);
            found.and_then(TimeOfDay::from_text).ok_or_else(|| unreadable(name, found, "a time like 22:00"))
        };
        match (self.find("night_from"), self.find("night_to")) {
            (None, None) => Ok(None),
            _ => Ok(Some(Band { start: time("night_from")?, end: time("night_to")? })),
        }
    }

    /// What [`Boundary::from_text`] reads.
    pub(super) fn boundary(&self, name: &'static str) -> Result<Boundary, EngineError> {
        let found = self.find(name);
        found
            .and_then(|text| Boundary::from_text(text).ok())
            .ok_or_else(|| unreadable(name, found, Boundary::CHOICES))
    }

    /// Days after Monday; Monday where nothing is said, as in ISO 8601.
    fn weekday(&self, name: &'static str) -> Result<u8, EngineError> {
        let Some(given) = self.find(name) else { return Ok(0) };
        weekday(given).ok_or_else(|| unreadable(name, Some(given), &WEEKDAYS.join(", ")))
    }

    /// A set of weekdays, bit 0 for Monday; Monday to Friday where nothing is said.
    pub(super) fn weekdays(&self, name: &'static str) -> Result<u8, EngineError> {
        if self.find(name).is_none() {
            return Ok(0b001_1111);
        }
        let wanted = || format!("some of {}", WEEKDAYS.join(", "));
        self.words(name)?.iter().try_fold(0, |set, word| {
            weekday(word).map(|day| set | 1 << day).ok_or_else(|| unreadable(name, Some(word), &wanted()))
        })
    }

    /// Words as a JSON array or with commas between; none where nothing is given.
    pub(super) fn words(&self, name: &'static str) -> Result<Vec<String>, EngineError> {
        let Some(given) = self.find(name) else { return Ok(Vec::new()) };
        let wanted = "a list of words, such as [\"night\", \"call\"]";
        let inner = given.trim();
        let inner = match (inner.strip_prefix('['), inner.strip_suffix(']')) {
            (Some(_), Some(_)) => inner.get(1..inner.len() - 1).unwrap_or_default(),
            (None, None) => inner,
            _ => return Err(unreadable(name, Some(given), wanted)),
        };
        let words: Vec<String> =
            inner.split(',').map(|word| word.trim().trim_matches('"').trim().to_owned()).collect();
        let is_word = |word: &String| !word.is_empty() && !word.contains(['"', '\\', '[', ']', '{', '}']);
        if words.iter().all(is_word) { Ok(words) } else { Err(unreadable(name, Some(given), wanted)) }
    }

    /// Whole numbers as a JSON array or with commas between.
    pub(super) fn numbers(&self, name: &'static str, least: u32, most: u32) -> Result<Vec<u32>, EngineError> {
        let number = |word: &String| {
            word.parse().ok().filter(|number| (least..=most).contains(number)).ok_or_else(|| {
                unreadable(name, self.find(name), &format!("whole numbers from {least} to {most}"))
            })
        };
        self.words(name)?.iter().map(number).collect()
    }

    /// Whole minutes, zero or more.
    pub(super) fn minutes(&self, name: &'static str) -> Result<Duration, EngineError> {
        let given = self.find(name);
        given
            .and_then(|minutes| minutes.parse().ok())
            .filter(|minutes| (0..=LARGEST_LIMIT_MINUTES).contains(minutes))
            .and_then(Duration::from_minutes)
            .ok_or_else(|| unreadable(name, given, "a whole number, zero or more, of at most ten years"))
    }

    /// The same, and so many where nothing is given.
    pub(super) fn minutes_or(&self, name: &'static str, otherwise: i64) -> Result<Duration, EngineError> {
        match self.find(name) {
            None => Ok(Duration::from_minutes(otherwise).unwrap_or_default()),
            Some(_) => self.minutes(name),
        }
    }

    pub(super) fn number(&self, name: &'static str, least: u32, most: u32) -> Result<u32, EngineError> {
        let given = self.find(name);
        given
            .and_then(|number| number.parse().ok())
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| unreadable(name, given, &format!("a whole number from {least} to {most}")))
    }

    /// The same, and so much where nothing is given.
    pub(super) fn number_or(
        &self,
        name: &'static str,
        otherwise: u32,
        least: u32,
        most: u32,
    ) -> Result<u32, EngineError> {
        if self.find(name).is_none() { Ok(otherwise) } else { self.number(name, least, most) }
    }

    /// One of some words, the first where nothing is given.
    pub(super) fn choice<T: Copy>(
        &self,
        name: &'static str,
        choices: &[(&str, T)],
    ) -> Result<T, EngineError> {
        let found = self.find(name);
        let wanted = |(word, _): &&(&str, T)| found.is_none_or(|found| found == *word);
        choices.iter().find(wanted).map(|(_, choice)| *choice).ok_or_else(|| {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            unreadable(name, found, &words.join(" or "))
        })
    }

    pub(super) fn find(&self, name: &str) -> Option<&'a str> {
        self.parameters.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// Refuses any parameter that is neither of these nor of those that every type takes.
    pub(super) fn know(&self, names: &[&str]) -> Result<(), EngineError> {
        let is_known = |name: &str| names.contains(&name) || Applies::NAMES.contains(&name);
        match self.parameters.iter().find(|(given, _)| !is_known(given)) {
            Some((name, value)) => Err(EngineError::UnreadableParameter {
                name: name.clone(),
                value: Some(value.clone()),
                wanted: format!(
                    "none of this name, only {}, {}",
                    names.join(", "),
                    Applies::NAMES.join(", ")
                ),
            }),
            None => Ok(()),
        }
    }
}

fn weekday(text: &str) -> Option<u8> {
    (0..).zip(WEEKDAYS).find(|(_, weekday)| text.eq_ignore_ascii_case(weekday)).map(|(day, _)| day)
}

pub(super) fn unreadable(name: &str, value: Option<&str>, wanted: &str) -> EngineError {
    EngineError::UnreadableParameter {
        name: name.to_owned(),
        value: value.map(str::to_owned),
        wanted: wanted.to_owned(),
    }
}
