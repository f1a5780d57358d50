//! The trigger function: changed rows become keys in the queue of a view.
//!
//! Once per statement, however many rows, and once per key. Keys that are columns of the table are read from
//! the transition tables as they are, or were collected while the statement ran. Any other mapping is a query over those.

use pgrx::pg_sys;

use super::changed_keys::ChangedKeys;
use super::collection::collected;
use super::definition::Definition;
use super::key_columns::KeyColumns;
use super::mapped_keys::queue_by_query;
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
    // SAFETY: the server fills it in.
    let collected = collected(unsafe { (*data.tg_trigger).tgoid });
    let stores = [data.tg_oldtable, data.tg_newtable];
    // A truncation shows no rows; so does a trigger that somebody else made without naming the row sets.
    let are_rows_known = collected.is_some() || stores.iter().any(|store| !store.is_null());
    // SAFETY: the server gives stores of rows of this table, or null.
    let has_rows =
        stores.iter().any(|store| unsafe { !store.is_null() && pg_sys::tuplestore_tuple_count(*store) > 0 });
    if are_rows_known && !has_rows && collected.as_ref().is_none_or(ChangedKeys::is_empty) {
        return Ok(());
    }
    // SAFETY: as the caller promises.
    let (definition, queue) = unsafe { Definition::with_queue(data)? };
    let is_anything = definition.mapping().is_empty() || !are_rows_known;
    match &definition.columns {
        _ if is_anything && definition.is_plain => {
            queue.insert(b'e', Some(definition.table), std::iter::once([].as_slice()));
        }
        Some(columns) if !is_anything => {
            // SAFETY: as the caller promises; the columns are of that table.
            let keys = unsafe { all_keys(columns, collected, data) };
            queue.insert(b'k', None, keys.rows(columns));
        }
        _ => queue_by_query(&queue, &definition, data)?,
    }
    queue.close();
    wake_worker_at_commit();
    Ok(())
}

/// The keys that a statement touched: those that were collected while it ran, and those of the rows as they were
/// and as they are, where the server kept them. There may be both: what a foreign key does to the same table is of
/// the same statement.
///
/// # Safety
/// The server calls a trigger of the columns' table with this data.
unsafe fn all_keys(
    columns: &KeyColumns,
    collected: Option<ChangedKeys>,
    data: &pg_sys::TriggerData,
) -> ChangedKeys {
    // SAFETY: the memory that the trigger is called in, and that goes after it. The stores are of rows of that
    // table, or null.
    unsafe {
        let mut keys = collected.unwrap_or_else(|| ChangedKeys::new(pg_sys::CurrentMemoryContext));
        keys.add_all(columns, data.tg_newtable, data.tg_relation);
        keys.add_all(columns, data.tg_oldtable, data.tg_relation);
        keys
    }
}
