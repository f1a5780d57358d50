//! The keys in the rows of a statement, where a query says which.
//!
//! The query is planned once per backend and runs as the owner of the view, who wrote it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::CString;

use pgrx::{Spi, pg_sys};

use super::authority::Identity;
use super::definition::Definition;
use super::queue::Queue;
use crate::error::ExtensionError;
use crate::pinned_settings::PinnedSettings;

thread_local! {
    /// By the trigger's id.
    static KNOWN: RefCell<HashMap<pg_sys::Oid, Planned>> = RefCell::new(HashMap::new());
}

/// The statements of a trigger, planned.
struct Planned {
    /// The arguments that they were made from: a trigger that is replaced keeps its id.
    arguments: Vec<CString>,
    plans: Vec<pg_sys::SPIPlanPtr>,
}

/// Queues what the mapping says, as the owner of the view.
///
/// # Errors
/// [`ExtensionError::UnsendableQuery`].
pub(super) fn queue_by_query(
    queue: &Queue,
    definition: &Definition,
    data: &pg_sys::TriggerData,
) -> Result<(), ExtensionError> {
    let _identity = Identity::assume(queue.owner(), true);
    let _pinned = PinnedSettings::search_path();
    Spi::connect(|_| {
        // SAFETY: the interface is open, and the data live as long as the trigger runs.
        unsafe { pg_sys::SPI_register_trigger_data(std::ptr::from_ref(data).cast_mut()) };
        for plan in plans_of(definition, data)? {
            execute(plan);
        }
        Ok(())
    })
}

/// The statements that queue what rows of these transition tables touch.
fn statements(definition: &Definition, data: &pg_sys::TriggerData) -> Vec<String> {
    let queue = definition.queue_name();
    let mapping = definition.mapping();
    let changed = match (data.tg_oldtable.is_null(), data.tg_newtable.is_null()) {
        (false, false) => "SELECT * FROM rota_old UNION ALL SELECT * FROM rota_new",
        (false, true) => "SELECT * FROM rota_old",
        (true, false) => "SELECT * FROM rota_new",
        (true, true) => "",
    };
    let table = definition.table.to_u32();
    // A truncation shows no rows.
    if mapping.is_empty() || changed.is_empty() {
        return vec![format!("INSERT INTO rota.{queue} (kind, source) VALUES ('e', {table})")];
    }
    let number = definition.number_of_keys();
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
    if definition.reads_others() {
        statements.push(format!(
            "INSERT INTO rota.{queue} (kind, source, changed) \
             SELECT 'r', {table}, to_jsonb(changed) FROM ({changed}) AS changed"
        ));
    }
    statements
}

/// The plans of a trigger's statements. The interface is open and knows the transition tables.
fn plans_of(
    definition: &Definition,
    data: &pg_sys::TriggerData,
) -> Result<Vec<pg_sys::SPIPlanPtr>, ExtensionError> {
    let known = KNOWN.with_borrow(|known| {
        let known = known.get(&definition.trigger)?;
        (known.arguments == definition.arguments).then(|| known.plans.clone())
    });
    if let Some(plans) = known {
        return Ok(plans);
    }
    let mut plans = Vec::new();
    for statement in statements(definition, data) {
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
    let planned = Planned { arguments: definition.arguments.clone(), plans: plans.clone() };
    let former = KNOWN.with_borrow_mut(|known| known.insert(definition.trigger, planned));
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
