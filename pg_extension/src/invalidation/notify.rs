//! The same announcements over NOTIFY, where the library is not preloaded.
//!
//! NOTIFY holds a lock of the whole cluster from before the commit until after its flush, so that commits
//! wait for each other. `rota.watch` says what that costs.

use std::fmt::Write as _;

use pgrx::{IntoDatum, direct_function_call, pg_sys};

use super::tag::Tag;

/// Where to listen.
const CHANNEL: &str = "rota_invalidation";

/// Bytes of one message. The server refuses 8,000.
const MESSAGE_BYTES: usize = 7_500;

/// Tags that are named. More than some 20 messages take longer to read than what they save.
const NAMED_TAGS: usize = 5_000;

/// Queues the messages that the server sends when the transaction commits: JSON arrays of the transaction's
/// id and tags. An id alone means that anything may have changed.
pub(super) fn queue(transaction: u64, tags: &[Tag]) {
    let tags = if tags.len() > NAMED_TAGS { &[] } else { tags };
    let mut message = format!("[{transaction}");
    for tag in tags {
        if message.len() > MESSAGE_BYTES {
            send(&message);
            message = format!("[{transaction}");
        }
        // Writing to a string cannot fail.
        let _ = write!(message, ",{}", tag.to_bigint());
    }
    send(&message);
}

/// Queues one message, given without its closing bracket.
fn send(message: &str) {
    // SAFETY: `pg_notify` takes a channel and a message; both are texts.
    unsafe {
        direct_function_call::<()>(
            pg_sys::pg_notify,
            &[CHANNEL.into_datum(), format!("{message}]").into_datum()],
        );
    }
}
