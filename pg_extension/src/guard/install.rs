//! What `sql/extension/guards.sql` asks before it makes a guard.

use std::ffi::{CStr, CString};

use pgrx::{pg_extern, pg_sys};

use super::definition::{column_of, name_of, type_of, with_table};
use super::index::{self, Wanted};
use super::key::KeyType;
use super::load::LoadType;
use super::predicate;
use crate::error::{ExtensionError, OrRaise, naming_argument};
use crate::pinned_settings::PinnedSettings;

/// The predicate with every name qualified, so that it means the same whatever the `search_path`.
#[pg_extern(stable, strict)]
fn qualified_guard_predicate(guarded_table: pg_sys::Oid, predicate: &str) -> String {
    naming_argument("predicate", || {
        with_table(guarded_table, |relation| {
            // SAFETY: the relation is open and locked for the time of the call.
            unsafe {
                let list = predicate::read(predicate, relation)?;
                check_predicate(relation, predicate, list)?;
                Ok::<_, ExtensionError>(qualified(relation, list))
            }
        })
        .or_raise()
    })
}

/// The names of the columns in a qualified predicate.
#[pg_extern(stable, strict)]
fn guard_predicate_columns(guarded_table: pg_sys::Oid, qualified_predicate: &str) -> Vec<String> {
    with_table(guarded_table, |relation| {
        let _pinned = PinnedSettings::search_path();
        // SAFETY: the relation is open and locked for the time of the call; the columns are its own.
        unsafe {
            let list = predicate::read(qualified_predicate, relation)?;
            let names = columns_of(list.cast()).into_iter().map(|column| {
                let name = pg_sys::get_attname(guarded_table, column, false);
                CStr::from_ptr(name).to_string_lossy().into_owned()
            });
            Ok::<_, ExtensionError>(names.collect())
        }
    })
    .or_raise()
}

/// A qualified predicate that still knows a column by its former name, with the new one.
#[pg_extern(stable, strict)]
fn renamed_guard_predicate(
    guarded_table: pg_sys::Oid,
    qualified_predicate: &str,
    old_name: &str,
    new_name: &str,
) -> String {
    with_table(guarded_table, |relation| {
        let _pinned = PinnedSettings::search_path();
        let former = column_of(guarded_table, new_name).map(|column| (column, old_name));
        // SAFETY: the relation is open and locked for the time of the call.
        unsafe {
            let list = predicate::read_with_former_name(qualified_predicate, relation, former)?;
            Ok::<_, ExtensionError>(qualified(relation, list))
        }
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
        let _pinned = PinnedSettings::search_path();
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
fn check_guard_types(guarded_table: pg_sys::Oid, key_column: &str, load_column: Option<&str>) {
    let column_type =
        |name: &str| column_of(guarded_table, name).map(|column| type_of(guarded_table, column));
    let check = || {
        if let Some((type_oid, collation)) = column_type(key_column)
            && KeyType::find(type_oid, collation).is_none()
        {
            return Err(ExtensionError::UnsuitableColumn {
                argument: "key_column",
                column: key_column.to_owned(),
                wanted: "one whose type has an order and a hash, such as bigint, uuid or text",
            });
        }
        if let Some(name) = load_column
            && let Some((type_oid, _)) = column_type(name)
            && LoadType::find(type_oid).is_none()
        {
            return Err(ExtensionError::UnsuitableColumn {
                argument: "load_column",
                column: name.to_owned(),
                wanted: "an integer or a numeric",
            });
        }
        Ok(())
    };
    check().or_raise();
}

/// Refuses a predicate that could change its mind, or that a row alone does not decide.
///
/// # Safety
/// The relation is open and locked; the list is a predicate on it.
unsafe fn check_predicate(
    relation: pg_sys::Relation,
    text: &str,
    list: *mut pg_sys::List,
) -> Result<(), ExtensionError> {
    let refused =
        |fault: &'static str| Err(ExtensionError::UnguardablePredicate { predicate: text.to_owned(), fault });
    // SAFETY: the caller says so.
    unsafe {
        if pg_sys::contain_mutable_functions(list.cast()) {
            return refused("calls a function that is not immutable");
        }
        for column in columns_of(list.cast()) {
            if column <= 0 {
                return refused("names a system column or a whole row");
            }
            if pg_sys::get_attgenerated((*relation).rd_id, column).cast_unsigned() == b'v' {
                return refused("names a virtual generated column");
            }
        }
    }
    Ok(())
}

/// A predicate as text, with every name qualified.
///
/// # Safety
/// The relation is open and locked; the list is a predicate on it.
pub(super) unsafe fn qualified(relation: pg_sys::Relation, list: *mut pg_sys::List) -> String {
    let _pinned = PinnedSettings::search_path();
    // SAFETY: the caller says so; the text is a C string in the current memory context.
    unsafe {
        let name = CString::new(name_of((*relation).rd_id)).unwrap_or_default();
        let context = pg_sys::deparse_context_for(name.as_ptr(), (*relation).rd_id);
        let condition = pg_sys::make_ands_explicit(list).cast();
        let text = pg_sys::deparse_expression(condition, context, false, false);
        CStr::from_ptr(text).to_string_lossy().into_owned()
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
