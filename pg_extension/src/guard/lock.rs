//! The lock of each key, and that of the table.
//!
//! They are advisory locks of the transaction in a space of their own: the server uses 1 and 2 in the last
//! field of the tag (`objsubid` in `pg_locks`) for those that users take, so the two never meet.
//!
//! A small writer takes the table's lock in share mode, then its keys' in order: two of them wait for each
//! other at most in one direction. A large one takes the table's alone, in exclusive mode. Who holds the
//! share lock already must not wait for the exclusive one: two such would wait for each other. It tries,
//! and else goes on key by key.

use std::cell::RefCell;
use std::collections::BTreeMap;

use pgrx::pg_sys;

use super::batch::NewRow;
use super::definition::Definition;
use super::settings::key_lock_limit;

/// The first number of ours in the last field of a tag. Each guard of a table has two: for keys, and the next
/// one for the table.
const FIRST_SPACE: u16 = 16;

/// The number of the space in which people are locked whose rules are judged. No table has so many guards.
const PEOPLE: u16 = 30_000;

/// Whose locks they are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Space {
    table: u32,
    number: u16,
}

/// What a transaction has to do with the keys of a space.
#[derive(Default)]
struct Keys {
    /// How many locks it has taken. More than it holds after a rollback to a savepoint, which only has it
    /// try for the table's lock sooner.
    taken: usize,
    /// Hashes of keys that it wrote and has not locked, because they are checked later.
    pending: Vec<u32>,
}

/// The spaces that a transaction wrote in, in one order for everybody.
#[derive(Default)]
struct Written {
    transaction: Option<pg_sys::TransactionId>,
    spaces: BTreeMap<Space, Keys>,
}

thread_local! {
    static WRITTEN: RefCell<Written> = RefCell::default();
}

/// Waits until nobody else writes rows of these keys, and keeps others from it until the transaction ends.
/// The rows are sorted by key.
pub(super) fn lock(definition: &Definition, rows: &[NewRow]) {
    let space = Space::of(definition);
    if space.holds_table(pg_sys::ExclusiveLock) {
        return;
    }
    let key_type = &definition.key_type;
    let runs = rows.chunk_by(|one, other| key_type.compare(&one.key, &other.key).is_eq());
    // Of many keys not even the hashes are needed.
    if runs.clone().count() > key_lock_limit() && !space.holds_table(pg_sys::ShareLock) {
        space.take_table(pg_sys::ExclusiveLock, true);
        return;
    }
    space.take(runs.filter_map(|run| run.first()).map(|row| key_type.hash(&row.key)).collect());
}

/// Notes the keys of rows that are checked later. Transactions that wrote the same keys in different order
/// would wait for each other in a circle, if they locked as they wrote.
pub(super) fn note(definition: &Definition, rows: &[NewRow]) {
    let key_type = &definition.key_type;
    let runs = rows.chunk_by(|one, other| key_type.compare(&one.key, &other.key).is_eq());
    let hashes = runs.filter_map(|run| run.first()).map(|row| key_type.hash(&row.key));
    with_written(|spaces| spaces.entry(Space::of(definition)).or_default().pending.extend(hashes));
}

/// Locks the key of a row that is checked now, and with it, in one order, every key that was noted.
pub(super) fn lock_noted(definition: &Definition, row: &NewRow) {
    let hash = definition.key_type.hash(&row.key);
    let noted = with_written(|spaces| {
        spaces.entry(Space::of(definition)).or_default().pending.push(hash);
        let spaces = spaces.iter_mut().filter(|(_, keys)| !keys.pending.is_empty());
        spaces.map(|(space, keys)| (*space, std::mem::take(&mut keys.pending))).collect::<Vec<_>>()
    });
    for (space, hashes) in noted {
        if !space.holds_table(pg_sys::ExclusiveLock) {
            space.take(hashes);
        }
    }
}

/// Waits until nobody else writes what rules are judged by of some people, by hashes of their ids, and keeps
/// others from it until the transaction ends. `home` is the relation that shows everybody's work, so that
/// writers of different tables meet.
pub(crate) fn lock_people(home: pg_sys::Oid, hashes: Vec<u32>) {
    let space = Space { table: home.to_u32(), number: PEOPLE };
    if !space.holds_table(pg_sys::ExclusiveLock) {
        space.take(hashes);
    }
}

/// What this transaction wrote. A writer has a transaction id.
fn with_written<T>(work: impl FnOnce(&mut BTreeMap<Space, Keys>) -> T) -> T {
    // SAFETY: called inside a transaction.
    let transaction = Some(unsafe { pg_sys::GetTopTransactionIdIfAny() });
    WRITTEN.with_borrow_mut(|written| {
        if written.transaction != transaction {
            *written = Written { transaction, spaces: BTreeMap::new() };
        }
        work(&mut written.spaces)
    })
}

impl Space {
    fn of(definition: &Definition) -> Self {
        Self { table: definition.root.to_u32(), number: definition.arguments.lock_space }
    }

    /// Takes the locks of keys in order, or the table's instead of many.
    fn take(self, mut hashes: Vec<u32>) {
        hashes.sort_unstable();
        hashes.dedup();
        let (limit, taken) = (key_lock_limit(), with_written(|spaces| spaces.entry(self).or_default().taken));
        if hashes.len() > limit && !self.holds_table(pg_sys::ShareLock) {
            self.take_table(pg_sys::ExclusiveLock, true);
            return;
        }
        if taken + hashes.len() > limit && self.take_table(pg_sys::ExclusiveLock, false) {
            return;
        }
        self.take_table(pg_sys::ShareLock, true);
        let new = hashes.into_iter().filter(|hash| self.take_key(*hash)).count();
        with_written(|spaces| spaces.entry(self).or_default().taken += new);
    }

    fn tag(self, key: u32, part: u16) -> pg_sys::LOCKTAG {
        pg_sys::LOCKTAG {
            // SAFETY: set when the backend connected to its database.
            locktag_field1: unsafe { pg_sys::MyDatabaseId }.to_u32(),
            locktag_field2: self.table,
            locktag_field3: key,
            locktag_field4: FIRST_SPACE + 2 * self.number + part,
            locktag_type: LOCKTAG_ADVISORY,
            locktag_lockmethodid: USER_LOCKMETHOD,
        }
    }

    /// Whether the table's lock was taken; when `waits` is set it is.
    fn take_table(self, mode: u32, waits: bool) -> bool {
        let tag = self.tag(0, 1);
        // SAFETY: the tag is one of ours. Waiting can be interrupted, which is raised as an error.
        let result = unsafe { pg_sys::LockAcquire(&raw const tag, mode.cast_signed(), false, !waits) };
        result != pg_sys::LockAcquireResult::LOCKACQUIRE_NOT_AVAIL
    }

    /// Takes the lock of a key and tells whether the transaction did not have it yet.
    fn take_key(self, hash: u32) -> bool {
        let tag = self.tag(hash, 0);
        let mode = pg_sys::ExclusiveLock.cast_signed();
        // SAFETY: as above.
        let result = unsafe { pg_sys::LockAcquire(&raw const tag, mode, false, false) };
        result == pg_sys::LockAcquireResult::LOCKACQUIRE_OK
    }

    fn holds_table(self, mode: u32) -> bool {
        let tag = self.tag(0, 1);
        // SAFETY: the tag is one of ours.
        unsafe {
            #[cfg(any(feature = "pg15", feature = "pg16"))]
            return pg_sys::LockHeldByMe(&raw const tag, mode.cast_signed());
            #[cfg(not(any(feature = "pg15", feature = "pg16")))]
            return pg_sys::LockHeldByMe(&raw const tag, mode.cast_signed(), false);
        }
    }
}

/// `LockTagType` and `USER_LOCKMETHOD` of the server's `lock.h`, in the width of their fields.
const LOCKTAG_ADVISORY: u8 = {
    let tag = pg_sys::LockTagType::LOCKTAG_ADVISORY;
    assert!(tag < 256);
    tag.to_ne_bytes()[if cfg!(target_endian = "big") { 3 } else { 0 }]
};
const USER_LOCKMETHOD: u8 = 2;
