//! The SQL that this program was built with.

use std::borrow::Cow;
use std::ffi::os_str::Display;
use std::fmt::Write;
use std::path::Path;

use include_dir::{Dir, include_dir};
use sha2::{Digest, Sha256};

static MIGRATIONS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../migrations");
static VIEWS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../sql/views");
static API: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../sql/api");
static DEMO: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../sql/demo");

/// One embedded file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlFile {
    /// Path from the root of the project, as a person would look for it.
    pub path: String,
    /// The SQL in it.
    pub text: Cow<'static, str>,
}

impl SqlFile {
    /// The last part of the path.
    pub(super) fn file_name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// The versioned migrations, in no order. Other files of the folder, which tests and people read, look
/// different.
pub(super) fn migrations() -> Vec<SqlFile> {
    let mut migrations = own_files("migrations", &MIGRATIONS);
    migrations
        .retain(|file| file.file_name().starts_with(['V', 'v', 'U']) || file.file_name().contains("__"));
    migrations
}

/// The files of desired indexes, by file name.
pub(super) fn indexes() -> Vec<SqlFile> {
    MIGRATIONS.get_dir("indexes").map(|folder| files("migrations/indexes", folder)).unwrap_or_default()
}

/// The programs: views first, then the functions that read them.
pub(super) fn programs() -> Vec<SqlFile> {
    let mut programs = files("sql/views", &VIEWS);
    programs.extend(files("sql/api", &API));
    programs
}

/// The generator of the demonstration organisation.
pub fn demo() -> Vec<SqlFile> {
    files("sql/demo", &DEMO)
}

/// The SQL files below a folder, sorted by path.
fn files(path: &str, folder: &'static Dir<'static>) -> Vec<SqlFile> {
    let mut files: Vec<SqlFile> = own_files(path, folder);
    for inner in folder.dirs() {
        files.extend(self::files(&format!("{path}/{}", last_name(inner.path())), inner));
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files
}

/// The SQL files that stand in a folder itself.
fn own_files(path: &str, folder: &'static Dir<'static>) -> Vec<SqlFile> {
    folder
        .files()
        .filter(|file| file.path().extension().is_some_and(|extension| extension == "sql"))
        .map(|file| SqlFile {
            path: format!("{path}/{}", last_name(file.path())),
            text: String::from_utf8_lossy(file.contents()),
        })
        .collect()
}

fn last_name(path: &Path) -> Display<'_> {
    path.file_name().unwrap_or_default().display()
}

/// SHA-256 over the parts in their order, in hexadecimal. The seams between the parts count.
pub(super) fn checksum<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_file_is_utf8_and_not_empty() {
        for file in [migrations(), indexes(), programs(), demo()].into_iter().flatten() {
            assert!(matches!(file.text, Cow::Borrowed(text) if !text.trim().is_empty()), "{}", file.path);
        }
    }

    #[test]
    fn a_checksum_tells_seams_and_order_apart() {
        assert_eq!(checksum(["ab", "c"]), checksum(["ab", "c"]));
        assert_ne!(checksum(["ab", "c"]), checksum(["a", "bc"]));
        assert_ne!(checksum(["ab", "c"]), checksum(["c", "ab"]));
        assert_eq!(checksum([]).len(), 64);
    }
}
