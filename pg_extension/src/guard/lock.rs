//! The lock of each key, and that of the table.
//!
//! They are advisory locks of the transaction in a space of their own: the server uses 1 and 2 in the last
//! field of the tag (`objsubid` in `pg_locks`) for those that users take, so the two never meet.
//!
//! A small writer takes the table's lock in share mode, then its keys' in order: two of them wait for each
//! other at most in one direction. A large one takes the table's alone, in exclusive mode. Who holds the share
//! lock already must not wait for the exclusive one: two such would wait for each other. It tries, and else goes on
//! key by key.

use std::cell::RefCell;
use std::collections::HashMap;

use pgrx::pg_sys;

use super::batch::NewRow;
use super::definition::Definition;
use super::settings::key_lock_limit;

/// The first number of ours in the last field of a tag. Each guard of a table has two: for keys, and the next
/// one for the table.
const FIRST_SPACE: u16 = 16;

/// Whose locks they are.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Space {
    table: pg_sys::Oid,
    number: u16,
}

/// How many keys' locks a transaction has taken. More than it holds after a rollback to a savepoint, which only
/// has it try for the table's lock sooner.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Gathered {
    transaction: pg_sys::TransactionId,
    keys: usize,
}

thread_local! {
    static GATHERED: RefCell<HashMap<Space, Gathered>> = RefCell::default();
}

/// Waits until nobody else writes rows of these keys, and keeps others from it until the transaction ends.
/// The rows are sorted by key.
pub(super) fn lock(definition: &Definition, rows: &[NewRow]) {
    let space = Space { table: definition.root, number: definition.arguments.lock_space };
    if space.holds_table(pg_sys::ExclusiveLock) {
        return;
    }
    let key_type = &definition.key_type;
    let runs = rows.chunk_by(|one, other| key_type.compare(&one.key, &other.key).is_eq());
    let limit = key_lock_limit();
    let count = runs.clone().count();
    let gathered = space.gathered();
    if count > limit && !space.holds_table(pg_sys::ShareLock) {
        space.take_table(pg_sys::ExclusiveLock, true);
        return;
    }
    if gathered + count > limit && space.take_table(pg_sys::ExclusiveLock, false) {
        return;
    }
    let mut hashes: Vec<u32> =
        runs.filter_map(|run| run.first()).map(|row| key_type.hash(&row.key)).collect();
    hashes.sort_unstable();
    hashes.dedup();
    space.take_table(pg_sys::ShareLock, true);
    let new = hashes.into_iter().filter(|hash| space.take_key(*hash)).count();
    space.gather(gathered + new);
}

impl Space {
    fn tag(self, key: u32, part: u16) -> pg_sys::LOCKTAG {
        pg_sys::LOCKTAG {
            // SAFETY: set when the backend connected to its database.
            locktag_field1: unsafe { pg_sys::MyDatabaseId }.to_u32(),
            locktag_field2: self.table.to_u32(),
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

    fn gathered(self) -> usize {
        // SAFETY: a writer has a transaction id; if not, there is nothing to remember.
        let transaction = unsafe { pg_sys::GetTopTransactionIdIfAny() };
        GATHERED.with_borrow(|gathered| match gathered.get(&self) {
            Some(known) if known.transaction == transaction => known.keys,
            _ => 0,
        })
    }

    fn gather(self, keys: usize) {
        // SAFETY: as above.
        let transaction = unsafe { pg_sys::GetTopTransactionIdIfAny() };
        GATHERED.with_borrow_mut(|gathered| gathered.insert(self, Gathered { transaction, keys }));
    }
}

/// `LockTagType` and `USER_LOCKMETHOD` of the server's `lock.h`, in the width of their fields.
const LOCKTAG_ADVISORY: u8 = {
    let tag = pg_sys::LockTagType::LOCKTAG_ADVISORY;
    assert!(tag < 256);
    tag.to_ne_bytes()[if cfg!(target_endian = "big") { 3 } else { 0 }]
};
const USER_LOCKMETHOD: u8 = 2;
