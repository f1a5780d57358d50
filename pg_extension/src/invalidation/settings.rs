//! What an administrator may choose.

use pgrx::guc::{GucContext, GucFlags, GucRegistry, GucSetting};
use pgrx::pg_sys;

/// Events that the ring holds. 65,536 events of 32 bytes are 2 MiB, and half a second of the fastest writers
/// measured: a reader that is away longer copies the words instead.
static RING_EVENTS: GucSetting<i32> = GucSetting::<i32>::new(65_536);

/// Words. 524,288 are 4 MiB, copied in some milliseconds. Half of them are for keys: of 50,000 keys in use, one in
/// six shares its word with another, which costs misses and never a wrong answer.
static WORDS: GucSetting<i32> = GucSetting::<i32>::new(524_288);

/// Keys that one transaction announces per table before it announces "any key" instead. A hit that is lost
/// costs one call; 64 tags cost a commit about a microsecond.
static KEY_LIMIT: GucSetting<i32> = GucSetting::<i32>::new(64);

/// Milliseconds that a commit waits between being visible and being announced.
static ANNOUNCE_DELAY_MS: GucSetting<i32> = GucSetting::<i32>::new(0);

/// Defines the settings. The sizes of shared memory exist only where there is shared memory.
pub(super) fn register() {
    // SAFETY: a flag of the server that only its own start sets.
    if unsafe { pg_sys::process_shared_preload_libraries_in_progress } {
        GucRegistry::define_int_guc(
            c"rota.invalidation_ring_events",
            c"Number of invalidation events that are kept for readers.",
            c"Rounded up to a power of two.",
            &RING_EVENTS,
            64,
            16_777_216,
            GucContext::Postmaster,
            GucFlags::default(),
        );
        GucRegistry::define_int_guc(
            c"rota.invalidation_words",
            c"Number of words that hold the highest transaction announced per tag.",
            c"Rounded up to a power of two.",
            &WORDS,
            64,
            16_777_216,
            GucContext::Postmaster,
            GucFlags::default(),
        );
    }
    GucRegistry::define_int_guc(
        c"rota.invalidation_key_limit",
        c"Keys of a table that a transaction announces one by one.",
        c"With more it announces that any row may have changed.",
        &KEY_LIMIT,
        0,
        10_000,
        GucContext::Userset,
        GucFlags::default(),
    );
    GucRegistry::define_int_guc(
        c"rota.announce_delay_ms",
        c"Wait between a commit's becoming visible and its announcement.",
        c"For tests: makes transactions visible in another order than they are announced.",
        &ANNOUNCE_DELAY_MS,
        0,
        60_000,
        GucContext::Suset,
        GucFlags::NO_SHOW_ALL | GucFlags::UNIT_MS,
    );
}

/// Events that the ring holds, a power of two.
pub(super) fn ring_events() -> usize {
    power_of_two(RING_EVENTS.get())
}

/// Words, a power of two.
pub(super) fn words() -> usize {
    power_of_two(WORDS.get())
}

/// Keys of a table that one transaction announces one by one.
pub(super) fn key_limit() -> usize {
    usize::try_from(KEY_LIMIT.get()).unwrap_or(0)
}

/// Microseconds to wait between visibility and announcement.
pub(super) fn announce_delay_microseconds() -> i64 {
    i64::from(ANNOUNCE_DELAY_MS.get()) * 1_000
}

fn power_of_two(given: i32) -> usize {
    usize::try_from(given).unwrap_or(1).next_power_of_two()
}
