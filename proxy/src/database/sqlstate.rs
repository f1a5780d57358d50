//! The one table from SQLSTATE to HTTP.

use std::borrow::Cow;

use tokio_postgres::error::DbError;

use crate::http::problem::{FieldFault, Problem, ProblemKind};

/// What a SQLSTATE means to a caller: the kind of problem, and the text if the server's own is not shown.
fn meaning(code: &str) -> (ProblemKind, Option<&'static str>) {
    const INTERNAL: &str = "the call failed inside the server; the log has the reason";
    const TRY_AGAIN: &str =
        "the database is busy with a conflicting change; the same request may succeed now";
    const READ_ONLY: &str = "the database takes no changes here: it is a standby, or set to be read only";
    const FULL: &str = "the database has run out of a resource";
    const AWAY: &str = "the database is stopping, starting or out of reach";
    match code {
        "42501" => (ProblemKind::Forbidden, Some("the database user of the proxy may not do this")),
        "P0002" => (ProblemKind::NothingFound, None),
        "23P01" | "23505" | "23503" | "55000" => (ProblemKind::Conflict, None),
        "23514" | "23502" => (ProblemKind::Unprocessable, None),
        "40001" | "40P01" | "55P03" => (ProblemKind::Unavailable, Some(TRY_AGAIN)),
        "25006" => (ProblemKind::Unavailable, Some(READ_ONLY)),
        "57014" => (ProblemKind::DeadlineExceeded, Some("the call was cancelled because it took too long")),
        _ => match code.get(..2).unwrap_or_default() {
            "22" => (ProblemKind::InvalidArguments, None),
            "28" => (ProblemKind::Unauthenticated, Some("the database does not accept these credentials")),
            "53" => (ProblemKind::Unavailable, Some(FULL)),
            "08" | "57" => (ProblemKind::Unavailable, Some(AWAY)),
            "54" => (ProblemKind::TooLarge, None),
            _ => (ProblemKind::Internal, Some(INTERNAL)),
        },
    }
}

/// The problem that an error of the server becomes. Message, hint and column are shown where they are meant for
/// the caller; DETAIL, file, line, routine and query never are.
pub fn problem(error: &DbError) -> Problem {
    let code = error.code().code();
    match error.table() {
        // The server names a table where it found the violation itself: its words are about columns and tables.
        Some(_) if code.starts_with("23") => violation(code, error.constraint()),
        _ => told(code, error.message(), error.hint(), error.column()),
    }
}

/// A violation that no function of ours put into words. The constraint's name is made for people.
fn violation(code: &str, constraint: Option<&str>) -> Problem {
    let rule = match code {
        "23505" => "another row has the same key",
        "23503" => "a row that this one refers to is missing, or this one is still referred to",
        "23P01" => "another row is in the way",
        "23502" => "a value that the data needs is missing",
        _ => "a rule of the data is broken",
    };
    let name = constraint.map(|name| format!(" (constraint {name})")).unwrap_or_default();
    told(code, &format!("{rule}{name}"), None, None)
}

/// The same for a code and message of our own making.
pub fn told(code: &str, message: &str, hint: Option<&str>, column: Option<&str>) -> Problem {
    let (kind, fixed) = meaning(code);
    let speaks = fixed.is_none();
    let detail: Cow<'static, str> = fixed.map_or_else(|| message.to_owned().into(), Into::into);
    let errors = match column {
        Some(column) if speaks => vec![FieldFault { field: column.to_owned(), message: message.to_owned() }],
        _ => Vec::new(),
    };
    // Hints of program limits tell how to reconfigure the server.
    let hint = hint.filter(|_| speaks && kind != ProblemKind::TooLarge);
    Problem { code: Some(code.into()), hint: hint.map(Into::into), errors, ..Problem::new(kind, detail) }
}

/// Codes that say that the function is not where the catalog has it: 42883 undefined function, 3F000 undefined
/// schema. Dropping a function announces nothing.
pub fn asks_to_read_the_catalog_again(code: &str) -> bool {
    matches!(code, "42883" | "3F000")
}

/// Codes with which the server ends the whole session: what it did before may stand.
pub fn ends_session(code: &str) -> bool {
    code.starts_with("57P") || code.starts_with("08")
}

/// Codes after which a prepared statement is worthless: prepared again, the same call may succeed.
pub fn asks_to_prepare_again(code: &str) -> bool {
    // 0A000: cached plan must not change result type; 26000: no such prepared statement; 42883 and XX000: the
    // function was replaced between its look-up and its call.
    matches!(code, "0A000" | "26000" | "42883" | "XX000")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_listed_code_has_its_status() {
        let table = [
            (400, "22023 22007 22008 22003 22P02 22021 22000 22P05"),
            (401, "28000 28P01"),
            (403, "42501"),
            (404, "P0002"),
            (409, "23P01 23505 23503 55000"),
            (413, "54000 54001 54023"),
            (422, "23514 23502"),
            (500, "P0001 XX000 42883 42P01 0A000 23000 58030 zzzzz"),
            (503, "25006 40001 40P01 55P03 53100 53300 57P01 57P02 57P03 08006 08000"),
            (504, "57014"),
        ];
        for (status, codes) in table {
            for code in codes.split(' ') {
                assert_eq!(meaning(code).0.status(), status, "{code}");
            }
        }
    }

    #[test]
    fn what_the_caller_did_wrong_is_told_in_the_servers_words() {
        let problem = told("22023", "sort \"wage\" is not known", Some("one of: name"), Some("sort"));
        assert_eq!(problem.detail, "sort \"wage\" is not known");
        assert_eq!(problem.hint.as_deref(), Some("one of: name"));
        assert_eq!(problem.errors[0].field, "sort");
        assert_eq!(problem.code.as_deref(), Some("22023"));
    }

    #[test]
    fn what_the_server_did_wrong_is_told_in_fixed_words() {
        for code in ["XX000", "P0001", "42P01", "42501", "53200"] {
            let problem = told(code, "relation \"secret\" is broken", Some("look at secret"), Some("secret"));
            let body = String::from_utf8(problem.body()).unwrap();
            assert!(!body.contains("secret"), "{code}");
        }
    }

    #[test]
    fn a_violation_that_the_server_found_is_told_by_its_constraint_alone() {
        let problem = violation("23505", Some("employees_email_key"));
        assert_eq!(problem.kind, ProblemKind::Conflict);
        assert_eq!(problem.detail, "another row has the same key (constraint employees_email_key)");
        assert_eq!(violation("23502", None).detail, "a value that the data needs is missing");
        assert_eq!(violation("23514", None).kind, ProblemKind::Unprocessable);
    }

    #[test]
    fn short_and_odd_codes_are_internal() {
        assert_eq!(meaning("").0, ProblemKind::Internal);
        assert_eq!(meaning("2").0, ProblemKind::Internal);
        assert_eq!(meaning("é").0, ProblemKind::Internal);
    }
}
