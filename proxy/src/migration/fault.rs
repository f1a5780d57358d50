//! Why a database cannot be brought to the level of this program.

use tokio_postgres::error::ErrorPosition;

use super::embedded::SqlFile;

/// What stands in the way, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MigrationFault {
    /// A file is not named as migrations are.
    #[error("{file} is not named V<number>__<name>.sql")]
    FileName {
        /// Path of the file.
        file: String,
    },
    /// Two files bear the same number.
    #[error("{file} bears the number of another migration; give it the next free one")]
    NumberTwice {
        /// Path of the file.
        file: String,
    },
    /// A file was changed after it was applied.
    #[error("{file} was changed after it was applied; restore it, and put the change into a new migration")]
    Changed {
        /// Path of the file.
        file: String,
    },
    /// The database is ahead of this program.
    #[error("the database has migration {migration}, which this program does not have; use a newer rota")]
    Ahead {
        /// Name of the applied migration.
        migration: String,
    },
    /// A file was added below the level of the database.
    #[error(
        "{file} was never applied, but the database is past it at V{level}; give it the next free number"
    )]
    Late {
        /// Path of the file.
        file: String,
        /// The newest applied number.
        level: i32,
    },
    /// A file of indexes holds something else.
    #[error("{file}, line {line}: {reason}")]
    IndexFile {
        /// Path of the file.
        file: String,
        /// Line on which the statement starts.
        line: usize,
        /// What is wrong and what would be right.
        reason: String,
    },
    /// The server lacks the files of an extension.
    #[error("the server does not have the extension {extension} {version}; install it with {command}")]
    ExtensionMissing {
        /// Name of the extension.
        extension: String,
        /// The wanted version, empty if any would do.
        version: String,
        /// What installs it.
        command: String,
    },
    /// The extension in the database cannot become what this program needs.
    #[error(
        "the database has the extension rota {found}, and the server has no way from there to {expected}; \
         install the extension that belongs to this program with cargo xtask install"
    )]
    ExtensionPath {
        /// The version in the database.
        found: String,
        /// The version that this program needs.
        expected: String,
    },
    /// Objects of others depend on what has to be replaced.
    #[error(
        "{action} is stopped by objects that depend on it: {dependents}; \
         drop them, migrate, create them again"
    )]
    Dependents {
        /// What was tried.
        action: String,
        /// The server's list of what depends on what.
        dependents: String,
    },
    /// The server refused a statement of a file.
    #[error("{place}: {message}")]
    Refused {
        /// File, with the line if the server told one.
        place: String,
        /// The server's message, code, detail and hint.
        message: String,
    },
}

impl MigrationFault {
    /// The server's error in a file, with its line.
    pub fn refused(file: &SqlFile, error: &tokio_postgres::Error) -> Self {
        let position = error.as_db_error().and_then(|spoken| match spoken.position()? {
            ErrorPosition::Original(position) => Some(*position),
            ErrorPosition::Internal { .. } => None,
        });
        let place = match position {
            Some(position) => format!("{}, line {}", file.path, line_at(&file.text, position)),
            None => file.path.clone(),
        };
        Self::Refused { place, message: message(error) }
    }

    /// The server's error in a statement that replaces `action`'s objects.
    pub(super) fn replacing(action: &str, error: &tokio_postgres::Error) -> Self {
        use tokio_postgres::error::SqlState;
        match error.as_db_error() {
            Some(spoken) if *spoken.code() == SqlState::DEPENDENT_OBJECTS_STILL_EXIST => Self::Dependents {
                action: action.to_owned(),
                dependents: spoken.detail().unwrap_or(spoken.message()).replace('\n', ", "),
            },
            _ => Self::Refused { place: action.to_owned(), message: message(error) },
        }
    }
}

/// The line of the character at `position`, both counted from 1, as the server counts.
fn line_at(text: &str, position: u32) -> usize {
    let before = usize::try_from(position).unwrap_or(usize::MAX).saturating_sub(1);
    1 + text.chars().take(before).filter(|&character| character == '\n').count()
}

/// Everything that the server said, in one line.
fn message(error: &tokio_postgres::Error) -> String {
    let Some(spoken) = error.as_db_error() else {
        return std::error::Error::source(error)
            .map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"));
    };
    let mut message = format!("{} [{}]", spoken.message(), spoken.code().code());
    for addition in [spoken.detail(), spoken.hint()].into_iter().flatten() {
        message.push_str("; ");
        message.push_str(&addition.replace('\n', ", "));
    }
    message
}

#[cfg(test)]
mod tests {
    use super::line_at;

    #[test]
    fn a_position_counts_characters_not_bytes() {
        let text = "-- ä\nSELECT\n  wrong";
        assert_eq!(line_at(text, 1), 1);
        assert_eq!(line_at(text, 5), 1);
        assert_eq!(line_at(text, 6), 2);
        assert_eq!(line_at(text, 15), 3);
    }
}
