//! The tags of the running transaction.
//!
//! A log, in which each entry knows the nesting level of its subtransaction. Levels never fall along the log,
//! since a subtransaction ends before its parent goes on. So the end of a subtransaction touches the log's
//! tail alone: an abort cuts it off, a commit hands it to the parent.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use pgrx::pg_sys;

use super::tag::Tag;

/// Nesting level of a subtransaction, from 1 for the transaction itself.
pub(super) type Level = i32;

/// What was announced, to be known when it is taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// That the table changed, or something that is no table.
    Table,
    /// One value of a key.
    Key,
    /// Any value of any key.
    AnyKey,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    level: Level,
    table: pg_sys::Oid,
    tag: Tag,
    kind: Kind,
}

/// What of a table's keys is in the log.
#[derive(Debug, Clone, Copy)]
struct TableKeys {
    table: pg_sys::Oid,
    keys: usize,
    any: bool,
}

/// The tags of the running transaction.
#[derive(Debug, Default)]
pub(super) struct Pending {
    log: Vec<Entry>,
    known: HashSet<Tag, BuildHasherDefault<Unhashed>>,
    tables: Vec<TableKeys>,
}

impl Pending {
    /// Whether a tag is announced.
    pub(super) fn contains(&self, tag: Tag) -> bool {
        self.known.contains(&tag)
    }

    /// Announces a change of a table, or of something that is none.
    pub(super) fn add(&mut self, level: Level, table: pg_sys::Oid, tag: Tag) {
        self.enter(Entry { level, table, tag, kind: Kind::Table });
    }

    /// Announces a value of a table's key, or any value when there are more than `limit`.
    ///
    /// Returns whether further keys of the table make a difference.
    pub(super) fn add_key(
        &mut self,
        level: Level,
        table: pg_sys::Oid,
        tag: Tag,
        any_key: Tag,
        limit: usize,
    ) -> bool {
        let is_known = self.known.contains(&tag);
        let keys = self.keys_of(table);
        if keys.any || is_known {
            return !keys.any;
        }
        if keys.keys >= limit {
            self.add_any_key(level, table, any_key);
            return false;
        }
        keys.keys += 1;
        self.enter(Entry { level, table, tag, kind: Kind::Key });
        true
    }

    /// Announces that rows with any key may have changed.
    pub(super) fn add_any_key(&mut self, level: Level, table: pg_sys::Oid, tag: Tag) {
        self.keys_of(table).any = true;
        self.enter(Entry { level, table, tag, kind: Kind::AnyKey });
    }

    /// Whether any key of a table is announced already, so that no single one needs to be.
    pub(super) fn has_any_key(&self, table: pg_sys::Oid) -> bool {
        self.tables.iter().any(|keys| keys.table == table && keys.any)
    }

    /// A subtransaction committed: what it announced is its parent's. Allocates nothing.
    pub(super) fn commit_level(&mut self, level: Level) {
        for entry in self.log.iter_mut().rev().take_while(|entry| entry.level >= level) {
            entry.level = level - 1;
        }
    }

    /// A subtransaction was rolled back: what it announced is forgotten. Allocates nothing.
    pub(super) fn abort_level(&mut self, level: Level) {
        while let Some(entry) = self.log.pop_if(|entry| entry.level >= level) {
            self.known.remove(&entry.tag);
            let keys = self.tables.iter_mut().find(|keys| keys.table == entry.table);
            match (entry.kind, keys) {
                (Kind::Key, Some(keys)) => keys.keys = keys.keys.saturating_sub(1),
                (Kind::AnyKey, Some(keys)) => keys.any = false,
                _ => {}
            }
        }
    }

    /// What to announce now that the transaction commits: no single key of a table of which any is announced.
    pub(super) fn tags(&self) -> Vec<Tag> {
        let is_covered = |entry: &Entry| entry.kind == Kind::Key && self.has_any_key(entry.table);
        self.log.iter().filter(|entry| !is_covered(entry)).map(|entry| entry.tag).collect()
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.log.clear();
        self.known.clear();
        self.tables.clear();
    }

    fn enter(&mut self, entry: Entry) {
        if self.known.insert(entry.tag) {
            self.log.push(entry);
        }
    }

    fn keys_of(&mut self, table: pg_sys::Oid) -> &mut TableKeys {
        let position = self.tables.iter().position(|keys| keys.table == table).unwrap_or_else(|| {
            self.tables.push(TableKeys { table, keys: 0, any: false });
            self.tables.len() - 1
        });
        &mut self.tables[position]
    }
}

/// A tag is a hash already.
#[derive(Debug, Default)]
pub(super) struct Unhashed(u64);

impl Hasher for Unhashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }
}
