//! What `sql/extension/guards.sql` asks before it makes a guard.

use std::ffi::{CStr, CString};

use pgrx::{pg_extern, pg_sys};

use super::definition::{PinnedSearchPath, column_of, name_of, type_of, with_table};
use super::index::{self, Wanted};
use super::key::KeyType;
use super::line::Line;
use super::load::LoadType;
use super::predicate;
use crate::error::{ExtensionError, OrRaise};

/// The predicate with every name qualified, so that it means the same whatever the `search_path`.
#[pg_extern(stable, strict)]
fn qualified_guard_predicate(guarded_table: pg_sys::Oid, predicate: &str) -> String {
    with_table(guarded_table, |relation| {
        // SAFETY: the relation is open and locked for the time of the call.
        unsafe { qualify(relation, predicate) }
    })
    .or_raise()
}

/// The B-tree of a table that would serve a guard; null when there is none. The predicate is a qualified one.
#[pg_extern(stable)]
fn find_guard_index(
    guarded_table: pg_sys::Oid,
    key_column: &str,
    range_column: &str,
    qualified_predicate: Option<&str>,
) -> Option<pg_sys::Oid> {
    let (key, range) = (column_of(guarded_table, key_column)?, column_of(guarded_table, range_column)?);
    with_table(guarded_table, |relation| {
        let _pinned = PinnedSearchPath::new();
        let predicate = match qualified_predicate {
            None => std::ptr::null_mut(),
            // SAFETY: the relation is open and locked for the time of the call.
            Some(text) => unsafe { predicate::read(text, relation)? },
        };
        let wanted = Wanted {
            key,
            range,
            predicate,
            is_predicate_known: true,
            name: String::new(),
            parent: pg_sys::InvalidOid,
        };
        // SAFETY: as above.
        Ok::<_, ExtensionError>(unsafe { index::find(relation, &wanted) })
    })
    .or_raise()
    .map(|fitting| fitting.index)
}

/// Refuses columns of types that a guard cannot work with.
#[pg_extern(stable)]
fn check_guard_columns(
    guard_name: &str,
    guarded_table: pg_sys::Oid,
    key_column: &str,
    range_column: &str,
    load_column: Option<&str>,
    gap_units: i64,
) {
    let column_type =
        |name: &str| column_of(guarded_table, name).map(|column| type_of(guarded_table, column));
    let check = || {
        if let Some((type_oid, collation)) = column_type(key_column) {
            KeyType::find(guard_name, type_oid, collation)?;
        }
        if let Some((type_oid, _)) = column_type(range_column) {
            Line::find(guard_name, type_oid, gap_units)?;
        }
        if let Some((type_oid, _)) = load_column.and_then(column_type) {
            LoadType::find(guard_name, type_oid)?;
        }
        Ok::<_, ExtensionError>(())
    };
    check().or_raise();
}

/// The arguments of a trigger, as the catalog keeps them: each ended by a zero byte.
#[pg_extern(immutable, strict, parallel_safe)]
fn trigger_arguments(tgargs: &[u8]) -> Vec<String> {
    let mut arguments: Vec<String> =
        tgargs.split(|byte| *byte == 0).map(|text| String::from_utf8_lossy(text).into_owned()).collect();
    // What follows the last zero byte is no argument.
    arguments.pop();
    arguments
}

/// # Safety
/// The relation is open and locked.
unsafe fn qualify(relation: pg_sys::Relation, text: &str) -> Result<String, ExtensionError> {
    let refused =
        |fault: &'static str| ExtensionError::UnguardablePredicate { predicate: text.to_owned(), fault };
    // SAFETY: the caller says so; the list is one of expressions on the relation's columns, and what is made of it lies
    // in the current memory context.
    unsafe {
        let list = predicate::read(text, relation)?;
        let condition: *mut pg_sys::Node = pg_sys::make_ands_explicit(list).cast();
        if pg_sys::contain_mutable_functions(condition) {
            return Err(refused("calls a function that is not immutable"));
        }
        let table = (*relation).rd_id;
        for column in columns_of(condition) {
            if column <= 0 {
                return Err(refused("names a system column or a whole row"));
            }
            if pg_sys::get_attgenerated(table, column).cast_unsigned() == b'v' {
                return Err(refused("names a virtual generated column"));
            }
        }
        let _pinned = PinnedSearchPath::new();
        let name = CString::new(name_of(table)).unwrap_or_default();
        let context = pg_sys::deparse_context_for(name.as_ptr(), table);
        let qualified = pg_sys::deparse_expression(condition, context, false, false);
        Ok(CStr::from_ptr(qualified).to_string_lossy().into_owned())
    }
}

/// The numbers of the columns in an expression on one relation.
///
/// # Safety
/// The node is such an expression.
unsafe fn columns_of(expression: *mut pg_sys::Node) -> Vec<i16> {
    let mut set = std::ptr::null_mut();
    let mut columns = Vec::new();
    // SAFETY: the caller says so. The one relation of the expression is number 1.
    unsafe {
        pg_sys::pull_varattnos(expression, 1, &raw mut set);
        let mut member = pg_sys::bms_next_member(set, -1);
        while member >= 0 {
            let column = member + pg_sys::FirstLowInvalidHeapAttributeNumber;
            columns.push(i16::try_from(column).unwrap_or_default());
            member = pg_sys::bms_next_member(set, member);
        }
    }
    columns
}
