//! The conditions of a scan: those that the index is searched by, and those that rows have to fulfil besides.

use std::ffi::c_int;
use std::ptr::null_mut;

use pgrx::{PgList, pg_sys};

/// A column of the index compared with a value.
pub(super) struct Comparison {
    /// Without the value.
    pub(super) key: pg_sys::ScanKeyData,
    pub(super) value: *mut pg_sys::ExprState,
}

impl Comparison {
    /// Those of an index's conditions; `None` where one is something else.
    ///
    /// # Safety
    /// The conditions live, and the index, a B-tree, is open.
    pub(super) unsafe fn all(conditions: *mut pg_sys::List, index: pg_sys::Relation) -> Option<Vec<Self>> {
        // SAFETY: the caller says so.
        let conditions = unsafe { PgList::<pg_sys::Expr>::from_pg(conditions) };
        // SAFETY: as above.
        conditions.iter_ptr().map(|condition| unsafe { Self::of(condition, index) }).collect()
    }

    /// # Safety
    /// As [`Comparison::all`].
    unsafe fn of(condition: *mut pg_sys::Expr, index: pg_sys::Relation) -> Option<Self> {
        // SAFETY: the caller says so. Nodes are asked for their tags; a condition on an index has the column on
        // its left side. A column has an operator family.
        unsafe {
            if (*condition).type_ != pg_sys::NodeTag::T_OpExpr {
                return None;
            }
            let operation = condition.cast::<pg_sys::OpExpr>();
            let sides = PgList::<pg_sys::Expr>::from_pg((*operation).args);
            let (column, value) = (sides.get_ptr(0)?, sides.get_ptr(1)?);
            if (*column).type_ != pg_sys::NodeTag::T_Var {
                return None;
            }
            let number = (*column.cast::<pg_sys::Var>()).varattno;
            let family = *(*index).rd_opfamily.add(usize::try_from(number).ok()?.checked_sub(1)?);
            let (mut strategy, mut left, mut right) = (0, pg_sys::InvalidOid, pg_sys::InvalidOid);
            pg_sys::get_op_opfamily_properties(
                (*operation).opno,
                family,
                false,
                &raw mut strategy,
                &raw mut left,
                &raw mut right,
            );
            let mut key = pg_sys::ScanKeyData::default();
            pg_sys::ScanKeyEntryInitialize(
                &raw mut key,
                0,
                number,
                u16::try_from(strategy).ok()?,
                right,
                (*operation).inputcollid,
                (*operation).opfuncid,
                pg_sys::Datum::null(),
            );
            Some(Self { key, value: pg_sys::ExecInitExpr(value, null_mut()) })
        }
    }
}

/// Conditions without those that say no more than that a column overlaps a parameter, and that column's number.
///
/// # Safety
/// The conditions live.
pub(super) unsafe fn without_overlap(
    conditions: *mut pg_sys::List,
    compared: Option<c_int>,
) -> (*mut pg_sys::List, Option<i16>) {
    let Some(compared) = compared else { return (conditions, None) };
    // SAFETY: the caller says so. Nodes are asked for their tags.
    unsafe {
        let is_compared = |node: *mut pg_sys::Expr| {
            let parameter = node.cast::<pg_sys::Param>();
            (*node).type_ == pg_sys::NodeTag::T_Param
                && (*parameter).paramkind == pg_sys::ParamKind::PARAM_EXTERN
                && (*parameter).paramid == compared
        };
        let overlapping = |condition: *mut pg_sys::Expr| {
            let operation = condition.cast::<pg_sys::OpExpr>();
            if (*condition).type_ != pg_sys::NodeTag::T_OpExpr
                || (*operation).opfuncid.to_u32() != pg_sys::F_RANGE_OVERLAPS
            {
                return None;
            }
            let sides = PgList::<pg_sys::Expr>::from_pg((*operation).args);
            let column = sides.get_ptr(0).filter(|node| (**node).type_ == pg_sys::NodeTag::T_Var)?;
            sides.get_ptr(1).filter(|node| is_compared(*node))?;
            Some((*column.cast::<pg_sys::Var>()).varattno)
        };
        let (mut others, mut column) = (null_mut(), None);
        for condition in PgList::<pg_sys::Expr>::from_pg(conditions).iter_ptr() {
            match overlapping(condition) {
                Some(found) => column = Some(found),
                None => others = pg_sys::lappend(others, condition.cast()),
            }
        }
        (others, column)
    }
}
