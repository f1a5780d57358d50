//! The trigger function: rows that changed become tags.
//!
//! The server collects the old and the new rows of a statement in tuplestores, which are read here as they
//! are, without a query.

use pgrx::pg_sys;

use super::definition::Definition;
use super::pending::Pending;
use super::settings;
use super::tag::Tag;
use super::transaction::with_pending;
use crate::error::ExtensionError;

/// Announces what a statement did to a table.
///
/// # Errors
/// [`ExtensionError::WrongTrigger`] for one that does not fire once after each statement.
///
/// # Safety
/// The server calls the trigger with this data.
pub(crate) unsafe fn announce_changes(data: &pg_sys::TriggerData) -> Result<(), ExtensionError> {
    let is_once_after = data.tg_event & (pg_sys::TRIGGER_EVENT_ROW | pg_sys::TRIGGER_EVENT_TIMINGMASK)
        == pg_sys::TRIGGER_EVENT_AFTER;
    if !is_once_after {
        return Err(ExtensionError::WrongTrigger);
    }
    // SAFETY: as the caller promises.
    let definition = unsafe { Definition::of(data) };
    let stores = [data.tg_oldtable, data.tg_newtable];
    // A truncation shows no rows; so does a trigger that somebody else made without naming the row sets.
    let are_rows_known = stores.iter().any(|store| !store.is_null());
    // SAFETY: the server gives stores of rows of this table, or null.
    if are_rows_known && !stores.iter().any(|store| unsafe { has_rows(*store) }) {
        return Ok(());
    }
    let names_keys = with_pending(|pending, level| {
        pending.add(level, definition.root, definition.table);
        if !are_rows_known || definition.lacks_key {
            pending.add_any_key(level, definition.root, definition.any_key);
        }
        !definition.keys.is_empty() && !pending.has_any_key(definition.root)
    });
    if names_keys {
        // SAFETY: as above; the definition is that of this table.
        stores.iter().all(|store| unsafe { announce_keys(&definition, *store, data.tg_relation) });
    }
    Ok(())
}

/// # Safety
/// A tuplestore, or null.
unsafe fn has_rows(store: *mut pg_sys::Tuplestorestate) -> bool {
    // SAFETY: as the caller promises.
    !store.is_null() && unsafe { pg_sys::tuplestore_tuple_count(store) } > 0
}

/// Announces the keys of rows. Returns whether further keys of the table make a difference.
///
/// # Safety
/// A tuplestore of rows of the relation, which is open and locked, or null. The definition is the relation's.
unsafe fn announce_keys(
    definition: &Definition,
    store: *mut pg_sys::Tuplestorestate,
    relation: pg_sys::Relation,
) -> bool {
    // SAFETY: as the caller promises.
    if !unsafe { has_rows(store) } {
        return true;
    }
    let limit = settings::key_limit();
    let mut name = Vec::new();
    let mut goes_on = true;
    // SAFETY: a read pointer of our own, so that others who read the store are not disturbed; the slot is of
    // the relation's row type and for tuples as the server stores them in row sets. Values are read from the
    // slot before it gets the next tuple, and only up to the column that was asked for, which exists. After
    // an error the server frees all of it with the statement.
    unsafe {
        let rewindable = c_int_of(pg_sys::EXEC_FLAG_REWIND);
        let pointer = pg_sys::tuplestore_alloc_read_pointer(store, rewindable);
        pg_sys::tuplestore_select_read_pointer(store, pointer);
        pg_sys::tuplestore_rescan(store);
        let slot =
            pg_sys::MakeSingleTupleTableSlot((*relation).rd_att, &raw const pg_sys::TTSOpsMinimalTuple);
        while goes_on && pg_sys::tuplestore_gettupleslot(store, true, false, slot) {
            pg_sys::slot_getsomeattrs_int(slot, i32::from(definition.last_attribute));
            for key in &definition.keys {
                let position = usize::try_from(key.attribute - 1).unwrap_or(0);
                if *(*slot).tts_isnull.add(position) {
                    continue;
                }
                key.write_tag(*(*slot).tts_values.add(position), &mut name);
                let tag = Tag::of(&name);
                goes_on = with_pending(|pending: &mut Pending, level| {
                    pending.add_key(level, definition.root, tag, definition.any_key, limit)
                });
                if !goes_on {
                    break;
                }
            }
        }
        pg_sys::ExecDropSingleTupleTableSlot(slot);
    }
    goes_on
}

/// A flag of the server's headers, as its functions take it.
fn c_int_of(flag: u32) -> i32 {
    flag.cast_signed()
}
