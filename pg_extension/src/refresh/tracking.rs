//! The trigger function: changed rows become keys in the queue of a view.
//!
//! Once per statement, however many rows, and once per key. Keys that are columns of the table are read from
//! the transition tables as they are. Any other mapping is a query over those.

use pgrx::pg_sys;

use super::changed_keys::ChangedKeys;
use super::definition::Definition;
use super::mapped_keys::queue_by_query;
use super::queue::Queue;
use crate::error::ExtensionError;
use crate::invalidation::wake_worker_at_commit;

/// Queues what a statement did to a table.
///
/// # Errors
/// [`ExtensionError::WrongTrackingTrigger`] for one that does not fire once after each statement;
/// [`ExtensionError::MissingQueue`].
///
/// # Safety
/// The server calls the trigger with this data.
pub(crate) unsafe fn queue_changes(data: &pg_sys::TriggerData) -> Result<(), ExtensionError> {
    let is_once_after = data.tg_event & (pg_sys::TRIGGER_EVENT_ROW | pg_sys::TRIGGER_EVENT_TIMINGMASK)
        == pg_sys::TRIGGER_EVENT_AFTER;
    if !is_once_after {
        return Err(ExtensionError::WrongTrackingTrigger);
    }
    let stores = [data.tg_oldtable, data.tg_newtable];
    // A truncation shows no rows; so does a trigger that somebody else made without naming the row sets.
    let are_rows_known = stores.iter().any(|store| !store.is_null());
    // SAFETY: the server gives stores of rows of this table, or null.
    let has_rows =
        stores.iter().any(|store| unsafe { !store.is_null() && pg_sys::tuplestore_tuple_count(*store) > 0 });
    if are_rows_known && !has_rows {
        return Ok(());
    }
    // SAFETY: as the caller promises.
    let (definition, queue) = unsafe { Definition::with_queue(data)? };
    // SAFETY: as the caller promises.
    if !unsafe { queue_directly(&definition, &queue, data, are_rows_known) } {
        queue_by_query(&queue, &definition, data)?;
    }
    queue.close();
    wake_worker_at_commit();
    Ok(())
}

/// Queues without a query what needs none: that any key may have changed, or keys that are columns of the
/// table as they are. Returns whether it did.
///
/// # Safety
/// The server calls the trigger with this data.
unsafe fn queue_directly(
    definition: &Definition,
    queue: &Queue,
    data: &pg_sys::TriggerData,
    are_rows_known: bool,
) -> bool {
    if definition.mapping().is_empty() || !are_rows_known {
        if definition.is_plain {
            queue.insert(b'e', Some(definition.table), std::iter::once([].as_slice()));
        }
        return definition.is_plain;
    }
    let Some(columns) = &definition.columns else { return false };
    // SAFETY: as the caller promises; the columns are of that table.
    let keys = unsafe { ChangedKeys::of(columns, data) };
    queue.insert(b'k', None, keys.rows());
    true
}
