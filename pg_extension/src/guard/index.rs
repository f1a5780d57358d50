//! The B-tree that serves a guard.

use pgrx::{PgList, is_a, pg_sys};

use super::partitions;

/// What an index must be like.
pub(super) struct Wanted {
    /// Column of the key.
    pub(super) key: i16,
    /// Column of the range.
    pub(super) range: i16,
    /// The guard's predicate as the table reads it; null when there is none.
    pub(super) predicate: *mut pg_sys::List,
    /// Whether the predicate could be read. If not, a column in it was renamed, and an index known by name or
    /// descent is taken as it is: its own predicate follows the renaming.
    pub(super) is_predicate_known: bool,
    /// The index's name when the guard was made.
    pub(super) name: String,
    /// Of a partition: the index of the table above, or invalid.
    pub(super) parent: pg_sys::Oid,
}

/// An index that fits.
pub(super) struct Fitting {
    /// Its id.
    pub(super) index: pg_sys::Oid,
    /// The functions that compare its columns.
    pub(super) comparisons: Comparisons,
    /// Its own predicate; null when it holds every row. It lies in the current memory context.
    pub(super) predicate: *mut pg_sys::List,
}

/// The functions by which a B-tree on key and start is searched.
#[derive(Debug, Clone, Copy)]
pub(super) struct Comparisons {
    /// Whether a key is another.
    pub(super) same_key: Comparison,
    /// Whether a start is before a value.
    pub(super) before: Comparison,
    /// Whether a start is not after a value.
    pub(super) up_to: Comparison,
}

/// A comparison of an index column with a value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Comparison {
    /// The column, from 1.
    pub(super) column: i16,
    /// Its number among those of a B-tree.
    pub(super) strategy: pg_sys::StrategyNumber,
    /// The function.
    pub(super) function: pg_sys::Oid,
    /// The collation that it goes by.
    pub(super) collation: pg_sys::Oid,
}

impl Comparisons {
    /// # Safety
    /// The index is an open B-tree of two or more columns.
    unsafe fn of(index: pg_sys::Relation) -> Self {
        /// Numbers of the server's `stratnum.h`.
        const LESS: pg_sys::StrategyNumber = 1;
        const LESS_EQUAL: pg_sys::StrategyNumber = 2;
        const EQUAL: pg_sys::StrategyNumber = 3;
        // SAFETY: the caller says so, and the columns are its first two.
        unsafe {
            Self {
                same_key: Comparison::of(index, 1, EQUAL),
                before: Comparison::of(index, 2, LESS),
                up_to: Comparison::of(index, 2, LESS_EQUAL),
            }
        }
    }
}

impl Comparison {
    /// # Safety
    /// The index is an open B-tree that has the column.
    unsafe fn of(index: pg_sys::Relation, column: i16, strategy: pg_sys::StrategyNumber) -> Self {
        let position = usize::from(column.unsigned_abs()) - 1;
        // SAFETY: the caller says so; the arrays have an entry for each column. Every operator family of a B-tree has
        // the operators of its comparisons.
        unsafe {
            let family = *(*index).rd_opfamily.add(position);
            let input = *(*index).rd_opcintype.add(position);
            let operator = pg_sys::get_opfamily_member(family, input, input, strategy.cast_signed());
            Self {
                column,
                strategy,
                function: pg_sys::get_opcode(operator),
                collation: *(*index).rd_indcollation.add(position),
            }
        }
    }
}

/// The index of a table that fits best: the one of the guard's name, then a partial one.
///
/// # Safety
/// The relation is open and locked.
pub(super) unsafe fn find(relation: pg_sys::Relation, wanted: &Wanted) -> Option<Fitting> {
    // SAFETY: the caller says that the relation is open; the list is one of index ids, made for us.
    let ids = unsafe { PgList::<pg_sys::Oid>::from_pg(pg_sys::RelationGetIndexList(relation)) };
    let mut best: Option<(u8, Fitting)> = None;
    for id in ids.iter_oid() {
        // SAFETY: the id is that of an index of a locked table. The index is closed below, its lock kept.
        unsafe {
            let index = pg_sys::index_open(id, pg_sys::AccessShareLock.cast_signed());
            if let Some(rank) = rank(index, wanted) {
                let predicate = pg_sys::RelationGetIndexPredicate(index);
                if best.as_ref().is_none_or(|(known, _)| *known < rank) {
                    let comparisons = Comparisons::of(index);
                    best = Some((rank, Fitting { index: id, comparisons, predicate }));
                }
            }
            pg_sys::index_close(index, pg_sys::NoLock.cast_signed());
        }
    }
    best.map(|(_, fitting)| fitting)
}

/// How well an index fits, higher is better; `None` when it does not.
///
/// # Safety
/// The index is open.
unsafe fn rank(index: pg_sys::Relation, wanted: &Wanted) -> Option<u8> {
    // SAFETY: the caller says that the index is open; its catalog rows live as long.
    unsafe {
        let shape = &*(*index).rd_index;
        let kind = &*(*index).rd_rel;
        if kind.relam != pg_sys::BTREE_AM_OID
            || !shape.indisvalid
            || !shape.indisready
            || !shape.indislive
            || !starts_with_key_and_start(index, wanted)
        {
            return None;
        }
        let is_known = is_known(index, &wanted.name, wanted.parent);
        let predicate = pg_sys::RelationGetIndexPredicate(index);
        let (fits, is_partial) = if predicate.is_null() {
            // Rows are then looked at one by one.
            (wanted.is_predicate_known, false)
        } else if wanted.is_predicate_known {
            (pg_sys::equal(predicate.cast(), wanted.predicate.cast()), true)
        } else {
            (is_known, true)
        };
        fits.then_some(u8::from(is_known) * 2 + u8::from(is_partial))
    }
}

/// The key and the range of the index that a guard knows by its name or descent, whatever they are called now;
/// `None` when there is no such index.
///
/// # Safety
/// The relation is open and locked.
pub(super) unsafe fn columns_of_known(
    relation: pg_sys::Relation,
    name: &str,
    parent: pg_sys::Oid,
) -> Option<(i16, i16)> {
    // SAFETY: as in `find`.
    let ids = unsafe { PgList::<pg_sys::Oid>::from_pg(pg_sys::RelationGetIndexList(relation)) };
    ids.iter_oid().find_map(|id| {
        // SAFETY: as in `find`.
        unsafe {
            let index = pg_sys::index_open(id, pg_sys::AccessShareLock.cast_signed());
            let is_tree = (*(*index).rd_rel).relam == pg_sys::BTREE_AM_OID;
            let columns = (is_tree && is_known(index, name, parent)).then(|| key_and_range(index)).flatten();
            pg_sys::index_close(index, pg_sys::NoLock.cast_signed());
            columns
        }
    })
}

/// # Safety
/// The index is open.
unsafe fn is_known(index: pg_sys::Relation, name: &str, parent: pg_sys::Oid) -> bool {
    // SAFETY: the caller says so.
    unsafe {
        pgrx::name_data_to_str(&(*(*index).rd_rel).relname) == name
            || (parent != pg_sys::InvalidOid && descends_from((*index).rd_id, parent))
    }
}

/// The column and the range of an index whose first two columns are a column and the start of a range.
///
/// # Safety
/// The index is an open B-tree.
unsafe fn key_and_range(index: pg_sys::Relation) -> Option<(i16, i16)> {
    // SAFETY: the index is open, so its arrays have an entry for each of its key columns, of which it has two
    // before they are looked at. Nodes are asked for their tags.
    unsafe {
        let shape = &*(*index).rd_index;
        let (key, start) = (shape.indkey.values.as_ptr(), shape.indkey.values.as_ptr().wrapping_add(1));
        if shape.indnkeyatts < 2 || *key == 0 || *start != 0 {
            return None;
        }
        let expressions = pg_sys::RelationGetIndexExpressions(index);
        if expressions.is_null() {
            return None;
        }
        let start: *mut pg_sys::FuncExpr = (*(*expressions).elements).ptr_value.cast();
        if !is_a(start.cast(), pg_sys::NodeTag::T_FuncExpr)
            || (*start).funcid.to_u32() != pg_sys::F_LOWER_ANYRANGE
            || (*start).args.is_null()
        {
            return None;
        }
        let mut argument: *mut pg_sys::Node = (*(*(*start).args).elements).ptr_value.cast();
        // A domain over a range type.
        while is_a(argument, pg_sys::NodeTag::T_RelabelType) {
            argument = (*argument.cast::<pg_sys::RelabelType>()).arg.cast();
        }
        is_a(argument, pg_sys::NodeTag::T_Var).then(|| (*key, (*argument.cast::<pg_sys::Var>()).varattno))
    }
}

/// Whether the first two columns are the key and the range's start, upwards, as the types order them.
///
/// # Safety
/// The index is an open B-tree.
unsafe fn starts_with_key_and_start(index: pg_sys::Relation, wanted: &Wanted) -> bool {
    // SAFETY: the caller says so; there is a second column once the first two have been read.
    unsafe {
        key_and_range(index) == Some((wanted.key, wanted.range))
            && *(*index).rd_indoption.add(1) & INDOPTION_DESC == 0
            && orders_as_types_do(index, wanted)
    }
}

/// `INDOPTION_DESC` of the server's `pg_index.h`, as wide as the options.
const INDOPTION_DESC: i16 = 1;

/// Whether the operator classes and collations are those that the key's hash and the range's bounds go by.
///
/// # Safety
/// The index is an open B-tree of two or more key columns, the first of them the key.
unsafe fn orders_as_types_do(index: pg_sys::Relation, wanted: &Wanted) -> bool {
    /// Number of the comparison among a B-tree's support functions (`BTORDER_PROC` in `nbtree.h`).
    const COMPARISON: u16 = 1;
    // SAFETY: as the caller says; the columns exist, since the index refers to them.
    unsafe {
        let table = (*(*index).rd_index).indrelid;
        let column_type = |column: i16| {
            let (mut type_oid, mut modifier, mut collation) = (pg_sys::InvalidOid, 0, pg_sys::InvalidOid);
            pg_sys::get_atttypetypmodcoll(table, column, &mut type_oid, &mut modifier, &mut collation);
            (pg_sys::getBaseType(type_oid), collation)
        };
        let (key_type, key_collation) = column_type(wanted.key);
        let (range_type, _) = column_type(wanted.range);
        let key = pg_sys::lookup_type_cache(key_type, pg_sys::TYPECACHE_BTREE_OPFAMILY.cast_signed());
        let range = pg_sys::lookup_type_cache(range_type, pg_sys::TYPECACHE_RANGE_INFO.cast_signed());
        *(*index).rd_opfamily == (*key).btree_opf
            && *(*index).rd_indcollation == key_collation
            && pg_sys::index_getprocid(index, 2, COMPARISON) == (*range).rng_cmp_proc_finfo.fn_oid
            && *(*index).rd_indcollation.add(1) == (*range).rng_collation
    }
}

/// Whether an index is a partition of another, however far below.
fn descends_from(index: pg_sys::Oid, ancestor: pg_sys::Oid) -> bool {
    partitions::above(index).contains(&ancestor)
}
