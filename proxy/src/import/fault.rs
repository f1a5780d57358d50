//! What can be wrong with a whole file, as opposed to one of its rows.

use tokio_postgres::error::SqlState;

/// Why a file cannot be read at all. A fault of one row is a [`Refusal`](super::Refusal) instead and stops
/// nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileFault {
    /// There is no line at all, so nothing says which columns the file would have.
    #[error("the file is empty; its first line must name the columns, at least: {required}")]
    Empty {
        /// Every required name, joined by commas.
        required: String,
    },
    /// The first bytes are those of another encoding.
    #[error("the file is encoded in {found}; save it as UTF-8")]
    Encoding {
        /// Name of the encoding that was recognised.
        found: &'static str,
    },
    /// The first bytes are those of a packed file or a workbook.
    #[error("the file is {found}, not CSV; export the sheet as CSV in UTF-8")]
    NotText {
        /// What the bytes look like.
        found: &'static str,
    },
    /// The header holds bytes that are no UTF-8.
    #[error("column {position} of the header is not valid UTF-8; save the file as UTF-8")]
    HeaderEncoding {
        /// Position of the column, counted from 1.
        position: usize,
    },
    /// The header has one name only, and another character would split it.
    #[error(
        "the header \"{header}\" seems to be delimited by {found:?}, not by {expected:?}; name the delimiter"
    )]
    Delimiter {
        /// The header as it stands.
        header: String,
        /// The character that would split it.
        found: char,
        /// The character it was read with.
        expected: char,
    },
    /// The header names a column that the import does not take.
    #[error("column \"{column}\" is not known to the import of {import}; known are: {known}")]
    UnknownColumn {
        /// The unknown name.
        column: String,
        /// Name of the import.
        import: String,
        /// Every name that is taken, joined by commas.
        known: String,
    },
    /// A column of the header has no name.
    #[error("column {position} of the header has no name; name it or remove its delimiter")]
    NamelessColumn {
        /// Position of the column, counted from 1.
        position: usize,
    },
    /// The header names a column twice.
    #[error("column \"{column}\" stands twice in the header; remove or rename one of them")]
    DuplicateColumn {
        /// The repeated name.
        column: String,
    },
    /// The header lacks a column that the import needs.
    #[error("the header lacks the required {columns}; required are: {required}")]
    MissingColumns {
        /// The missing names, joined by commas.
        columns: String,
        /// Every required name, joined by commas.
        required: String,
    },
    /// The file ends inside quotes.
    #[error(
        "a quote opened in the row on line {line} is never closed; double the quotes inside a quoted field"
    )]
    UnclosedQuote {
        /// Line on which the row starts.
        line: u64,
    },
    /// A row does not end within the limit.
    #[error(
        "the row on line {line} is longer than {limit_bytes} bytes; a quote in it is probably never closed"
    )]
    RowTooLong {
        /// Line on which the row starts.
        line: u64,
        /// The limit.
        limit_bytes: usize,
    },
    /// The reader itself failed.
    #[error("the file cannot be read after line {line}: {reason}")]
    Unreadable {
        /// The last line that was read.
        line: u64,
        /// Kind of the failure, as the reader gave it.
        kind: std::io::ErrorKind,
        /// The reason in the words of the operating system or the connection.
        reason: String,
    },
}

impl FileFault {
    /// The standard code of the fault: 22021 for encodings, 08006 for a reader that failed, else 22P04.
    #[must_use]
    pub fn sqlstate(&self) -> SqlState {
        match self {
            Self::Encoding { .. } | Self::HeaderEncoding { .. } => SqlState::CHARACTER_NOT_IN_REPERTOIRE,
            Self::Unreadable { .. } => SqlState::CONNECTION_FAILURE,
            _ => SqlState::BAD_COPY_FILE_FORMAT,
        }
    }
}
