//! A guard as the catalog has it now: its columns, its types, the tables and indexes to look in.

use std::ffi::CString;

use pgrx::pg_sys;

use super::arguments::Arguments;
use super::index::{self, Comparisons, Wanted};
use super::key::KeyType;
use super::line::Line;
use super::load::LoadType;
use super::partitions;
use super::predicate::{self, Predicate};
use crate::error::ExtensionError;
use crate::pinned_settings::PinnedSettings;

/// Everything a check needs to know, found once and kept until one of its relations changes.
pub(super) struct Definition {
    /// What the trigger says.
    pub(super) arguments: Arguments,
    /// The trigger's table.
    pub(super) table: pg_sys::Oid,
    /// The table that carries the guard: the trigger's own, or the one that it is a partition of.
    pub(super) root: pg_sys::Oid,
    /// The key's type.
    pub(super) key_type: KeyType,
    /// The line of the range.
    pub(super) line: Line,
    /// How loads are read.
    pub(super) load_type: LoadType,
    /// Of the rows that statements write into the trigger's table.
    pub(super) columns: Columns,
    /// Which of those rows are guarded.
    pub(super) predicate: Predicate,
    /// Where the rows lie: the root itself, or its partitions.
    pub(super) targets: Vec<Target>,
    /// Every relation that this was found from.
    pub(super) relations: Vec<pg_sys::Oid>,
}

/// Where in a row the guard's columns are, counted from 1.
#[derive(Clone, Copy)]
pub(super) struct Columns {
    /// The key.
    pub(super) key: i16,
    /// The range.
    pub(super) range: i16,
    /// The load.
    pub(super) load: Option<i16>,
}

/// A table that holds rows.
pub(super) struct Target {
    /// The table.
    pub(super) table: pg_sys::Oid,
    /// Its B-tree that serves.
    pub(super) index: pg_sys::Oid,
    /// How that is searched.
    pub(super) comparisons: Comparisons,
    /// Of its rows.
    pub(super) columns: Columns,
    /// Which of the index's rows are guarded: all when it is a partial one.
    pub(super) predicate: Predicate,
}

impl Definition {
    /// Finds what the arguments of a trigger on an open table stand for.
    ///
    /// # Errors
    /// [`ExtensionError::UnusableGuard`] when a column or the index is gone.
    ///
    /// # Safety
    /// Both are live, as they are while the trigger runs.
    pub(super) unsafe fn find(
        trigger: &pg_sys::Trigger,
        relation: pg_sys::Relation,
    ) -> Result<Self, ExtensionError> {
        // SAFETY: the caller says so.
        let (arguments, table) = unsafe { (Arguments::of(trigger)?, (*relation).rd_id) };
        // SAFETY: the relation is open and locked.
        let found = unsafe { FoundTable::of(relation, &arguments, pg_sys::InvalidOid)? };
        // SAFETY: as above.
        let root = unsafe { root_of(relation, &arguments) };
        let (key_type, collation) = type_of(table, found.columns.key);
        let mut relations = vec![table, root];
        let mut targets = Vec::new();
        let root_index = if root == table {
            found.index
        } else {
            with_table(root, |relation| {
                // SAFETY: the relation is open and locked for the time of the call.
                unsafe { FoundTable::of(relation, &arguments, pg_sys::InvalidOid) }
            })?
            .index
        };
        for leaf in partitions::at_and_below(root) {
            relations.push(leaf);
            let target = with_table(leaf, |relation| {
                // SAFETY: the relation is open and locked for the time of the call.
                unsafe { target_in(relation, &arguments, root_index) }
            })?;
            targets.extend(target);
        }
        let unusable = |fault: &str| ExtensionError::UnusableGuard {
            guard: arguments.guard.clone(),
            fault: fault.to_owned(),
        };
        let range_type = type_of(table, found.columns.range).0;
        Ok(Self {
            table,
            root,
            key_type: KeyType::find(key_type, collation)
                .ok_or_else(|| unusable("has a key of a type without order or hash"))?,
            line: Line::find(range_type, arguments.gap_units)
                .ok_or_else(|| unusable("has a range of a type that it cannot measure"))?,
            load_type: match found.columns.load {
                Some(column) => LoadType::find(type_of(table, column).0)
                    .ok_or_else(|| unusable("has a load that is neither integer nor numeric"))?,
                None => LoadType::Count,
            },
            columns: found.columns,
            // SAFETY: the list is a predicate on columns of the table.
            predicate: unsafe { Predicate::keep(found.predicate) },
            targets,
            relations,
            arguments,
        })
    }
}

/// What is found of the guard in one table. The lists lie in the current memory context.
struct FoundTable {
    columns: Columns,
    index: pg_sys::Oid,
    comparisons: Comparisons,
    /// Which of the table's rows are guarded.
    predicate: *mut pg_sys::List,
    /// Whether the index holds those rows only.
    is_partial: bool,
}

impl FoundTable {
    /// # Safety
    /// The relation is open and locked.
    unsafe fn of(
        relation: pg_sys::Relation,
        arguments: &Arguments,
        parent_index: pg_sys::Oid,
    ) -> Result<Self, ExtensionError> {
        // SAFETY: the caller says so.
        let table = unsafe { (*relation).rd_id };
        let column = |name: &str, known: Option<i16>| {
            column_of(table, name).or(known).ok_or_else(|| ExtensionError::UnusableGuard {
                guard: arguments.guard.clone(),
                fault: format!("names column \"{name}\", which {} does not have", name_of(table)),
            })
        };
        // An index follows its columns when they are renamed.
        // SAFETY: the caller says so.
        let known = unsafe { index::columns_of_known(relation, &arguments.index, parent_index) };
        let columns = Columns {
            key: column(&arguments.key, known.map(|(key, _)| key))?,
            range: column(&arguments.range, known.map(|(_, range)| range))?,
            load: arguments.load.as_deref().map(|name| column(name, None)).transpose()?,
        };
        let (predicate, is_predicate_known) = match &arguments.predicate {
            None => (std::ptr::null_mut(), true),
            // SAFETY: the caller says so.
            Some(text) => match unsafe { read_pinned(text, relation) }? {
                Some(list) => (list, true),
                None => (std::ptr::null_mut(), false),
            },
        };
        let wanted = Wanted {
            key: columns.key,
            range: columns.range,
            predicate,
            is_predicate_known,
            name: arguments.index.clone(),
            parent: parent_index,
        };
        // SAFETY: the caller says so.
        let fitting =
            unsafe { index::find(relation, &wanted) }.ok_or_else(|| ExtensionError::UnusableGuard {
                guard: arguments.guard.clone(),
                fault: format!(
                    "has no index on {} any more; a valid B-tree on ({}, lower({})) would be right{}",
                    name_of(table),
                    arguments.key,
                    arguments.range,
                    arguments.predicate.as_deref().map(|text| format!(", WHERE {text}")).unwrap_or_default(),
                ),
            })?;
        let is_partial = !fitting.predicate.is_null();
        Ok(Self {
            columns,
            index: fitting.index,
            comparisons: fitting.comparisons,
            predicate: if is_partial { fitting.predicate } else { predicate },
            is_partial,
        })
    }
}

/// What to look in, if the relation holds rows.
///
/// # Safety
/// The relation is open and locked.
unsafe fn target_in(
    relation: pg_sys::Relation,
    arguments: &Arguments,
    root_index: pg_sys::Oid,
) -> Result<Option<Target>, ExtensionError> {
    // SAFETY: the caller says so.
    let (table, kind) = unsafe { ((*relation).rd_id, (*(*relation).rd_rel).relkind.cast_unsigned()) };
    match kind {
        pg_sys::RELKIND_PARTITIONED_TABLE => return Ok(None),
        pg_sys::RELKIND_RELATION => {}
        _ => {
            return Err(ExtensionError::UnusableGuard {
                guard: arguments.guard.clone(),
                fault: format!(
                    "cannot look into partition {}, which is no table of this server",
                    name_of(table)
                ),
            });
        }
    }
    // SAFETY: the caller says so.
    let found = unsafe { FoundTable::of(relation, arguments, root_index)? };
    let predicate = if found.is_partial { std::ptr::null_mut() } else { found.predicate };
    Ok(Some(Target {
        table,
        index: found.index,
        comparisons: found.comparisons,
        columns: found.columns,
        // SAFETY: the list is a predicate on columns of the table.
        predicate: unsafe { Predicate::keep(predicate) },
    }))
}

/// The highest relation above a partition that carries the same guard; the relation itself if there is none.
///
/// # Safety
/// The relation is open and locked.
unsafe fn root_of(relation: pg_sys::Relation, arguments: &Arguments) -> pg_sys::Oid {
    // SAFETY: the caller says so.
    let (table, is_partition) = unsafe { ((*relation).rd_id, (*(*relation).rd_rel).relispartition) };
    if !is_partition {
        return table;
    }
    let carries = |ancestor: &pg_sys::Oid| {
        with_table(*ancestor, |relation| {
            // SAFETY: the relation is open for the time of the call, and its triggers with it.
            unsafe { has_guard(relation, &arguments.guard) }
        })
    };
    partitions::above(table).into_iter().rev().find(carries).unwrap_or(table)
}

/// # Safety
/// The relation is open.
unsafe fn has_guard(relation: pg_sys::Relation, guard: &str) -> bool {
    // SAFETY: the caller says so; the description, if there is one, has `numtriggers` triggers.
    unsafe {
        let Some(description) = (*relation).trigdesc.as_ref() else { return false };
        (0..usize::try_from(description.numtriggers).unwrap_or_default()).any(|position| {
            let trigger = &*description.triggers.add(position);
            Arguments::of(trigger).is_ok_and(|arguments| arguments.guard == guard)
        })
    }
}

/// Reads a predicate with `search_path` pinned, as it was when the text was written; `None` when it names a
/// column that is no more.
///
/// # Safety
/// The relation is open and locked.
unsafe fn read_pinned(
    text: &str,
    relation: pg_sys::Relation,
) -> Result<Option<*mut pg_sys::List>, ExtensionError> {
    use std::panic::AssertUnwindSafe;

    use pgrx::PgTryBuilder;
    use pgrx::pg_sys::errcodes::PgSqlErrorCode::ERRCODE_UNDEFINED_COLUMN;

    let _pinned = PinnedSettings::search_path();
    PgTryBuilder::new(AssertUnwindSafe(|| {
        // SAFETY: the caller says so.
        unsafe { predicate::read(text, relation) }.map(Some)
    }))
    // Nothing but reading went on, so that nothing has to be undone.
    .catch_when(ERRCODE_UNDEFINED_COLUMN, |_| Ok(None))
    .execute()
}

/// Opens a table for the time of `work`. Its lock stays until the transaction ends.
pub(super) fn with_table<T>(table: pg_sys::Oid, work: impl FnOnce(pg_sys::Relation) -> T) -> T {
    // SAFETY: the id is that of a table; it is closed again below, or by the server after an error.
    let relation = unsafe { pg_sys::table_open(table, pg_sys::AccessShareLock.cast_signed()) };
    let result = work(relation);
    // SAFETY: opened above.
    unsafe { pg_sys::table_close(relation, pg_sys::NoLock.cast_signed()) };
    result
}

/// The number of a column.
pub(super) fn column_of(table: pg_sys::Oid, name: &str) -> Option<i16> {
    let name = CString::new(name).ok()?;
    // SAFETY: any id and any C string may be asked for; the answer is 0 when there is no such column.
    let column = unsafe { pg_sys::get_attnum(table, name.as_ptr()) };
    (column > 0).then_some(column)
}

/// The base type of an existing column, and its collation.
pub(super) fn type_of(table: pg_sys::Oid, column: i16) -> (pg_sys::Oid, pg_sys::Oid) {
    let (mut type_oid, mut modifier, mut collation) = (pg_sys::InvalidOid, 0, pg_sys::InvalidOid);
    // SAFETY: the three are written to; a domain's base is looked up in the catalog.
    unsafe {
        pg_sys::get_atttypetypmodcoll(table, column, &mut type_oid, &mut modifier, &mut collation);
        (pg_sys::getBaseType(type_oid), collation)
    }
}

/// A relation's name for a message.
pub(crate) fn name_of(relation: pg_sys::Oid) -> String {
    // SAFETY: any id may be asked for; the name is a C string, or null when there is no such relation.
    let name = unsafe { pg_sys::get_rel_name(relation) };
    if name.is_null() {
        return relation.to_u32().to_string();
    }
    // SAFETY: see above.
    unsafe { std::ffi::CStr::from_ptr(name) }.to_string_lossy().into_owned()
}

/// The name of a relation's schema for a message.
pub(crate) fn schema_of(relation: pg_sys::Oid) -> String {
    // SAFETY: any id may be asked for; the name is a C string, or null when there is no such schema.
    let name = unsafe { pg_sys::get_namespace_name(pg_sys::get_rel_namespace(relation)) };
    if name.is_null() {
        return String::new();
    }
    // SAFETY: see above.
    unsafe { std::ffi::CStr::from_ptr(name) }.to_string_lossy().into_owned()
}
