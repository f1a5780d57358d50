//! The rows that a statement wrote and that have to be looked at.

use pgrx::pg_sys;

use super::definition::{Columns, Definition};
use super::key::Key;
use super::line::Extent;
use super::predicate::{Condition, Executor};
use super::quantity::Quantity;
use super::slot::Slot;
use super::transition_table::TransitionTable;
use crate::error::ExtensionError;

/// Rows between two looks for an interrupt.
const ROWS_BETWEEN_INTERRUPTS: usize = 4_096;

/// A guarded row that is new, or new in a column that matters.
pub(super) struct NewRow {
    /// Its key.
    pub(super) key: Key,
    /// Where it lies.
    pub(super) extent: Extent,
}

/// What the guard sees of a row; `None` when it has no business with it: key or range null, empty, or
/// outside the predicate.
struct Seen {
    key: pg_sys::Datum,
    range: pg_sys::Datum,
    load: Option<pg_sys::Datum>,
}

/// Reads the rows of a statement, sorted by key and start.
///
/// A row of an UPDATE that says what an old row of the same statement said is left out. Which of them, if
/// there are several, makes no difference: the rows before and after the statement are counted, not told
/// apart.
///
/// # Errors
/// [`ExtensionError::NegativeLoad`], [`ExtensionError::UnreadableLoad`].
///
/// # Safety
/// The trigger is running, for a statement, and has the transition tables of its event.
pub(super) unsafe fn of_statement(
    trigger: &pg_sys::TriggerData,
    definition: &Definition,
    executor: &Executor,
) -> Result<Vec<NewRow>, ExtensionError> {
    let condition = definition.predicate.prepare(executor);
    // SAFETY: the caller says so; a trigger's relation is open while it runs.
    let (mut new, mut old) = unsafe {
        let shape = (*trigger.tg_relation).rd_att;
        (TransitionTable::open(trigger.tg_newtable, shape), TransitionTable::open(trigger.tg_oldtable, shape))
    };
    let mut rows = Vec::new();
    let mut counter = 0_usize;
    while let Some(row) = new.next() {
        counter += 1;
        if counter.is_multiple_of(ROWS_BETWEEN_INTERRUPTS) {
            pgrx::check_for_interrupts!();
        }
        let before = old.next();
        let Some(seen) = look_at(row, &definition.columns, &condition) else { continue };
        let before = before.and_then(|row| look_at(row, &definition.columns, &condition));
        // SAFETY: both are rows of the trigger's table.
        if before.is_some_and(|before| unsafe { is_unchanged(definition, &before, &seen) }) {
            continue;
        }
        rows.extend(new_row(definition, &seen)?);
    }
    new.close();
    old.close();
    let (key_type, line) = (&definition.key_type, &definition.line);
    rows.sort_unstable_by(|one, other| {
        key_type.compare(&one.key, &other.key).then_with(|| line.compare_starts(&one.extent, &other.extent))
    });
    Ok(rows)
}

/// The one row that a row trigger was called for, unless it has nothing new to look at.
///
/// # Errors
/// As [`of_statement`].
///
/// # Safety
/// The trigger is running, for a row.
pub(super) unsafe fn of_row(
    trigger: &pg_sys::TriggerData,
    definition: &Definition,
    executor: &Executor,
) -> Result<Option<NewRow>, ExtensionError> {
    let condition = definition.predicate.prepare(executor);
    // SAFETY: the caller says so. The slots hold the old and the new row of an UPDATE; of an INSERT the first
    // holds the row, and the second is null.
    let (row, before) = unsafe {
        if trigger.tg_newslot.is_null() || trigger.tg_newtuple.is_null() {
            (Slot::new(trigger.tg_trigslot), None)
        } else {
            (Slot::new(trigger.tg_newslot), Some(Slot::new(trigger.tg_trigslot)))
        }
    };
    let Some(seen) = look_at(row, &definition.columns, &condition) else { return Ok(None) };
    let before = before.and_then(|row| look_at(row, &definition.columns, &condition));
    // SAFETY: both are rows of the trigger's table.
    if before.is_some_and(|before| unsafe { is_unchanged(definition, &before, &seen) }) {
        return Ok(None);
    }
    new_row(definition, &seen)
}

fn look_at(row: Slot, columns: &Columns, condition: &Condition) -> Option<Seen> {
    // The last column first: the row is then taken apart once.
    let load = columns.load.and_then(|column| row.value(column));
    let (first, last) = (columns.key.min(columns.range), columns.key.max(columns.range));
    let (last, first) = (row.value(last)?, row.value(first)?);
    let (key, range) = if columns.key < columns.range { (first, last) } else { (last, first) };
    condition.holds(row).then_some(Seen { key, range, load })
}

/// Whether two rows say the same in every column that matters, byte by byte. Rows that are equal only to
/// their types count as changed, which costs a look and no more.
///
/// # Safety
/// Both are rows of the definition's table.
unsafe fn is_unchanged(definition: &Definition, before: &Seen, after: &Seen) -> bool {
    let (key_type, line) = (&definition.key_type, &definition.line);
    // SAFETY: the caller says so.
    unsafe {
        key_type.is_same(before.key, after.key)
            && line.is_same(before.range, after.range)
            && load_of(definition, before).ok() == load_of(definition, after).ok()
    }
}

/// # Safety
/// It is a row of the definition's table.
unsafe fn load_of(definition: &Definition, seen: &Seen) -> Result<Quantity, ExtensionError> {
    // SAFETY: the caller says so.
    unsafe { definition.load_type.read(&definition.arguments.guard, seen.load) }
}

fn new_row(definition: &Definition, seen: &Seen) -> Result<Option<NewRow>, ExtensionError> {
    // SAFETY: the values are of the columns that the definition's types were found for.
    let Some(extent) = (unsafe { definition.line.read(seen.range) }) else { return Ok(None) };
    if definition.columns.load.is_some() {
        // SAFETY: as above.
        let load = unsafe { load_of(definition, seen)? };
        if load.is_negative() {
            return Err(ExtensionError::NegativeLoad {
                guard: definition.arguments.guard.clone(),
                column: definition.arguments.load.clone().unwrap_or_default(),
                load: load.to_string(),
            });
        }
        if load.is_zero() {
            return Ok(None);
        }
    }
    // SAFETY: as above.
    Ok(Some(NewRow { key: unsafe { definition.key_type.read(seen.key) }, extent }))
}
