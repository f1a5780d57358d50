//! Whose work a statement wrote, and when it is.

use std::ffi::CStr;
use std::hash::{DefaultHasher, Hash, Hasher};

use pgrx::datum::FromDatum;
use pgrx::pg_sys;
use rota_engine::{Duration, Span};

use super::arguments::Arguments;
use crate::convert::InstantRange;
use crate::error::ExtensionError;
use crate::guard::{Slot, TransitionTable, attribute, name_of, text_of};
use crate::source::widened;

/// Rows between two looks for an interrupt.
const ROWS_BETWEEN_INTERRUPTS: usize = 4_096;

/// The people and the time of a statement's new rows.
#[derive(Debug)]
pub(super) struct Touched {
    /// Ids of the people as text, sorted, each once.
    pub(super) people: Vec<String>,
    /// From the first start to the last end, and the instants next to both: a rest that a row cuts short ends where
    /// the row begins.
    pub(super) hull: Span,
}

impl Touched {
    /// Reads the rows of a statement; `None` when none of them has a person and a time.
    ///
    /// # Errors
    /// [`ExtensionError::UnusableEnforcement`] when a column is gone.
    ///
    /// # Safety
    /// The trigger is running, for a statement, and has a table of new rows.
    pub(super) unsafe fn read(
        trigger: &pg_sys::TriggerData,
        arguments: &Arguments<'_>,
    ) -> Result<Option<Self>, ExtensionError> {
        // SAFETY: the caller says so; a trigger's relation is open while it runs.
        let (table, shape) = unsafe { ((*trigger.tg_relation).rd_id, (*trigger.tg_relation).rd_att) };
        let column = |name: &str| {
            // SAFETY: as above.
            unsafe { column_in(shape, name) }.ok_or_else(|| ExtensionError::UnusableEnforcement {
                enforcement: arguments.enforcement.to_owned(),
                fault: format!("names column \"{name}\", which {} does not have", name_of(table)),
            })
        };
        let (person, range) = (column(arguments.person)?, column(arguments.range)?);
        // SAFETY: as above.
        let person_type = unsafe { column_type(shape, person) };
        // SAFETY: as above.
        let mut rows = unsafe { TransitionTable::open(trigger.tg_newtable, shape) };
        let (mut people, mut hull): (Vec<String>, Option<Span>) = (Vec::new(), None);
        let mut counter = 0_usize;
        while let Some(row) = rows.next() {
            counter += 1;
            if counter.is_multiple_of(ROWS_BETWEEN_INTERRUPTS) {
                pgrx::check_for_interrupts!();
                people.sort_unstable();
                people.dedup();
            }
            // SAFETY: the columns are of these types; `rota.enforce_rules` takes no other range.
            let seen = unsafe { look_at(row, (person, person_type), range) };
            if let Some((id, span)) = seen {
                hull = Some(hull.map_or(span, |hull| hull.hull(span)));
                if people.last() != Some(&id) {
                    people.push(id);
                }
            }
        }
        rows.close();
        people.sort_unstable();
        people.dedup();
        Ok(hull.map(|hull| Self { people, hull: widened(hull, Duration::from_microseconds(1)) }))
    }

    /// A number for each person that is the same in every backend of this library.
    pub(super) fn hashes(&self) -> Vec<u32> {
        self.people.iter().map(|id| hash(id)).collect()
    }
}

/// The number of a column, counted from 1. To look at the open table is cheaper than to ask the catalog.
///
/// # Safety
/// The shape is that of an open table.
unsafe fn column_in(shape: pg_sys::TupleDesc, name: &str) -> Option<i16> {
    // SAFETY: the caller says so; names are C strings.
    let is_it = |column: i16| unsafe {
        let attribute = attribute(shape, column);
        !(*attribute).attisdropped
            && CStr::from_ptr((*attribute).attname.data.as_ptr()).to_bytes() == name.as_bytes()
    };
    // SAFETY: as above.
    let count = i16::try_from(unsafe { (*shape).natts }).ok()?;
    (1..=count).find(|column| is_it(*column))
}

/// The base type of a column, counted from 1.
///
/// # Safety
/// As [`column_in`]; the column is one of the table's.
unsafe fn column_type(shape: pg_sys::TupleDesc, column: i16) -> pg_sys::Oid {
    // SAFETY: the caller says so.
    let of_column = unsafe { (*attribute(shape, column)).atttypid };
    match of_column {
        pg_sys::INT4OID | pg_sys::INT8OID | pg_sys::TEXTOID | pg_sys::UUIDOID => of_column,
        // SAFETY: any type may be asked for; that of a domain is looked up in the catalog.
        domain => unsafe { pg_sys::getBaseType(domain) },
    }
}

fn hash(id: &str) -> u32 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    let [a, b, c, d, ..] = hasher.finish().to_ne_bytes();
    u32::from_ne_bytes([a, b, c, d])
}

/// The person and the time of a row; `None` where either is missing or holds nothing.
///
/// # Safety
/// The columns are of the row; the range is a `tstzrange`.
unsafe fn look_at(
    row: Slot,
    (person, person_type): (i16, pg_sys::Oid),
    range: i16,
) -> Option<(String, Span)> {
    let (id, during) = if person < range {
        let during = row.value(range)?;
        (row.value(person)?, during)
    } else {
        let id = row.value(person)?;
        (id, row.value(range)?)
    };
    // SAFETY: the caller says so.
    unsafe {
        let span = InstantRange::from_datum(during, false)?.0?;
        let id = match person_type {
            pg_sys::INT4OID => i32::from_datum(id, false)?.to_string(),
            pg_sys::INT8OID => i64::from_datum(id, false)?.to_string(),
            _ => text_of(person_type, id),
        };
        Some((id, span))
    }
}
