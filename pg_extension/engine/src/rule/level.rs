//! How bad it is to break a rule, and what is done about it.

use crate::error::EngineError;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// It must not be.
    Violation,
    /// It should not be.
    Warning,
    /// Worth knowing.
    Advisory,
    /// Data are missing to tell.
    Unknown,
}

/// What is done about a broken rule, from nothing to refusing the write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Mode {
    /// It is not judged.
    Off,
    /// It is told to who asks.
    Advise,
    /// It is told to who writes.
    #[default]
    Warn,
    /// What breaks it is not written.
    Refuse,
}

impl Level {
    /// The word that SQL uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Violation => "violation",
            Self::Warning => "warning",
            Self::Advisory => "advisory",
            Self::Unknown => "unknown",
        }
    }

    /// From the word that SQL uses.
    ///
    /// # Errors
    /// [`EngineError::UnknownChoice`], naming `level`.
    pub fn from_word(word: &str) -> Result<Self, EngineError> {
        match word {
            "violation" => Ok(Self::Violation),
            "warning" => Ok(Self::Warning),
            "advisory" => Ok(Self::Advisory),
            "unknown" => Ok(Self::Unknown),
            _ => Err(EngineError::UnknownChoice {
                argument: "level",
                value: word.to_owned(),
                choices: "violation, warning, advisory, unknown",
            }),
        }
    }
}

impl Mode {
    /// The word that SQL uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Advise => "advise",
            Self::Warn => "warn",
            Self::Refuse => "refuse",
        }
    }

    /// From the word that SQL uses.
    ///
    /// # Errors
    /// [`EngineError::UnknownChoice`], naming `mode`.
    pub fn from_word(word: &str) -> Result<Self, EngineError> {
        match word {
            "off" => Ok(Self::Off),
            "advise" => Ok(Self::Advise),
            "warn" => Ok(Self::Warn),
            "refuse" => Ok(Self::Refuse),
            _ => Err(EngineError::UnknownChoice {
                argument: "mode",
                value: word.to_owned(),
                choices: "off, advise, warn, refuse",
            }),
        }
    }
}
