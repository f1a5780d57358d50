//! The definitions of this backend, by trigger.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use pgrx::{pg_guard, pg_sys};

use super::definition::Definition;
use crate::error::ExtensionError;

thread_local! {
    static KNOWN: RefCell<HashMap<pg_sys::Oid, Rc<Definition>>> = RefCell::default();
    /// Whether a change was announced while the definitions were in use.
    static IS_STALE: Cell<bool> = const { Cell::new(false) };
    static IS_LISTENING: Cell<bool> = const { Cell::new(false) };
}

/// The definition of a trigger on an open table, found again after any change of a relation it depends on.
///
/// # Errors
/// Those of [`Definition::find`].
///
/// # Safety
/// Both are live, as they are while the trigger runs.
pub(super) unsafe fn definition_of(
    trigger: &pg_sys::Trigger,
    relation: pg_sys::Relation,
) -> Result<Rc<Definition>, ExtensionError> {
    listen();
    if IS_STALE.replace(false) {
        KNOWN.with_borrow_mut(HashMap::clear);
    }
    if let Some(known) = KNOWN.with_borrow(|known| known.get(&trigger.tgoid).cloned()) {
        return Ok(known);
    }
    // SAFETY: the caller says so.
    let definition = Rc::new(unsafe { Definition::find(trigger, relation)? });
    KNOWN.with_borrow_mut(|known| known.insert(trigger.tgoid, Rc::clone(&definition)));
    Ok(definition)
}

/// Has the server tell of changes, from the first use on.
fn listen() {
    if !IS_LISTENING.replace(true) {
        // SAFETY: the function lives as long as the library, which is never unloaded.
        unsafe { pg_sys::CacheRegisterRelcacheCallback(Some(forget), pg_sys::Datum::null()) };
    }
}

/// Called by the server when a relation changed, or any may have (an invalid id). It comes at any moment, so
/// it neither looks at the catalog nor drops a definition that is in use.
#[pg_guard]
unsafe extern "C-unwind" fn forget(_argument: pg_sys::Datum, relation: pg_sys::Oid) {
    KNOWN.with(|known| match known.try_borrow_mut() {
        Ok(mut known) if relation == pg_sys::InvalidOid => known.clear(),
        Ok(mut known) => known.retain(|_, definition| !definition.relations.contains(&relation)),
        Err(_) => IS_STALE.set(true),
    });
}
