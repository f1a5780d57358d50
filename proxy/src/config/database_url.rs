//! Where the database is and how it is spoken to: a connection string of libpq.

use std::fmt;

use tokio_postgres::config::Host;

use super::value::quoted;
use super::{Bounds, SettingValue, TlsMode};

/// A connection string of libpq, as URL or as `key=value` words. Its password is never shown.
#[derive(Clone)]
pub struct DatabaseUrl {
    text: String,
    parsed: tokio_postgres::Config,
    tls: Option<TlsMode>,
}

impl DatabaseUrl {
    /// The parsed connection string.
    pub fn config(&self) -> &tokio_postgres::Config {
        &self.parsed
    }

    /// The connection string as given, password included: for handing on, never for showing.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// What its `sslmode` says, if it has one.
    pub fn tls(&self) -> Option<TlsMode> {
        self.tls
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.show())
    }
}

impl SettingValue for DatabaseUrl {
    fn parse(text: &str, bounds: Bounds) -> Result<Self, String> {
        // The driver knows fewer modes than libpq does, so it never sees this word.
        let (rest, mode) = without_tls_mode(text);
        let tls = mode.map(|mode| TlsMode::parse(mode, bounds).map_err(|error| format!("sslmode {error}")));
        let parsed = rest.parse::<tokio_postgres::Config>().map_err(|_| {
            "must be a connection string, such as postgres://user@localhost:5432/rota or \
             postgres:///rota?host=/var/run/postgresql"
                .to_owned()
        })?;
        if parsed.get_hosts().is_empty() && parsed.get_hostaddrs().is_empty() {
            return Err(
                "names no host: add one, such as ?host=/var/run/postgresql for a local socket".to_owned()
            );
        }
        Ok(Self { text: text.to_owned(), parsed, tls: tls.transpose()? })
    }

    fn show(&self) -> String {
        let hosts: Vec<String> = self
            .parsed
            .get_hosts()
            .iter()
            .map(|host| match host {
                Host::Tcp(name) => name.clone(),
                Host::Unix(path) => path.display().to_string(),
            })
            .collect();
        let ports: Vec<String> = self.parsed.get_ports().iter().map(u16::to_string).collect();
        let password = if self.parsed.get_password().is_some() { " password=***" } else { "" };
        let part =
            |key: &str, value: &str| if value.is_empty() { String::new() } else { format!(" {key}={value}") };
        quoted(
            format!(
                "host={}{}{}{}{}{password}",
                hosts.join(","),
                part("port", &ports.join(",")),
                part("user", self.parsed.get_user().unwrap_or_default()),
                part("dbname", self.parsed.get_dbname().unwrap_or_default()),
                part("sslmode", self.tls.map(TlsMode::name).unwrap_or_default()),
            )
            .trim(),
        )
    }
}

/// The connection string without its `sslmode`, and the mode.
fn without_tls_mode(text: &str) -> (String, Option<&str>) {
    let mut mode = None;
    let mut others = Vec::new();
    let is_url = text.contains("://");
    let (address, words) = if is_url { text.split_once('?').unwrap_or((text, "")) } else { ("", text) };
    let separator = if is_url { "&" } else { " " };
    for word in words.split(separator) {
        match word.strip_prefix("sslmode=") {
            Some(value) => mode = Some(value),
            None => others.push(word),
        }
    }
    let others = others.join(separator);
    let mark = if is_url && !others.is_empty() { "?" } else { "" };
    (format!("{address}{mark}{others}"), mode)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> DatabaseUrl {
        DatabaseUrl::parse(text, Bounds::Any).unwrap()
    }

    #[test]
    fn every_mode_of_libpq_is_read_from_both_forms() {
        for (text, mode) in [
            ("postgres://a@b/c?sslmode=verify-full&application_name=x", TlsMode::VerifyFull),
            ("postgres://a@b/c?connect_timeout=3&sslmode=require", TlsMode::Require),
            ("host=b sslmode=verify-ca user=a", TlsMode::VerifyCa),
            ("sslmode=disable host=b", TlsMode::Disable),
        ] {
            let read = read(text);
            assert_eq!(read.tls(), Some(mode), "{text}");
            assert!(!read.config().get_hosts().is_empty(), "{text}");
        }
        assert_eq!(read("host=b user=a").tls(), None);
        assert_eq!(read("postgres://a@b/c").tls(), None);
    }

    #[test]
    fn an_unknown_mode_is_a_fault_that_lists_the_known_ones() {
        let fault = DatabaseUrl::parse("postgres://a@b/c?sslmode=maybe", Bounds::Any).unwrap_err();
        assert!(fault.contains("sslmode") && fault.contains("verify-full"), "{fault}");
    }

    #[test]
    fn a_password_with_the_word_in_it_stays_whole() {
        let read = read("host=b password=sslmode user=a");
        assert_eq!(read.config().get_password(), Some(&b"sslmode"[..]));
    }
}
