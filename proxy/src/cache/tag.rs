//! Tags: what an answer depends on, and what a writer announces.
//!
//! A tag is a text, `schema.table`, `schema.table/column=value` or `schema.table/*`; everybody hashes it
//! alike.

use std::fmt::Write;

use twox_hash::XxHash3_64;

/// The hash of a tag: XXH3-64, seed 0, of its UTF-8 text, with the lowest bit set in tags of one key (those with an
/// `=`) and not set in others: keys and whole tables never share a word. `rota.tag_hash` computes the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(pub u64);

impl Tag {
    /// The tag of this text.
    pub fn of(text: &str) -> Self {
        Self(XxHash3_64::oneshot(text.as_bytes()) & !1 | u64::from(text.contains('=')))
    }

    /// The tag that every change of functions, views, policies, grants and endpoints announces. Every entry
    /// carries it.
    pub fn catalog() -> Self {
        Self::of("rota.catalog")
    }

    /// The tag of any change of a table, given as `schema.table`.
    pub fn table(table: &str) -> Self {
        Self::of(table)
    }

    /// The tags of an answer that read only the rows of a table whose column has this value: that key, and
    /// the one that stands for more keys than are announced one by one.
    pub fn key(table: &str, column: &str, value: &str) -> [Self; 2] {
        let mut text = String::with_capacity(table.len() + column.len() + value.len() + 2);
        // Writing to a String cannot fail.
        let _ = write!(text, "{table}/{column}={value}");
        let key = Self::of(&text);
        text.truncate(table.len() + 1);
        text.push('*');
        [key, Self::of(&text)]
    }

    /// The hash as SQL's `bigint` has it.
    pub fn to_sql(self) -> i64 {
        self.0.cast_signed()
    }

    /// The tag of a hash as SQL's `bigint` has it.
    pub fn from_sql(hash: i64) -> Self {
        Self(hash.cast_unsigned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrowed_answer_carries_its_key_and_the_collapsed_one() {
        let [key, collapsed] = Tag::key("workforce.assignments", "employee_id", "42");
        assert_eq!(key, Tag::of("workforce.assignments/employee_id=42"));
        assert_eq!(collapsed, Tag::of("workforce.assignments/*"));
    }

    #[test]
    fn a_key_never_shares_a_word_with_a_table() {
        let [key, collapsed] = Tag::key("workforce.assignments", "employee_id", "42");
        let wide = [collapsed, Tag::table("workforce.assignments"), Tag::catalog()];
        assert_eq!(key.0 & 1, 1);
        assert!(wide.iter().all(|tag| tag.0 & 1 == 0));
    }

    #[test]
    fn the_hash_is_xxh3_of_the_text() {
        // The published value of XXH3-64 for no input and seed 0.
        assert_eq!(Tag::of("").0, 0x2d06_8005_38d3_94c2);
        assert_eq!(Tag::from_sql(Tag::of("a").to_sql()), Tag::of("a"));
    }
}
