//! What an administrator may choose about searches.

use pgrx::guc::{GucContext, GucFlags, GucRegistry, GucSetting};

/// Threads of one search. A search takes a processor per thread for as long as it lasts, beside the backends that
/// serve people: two let a small server breathe.
static THREADS: GucSetting<i32> = GucSetting::<i32>::new(2);

/// Milliseconds of a search that names no budget. What a person waits for at a screen.
static TIME_MS: GucSetting<i32> = GucSetting::<i32>::new(2_600);

/// Kilobytes for the tables of one search. A month of a hundred people takes some tens of megabytes.
static MEMORY_KB: GucSetting<i32> = GucSetting::<i32>::new(256 * 1_024);

/// Longest search: a day. Whoever waits longer has lost the result among other changes.
pub(super) const LONGEST_MS: i64 = 86_400_000;

/// Most threads of one search: more than any server gives to one query.
pub(super) const MOST_THREADS: i64 = 64;

/// Defines the settings.
pub(super) fn register() {
    GucRegistry::define_int_guc(
        c"rota.roster_threads",
        c"Most threads of one roster search.",
        c"They run beside the backend and never touch the server.",
        &THREADS,
        1,
        64,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"rota.roster_time",
        c"Time of a roster search that names no budget of its own.",
        c"",
        &TIME_MS,
        1,
        86_400_000,
        GucContext::Userset,
        GucFlags::UNIT_MS,
    );
    GucRegistry::define_int_guc(
        c"rota.roster_memory",
        c"Most memory for the tables of one roster search.",
        c"It is the process's own, not a memory context of the server.",
        &MEMORY_KB,
        16 * 1_024,
        i32::MAX,
        GucContext::Suset,
        GucFlags::UNIT_KB,
    );
}

/// Threads that a search may have.
pub(super) fn threads() -> usize {
    usize::try_from(THREADS.get()).unwrap_or(1)
}

/// Milliseconds of a search that names no budget.
pub(super) fn time_ms() -> u64 {
    u64::try_from(TIME_MS.get()).unwrap_or(1)
}

/// Bytes for the tables of a search.
pub(super) fn memory_bytes() -> usize {
    usize::try_from(MEMORY_KB.get()).unwrap_or(0) * 1_024
}
