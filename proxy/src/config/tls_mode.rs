//! How much TLS a connection to the database wants, in the words of libpq.

use super::value::quoted;
use super::{Bounds, SettingValue};

/// The modes of libpq's `sslmode` (its chapter "SSL Support" compares them).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsMode {
    /// Never.
    Disable,
    /// If the server offers it; its certificate is not checked.
    Prefer,
    /// Always; its certificate is not checked.
    Require,
    /// Always; its certificate is signed by the given authority.
    VerifyCa,
    /// Always; its certificate is signed by the given authority and names the host.
    VerifyFull,
}

impl TlsMode {
    const ALL: [Self; 5] = [Self::Disable, Self::Prefer, Self::Require, Self::VerifyCa, Self::VerifyFull];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }

    /// Whether the server has to prove who it is.
    pub const fn verifies(self) -> bool {
        matches!(self, Self::VerifyCa | Self::VerifyFull)
    }
}

impl SettingValue for TlsMode {
    fn parse(text: &str, _bounds: Bounds) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|mode| mode.name() == text);
        found.ok_or_else(|| "must be disable, prefer, require, verify-ca or verify-full".to_owned())
    }
    fn show(&self) -> String {
        quoted(self.name())
    }
}
