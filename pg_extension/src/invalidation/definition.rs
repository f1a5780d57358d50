//! What a trigger watches: its table and the columns that its arguments name.
//!
//! Read from the catalog once per backend, and again when the table or any schema changes. The names in a
//! cached definition are current whenever it is used: who renames a table has waited for those who write it.
//! Renaming a schema, or the parent of a partition, waits for nobody by itself; the extension's event trigger
//! locks the tables in question.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::{CStr, c_char, c_int};
use std::rc::Rc;

use pgrx::{IntoDatum, direct_function_call, pg_guard, pg_sys};

use super::key::Key;
use super::tag::Tag;

thread_local! {
    /// By the trigger's id.
    static KNOWN: RefCell<HashMap<pg_sys::Oid, Rc<Definition>>> = RefCell::new(HashMap::new());
    /// Counts changes of the catalog, so that a definition is not kept that changed while it was read.
    static CHANGES: Cell<u64> = const { Cell::new(0) };
}

/// What a trigger watches.
#[derive(Debug)]
pub(super) struct Definition {
    /// The table.
    relation: pg_sys::Oid,
    /// Its topmost parent, if it is a partition; else itself. The one that the tags name.
    pub(super) root: pg_sys::Oid,
    /// The tag of any change.
    pub(super) table: Tag,
    /// The tag of changes that name no key.
    pub(super) any_key: Tag,
    /// The columns whose values are announced.
    pub(super) keys: Vec<Key>,
    /// Whether a key was watched that is no column any more: then any key may have changed.
    pub(super) lacks_key: bool,
    /// The highest number of a key column.
    pub(super) last_attribute: i16,
}

impl Definition {
    /// The definition of the trigger that fires.
    ///
    /// # Safety
    /// The server calls the trigger with this data.
    pub(super) unsafe fn of(data: &pg_sys::TriggerData) -> Rc<Self> {
        // SAFETY: the server fills both in.
        let (trigger, relation) = unsafe { (&*data.tg_trigger, (*data.tg_relation).rd_id) };
        if let Some(known) = KNOWN.with_borrow(|known| known.get(&trigger.tgoid).cloned()) {
            return known;
        }
        let before = CHANGES.get();
        // SAFETY: as the caller promises.
        let definition = Rc::new(unsafe { Self::read(trigger, relation) });
        if CHANGES.get() == before {
            KNOWN.with_borrow_mut(|known| known.insert(trigger.tgoid, Rc::clone(&definition)));
        }
        definition
    }

    /// # Safety
    /// The trigger is one of the relation, which is open and locked.
    unsafe fn read(trigger: &pg_sys::Trigger, relation: pg_sys::Oid) -> Self {
        // SAFETY: looks up a table that exists, and its parent, which exists as long.
        let (root, name) = unsafe {
            let root = topmost(relation);
            (root, qualified_name(root))
        };
        let mut keys = Vec::new();
        let mut lacks_key = false;
        for position in 0..usize::try_from(trigger.tgnargs).unwrap_or(0) {
            // SAFETY: the trigger has as many arguments as it says, C strings all.
            let column = unsafe { *trigger.tgargs.add(position) };
            // SAFETY: looks up a column by a C string.
            let attribute = unsafe { pg_sys::get_attnum(relation, column) };
            if attribute > 0 {
                // SAFETY: quotes a C string.
                let column = unsafe { CStr::from_ptr(pg_sys::quote_identifier(column)) };
                let prefix = [&name, b"/".as_slice(), column.to_bytes(), b"="].concat();
                keys.push(Key::of(relation, attribute, prefix));
            } else {
                lacks_key = true;
            }
        }
        Self {
            relation,
            root,
            table: Tag::of(&name),
            any_key: Tag::of([&name, b"/*".as_slice()].concat()),
            last_attribute: keys.iter().map(|key| key.attribute).max().unwrap_or(0),
            keys,
            lacks_key,
        }
    }
}

/// The topmost parent of a partition; any other table itself.
///
/// # Safety
/// The table exists and is locked.
unsafe fn topmost(relation: pg_sys::Oid) -> pg_sys::Oid {
    // SAFETY: both look the table up in the catalog.
    unsafe {
        if !pg_sys::get_rel_relispartition(relation) {
            return relation;
        }
        direct_function_call(pg_sys::pg_partition_root, &[relation.into_datum()]).unwrap_or(relation)
    }
}

/// `schema.table`, quoted where SQL needs it.
///
/// # Safety
/// The table exists.
unsafe fn qualified_name(relation: pg_sys::Oid) -> Vec<u8> {
    // SAFETY: each looks up or makes a C string in the current memory context; a table has a name and a
    // schema.
    unsafe {
        let schema: *const c_char = pg_sys::get_namespace_name(pg_sys::get_rel_namespace(relation));
        let name: *const c_char = pg_sys::get_rel_name(relation);
        CStr::from_ptr(pg_sys::quote_qualified_identifier(schema, name)).to_bytes().to_vec()
    }
}

/// Has the server tell us when a cached definition may be wrong.
pub(super) fn register() {
    // SAFETY: both functions live as long as the library, which is never unloaded, and need no argument.
    unsafe {
        pg_sys::CacheRegisterRelcacheCallback(Some(on_table_change), pg_sys::Datum::from(0));
        pg_sys::CacheRegisterSyscacheCallback(
            c_int::try_from(pg_sys::SysCacheIdentifier::NAMESPACEOID).unwrap_or(0),
            Some(on_schema_change),
            pg_sys::Datum::from(0),
        );
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn on_table_change(_argument: pg_sys::Datum, changed: pg_sys::Oid) {
    forget(|definition| {
        changed == pg_sys::InvalidOid || definition.relation == changed || definition.root == changed
    });
}

#[pg_guard]
unsafe extern "C-unwind" fn on_schema_change(_argument: pg_sys::Datum, _cache: c_int, _hash: u32) {
    forget(|_| true);
}

/// Nothing that holds a borrow of the map calls the server, so it is free whenever the server calls.
fn forget(is_wrong: impl Fn(&Definition) -> bool) {
    CHANGES.set(CHANGES.get().wrapping_add(1));
    KNOWN.with_borrow_mut(|known| known.retain(|_, definition| !is_wrong(definition)));
}
