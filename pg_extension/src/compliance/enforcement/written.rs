//! What this session's writes were told, kept until the next transaction that is told something.

use std::cell::RefCell;

use pgrx::pg_sys;

use crate::compliance::row::VerdictRow;

/// Verdicts kept: a session that writes more asks `rota.check_rules`.
const MOST_KEPT: usize = 10_000;

/// Verdicts of one transaction, each with the subtransaction that was told it.
#[derive(Default)]
struct Written {
    transaction: Option<pg_sys::TransactionId>,
    rows: Vec<(pg_sys::TransactionId, VerdictRow)>,
}

thread_local! {
    static WRITTEN: RefCell<Written> = RefCell::default();
}

/// Keeps what a statement was told.
pub(super) fn keep(rows: Vec<VerdictRow>) {
    // SAFETY: called by a trigger, inside a transaction that has written.
    let (transaction, current) =
        unsafe { (pg_sys::GetTopTransactionId(), pg_sys::GetCurrentTransactionId()) };
    WRITTEN.with_borrow_mut(|written| {
        if written.transaction != Some(transaction) {
            *written = Written { transaction: Some(transaction), rows: Vec::new() };
        }
        let room = MOST_KEPT.saturating_sub(written.rows.len());
        written.rows.extend(rows.into_iter().take(room).map(|row| (current, row)));
    });
}

/// What the last transaction of this session that was told anything was told, without what was rolled back.
pub(crate) fn written_verdicts() -> Vec<VerdictRow> {
    // SAFETY: called inside a transaction. An id is one of this session's.
    let stands = |id: pg_sys::TransactionId| unsafe {
        pg_sys::TransactionIdIsCurrentTransactionId(id) || pg_sys::TransactionIdDidCommit(id)
    };
    WRITTEN.with_borrow(|written| {
        let standing = written.rows.iter().filter(|(id, _)| stands(*id));
        standing.map(|(_, row)| row.clone()).collect()
    })
}
