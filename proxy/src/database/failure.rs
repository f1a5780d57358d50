//! What the caller and the log are told when the database does not answer a call.

use std::error::Error as StdError;
use std::io;

use tokio_postgres::error::DbError;

use super::pool::NoConnection;
use super::sqlstate;
use crate::admission::Shed;
use crate::http::problem::{Problem, ProblemKind};
use crate::observe::RequestEvent;

/// The problem of a request that got no connection. Why stays in the log: it names hosts and users.
pub fn without_connection(error: &NoConnection, event: &mut RequestEvent) -> Problem {
    event.cause = Some(error.to_string());
    match error {
        NoConnection::Busy { .. } => {
            Problem::new(ProblemKind::Overloaded, "all connections to the database stayed in use")
        }
        NoConnection::Silent | NoConnection::Refused(_) => {
            Problem::new(ProblemKind::Unavailable, "the database cannot be reached")
        }
    }
}

/// The problem of a request that was not let in, with the time at which a wait would not be in vain.
pub fn shed(shed: &Shed) -> Problem {
    let retry_after_seconds = shed.retry_after().map(|wait| wait.as_secs() + 1);
    Problem { retry_after_seconds, ..Problem::new(ProblemKind::Overloaded, shed.to_string()) }
}

/// The problem of a call that the server refused, or that was cut off. With `logs_messages` the log is told the
/// server's own words, whatever they quote.
pub fn refused(error: &tokio_postgres::Error, logs_messages: bool, event: &mut RequestEvent) -> Problem {
    if let Some(spoken) = error.as_db_error() {
        let problem = sqlstate::problem(spoken);
        event.sqlstate = Some(spoken.code().code().into());
        if problem.kind.status() >= 500 {
            // Only where the fault is ours: what the caller did wrong names the caller's values.
            event.cause = Some(cause(spoken, logs_messages));
        }
        return problem;
    }
    event.cause = Some(match StdError::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    });
    let is_io = StdError::source(error).is_some_and(<dyn StdError>::is::<io::Error>);
    let is_lost = error.is_closed() || is_io;
    if is_lost {
        Problem::new(ProblemKind::Unavailable, "the connection to the database was lost during the call")
    } else {
        Problem::new(ProblemKind::Internal, "the call failed inside the proxy; the log has the reason")
    }
}

/// Classes of errors that the server words itself, about its own affairs: connections, states, names, resources.
const SERVERS_OWN: [&str; 13] =
    ["08", "0A", "25", "26", "3D", "3F", "40", "42", "53", "54", "55", "57", "58"];
/// The server's routines that raise what a function says, under whatever code the function chose.
const FUNCTIONS_WORDS: [&str; 2] = ["exec_stmt_raise", "exec_stmt_assert"];

/// What the log is told of an error. Words that may quote a value are left out: what a function raises, what the
/// server did not expect of itself, and pieces of a statement that was put together (42601).
fn cause(error: &DbError, logs_messages: bool) -> String {
    let code = error.code().code();
    let is_function = error.routine().is_some_and(|routine| FUNCTIONS_WORDS.contains(&routine));
    let is_servers_own = code.get(..2).is_some_and(|class| SERVERS_OWN.contains(&class));
    if logs_messages || (is_servers_own && !is_function && code != "42601") {
        return error.message().to_owned();
    }
    let facts = [
        ("raised in", error.routine()),
        ("schema", error.schema()),
        ("table", error.table()),
        ("column", error.column()),
        ("constraint", error.constraint()),
    ];
    let facts = facts.iter().filter_map(|(name, value)| value.map(|value| format!("; {name} {value}")));
    format!("message withheld, see log_database_messages{}", facts.collect::<String>())
}
