//! The types a setting may have, each read from text and shown as text.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::Bounds;

/// A type that a setting can have. Shown values are TOML values.
pub trait SettingValue: Sized {
    /// Reads the value; the error says what would be right.
    fn parse(text: &str, bounds: Bounds) -> Result<Self, String>;
    /// The value as a TOML value, secrets hidden.
    fn show(&self) -> String;
}

fn whole_number(text: &str, bounds: Bounds) -> Result<u64, String> {
    let (least, most) = match bounds {
        Bounds::Range(least, most) => (least, most),
        Bounds::Any => (0, u64::MAX),
    };
    match text.trim().replace('_', "").parse::<u64>() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(format!("must be a whole number from {least} to {most}")),
    }
}

impl SettingValue for u64 {
    fn parse(text: &str, bounds: Bounds) -> Result<Self, String> {
        whole_number(text, bounds)
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

impl SettingValue for u32 {
    fn parse(text: &str, bounds: Bounds) -> Result<Self, String> {
        Self::try_from(whole_number(text, bounds)?).map_err(|_| "is too large".to_owned())
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

impl SettingValue for usize {
    fn parse(text: &str, bounds: Bounds) -> Result<Self, String> {
        Self::try_from(whole_number(text, bounds)?).map_err(|_| "is too large for this machine".to_owned())
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

/// Durations are settings in whole milliseconds; their names end in `_ms`.
impl SettingValue for Duration {
    fn parse(text: &str, bounds: Bounds) -> Result<Self, String> {
        whole_number(text, bounds).map(Self::from_millis)
    }
    fn show(&self) -> String {
        self.as_millis().to_string()
    }
}

impl SettingValue for String {
    fn parse(text: &str, _bounds: Bounds) -> Result<Self, String> {
        Ok(text.to_owned())
    }
    fn show(&self) -> String {
        quoted(self)
    }
}

impl SettingValue for bool {
    fn parse(text: &str, _bounds: Bounds) -> Result<Self, String> {
        text.trim().parse().map_err(|_| "must be true or false".to_owned())
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

/// A file; the empty path is none.
impl SettingValue for PathBuf {
    fn parse(text: &str, _bounds: Bounds) -> Result<Self, String> {
        Ok(text.into())
    }
    fn show(&self) -> String {
        quoted(&self.display().to_string())
    }
}

impl SettingValue for SocketAddr {
    fn parse(text: &str, _bounds: Bounds) -> Result<Self, String> {
        text.parse().map_err(|_| "must be an address and a port, such as 127.0.0.1:8080".to_owned())
    }
    fn show(&self) -> String {
        quoted(&self.to_string())
    }
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line, for machines.
    Json,
    /// Coloured text, for people.
    Human,
}

impl SettingValue for LogFormat {
    fn parse(text: &str, _bounds: Bounds) -> Result<Self, String> {
        match text {
            "json" => Ok(Self::Json),
            "human" => Ok(Self::Human),
            _ => Err("must be json or human".to_owned()),
        }
    }
    fn show(&self) -> String {
        quoted(if *self == Self::Json { "json" } else { "human" })
    }
}

/// Which requests are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestLog {
    /// None; slow calls are still logged.
    None,
    /// Those answered with a status of 500 or more.
    Failed,
    /// Every request.
    All,
}

impl SettingValue for RequestLog {
    fn parse(text: &str, _bounds: Bounds) -> Result<Self, String> {
        match text {
            "none" => Ok(Self::None),
            "failed" => Ok(Self::Failed),
            "all" => Ok(Self::All),
            _ => Err("must be none, failed or all".to_owned()),
        }
    }
    fn show(&self) -> String {
        quoted(match self {
            Self::None => "none",
            Self::Failed => "failed",
            Self::All => "all",
        })
    }
}

/// What is logged: a level, or `target=level` pairs, as the tracing library reads them.
#[derive(Clone, Debug)]
pub struct LogFilter(String);

impl LogFilter {
    /// The filter's text, known to be readable.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl SettingValue for LogFilter {
    fn parse(text: &str, _bounds: Bounds) -> Result<Self, String> {
        match tracing_subscriber::EnvFilter::try_new(text) {
            Ok(_) => Ok(Self(text.to_owned())),
            Err(error) => {
                Err(format!("must be a level or target=level pairs, such as info,rota=debug: {error}"))
            }
        }
    }
    fn show(&self) -> String {
        quoted(&self.0)
    }
}

pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
