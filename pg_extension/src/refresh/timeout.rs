//! A limit for one statement.
//!
//! `statement_timeout` is armed for statements that clients send: not for those of a background worker, and
//! not anew for one inside of a function.

use std::ffi::c_int;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use pgrx::pg_sys;

unsafe extern "C-unwind" {
    fn RegisterTimeout(id: c_int, handler: unsafe extern "C-unwind" fn()) -> c_int;
    fn enable_timeout_after(id: c_int, delay_ms: c_int);
    fn disable_timeout(id: c_int, keep_indicator: bool);
    fn SetLatch(latch: *mut pg_sys::Latch);
}

/// `USER_TIMEOUT` of the server's `timeout.h`: gives the first free id. 17 added one before it.
#[cfg(any(feature = "pg15", feature = "pg16"))]
const USER_TIMEOUT: c_int = 12;
#[cfg(not(any(feature = "pg15", feature = "pg16")))]
const USER_TIMEOUT: c_int = 13;

/// Our id, or one below zero as long as none was asked for.
static ID: AtomicI32 = AtomicI32::new(-1);

/// Whether the time was over.
static EXPIRED: AtomicBool = AtomicBool::new(false);

/// A limit that runs until the value is dropped.
pub(super) struct Timeout {
    is_armed: bool,
}

impl Timeout {
    /// Starts it; zero means none.
    pub(super) fn start(milliseconds: i32) -> Self {
        EXPIRED.store(false, Ordering::Relaxed);
        let is_armed = milliseconds > 0;
        if is_armed {
            let mut id = ID.load(Ordering::Relaxed);
            if id < 0 {
                // SAFETY: the handler does what a signal handler may. A backend has room for ten of these, and
                // asks for this one once.
                id = unsafe { RegisterTimeout(USER_TIMEOUT, expire) };
                ID.store(id, Ordering::Relaxed);
            }
            // SAFETY: the id was given out above.
            unsafe { enable_timeout_after(id, milliseconds) };
        }
        Self { is_armed }
    }

    /// Whether the time was over. A cancellation that was asked for and has not come yet is taken back.
    pub(super) fn is_expired(&self) -> bool {
        let is_expired = self.is_armed && EXPIRED.swap(false, Ordering::Relaxed);
        if is_expired {
            // SAFETY: a flag of this backend, which has one thread.
            unsafe { (&raw mut pg_sys::QueryCancelPending).write_volatile(0) };
        }
        is_expired
    }
}

impl Drop for Timeout {
    fn drop(&mut self) {
        if self.is_armed {
            // SAFETY: armed by `start`.
            unsafe { disable_timeout(ID.load(Ordering::Relaxed), false) };
        }
    }
}

/// Called by the server's handler of SIGALRM: asks for the cancellation of what runs, as
/// `StatementCancelHandler` does.
unsafe extern "C-unwind" fn expire() {
    EXPIRED.store(true, Ordering::Relaxed);
    // SAFETY: flags of this process, and a function that signal handlers may call.
    unsafe {
        (&raw mut pg_sys::QueryCancelPending).write_volatile(1);
        (&raw mut pg_sys::InterruptPending).write_volatile(1);
        SetLatch(pg_sys::MyLatch);
    }
}
