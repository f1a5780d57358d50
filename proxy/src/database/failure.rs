//! What the caller and the log are told when the database does not answer a call.

use std::error::Error as StdError;
use std::io;

use super::pool::NoConnection;
use super::sqlstate;
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

/// The problem of a call that the server refused, or that was cut off.
pub fn refused(error: &tokio_postgres::Error, event: &mut RequestEvent) -> Problem {
    if let Some(spoken) = error.as_db_error() {
        let problem = sqlstate::problem(spoken);
        event.sqlstate = Some(spoken.code().code().into());
        if problem.kind.status() >= 500 {
            // Only where the fault is ours: what the caller did wrong names the caller's values.
            event.cause = Some(spoken.message().to_owned());
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
