//! What a statement sees, so that a cache can tell later which changes its answer contains.
//!
//! The server's own `pg_current_snapshot()` names nobody who is in progress on a standby, so that everything at or
//! above `xmin` would count as unseen, for as long as any transaction of the primary runs. The snapshot knows
//! better: on a standby the running transactions stand in its list of subtransactions.

use pgrx::pg_sys;

use super::shared::Shared;

/// The stamp of the running statement, numbers big-endian: the life of the server (0 where there is none to tell:
/// on a standby, or without the library preloaded), a byte that is 1 on a standby, then the snapshot as
/// `pg_snapshot` is sent: how many are in progress, `xmin`, `xmax`, those in progress in ascending order.
pub(crate) fn stamp() -> Vec<u8> {
    // SAFETY: a function runs inside of a statement, which has an active snapshot; it stays for the whole call.
    let snapshot = unsafe { &*pg_sys::GetActiveSnapshot() };
    let is_standby = snapshot.takenDuringRecovery;
    let running = if is_standby {
        // Top-level transactions are complete even where the list of subtransactions has overflowed.
        list(snapshot.subxip, snapshot.subxcnt.try_into().unwrap_or(0))
    } else {
        list(snapshot.xip, snapshot.xcnt.try_into().unwrap_or(0))
    };
    // SAFETY: reads a counter in shared memory. It was at `xmax` or beyond when the snapshot was taken.
    let next = unsafe { pg_sys::ReadNextFullTransactionId() }.value;
    let mut running: Vec<u64> = running.iter().map(|id| widened(*id, next)).collect();
    running.sort_unstable();

    let life = if is_standby { None } else { Shared::attached().and_then(Shared::life_if_any) };
    let mut stamp = Vec::with_capacity(29 + 8 * running.len());
    stamp.extend_from_slice(&life.unwrap_or(0).to_be_bytes());
    stamp.push(u8::from(is_standby));
    stamp.extend_from_slice(&u32::try_from(running.len()).unwrap_or(u32::MAX).to_be_bytes());
    for id in [widened(snapshot.xmin, next), widened(snapshot.xmax, next)].iter().chain(&running) {
        stamp.extend_from_slice(&id.to_be_bytes());
    }
    stamp
}

/// The transaction ids of a snapshot.
fn list<'a>(first: *const pg_sys::TransactionId, count: usize) -> &'a [pg_sys::TransactionId] {
    if count == 0 {
        return &[];
    }
    // SAFETY: a snapshot's list is as long as its count says, and stays as long as the snapshot.
    unsafe { std::slice::from_raw_parts(first, count) }
}

/// All 64 bits of a transaction id of a snapshot: within one epoch below the next id (`widen_snapshot_xid` of the
/// server).
fn widened(id: pg_sys::TransactionId, next: u64) -> u64 {
    let id = u64::from(id.into_inner());
    let widened = (next & !u64::from(u32::MAX)) | id;
    if widened > next { widened.saturating_sub(1 << 32) } else { widened }
}
