//! The style of SQL files: what a reader sees, checked line by line.
//!
//! No tabs, no trailing blanks, lines of at most 110 columns, one newline at the end, and reserved
//! words in upper case. A word is looked up in PostgreSQL's list of reserved words, so that a
//! column named `date` or a type named `text` is left alone. Comments, strings and quoted names
//! are not read; what stands between dollar quotes is, for it is SQL again.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::extension::files_below;

/// Folders with SQL written by hand.
const FOLDERS: [&str; 2] = ["migrations", "sql"];

/// The same as rustfmt's width.
const WIDTH_COLUMNS: usize = 110;

/// Words that PostgreSQL reserves, or that always are keywords in what we write. Left out are `left`
/// and `right`, which are functions, too, the values `true` and `false`, and the type `trigger`.
const KEYWORDS: &str = "\
    add all alter analyze and any array as asc begin between by case cast check collate column commit \
    concurrently constraint create cross default delete desc distinct do drop else elsif end except \
    exclude execute exists fetch for foreign from full function generated grant group having if ilike \
    immutable in inner insert intersect into is isnull join lateral like limit loop materialized not \
    notnull null offset on or order outer over perform primary raise recursive references return \
    returning returns rollback select similar some stable table then to truncate union unique update \
    using values view volatile when where while window with";

/// Checks every SQL file of the project.
pub(crate) fn check(root: &Path) -> Result<()> {
    let mut faults = Vec::new();
    for folder in FOLDERS {
        for file in files_below(&root.join(folder))? {
            if file.extension().is_some_and(|extension| extension == "sql") {
                let text =
                    fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
                let name = file.strip_prefix(root)?.display().to_string();
                faults.extend(faults_of(&text).into_iter().map(|fault| format!("{name}:{fault}")));
            }
        }
    }
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    Ok(())
}

/// The faults of one file, each beginning with its line's number.
fn faults_of(text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        if line.contains('\t') {
            faults.push(format!("{number}: a tab: use four blanks"));
        }
        if line.ends_with([' ', '\t']) {
            faults.push(format!("{number}: blanks at the end"));
        }
        let columns = line.chars().count();
        if columns > WIDTH_COLUMNS {
            faults.push(format!("{number}: {columns} columns: at most {WIDTH_COLUMNS}"));
        }
    }
    if !text.is_empty() && (!text.ends_with('\n') || text.ends_with("\n\n")) {
        faults.push(format!("{}: the file ends with exactly one newline", text.lines().count()));
    }
    for (number, word) in lower_case_keywords(text) {
        faults.push(format!("{number}: {word} is a keyword: write {}", word.to_uppercase()));
    }
    faults
}

/// Keywords in lower case, with their lines.
fn lower_case_keywords(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut number = 1;
    let mut rest = text;
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        let length = token_length(rest, first);
        let (token, after) = rest.split_at(length);
        let is_name = before == '.' || after.trim_start().starts_with("=>");
        if !is_name && KEYWORDS.split(' ').any(|keyword| keyword == token) {
            found.push((number, token.to_owned()));
        }
        number += token.matches('\n').count();
        before = first;
        rest = after;
    }
    found
}

/// Bytes of the token that `text` begins with: a comment, a string, a quoted name, a word, or one
/// other character.
fn token_length(text: &str, first: char) -> usize {
    let until = |end: &str, from: usize| {
        text.get(from..).and_then(|rest| rest.find(end)).map_or(text.len(), |at| from + at + end.len())
    };
    match first {
        '-' if text.starts_with("--") => text.find('\n').unwrap_or(text.len()),
        '/' if text.starts_with("/*") => until("*/", 2),
        // A doubled quote inside is read as the end of one string and the beginning of another.
        '\'' => until("'", 1),
        '"' => until("\"", 1),
        letter if letter.is_alphabetic() || letter == '_' || letter == '$' => text
            .find(|other: char| !(other.is_alphanumeric() || other == '_' || other == '$'))
            .unwrap_or(text.len()),
        other => other.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tidy_sql_has_no_faults() {
        let text = "-- select what is there\nSELECT e.name AS \"from\", 'it''s not null'\nFROM workforce.employees e;\n";
        assert_eq!(faults_of(text), Vec::<String>::new());
    }

    #[test]
    fn each_fault_is_named_with_its_line() {
        let long = format!("SELECT '{}';", "x".repeat(120));
        let text = format!("SELECT 1; \n\tselect 2;\n{long}\n\n");
        let faults = faults_of(&text).join("\n");
        for expected in
            ["1: blanks", "2: a tab", "2: select is a keyword", "3: 130 columns", "exactly one newline"]
        {
            assert!(faults.contains(expected), "{expected} in {faults}");
        }
    }

    #[test]
    fn the_body_of_a_function_is_read() {
        let text = "CREATE FUNCTION f() RETURNS integer LANGUAGE sql AS $body$\nselect 1\n$body$;\n";
        assert_eq!(lower_case_keywords(text), [(2, "select".to_owned())]);
    }

    #[test]
    fn names_that_look_like_keywords_are_names() {
        assert_eq!(lower_case_keywords("SELECT t.end, f(from => 1), date, role FROM t"), []);
    }
}
