//! The memory that all backends share.
//!
//! One block: this header, the events of the ring, the words. Every field that changes is an atomic, so no
//! access is a data race whatever the lock does; the lock makes the events and the position agree.
//!
//! The block is made anew when the server starts, also after a crash. Its *life* begins with the first use by
//! a backend: only then is the next transaction id known.

use std::cell::UnsafeCell;
use std::ffi::CStr;
use std::mem::size_of;
use std::ptr;
use std::sync::atomic::{AtomicI64, AtomicPtr, AtomicU64, Ordering};

use pgrx::{pg_guard, pg_sys};

use super::bells::Bells;
use super::ring::Event;
use super::settings;
use crate::error::ExtensionError;

/// Name of the block, and of the lock.
const NAME: &CStr = c"rota invalidation";

/// The block of this server, or null where the library was not preloaded. Set in the postmaster before any
/// backend is forked, and again when it makes shared memory anew after a crash.
static BLOCK: AtomicPtr<Shared> = AtomicPtr::new(ptr::null_mut());

/// The hooks that were there before ours.
static mut PREVIOUS_REQUEST: pg_sys::shmem_request_hook_type = None;
static mut PREVIOUS_STARTUP: pg_sys::shmem_startup_hook_type = None;

/// The header of the block.
#[repr(C)]
pub(crate) struct Shared {
    lock: *mut pg_sys::LWLock,
    /// Readers wait here for events.
    pub(super) arrival: Arrival,
    /// Refresh workers wait here for queued changes.
    pub(crate) bells: Bells,
    /// Number of the server's life; 0 until it begins.
    epoch: AtomicI64,
    /// Events that ever entered the ring in this life.
    pub(super) position: AtomicU64,
    /// Length of the ring, a power of two.
    events: usize,
    /// Number of words, a power of two.
    words: usize,
}

impl Shared {
    /// The block, if the library was preloaded.
    pub(crate) fn attached() -> Option<&'static Self> {
        // SAFETY: null or the address of a block that was initialised before it was stored here. It is mapped
        // for as long as the process lives, and only ever shared: what changes in it are atomics and the two
        // fields that the server's own functions guard.
        unsafe { BLOCK.load(Ordering::Acquire).as_ref() }
    }

    /// Number of this life of the server. Begins the life if nobody did.
    ///
    /// No transaction of a former life is in the words: they all count as announced for every tag. So each
    /// word begins with the last id before the next one. Transactions that run already have lower ids.
    ///
    /// # Errors
    /// [`ExtensionError::NoInvalidationsOnStandby`]: its life begins with its promotion.
    pub(crate) fn life(&self) -> Result<i64, ExtensionError> {
        match self.epoch.load(Ordering::Acquire) {
            0 => self.begin_life(),
            epoch => Ok(epoch),
        }
    }

    /// Number of this life, if it began or can begin.
    pub(crate) fn life_if_any(&self) -> Option<i64> {
        self.life().ok()
    }

    fn begin_life(&self) -> Result<i64, ExtensionError> {
        // SAFETY: reads a flag in shared memory.
        if unsafe { pg_sys::RecoveryInProgress() } {
            return Err(ExtensionError::NoInvalidationsOnStandby);
        }
        let fresh = random_epoch();
        let _held = self.lock_exclusively();
        let known = self.epoch.load(Ordering::Acquire);
        if known != 0 {
            return Ok(known);
        }
        // SAFETY: reads a counter in shared memory, under a lock of its own. No code that holds that lock
        // waits for ours.
        let next = unsafe { pg_sys::ReadNextFullTransactionId() }.value;
        for word in self.word_array() {
            word.fetch_max(next.saturating_sub(1), Ordering::AcqRel);
        }
        self.epoch.store(fresh, Ordering::Release);
        Ok(fresh)
    }

    /// The ring's places.
    pub(super) fn event_array(&self) -> &[Event] {
        // SAFETY: `initialise` made as many events right behind the header as the header says.
        unsafe { std::slice::from_raw_parts(ptr::from_ref(self).add(1).cast(), self.events) }
    }

    /// The words.
    pub(super) fn word_array(&self) -> &[AtomicU64] {
        // SAFETY: `initialise` made as many words right behind the events as the header says.
        unsafe { std::slice::from_raw_parts(self.event_array().as_ptr_range().end.cast(), self.words) }
    }

    /// Takes the lock for writing, until the value is dropped.
    pub(super) fn lock_exclusively(&self) -> Held {
        Held::new(self.lock, pg_sys::LWLockMode::LW_EXCLUSIVE)
    }

    /// Takes the lock for reading, until the value is dropped.
    pub(super) fn lock_shared(&self) -> Held {
        Held::new(self.lock, pg_sys::LWLockMode::LW_SHARED)
    }
}

/// Where readers wait.
#[repr(transparent)]
pub(super) struct Arrival(UnsafeCell<pg_sys::ConditionVariable>);

impl Arrival {
    /// For the server's functions, which guard it by a spinlock of its own.
    pub(super) fn as_ptr(&self) -> *mut pg_sys::ConditionVariable {
        self.0.get()
    }
}

/// The lock, held.
pub(super) struct Held(*mut pg_sys::LWLock);

impl Held {
    fn new(lock: *mut pg_sys::LWLock, mode: pg_sys::LWLockMode::Type) -> Self {
        // SAFETY: the lock is the one of our tranche. It can only fail when two hundred locks are held at
        // once, and we take it where none of ours and at most a few of the server's are.
        unsafe { pg_sys::LWLockAcquire(lock, mode) };
        Self(lock)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // SAFETY: held since `new`. Nothing between raises an error, which would release it early.
        unsafe { pg_sys::LWLockRelease(self.0) };
    }
}

/// Has the server make the block, if it is starting with this library preloaded.
pub(super) fn register() {
    // SAFETY: the postmaster has one thread, and calls `_PG_init` of a preloaded library once. The previous
    // hooks are kept before ours are set.
    unsafe {
        if pg_sys::process_shared_preload_libraries_in_progress {
            PREVIOUS_REQUEST = pg_sys::shmem_request_hook;
            pg_sys::shmem_request_hook = Some(request);
            PREVIOUS_STARTUP = pg_sys::shmem_startup_hook;
            pg_sys::shmem_startup_hook = Some(startup);
        }
    }
}

/// Bytes of the block.
fn size(events: usize, words: usize) -> usize {
    size_of::<Shared>() + events * size_of::<Event>() + words * size_of::<AtomicU64>()
}

/// Called by the postmaster when it counts the shared memory that is wanted.
#[pg_guard]
unsafe extern "C-unwind" fn request() {
    // SAFETY: the one place where the server allows to ask for memory and locks. The previous hook is called
    // as the server would have.
    unsafe {
        if let Some(previous) = PREVIOUS_REQUEST {
            pg_sys::submodules::ffi::pg_guard_ffi_boundary(|| previous());
        }
        pg_sys::RequestAddinShmemSpace(size(settings::ring_events(), settings::words()));
        pg_sys::RequestNamedLWLockTranche(NAME.as_ptr(), 1);
    }
}

/// Called by the postmaster when there is shared memory: at the start, and again after a crash.
#[pg_guard]
unsafe extern "C-unwind" fn startup() {
    /// `AddinShmemInitLock` in the server's list of locks, the same number since Postgres 9.
    const ADDIN_SHMEM_INIT_LOCK: usize = 21;
    let (events, words) = (settings::ring_events(), settings::words());
    // SAFETY: shared memory exists, and the tranche was asked for. The server wants this lock held around
    // `ShmemInitStruct`, whose block is as large as asked and aligned for any type. A block that was found is
    // one that this function made; else it is zeroed and written before anybody can see it.
    unsafe {
        if let Some(previous) = PREVIOUS_STARTUP {
            pg_sys::submodules::ffi::pg_guard_ffi_boundary(|| previous());
        }
        let init_lock = &raw mut (*pg_sys::MainLWLockArray.add(ADDIN_SHMEM_INIT_LOCK)).lock;
        pg_sys::LWLockAcquire(init_lock, pg_sys::LWLockMode::LW_EXCLUSIVE);
        let mut found = false;
        let block: *mut Shared =
            pg_sys::ShmemInitStruct(NAME.as_ptr(), size(events, words), &raw mut found).cast();
        if !found {
            initialise(block, events, words);
        }
        BLOCK.store(block, Ordering::Release);
        pg_sys::LWLockRelease(init_lock);
    }
}

/// Writes an empty block: no life, no event, words of zero.
///
/// # Safety
/// `block` is as large as `size(events, words)`, aligned for any type, and nobody else's yet.
unsafe fn initialise(block: *mut Shared, events: usize, words: usize) {
    // SAFETY: as the caller promises. All bits zero are a valid event, a valid word and a valid bell.
    unsafe {
        ptr::write_bytes(block.cast::<u8>(), 0, size(events, words));
        (&raw mut (*block).lock).write(&raw mut (*pg_sys::GetNamedLWLockTranche(NAME.as_ptr())).lock);
        pg_sys::ConditionVariableInit((*block).arrival.as_ptr());
        (&raw mut (*block).events).write(events);
        (&raw mut (*block).words).write(words);
    }
}

/// A number that no other life of any server has: 63 random bits, or the clock where there is no randomness.
fn random_epoch() -> i64 {
    let mut random = 0_i64;
    // SAFETY: fills the eight bytes of a number, and gives false when it cannot.
    let is_drawn = unsafe { pg_sys::pg_strong_random((&raw mut random).cast(), size_of::<i64>()) };
    if !is_drawn {
        // SAFETY: reads the clock.
        random = unsafe { pg_sys::GetCurrentTimestamp() };
    }
    (random & i64::MAX).max(1)
}
