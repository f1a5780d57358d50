//! The trigger function: changed rows become keys in the queue of a view.
//!
//! Once per statement, however many rows, and once per key. Keys that are columns of the table are read from
//! the transition tables as they are. Any other mapping is a query over those, planned once per backend and run
//! as the owner of the view, who wrote it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{CStr, CString};

use pgrx::{Spi, pg_sys};

use super::authority::Identity;
use super::changed_keys::{ChangedKeys, KeyColumns};
use super::queue::Queue;
use crate::error::ExtensionError;
use crate::guard::PinnedSearchPath;
use crate::invalidation::{Shared, Tag, announce};

thread_local! {
    /// By the trigger's id.
    static KNOWN: RefCell<HashMap<pg_sys::Oid, Known>> = RefCell::new(HashMap::new());
}

/// The statements of a trigger, planned.
struct Known {
    /// The arguments that they were made from: a trigger that is replaced keeps its id.
    arguments: Vec<CString>,
    plans: Vec<pg_sys::SPIPlanPtr>,
}

/// What a trigger's arguments say.
struct Tracked<'trigger> {
    arguments: &'trigger [CString],
}

impl Tracked<'_> {
    fn argument(&self, position: usize) -> &str {
        self.arguments.get(position).and_then(|text| text.to_str().ok()).unwrap_or_default()
    }

    /// Name of the queue in the schema `rota`.
    fn queue(&self) -> String {
        format!("pending_{}", self.argument(0))
    }

    /// Queues without a query what needs none: that any key may have changed, or keys that are columns of the
    /// table as they are. Returns whether it did.
    ///
    /// # Safety
    /// The server calls the trigger with this data.
    unsafe fn queue_directly(&self, queue: &Queue, data: &pg_sys::TriggerData) -> bool {
        let relation = data.tg_relation;
        let has_row_sets = !data.tg_oldtable.is_null() || !data.tg_newtable.is_null();
        let names = self.argument(4);
        // SAFETY: the server fills it in, and keeps it open.
        let columns = unsafe { if names.is_empty() { None } else { KeyColumns::find(relation, names) } };
        if self.argument(1).is_empty() || !has_row_sets {
            // SAFETY: as above.
            let table = unsafe { (*relation).rd_id };
            let is_plain = queue.is_plain();
            if is_plain {
                queue.insert(b'e', Some(table), std::iter::once([].as_slice()));
            }
            return is_plain;
        }
        let Some(columns) = columns.filter(|columns| queue.takes(&columns.types)) else { return false };
        let mut keys = ChangedKeys::new(&columns);
        // SAFETY: the server gives stores of rows of this table, or null.
        unsafe {
            keys.add(data.tg_oldtable, relation);
            keys.add(data.tg_newtable, relation);
        }
        queue.insert(b'k', None, keys.rows());
        true
    }

    /// The statements that queue what rows of these transition tables touch.
    fn statements(&self, data: &pg_sys::TriggerData) -> Vec<String> {
        let queue = self.queue();
        let mapping = self.argument(1);
        let changed = match (data.tg_oldtable.is_null(), data.tg_newtable.is_null()) {
            (false, false) => "SELECT * FROM rota_old UNION ALL SELECT * FROM rota_new",
            (false, true) => "SELECT * FROM rota_old",
            (true, false) => "SELECT * FROM rota_new",
            (true, true) => "",
        };
        // SAFETY: the server fills it in.
        let table = unsafe { (*data.tg_relation).rd_id }.to_u32();
        // A truncation shows no rows.
        if mapping.is_empty() || changed.is_empty() {
            return vec![format!("INSERT INTO rota.{queue} (kind, source) VALUES ('e', {table})")];
        }
        let number: usize = self.argument(3).parse().unwrap_or(0);
        let listed = |before: &str, after: &str, separator: &str| {
            (1..=number).map(|key| format!("{before}key_{key}{after}")).collect::<Vec<_>>().join(separator)
        };
        let mut statements = vec![format!(
            "WITH changed AS ({changed}) INSERT INTO rota.{queue} (kind, {}) \
             SELECT DISTINCT 'k'::\"char\", {} FROM ({mapping}) AS mapped ({}) WHERE {}",
            listed("", "", ", "),
            listed("mapped.", "", ", "),
            listed("", "", ", "),
            listed("mapped.", " IS NOT NULL", " AND "),
        )];
        if self.argument(2) == "late" {
            statements.push(format!(
                "INSERT INTO rota.{queue} (kind, source, changed) \
                 SELECT 'r', {table}, to_jsonb(changed) FROM ({changed}) AS changed"
            ));
        }
        statements
    }
}

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
    let are_rows_known = stores.iter().any(|store| !store.is_null());
    // SAFETY: the server gives stores of rows of this table, or null.
    let has_rows =
        stores.iter().any(|store| unsafe { !store.is_null() && pg_sys::tuplestore_tuple_count(*store) > 0 });
    if are_rows_known && !has_rows {
        return Ok(());
    }
    // SAFETY: as the caller promises.
    let (trigger, arguments) = unsafe { (&*data.tg_trigger, arguments_of(&*data.tg_trigger)) };
    let tracked = Tracked { arguments: &arguments };
    let queue = Queue::open(&tracked.queue())?;
    // SAFETY: as the caller promises.
    if !unsafe { tracked.queue_directly(&queue, data) } {
        queue_by_query(&queue, &tracked, trigger.tgoid, data)?;
    }
    queue.close();
    // Where nobody can be woken, whoever drives refreshes looks from time to time.
    if Shared::attached().is_some() {
        announce(Tag::pending_changes());
    }
    Ok(())
}

/// Queues what the mapping says, as the owner of the view.
fn queue_by_query(
    queue: &Queue,
    tracked: &Tracked<'_>,
    trigger: pg_sys::Oid,
    data: &pg_sys::TriggerData,
) -> Result<(), ExtensionError> {
    let _identity = Identity::assume(queue.owner(), true);
    let _pinned = PinnedSearchPath::new();
    Spi::connect(|_| {
        // SAFETY: the interface is open, and the data live as long as the trigger runs.
        unsafe { pg_sys::SPI_register_trigger_data(std::ptr::from_ref(data).cast_mut()) };
        for plan in plans_of(trigger, tracked, data)? {
            execute(plan);
        }
        Ok(())
    })
}

/// # Safety
/// The trigger is one of the server's.
unsafe fn arguments_of(trigger: &pg_sys::Trigger) -> Vec<CString> {
    // SAFETY: the trigger has as many arguments as it says, C strings all.
    let argument = |position| unsafe { CStr::from_ptr(*trigger.tgargs.add(position)).to_owned() };
    (0..usize::try_from(trigger.tgnargs).unwrap_or(0)).map(argument).collect()
}

/// The plans of a trigger's statements. The interface is open and knows the transition tables.
fn plans_of(
    trigger: pg_sys::Oid,
    tracked: &Tracked<'_>,
    data: &pg_sys::TriggerData,
) -> Result<Vec<pg_sys::SPIPlanPtr>, ExtensionError> {
    let known = KNOWN.with_borrow(|known| {
        let known = known.get(&trigger)?;
        (known.arguments == tracked.arguments).then(|| known.plans.clone())
    });
    if let Some(plans) = known {
        return Ok(plans);
    }
    let mut plans = Vec::new();
    for statement in tracked.statements(data) {
        let text = CString::new(statement).map_err(|_| ExtensionError::UnsendableQuery)?;
        // SAFETY: the interface is open; a plan that is kept lives as long as the backend, which is as long as
        // the map that holds it.
        let plan = unsafe {
            let plan = pg_sys::SPI_prepare(text.as_ptr(), 0, std::ptr::null_mut());
            if plan.is_null() || pg_sys::SPI_keepplan(plan) != 0 {
                return Err(ExtensionError::UnsendableQuery);
            }
            plan
        };
        plans.push(plan);
    }
    let former = KNOWN.with_borrow_mut(|known| {
        known.insert(trigger, Known { arguments: tracked.arguments.to_vec(), plans: plans.clone() })
    });
    for plan in former.into_iter().flat_map(|former| former.plans) {
        // SAFETY: kept above, and in no map any more.
        unsafe { pg_sys::SPI_freeplan(plan) };
    }
    Ok(plans)
}

/// Runs a plan. A mapping may read other tables: as they are now, whatever the isolation level.
fn execute(plan: pg_sys::SPIPlanPtr) {
    // SAFETY: the interface is open and the plan takes no parameters. The snapshot is registered until the
    // plan has run; after an error the server lets go of it.
    unsafe {
        let is_fixed = pg_sys::XactIsoLevel >= pg_sys::XACT_REPEATABLE_READ.cast_signed();
        let snapshot = if is_fixed {
            pg_sys::CommandCounterIncrement();
            pg_sys::RegisterSnapshot(pg_sys::GetLatestSnapshot())
        } else {
            std::ptr::null_mut()
        };
        pg_sys::SPI_execute_snapshot(
            plan,
            std::ptr::null_mut(),
            std::ptr::null(),
            snapshot,
            std::ptr::null_mut(),
            false,
            true,
            0,
        );
        if is_fixed {
            pg_sys::UnregisterSnapshot(snapshot);
        }
    }
}
