//! Invalidations: what caches outside of the server follow.

use std::convert::Infallible;
use std::ffi::CStr;

use pgrx::heap_tuple::PgHeapTuple;
use pgrx::iter::TableIterator;
use pgrx::{AllocatedByPostgres, PgTrigger, name, pg_extern, pg_sys, pg_trigger};

use crate::error::{ExtensionError, OrRaise};
use crate::invalidation::{self, Batch, Shared, Tag};

#[pg_trigger]
fn watch_changes<'a>(
    trigger: &'a PgTrigger<'a>,
) -> Result<Option<PgHeapTuple<'a, AllocatedByPostgres>>, Infallible> {
    // SAFETY: the server called us as a trigger, with this data.
    unsafe { invalidation::announce_changes(trigger.trigger_data()) }.or_raise();
    Ok(None)
}

#[pg_extern(immutable, strict, parallel_safe)]
fn tag_hash(tag: &str) -> i64 {
    Tag::of(tag).to_bigint()
}

/// Announces a tag when the transaction commits; false if it is announced already.
#[pg_extern(volatile, strict, parallel_unsafe)]
fn announce_tag(tag: &str) -> bool {
    let tag = Tag::of(tag);
    let is_new = !invalidation::is_announced(tag);
    invalidation::announce(tag);
    is_new
}

#[pg_extern(volatile, strict, parallel_restricted)]
#[allow(clippy::type_complexity, reason = "pgrx reads the columns of the SQL function from this type")]
fn next_invalidations(
    epoch: i64,
    after: i64,
    wait_ms: i32,
) -> TableIterator<
    'static,
    (
        name!(epoch, i64),
        name!(upto, i64),
        name!(complete, bool),
        name!(transactions, Vec<i64>),
        name!(tags, Vec<i64>),
        name!(oldest_age_us, Option<i64>),
    ),
> {
    let Batch { epoch, upto, complete, transactions, tags, oldest_age_microseconds } =
        attached().and_then(|shared| invalidation::wait_for_events(shared, epoch, after, wait_ms)).or_raise();
    let transactions = transactions.into_iter().map(u64::cast_signed).collect();
    let tags = tags.into_iter().map(Tag::to_bigint).collect();
    TableIterator::once((epoch, upto.cast_signed(), complete, transactions, tags, oldest_age_microseconds))
}

#[pg_extern(volatile, parallel_restricted)]
fn invalidation_words()
-> TableIterator<'static, (name!(epoch, i64), name!(position, i64), name!(words, Vec<u8>))> {
    let shared = attached().or_raise();
    let epoch = shared.life().or_raise();
    let (position, words) = shared.copy_words();
    TableIterator::once((epoch, position.cast_signed(), words))
}

#[pg_extern(volatile, strict, parallel_restricted)]
fn words_of(tags: Vec<i64>) -> Vec<i64> {
    let shared = attached().or_raise();
    shared.life().or_raise();
    let words = shared.words_of(tags.into_iter().map(Tag::from_bigint));
    words.into_iter().map(u64::cast_signed).collect()
}

#[pg_extern(stable, parallel_safe)]
fn stamp() -> Vec<u8> {
    invalidation::stamp_of_statement()
}

#[pg_extern(volatile, parallel_restricted)]
#[allow(clippy::type_complexity, reason = "pgrx reads the columns of the SQL function from this type")]
fn invalidation_status() -> TableIterator<
    'static,
    (
        name!(mode, &'static str),
        name!(epoch, Option<i64>),
        name!(ring_events, Option<i32>),
        name!(words, Option<i32>),
        name!(system_identifier, String),
        name!(timeline, i32),
        name!(server_version_num, i32),
        name!(word_salt, i64),
    ),
> {
    let shared = Shared::attached();
    let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
    TableIterator::once((
        if shared.is_some() { "ring" } else { "notify" },
        shared.and_then(Shared::life_if_any),
        shared.map(|shared| count(shared.ring_length())),
        shared.map(|shared| count(shared.word_count())),
        // SAFETY: reads the control file's copy in memory.
        unsafe { pg_sys::GetSystemIdentifier() }.to_string(),
        timeline(),
        server_version(),
        invalidation::word_salt(),
    ))
}

fn attached() -> Result<&'static Shared, ExtensionError> {
    Shared::attached().ok_or(ExtensionError::NotPreloaded)
}

/// The timeline that the server writes, or replays.
fn timeline() -> i32 {
    let mut replayed: pg_sys::TimeLineID = 0;
    // SAFETY: all read the state of the write-ahead log; the one in question needs a server that writes.
    let timeline = unsafe {
        if pg_sys::RecoveryInProgress() {
            pg_sys::GetXLogReplayRecPtr(&raw mut replayed);
            replayed
        } else {
            pg_sys::GetWALInsertionTimeLine()
        }
    };
    timeline.cast_signed()
}

/// The version of the server that runs, which may be a newer minor one than the library was built for.
fn server_version() -> i32 {
    // SAFETY: a setting that every server has; its value is a C string that is read at once.
    let version =
        unsafe { CStr::from_ptr(pg_sys::GetConfigOption(c"server_version_num".as_ptr(), false, false)) };
    version.to_str().ok().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}
