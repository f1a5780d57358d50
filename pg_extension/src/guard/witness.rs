//! The rows that a report names.

use std::ffi::{CStr, c_char};

use pgrx::pg_sys;

use super::definition::Definition;
use super::line::Line;
use super::scan::{Found, LatestSnapshot};
use super::slot::Slot;

/// A row as a person is told about it.
pub(super) struct Witness {
    /// Its key.
    pub(super) key: String,
    /// Its range.
    pub(super) range: String,
    /// `row (assignment_id) = (7)`.
    pub(super) identity: String,
    /// The range itself, in the current memory context.
    pub(super) range_datum: pg_sys::Datum,
}

/// Reads a row that was found with this snapshot; `None` when it cannot be read again.
pub(super) fn read(definition: &Definition, found: &Found, snapshot: &LatestSnapshot) -> Option<Witness> {
    let target = definition.targets.get(found.target)?;
    let lock = pg_sys::AccessShareLock.cast_signed();
    // SAFETY: the table is one of the definition's, locked since the row was found in it; the snapshot is
    // registered. Table and slot are closed below, or by the server after an error.
    unsafe {
        let table = pg_sys::table_open(target.table, lock);
        let slot = pg_sys::table_slot_create(table, std::ptr::null_mut());
        let mut place = found.place;
        let fetch = (*(*table).rd_tableam).tuple_fetch_row_version?;
        let is_there =
            pg_sys::ffi::pg_guard_ffi_boundary(|| fetch(table, &raw mut place, snapshot.as_ptr(), slot));
        let row = Slot::new(slot);
        let value = |column: i16| is_there.then(|| row.value(column)).flatten();
        let witness = value(target.columns.range).map(|range| Witness {
            key: value(target.columns.key)
                .map_or_else(String::new, |key| text_of_column(target.table, target.columns.key, key)),
            range: text_of_column(target.table, target.columns.range, range),
            identity: format!("row {}", identity(table, row)),
            range_datum: pg_sys::pg_detoast_datum_copy(range.cast_mut_ptr()).into(),
        });
        pg_sys::ExecDropSingleTupleTableSlot(slot);
        pg_sys::table_close(table, pg_sys::NoLock.cast_signed());
        witness
    }
}

/// What both rows share, as text; `None` when that is nothing.
pub(super) fn shared_range(line: &Line, one: &Witness, other: &Witness) -> Option<String> {
    // SAFETY: both are copies of ranges of the line's type.
    unsafe {
        let shared = pg_sys::range_intersect_internal(
            line.range_type(),
            one.range_datum.cast_mut_ptr(),
            other.range_datum.cast_mut_ptr(),
        );
        let mut is_empty = false;
        let mut bound =
            pg_sys::RangeBound { val: pg_sys::Datum::null(), infinite: true, inclusive: false, lower: true };
        let mut other = bound;
        pg_sys::range_deserialize(
            line.range_type(),
            shared,
            &raw mut bound,
            &raw mut other,
            &raw mut is_empty,
        );
        (!is_empty).then(|| text_of((*line.range_type()).type_id, shared.into()))
    }
}

/// A range of the line's type as text.
pub(super) fn range_between(
    line: &Line,
    mut start: pg_sys::RangeBound,
    mut end: pg_sys::RangeBound,
) -> String {
    // SAFETY: both are bounds of the line's type; the result lies in the current memory context.
    unsafe {
        #[cfg(feature = "pg15")]
        let range = pg_sys::make_range(line.range_type(), &raw mut start, &raw mut end, false);
        #[cfg(not(feature = "pg15"))]
        let range =
            pg_sys::make_range(line.range_type(), &raw mut start, &raw mut end, false, std::ptr::null_mut());
        text_of((*line.range_type()).type_id, range.into())
    }
}

/// `(a, b) = (1, 2)` for the row at a place that the snapshot sees.
pub(super) fn identity_at(
    table: pg_sys::Oid,
    mut place: pg_sys::ItemPointerData,
    snapshot: pg_sys::Snapshot,
) -> String {
    let lock = pg_sys::AccessShareLock.cast_signed();
    // SAFETY: the table is one that rows were just read from. Table and slot are closed below, or by the
    // server after an error.
    unsafe {
        let table = pg_sys::table_open(table, lock);
        let slot = pg_sys::table_slot_create(table, std::ptr::null_mut());
        let is_there = (*(*table).rd_tableam).tuple_fetch_row_version.is_some_and(|fetch| {
            pg_sys::ffi::pg_guard_ffi_boundary(|| fetch(table, &raw mut place, snapshot, slot))
        });
        let identity = if is_there { identity(table, Slot::new(slot)) } else { String::new() };
        pg_sys::ExecDropSingleTupleTableSlot(slot);
        pg_sys::table_close(table, pg_sys::NoLock.cast_signed());
        identity
    }
}

/// `(a, b) = (1, 2)` by the primary key; by the row's place where there is none, or the user may not read
/// all of it.
///
/// # Safety
/// The table is open, and the slot holds a row of it.
unsafe fn identity(table: pg_sys::Relation, row: Slot) -> String {
    // SAFETY: the caller says so.
    let columns = unsafe { if may_select((*table).rd_id) { primary_key(table) } else { Vec::new() } };
    if columns.is_empty() {
        let place = row.place();
        let page = u32::from(place.ip_blkid.bi_hi) << 16 | u32::from(place.ip_blkid.bi_lo);
        return format!("(ctid) = (({page},{}))", place.ip_posid);
    }
    let (names, values): (Vec<String>, Vec<String>) = columns
        .into_iter()
        .map(|column| {
            // SAFETY: the caller says so; the name is a C string, since the column exists.
            let (id, name) = unsafe {
                let id = (*table).rd_id;
                (id, CStr::from_ptr(pg_sys::get_attname(id, column, false)).to_string_lossy().into_owned())
            };
            // SAFETY: as above; the value is one of the column.
            let value = row.value(column).map(|value| unsafe { text_of_column(id, column, value) });
            (name, value.unwrap_or_else(|| "null".to_owned()))
        })
        .unzip();
    format!("({}) = ({})", names.join(", "), values.join(", "))
}

/// The columns of a table's primary key.
///
/// # Safety
/// The table is open.
unsafe fn primary_key(table: pg_sys::Relation) -> Vec<i16> {
    // SAFETY: the caller says so. The index has `indnkeyatts` key columns, all of them plain in a primary
    // key.
    unsafe {
        #[cfg(not(feature = "pg18"))]
        let id = pg_sys::RelationGetPrimaryKeyIndex(table);
        #[cfg(feature = "pg18")]
        let id = pg_sys::RelationGetPrimaryKeyIndex(table, true);
        if id == pg_sys::InvalidOid {
            return Vec::new();
        }
        let index = pg_sys::index_open(id, pg_sys::AccessShareLock.cast_signed());
        let shape = &*(*index).rd_index;
        let count = usize::try_from(shape.indnkeyatts).unwrap_or_default();
        let columns = (0..count).map(|position| *shape.indkey.values.as_ptr().add(position)).collect();
        pg_sys::index_close(index, pg_sys::NoLock.cast_signed());
        columns
    }
}

/// # Safety
/// The value is one of the column.
pub(super) unsafe fn text_of_column(table: pg_sys::Oid, column: i16, value: pg_sys::Datum) -> String {
    // SAFETY: the column exists, and the caller says that the value is one of it.
    unsafe { text_of(pg_sys::get_atttype(table, column), value) }
}

/// # Safety
/// The value is one of the type.
pub(crate) unsafe fn text_of(type_oid: pg_sys::Oid, value: pg_sys::Datum) -> String {
    let (mut output, mut is_varlena) = (pg_sys::InvalidOid, false);
    // SAFETY: the caller says so; an output function returns a C string.
    unsafe {
        pg_sys::getTypeOutputInfo(type_oid, &raw mut output, &raw mut is_varlena);
        let text: *mut c_char = pg_sys::OidOutputFunctionCall(output, value);
        CStr::from_ptr(text).to_string_lossy().into_owned()
    }
}

/// Whether the user may be told what stands in a table: with the right to read all of it, and without row
/// security.
pub(crate) fn may_read(table: pg_sys::Oid) -> bool {
    // SAFETY: any id of a table may be asked for; an invalid user is the current one.
    unsafe {
        may_select(table)
            && pg_sys::check_enable_rls(table, pg_sys::InvalidOid, true)
                != pg_sys::CheckEnableRlsResult::RLS_ENABLED.cast_signed()
    }
}

/// Whether the user has the right to read every column of a table.
#[allow(clippy::useless_conversion, reason = "rights are a wider number from Postgres 16 on")]
fn may_select(table: pg_sys::Oid) -> bool {
    // SAFETY: any id of a table may be asked for.
    unsafe {
        let mode = pg_sys::ACL_SELECT.into();
        pg_sys::pg_class_aclcheck(table, pg_sys::GetUserId(), mode) == pg_sys::AclResult::ACLCHECK_OK
    }
}
