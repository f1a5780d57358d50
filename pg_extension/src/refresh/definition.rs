//! What a tracking trigger does: read once per backend, and again when its table or its queue changes.
//!
//! Who writes a table keeps others from altering it, and who holds the lock of a queue keeps others from
//! altering that. So a definition is right that is still the known one once both are locked.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::{CStr, CString};
use std::rc::Rc;

use pgrx::{pg_guard, pg_sys};

use super::key_columns::KeyColumns;
use super::queue::Queue;
use crate::error::ExtensionError;

thread_local! {
    /// By the trigger's id.
    static KNOWN: RefCell<HashMap<pg_sys::Oid, Rc<Definition>>> = RefCell::new(HashMap::new());
    /// Counts changes of the catalog, so that a definition is not kept that changed while it was read.
    static CHANGES: Cell<u64> = const { Cell::new(0) };
}

/// What a tracking trigger does.
pub(super) struct Definition {
    pub(super) trigger: pg_sys::Oid,
    /// The table that it is on.
    pub(super) table: pg_sys::Oid,
    /// The queue of the view.
    queue: pg_sys::Oid,
    /// Those of the trigger.
    pub(super) arguments: Vec<CString>,
    /// Whether rows of the queue can be written without a query.
    pub(super) is_plain: bool,
    /// The key, where it is columns of the table that can be written to the queue as they are.
    pub(super) columns: Option<KeyColumns>,
}

impl Definition {
    /// The definition of the trigger that fires, and its queue, open.
    ///
    /// # Errors
    /// [`ExtensionError::MissingQueue`].
    ///
    /// # Safety
    /// The server calls the trigger with this data.
    pub(super) unsafe fn with_queue(data: &pg_sys::TriggerData) -> Result<(Rc<Self>, Queue), ExtensionError> {
        // SAFETY: as the caller promises.
        let definition = unsafe { Self::of(data)? };
        match Queue::open(definition.queue) {
            Some(queue) if definition.is_current() => return Ok((definition, queue)),
            Some(queue) => queue.close(),
            None => {}
        }
        // It changed before the lock was ours. What is read now stays as it is.
        // SAFETY: as the caller promises.
        let definition = unsafe { Self::of(data)? };
        let queue = Queue::open(definition.queue)
            .ok_or_else(|| ExtensionError::MissingQueue { queue: queue_name(&definition.arguments) })?;
        Ok((definition, queue))
    }

    /// The definition of a trigger that fired before, unless it may have changed since.
    pub(super) fn known(trigger: pg_sys::Oid) -> Option<Rc<Self>> {
        KNOWN.with_borrow(|known| known.get(&trigger).cloned())
    }

    /// Locks the queue until the transaction ends. Returns whether it is as it was when this was read.
    pub(super) fn holds_queue(self: &Rc<Self>) -> bool {
        let Some(queue) = Queue::open(self.queue) else { return false };
        queue.close();
        self.is_current()
    }

    /// # Safety
    /// The server calls the trigger with this data.
    unsafe fn of(data: &pg_sys::TriggerData) -> Result<Rc<Self>, ExtensionError> {
        // SAFETY: the server fills it in.
        let trigger = unsafe { (*data.tg_trigger).tgoid };
        if let Some(known) = Self::known(trigger) {
            return Ok(known);
        }
        let before = CHANGES.get();
        // SAFETY: as the caller promises.
        let definition = Rc::new(unsafe { Self::read(data)? });
        if CHANGES.get() == before {
            KNOWN.with_borrow_mut(|known| known.insert(trigger, Rc::clone(&definition)));
        }
        Ok(definition)
    }

    /// # Safety
    /// The server calls the trigger with this data.
    unsafe fn read(data: &pg_sys::TriggerData) -> Result<Self, ExtensionError> {
        // SAFETY: the server fills both in, and keeps the table open.
        let (trigger, table) = unsafe { (&*data.tg_trigger, (*data.tg_relation).rd_id) };
        // SAFETY: the trigger has as many arguments as it says, C strings all.
        let argument = |position| unsafe { CStr::from_ptr(*trigger.tgargs.add(position)).to_owned() };
        let arguments: Vec<_> = (0..usize::try_from(trigger.tgnargs).unwrap_or(0)).map(argument).collect();
        let queue = Queue::find(&queue_name(&arguments))?;
        let mut definition =
            Self { trigger: trigger.tgoid, table, queue, arguments, is_plain: false, columns: None };
        let Some(open) = Queue::open(queue) else {
            return Err(ExtensionError::MissingQueue { queue: queue_name(&definition.arguments) });
        };
        definition.is_plain = open.is_plain();
        if !definition.argument(4).is_empty() {
            // SAFETY: as the caller promises.
            definition.columns = unsafe { KeyColumns::find(data.tg_relation, definition.argument(4)) }
                .filter(|columns| open.takes(&columns.types));
        }
        open.close();
        Ok(definition)
    }

    /// Whether nothing changed since it was read.
    fn is_current(self: &Rc<Self>) -> bool {
        KNOWN.with_borrow(|known| known.get(&self.trigger).is_some_and(|known| Rc::ptr_eq(known, self)))
    }

    /// The trigger's argument at a position; empty where it has none.
    fn argument(&self, position: usize) -> &str {
        text_of(&self.arguments, position)
    }

    /// Name of the queue in the schema `rota`.
    pub(super) fn queue_name(&self) -> String {
        queue_name(&self.arguments)
    }

    /// The query over `changed` that gives the keys; empty where any change counts for every key.
    pub(super) fn mapping(&self) -> &str {
        self.argument(1)
    }

    /// Whether the mapping reads other tables, and is evaluated once more when the change is applied.
    pub(super) fn reads_others(&self) -> bool {
        self.argument(2) == "late"
    }

    /// How many columns the key has.
    pub(super) fn number_of_keys(&self) -> usize {
        self.argument(3).parse().unwrap_or(0)
    }
}

fn text_of(arguments: &[CString], position: usize) -> &str {
    arguments.get(position).and_then(|text| text.to_str().ok()).unwrap_or_default()
}

fn queue_name(arguments: &[CString]) -> String {
    format!("pending_{}", text_of(arguments, 0))
}

/// Has the server tell us of changed tables.
pub(super) fn register() {
    // SAFETY: the function lives as long as the library, which is never unloaded, and needs no argument.
    unsafe { pg_sys::CacheRegisterRelcacheCallback(Some(on_table_change), pg_sys::Datum::from(0)) };
}

/// Forgets what is known of a table or a queue; of all, where the server does not say which.
#[pg_guard]
unsafe extern "C-unwind" fn on_table_change(_argument: pg_sys::Datum, relation: pg_sys::Oid) {
    // What a process does that is exiting has no thread-local values any more.
    let _ = KNOWN.try_with(|known| {
        CHANGES.set(CHANGES.get().wrapping_add(1));
        known.borrow_mut().retain(|_, definition| {
            relation != pg_sys::InvalidOid && ![definition.table, definition.queue].contains(&relation)
        });
    });
}
