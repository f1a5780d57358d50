//! What makes a verb of the command fail.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::Fault;
use crate::import::FileFault;
use crate::migration::MigrationFault;

/// Why a verb ended without doing its work.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The settings have faults; all of them are listed.
    #[error("the settings have {} fault{}:\n  {}", .0.len(), if .0.len() == 1 { "" } else { "s" }, lines(.0))]
    Settings(Vec<Fault>),
    /// The database refused or could not be reached.
    #[error("the database {action}: {}", database_message(.source))]
    Database {
        /// What was tried, continuing "the database ...": "cannot be reached", "refused the migration".
        action: String,
        /// What the driver says.
        #[source]
        source: tokio_postgres::Error,
    },
    /// The database did not answer a connection attempt in time.
    #[error("the database cannot be reached: no answer within {} ms", .0.as_millis())]
    ConnectTimeout(Duration),
    /// The connection ended while it was needed.
    #[error("the connection to the database was lost")]
    ConnectionLost,
    /// Certificates or keys cannot be used.
    #[error("TLS: {0}")]
    Tls(String),
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// An address could not be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The database cannot be brought to the level of this program.
    #[error(transparent)]
    Migration(#[from] MigrationFault),
    /// The database is not at the level of this program.
    #[error("the database is not at the level of this program:\n  {}\nrun rota migrate", .0.join("\n  "))]
    NotCurrent(Vec<String>),
    /// Zones of this machine that the database knows otherwise, or not at all.
    #[error("{count} time zones differ between this machine and the database")]
    ZonesDiffer {
        /// How many.
        count: usize,
    },
    /// This machine has no time zones to compare.
    #[error("this machine has no time zone database: install tzdata, or set TZDIR to its folder")]
    NoZones,
    /// A demonstration is asked for where real people are.
    #[error("the database has {employees} employees already; rota demo fills an empty one only")]
    DemoNotEmpty {
        /// Number of employees.
        employees: i64,
    },
    /// A file is no CSV of its import.
    #[error(transparent)]
    Import(#[from] FileFault),
    /// No import has this name.
    #[error("import \"{name}\" is not known; known are: {}", names(known))]
    UnknownImport {
        /// The name as given.
        name: String,
        /// Every name that the database declares.
        known: Vec<String>,
    },
    /// An import went through, but not with every row.
    #[error("{refused} of {rows} rows were refused")]
    RowsRefused {
        /// Rows that were refused.
        refused: u64,
        /// Rows of the file.
        rows: u64,
    },
    /// A job did not end well.
    #[error("job {job_id} {state}: {reason}")]
    Job {
        /// Its number.
        job_id: i64,
        /// The state that it ended in.
        state: String,
        /// Why.
        reason: String,
    },
    /// No job has this number.
    #[error("job {job_id} does not exist")]
    UnknownJob {
        /// The number as given.
        job_id: i64,
    },
    /// The process could not be set up: runtime, signals, logging.
    #[error("cannot start: {0}")]
    Start(String),
}

impl Error {
    /// Adds what was tried to an error of the driver; for `map_err`.
    pub fn database(action: &str) -> impl FnOnce(tokio_postgres::Error) -> Self {
        let action = action.to_owned();
        move |source| Self::Database { action, source }
    }

    /// The exit code of the process: 2 for what the caller wrote, 1 for everything else.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Settings(_) | Self::RowsRefused { .. } => 2,
            _ => 1,
        }
    }
}

fn names(known: &[String]) -> String {
    if known.is_empty() { "none, run rota migrate".to_owned() } else { known.join(", ") }
}

fn lines(faults: &[Fault]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n  ")
}

/// The server's own message and hint where it spoke, else the driver's text with its cause.
fn database_message(error: &tokio_postgres::Error) -> String {
    if let Some(spoken) = error.as_db_error() {
        let hint = spoken.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
        return format!("{} [{}]{hint}", spoken.message(), spoken.code().code());
    }
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
