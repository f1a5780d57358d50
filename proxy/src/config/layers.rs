//! The four layers of settings and the faults found in them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::{Bounds, DECLARED, SettingValue};

/// The variable that names the settings file; it is no setting itself.
const CONFIG_VARIABLE: &str = "ROTA_CONFIG";

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The declared default.
    Default,
    /// The settings file.
    File(PathBuf),
    /// An environment variable.
    Variable(String),
    /// A flag on the command line.
    Flag(String),
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File(path) => write!(formatter, "file {}", path.display()),
            Self::Variable(name) => write!(formatter, "variable {name}"),
            Self::Flag(name) => write!(formatter, "flag --{name}"),
        }
    }
}

/// One thing wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The setting, or the file itself.
    pub setting: String,
    /// Where the fault is.
    pub source: Source,
    /// What is wrong and what would be right. Never the value of a secret.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({}): {}", self.setting, self.source, self.message)
    }
}

/// The values of file, environment and flags, lowest first, all as text.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    values: BTreeMap<String, Vec<(Source, String)>>,
}

impl Layers {
    /// Adds one value on top of the others of its setting.
    pub fn put(&mut self, setting: &str, source: Source, value: String) {
        self.values.entry(setting.to_owned()).or_default().push((source, value));
    }

    /// Adds the content of a settings file. Unknown keys, and values that are no scalars, are faults.
    pub fn put_file(&mut self, path: &Path, faults: &mut Vec<Fault>) {
        let source = Source::File(path.to_owned());
        let fault = |message: String| Fault { setting: "file".to_owned(), source: source.clone(), message };
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => return faults.push(fault(format!("cannot be read: {error}"))),
        };
        let table = match text.parse::<toml::Table>() {
            Ok(table) => table,
            Err(error) => return faults.push(fault(format!("is not TOML: {}", error.message()))),
        };
        for (key, value) in table {
            if !DECLARED.iter().any(|declared| declared.name == key) {
                let message = unknown(&key);
                faults.push(Fault { setting: key, source: source.clone(), message });
                continue;
            }
            match value {
                toml::Value::String(text) => self.put(&key, source.clone(), text),
                toml::Value::Integer(_) | toml::Value::Boolean(_) | toml::Value::Float(_) => {
                    self.put(&key, source.clone(), value.to_string());
                }
                _ => faults.push(Fault {
                    setting: key,
                    source: source.clone(),
                    message: "must be a string, a number or a boolean".to_owned(),
                }),
            }
        }
    }

    /// Adds the `ROTA_*` variables. One that names no setting is a fault: a misspelt limit is no limit.
    pub fn put_variables(
        &mut self,
        variables: impl Iterator<Item = (String, String)>,
        faults: &mut Vec<Fault>,
    ) {
        for (name, value) in
            variables.filter(|(name, _)| name.starts_with("ROTA_") && name != CONFIG_VARIABLE)
        {
            match DECLARED.iter().find(|declared| declared.variable() == name) {
                Some(declared) => self.put(declared.name, Source::Variable(name), value),
                None => {
                    let setting = name.trim_start_matches("ROTA_").to_lowercase();
                    let message = unknown(&setting);
                    faults.push(Fault { setting, source: Source::Variable(name), message });
                }
            }
        }
    }

    /// Reads one setting. Every layer is checked, the highest wins.
    pub(super) fn read<T: SettingValue>(
        &self,
        setting: &str,
        default: &str,
        bounds: Bounds,
        faults: &mut Vec<Fault>,
    ) -> Option<T> {
        let default = (Source::Default, default.to_owned());
        let given = self.values.get(setting).map_or(&[][..], Vec::as_slice);
        let mut winner = None;
        for (source, text) in std::iter::once(&default).chain(given) {
            match T::parse(text, bounds) {
                Ok(value) => winner = Some(value),
                Err(message) => {
                    winner = None;
                    faults.push(Fault { setting: setting.to_owned(), source: source.clone(), message });
                }
            }
        }
        winner
    }

    /// The layer whose value of a setting counts.
    pub fn source(&self, setting: &str) -> Source {
        self.values
            .get(setting)
            .and_then(|given| given.last())
            .map_or(Source::Default, |given| given.0.clone())
    }
}

fn unknown(setting: &str) -> String {
    match nearest(setting) {
        Some(name) => format!("is no setting; did you mean {name}?"),
        None => "is no setting; rota serve --help lists all of them".to_owned(),
    }
}

/// The declared name that shares the most leading and trailing letters with a mistyped one.
fn nearest(typed: &str) -> Option<&'static str> {
    let shared = |name: &str| {
        let ahead = name.bytes().zip(typed.bytes()).take_while(|(a, b)| a == b).count();
        let behind = name.bytes().rev().zip(typed.bytes().rev()).take_while(|(a, b)| a == b).count();
        (ahead + behind).min(name.len())
    };
    let best = DECLARED.iter().map(|declared| declared.name).max_by_key(|name| shared(name))?;
    (shared(best) * 3 >= typed.len() * 2).then_some(best)
}
