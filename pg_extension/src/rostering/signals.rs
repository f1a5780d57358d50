//! Threads that no signal of the server ever reaches.
//!
//! The server's handlers set latches and flags of the one thread that a backend has. A signal to a process goes to any
//! thread that does not block it, so threads of ours are started with all of them blocked.

use std::ffi::c_int;

use pgrx::pg_sys;

/// As large as a set of signals is on any platform: glibc and musl have 128 bytes, others have less.
#[repr(C, align(16))]
struct SignalSet([u64; 16]);

unsafe extern "C" {
    /// POSIX, `<signal.h>`.
    fn sigfillset(set: *mut SignalSet) -> c_int;
    /// POSIX, `<signal.h>`: the mask of the calling thread.
    fn pthread_sigmask(how: c_int, set: *const SignalSet, before: *mut SignalSet) -> c_int;
}

/// Puts the mask back when it goes out of scope.
struct Blocked {
    before: SignalSet,
}

impl Drop for Blocked {
    fn drop(&mut self) {
        // SAFETY: the mask is the one that `without_signals` was given. A null pointer asks for no other.
        unsafe { pthread_sigmask(SIG_SETMASK, &raw const self.before, std::ptr::null_mut()) };
    }
}

const SIG_SETMASK: c_int = pg_sys::SIG_SETMASK.cast_signed();

/// Does work with every signal blocked, such as to start a thread, which inherits the mask. Signals that arrive
/// meanwhile are delivered afterwards.
pub(super) fn without_signals<T>(work: impl FnOnce() -> T) -> T {
    let mut all = SignalSet([0; 16]);
    let mut before = SignalSet([0; 16]);
    // SAFETY: both sets are ours and at least as large as the platform's. The calls fail only for an unknown `how`.
    unsafe {
        sigfillset(&raw mut all);
        pthread_sigmask(SIG_SETMASK, &raw const all, &raw mut before);
    }
    let _blocked = Blocked { before };
    work()
}
