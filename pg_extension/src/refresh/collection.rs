//! The keys of an UPDATE, collected while it runs.
//!
//! For a trigger that names transition tables the server fetches each old row once more and copies it and the new
//! one: six to nine percent of an UPDATE of many rows, before anybody looks at them. Most UPDATEs leave the columns
//! alone that keys depend on. Then the new rows tell all keys, and a look at each when it was written is enough.
//!
//! So when an UPDATE starts whose transition tables only our triggers read, they are left out, and a check of
//! new rows is put among those that a view's CHECK OPTION would have, which are made on each row once it was
//! written. It notes the row's key and is always met. The trigger asks for what was noted.
//!
//! | of the UPDATE | otherwise |
//! |---|---|
//! | alone in its statement, of one table without partitions | the tables are kept: rows of several share them |
//! | names no column that a key depends on | they are kept: old rows have other keys |
//! | no trigger fires before each row | they are kept: it may write any column |
//! | each trigger with transition tables has fired in this backend, and its keys are plain columns | they are kept |
//!
//! A trigger that finds neither tables nor notes takes any key to have changed, so nothing can be missed here.

use std::cell::RefCell;
use std::ffi::{c_int, c_void};
use std::mem::size_of;
use std::rc::Rc;

use pgrx::{is_a, pg_guard, pg_sys};

use super::changed_keys::ChangedKeys;
use super::definition::Definition;

thread_local! {
    /// Those of the statements that are running, each until the memory of its statement goes.
    static COLLECTIONS: RefCell<Vec<*mut Collection>> = const { RefCell::new(Vec::new()) };
}

/// The hook that was there before ours.
static mut PREVIOUS: pg_sys::ExecutorStart_hook_type = None;

/// What one trigger will ask for.
struct Collection {
    definition: Rc<Definition>,
    /// The memory of the statement, which tells it from others.
    statement: pg_sys::MemoryContext,
    keys: ChangedKeys,
}

/// Has the server call us when a statement starts.
pub(super) fn register() {
    // SAFETY: `_PG_init` is called once, by the one thread. The previous hook is kept before ours is set.
    unsafe {
        PREVIOUS = pg_sys::ExecutorStart_hook;
        pg_sys::ExecutorStart_hook = Some(start);
    }
}

/// What was noted for a trigger that fires now; `None` where nobody was to note anything.
pub(super) fn collected(trigger: pg_sys::Oid) -> Option<ChangedKeys> {
    // SAFETY: a trigger is called in memory of its own, which is a part of that of the statement.
    let statement = unsafe { (*pg_sys::CurrentMemoryContext).parent };
    let collections = COLLECTIONS.with_borrow(Clone::clone);
    collections.into_iter().find_map(|collection| {
        // SAFETY: one that is listed exists, and nobody else uses it while a trigger is called.
        let collection = unsafe { &mut *collection };
        let is_it = collection.statement == statement && collection.definition.trigger == trigger;
        is_it.then(|| std::mem::replace(&mut collection.keys, ChangedKeys::new(statement)))
    })
}

#[pg_guard]
unsafe extern "C-unwind" fn start(query: *mut pg_sys::QueryDesc, flags: c_int) {
    /// Nobody is to fire triggers at the end of this statement.
    const WITHOUT_TRIGGERS: u32 = pg_sys::EXEC_FLAG_EXPLAIN_ONLY | pg_sys::EXEC_FLAG_SKIP_TRIGGERS;
    // SAFETY: the previous hook, or what the server does without one, is called as the server would have. Then the
    // statement is set up.
    unsafe {
        match PREVIOUS {
            Some(previous) => pg_sys::submodules::ffi::pg_guard_ffi_boundary(|| previous(query, flags)),
            None => pg_sys::standard_ExecutorStart(query, flags),
        }
        if (*query).operation == pg_sys::CmdType::CMD_UPDATE && flags.cast_unsigned() & WITHOUT_TRIGGERS == 0
        {
            collect(&mut *query);
        }
    }
}

/// Has the keys of an UPDATE collected, where that can be instead of its transition tables.
///
/// # Safety
/// The statement is set up.
unsafe fn collect(query: &mut pg_sys::QueryDesc) {
    // SAFETY: a node has the shape that it says it has, and what it points to lives as long as the statement.
    unsafe {
        let (state, statement) = (query.planstate, (*query.estate).es_query_cxt);
        if state.is_null() || !is_a(state.cast(), pg_sys::NodeTag::T_ModifyTableState) {
            return;
        }
        let update = &mut *state.cast::<pg_sys::ModifyTableState>();
        if update.mt_transition_capture.is_null()
            || update.mt_nrels != 1
            || update.resultRelInfo != update.rootResultRelInfo
            || !(*query.estate).es_auxmodifytables.is_null()
        {
            return;
        }
        let target = &mut *update.resultRelInfo;
        let Some(definitions) = readers_of_rows(target, query.estate) else { return };
        let former = pg_sys::CurrentMemoryContext;
        pg_sys::CurrentMemoryContext = statement;
        for definition in definitions {
            check_rows(target, note_in(definition, statement));
        }
        pg_sys::CurrentMemoryContext = former;
        update.mt_transition_capture = std::ptr::null_mut();
    }
}

/// The triggers that read the transition tables of an UPDATE, if each of them needs no more than the new keys.
/// Their queues are locked from now on, so that they stay as they are.
///
/// # Safety
/// The target of an UPDATE that is set up.
unsafe fn readers_of_rows(
    target: &mut pg_sys::ResultRelInfo,
    execution: *mut pg_sys::EState,
) -> Option<Vec<Rc<Definition>>> {
    // SAFETY: the relation is open and locked, and its triggers are as many as they say. Names of transition
    // tables are null where a trigger has none.
    unsafe {
        let triggers = target.ri_TrigDesc.as_ref()?;
        let relation = &*(*target.ri_RelationDesc).rd_rel;
        let is_plain_table = relation.relkind == pg_sys::RELKIND_RELATION.cast_signed();
        if !is_plain_table || triggers.trig_update_before_row {
            return None;
        }
        let updated = pg_sys::ExecGetUpdatedCols(target, execution);
        let mut readers = Vec::new();
        for position in 0..usize::try_from(triggers.numtriggers).unwrap_or(0) {
            let trigger = &*triggers.triggers.add(position);
            let is_of_updates = c_int::from(trigger.tgtype) & pg_sys::TRIGGER_TYPE_UPDATE.cast_signed() != 0;
            let reads_rows = !trigger.tgoldtable.is_null() || !trigger.tgnewtable.is_null();
            if is_of_updates && reads_rows {
                let reader = Definition::known(trigger.tgoid)?;
                if !reader.columns.as_ref()?.are_kept_by(updated) || !reader.holds_queue() {
                    return None;
                }
                readers.push(reader);
            }
        }
        (!readers.is_empty()).then_some(readers)
    }
}

/// A new collection, which goes with the memory of its statement.
///
/// # Safety
/// The memory of the statement that runs, which is the current one.
unsafe fn note_in(definition: Rc<Definition>, statement: pg_sys::MemoryContext) -> *mut Collection {
    let keys = ChangedKeys::new(statement);
    // SAFETY: the callback lies in the memory that it is of, and is called once, before that goes.
    unsafe {
        let callback: *mut pg_sys::MemoryContextCallback =
            pg_sys::palloc0(size_of::<pg_sys::MemoryContextCallback>()).cast();
        let collection = Box::into_raw(Box::new(Collection { definition, statement, keys }));
        (*callback).func = Some(forget);
        (*callback).arg = collection.cast();
        pg_sys::MemoryContextRegisterResetCallback(statement, callback);
        COLLECTIONS.with_borrow_mut(|collections| collections.push(collection));
        collection
    }
}

/// Called by the server when the memory of a statement goes, also after an error.
#[pg_guard]
unsafe extern "C-unwind" fn forget(collection: *mut c_void) {
    let collection: *mut Collection = collection.cast();
    // What a process does that is exiting has no thread-local values any more.
    let _ = COLLECTIONS.try_with(|collections| {
        collections.borrow_mut().retain(|listed| *listed != collection);
    });
    // SAFETY: made by `note_in`, and called once.
    drop(unsafe { Box::from_raw(collection) });
}

/// Has each row that an UPDATE writes shown to a collection.
///
/// # Safety
/// The target of an UPDATE that is set up; its memory is the current one.
unsafe fn check_rows(target: &mut pg_sys::ResultRelInfo, collection: *mut Collection) {
    // SAFETY: both nodes are as large as their kind, and zero but for what is set. The lists are those of the plan,
    // which others may share: copies get longer.
    unsafe {
        let option: *mut pg_sys::WithCheckOption =
            pg_sys::palloc0(size_of::<pg_sys::WithCheckOption>()).cast();
        (*option).type_ = pg_sys::NodeTag::T_WithCheckOption;
        (*option).kind = pg_sys::WCOKind::WCO_VIEW_CHECK;
        let check: *mut pg_sys::ExprState = pg_sys::palloc0(size_of::<pg_sys::ExprState>()).cast();
        (*check).type_ = pg_sys::NodeTag::T_ExprState;
        (*check).flags = u8::try_from(pg_sys::EEO_FLAG_IS_QUAL).unwrap_or_default();
        (*check).evalfunc = Some(note_row);
        (*check).evalfunc_private = collection.cast();
        target.ri_WithCheckOptions =
            pg_sys::lappend(pg_sys::list_copy(target.ri_WithCheckOptions), option.cast());
        target.ri_WithCheckOptionExprs =
            pg_sys::lappend(pg_sys::list_copy(target.ri_WithCheckOptionExprs), check.cast());
    }
}

/// The check: notes the key of the row that was written, and is met.
#[pg_guard]
unsafe extern "C-unwind" fn note_row(
    check: *mut pg_sys::ExprState,
    context: *mut pg_sys::ExprContext,
    is_null: *mut bool,
) -> pg_sys::Datum {
    // SAFETY: the server evaluates the check with the new row at hand, which is of the table of the collection.
    // Nobody else uses that meanwhile.
    unsafe {
        let collection = &mut *(*check).evalfunc_private.cast::<Collection>();
        if let Some(columns) = &collection.definition.columns {
            collection.keys.add_written(columns, (*context).ecxt_scantuple);
        }
        *is_null = false;
    }
    pg_sys::Datum::from(true)
}
