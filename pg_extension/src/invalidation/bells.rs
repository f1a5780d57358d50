//! Wakes the refresh worker of a database, where it sleeps.
//!
//! A commit that queued changes rings the bell of its database. The first one wakes the worker, the others find
//! that it knows, which costs them one look at memory that nobody writes meanwhile.
//!
//! Nothing is missed: the worker listens before it looks at the queues. What its look does not see becomes
//! visible later, and rings after that. And nothing is wrong where a ring does not come through, as that of a
//! prepared transaction: the worker looks from time to time.

use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};

use pgrx::pg_sys;

/// Databases that have a bell, in one life of the server. The worker of any other looks from time to time.
const BELLS: usize = 64;

/// The bells of all databases that ever had a worker. All bits zero are bells of none.
#[repr(transparent)]
pub(crate) struct Bells([Bell; BELLS]);

/// The bell of a database.
#[repr(C)]
pub(crate) struct Bell {
    /// 0 until it is given to a database, which keeps it.
    database: AtomicU32,
    /// Whether somebody wants to hear it.
    is_awaited: AtomicBool,
    /// What wakes the listener. Latches are of the server's, and as old as the shared memory.
    latch: AtomicPtr<pg_sys::Latch>,
}

impl Bells {
    /// The bell of a database, which is given one if any is left.
    pub(crate) fn take(&self, database: pg_sys::Oid) -> Option<&Bell> {
        let wanted = database.to_u32();
        self.in_search_order(wanted).find(|bell| {
            let found = bell.database.compare_exchange(0, wanted, Ordering::AcqRel, Ordering::Acquire);
            found.map_or_else(|other| other == wanted, |_| true)
        })
    }

    /// Rings the bell of a database, if it has one.
    ///
    /// Runs after the commit, where an error would take the whole server down: nothing here allocates, panics
    /// or raises.
    pub(super) fn ring(&self, database: pg_sys::Oid) {
        let wanted = database.to_u32();
        for bell in self.in_search_order(wanted) {
            match bell.database.load(Ordering::Acquire) {
                0 => return,
                found if found == wanted => return bell.ring(),
                _ => {}
            }
        }
    }

    /// All bells, from the one where the search for a database begins. None ever gets free, so the search ends
    /// at the first that is.
    fn in_search_order(&self, database: u32) -> impl Iterator<Item = &Bell> {
        let first = usize::try_from(database).unwrap_or(0) % BELLS;
        self.0.iter().cycle().skip(first).take(BELLS)
    }
}

impl Bell {
    /// From now on a ring wakes this process. To be called before it looks whether there is anything to do.
    pub(crate) fn listen(&self) {
        // SAFETY: the latch of this process.
        self.latch.store(unsafe { pg_sys::MyLatch }, Ordering::Release);
        // Not before this is seen by all is any snapshot taken.
        self.is_awaited.store(true, Ordering::SeqCst);
    }

    /// Whether it rang since this process listened. Another wait may have taken the wake-up for its own.
    pub(crate) fn has_rung(&self) -> bool {
        !self.is_awaited.load(Ordering::SeqCst)
    }

    fn ring(&self) {
        if !self.is_awaited.load(Ordering::SeqCst) || !self.is_awaited.swap(false, Ordering::SeqCst) {
            return;
        }
        let latch = self.latch.load(Ordering::Acquire);
        if !latch.is_null() {
            // SAFETY: a latch of this server, in shared memory; whose it is now wakes in vain at worst.
            unsafe { pg_sys::SetLatch(latch) };
        }
    }
}
