//! The guard's one setting.

use pgrx::{GucContext, GucFlags, GucRegistry, GucSetting};

/// Past this many keys a statement locks the table instead. A lock table of default size holds about 6,400
/// locks (`max_locks_per_transaction` times `max_connections`), shared by everybody.
static KEY_LOCK_LIMIT: GucSetting<i32> = GucSetting::<i32>::new(256);

/// Declares the setting to the server.
pub(crate) fn register() {
    GucRegistry::define_int_guc(
        c"rota.guard_key_lock_limit",
        c"Keys that one statement locks one by one.",
        c"A statement that writes more keys of a guarded table than this locks the table against other writers instead.",
        &KEY_LOCK_LIMIT,
        1,
        65_536,
        GucContext::Userset,
        GucFlags::default(),
    );
}

/// The number of keys up to which each is locked by itself.
pub(super) fn key_lock_limit() -> usize {
    usize::try_from(KEY_LOCK_LIMIT.get()).unwrap_or(usize::MAX)
}
