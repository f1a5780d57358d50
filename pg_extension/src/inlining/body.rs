//! Bodies that may stand in the place of a call.

use std::ffi::CString;

use pgrx::datum::FromDatum;
use pgrx::pg_catalog::pg_proc::{PgProc, ProKind, ProVolatile};
use pgrx::pg_sys;

/// LANGUAGE sql, whose number is fixed (`pg_language.dat`).
const SQL_LANGUAGE: pg_sys::Oid = pg_sys::Oid::from_u32(14);

/// The one query of a function, rewritten.
pub(super) struct Body {
    pub(super) query: *mut pg_sys::Query,
}

impl Body {
    /// The body of a function that gives one JSON value by one query that changes nothing, with the rights and the
    /// settings of its caller; none of any other function, and none for whoever may not call it.
    ///
    /// # Safety
    /// Within a planning; `arguments` is how many the call has.
    pub(super) unsafe fn of(function: pg_sys::Oid, arguments: usize) -> Option<Self> {
        let definition = PgProc::new(function)?;
        let is_fit = definition.prolang() == SQL_LANGUAGE
            && matches!(definition.prokind(), ProKind::Function)
            && !matches!(definition.provolatile(), ProVolatile::Volatile)
            && !definition.prosecdef()
            && !definition.proisstrict()
            && !definition.proretset()
            && definition.proconfig().is_none()
            && definition.pronargs() == arguments;
        let result = definition.prorettype();
        // SAFETY: the server checks and reads what it keeps itself.
        unsafe {
            if !is_fit || !may_call(function) || is_watched(function) {
                return None;
            }
            let query = rewritten(stored(function)?)?;
            (gives(query, result) && limit_to_one(query)).then_some(Self { query })
        }
    }
}

/// # Safety
/// Within a transaction.
unsafe fn may_call(function: pg_sys::Oid) -> bool {
    // SAFETY: as the caller promises.
    unsafe {
        let caller = pg_sys::GetUserId();
        #[cfg(feature = "pg15")]
        let answer = pg_sys::pg_proc_aclcheck(function, caller, pg_sys::ACL_EXECUTE);
        #[cfg(not(feature = "pg15"))]
        let answer = {
            let right = pg_sys::ACL_EXECUTE.into();
            pg_sys::object_aclcheck(pg_sys::ProcedureRelationId, function, caller, right)
        };
        answer == pg_sys::AclResult::ACLCHECK_OK
    }
}

/// Whether a library wants to see each call of the function.
///
/// # Safety
/// The server's hook, if there is one, is a function of a loaded library.
unsafe fn is_watched(function: pg_sys::Oid) -> bool {
    // SAFETY: as the caller promises.
    unsafe { pg_sys::needs_fmgr_hook.is_some_and(|needs| needs(function)) }
}

/// The query of a body in standard syntax, as it was understood when the function was made; none of a body that is
/// text, or that has several statements.
///
/// # Safety
/// Within a transaction.
unsafe fn stored(function: pg_sys::Oid) -> Option<*mut pg_sys::Query> {
    let cache = pg_sys::SysCacheIdentifier::PROCOID.cast_signed();
    // SAFETY: the row is released once its text is copied; the text is what the server wrote for itself.
    unsafe {
        let row = pg_sys::SearchSysCache1(cache, function.into());
        if row.is_null() {
            return None;
        }
        let mut is_null = false;
        let column = pg_sys::Anum_pg_proc_prosqlbody.try_into().ok()?;
        let text = pg_sys::SysCacheGetAttr(cache, row, column, &raw mut is_null);
        let text = String::from_datum(text, is_null);
        pg_sys::ReleaseSysCache(row);
        let text = CString::new(text?).ok()?;
        let mut node = pg_sys::stringToNode(text.as_ptr()).cast::<pg_sys::Node>();
        // BEGIN ATOMIC is a list of its statements, in a list; RETURN is a query.
        while !node.is_null() && (*node).type_ == pg_sys::NodeTag::T_List {
            node = only(node.cast())?;
        }
        (!node.is_null() && (*node).type_ == pg_sys::NodeTag::T_Query).then_some(node.cast())
    }
}

/// The query with views and row security in it; none if it changes anything.
///
/// # Safety
/// A query as the server keeps it.
unsafe fn rewritten(query: *mut pg_sys::Query) -> Option<*mut pg_sys::Query> {
    // SAFETY: as the caller promises. Tables are locked before rules are looked at, as the server does.
    unsafe {
        pg_sys::AcquireRewriteLocks(query, true, false);
        let query = only(pg_sys::pg_rewrite_query(query))?.cast::<pg_sys::Query>();
        let is_read = (*query).commandType == pg_sys::CmdType::CMD_SELECT && !(*query).hasModifyingCTE;
        is_read.then_some(query)
    }
}

/// Whether the first column is what the function gives, as it is, and the only one.
///
/// # Safety
/// A query.
unsafe fn gives(query: *const pg_sys::Query, result: pg_sys::Oid) -> bool {
    if ![pg_sys::JSONOID, pg_sys::JSONBOID].contains(&result) {
        return false;
    }
    // SAFETY: as the caller promises; target lists hold target entries.
    unsafe {
        let columns = (*query).targetList;
        let column = |at| &*pg_sys::list_nth(columns, at).cast::<pg_sys::TargetEntry>();
        let shown: Vec<_> =
            (0..pg_sys::list_length(columns)).map(column).filter(|column| !column.resjunk).collect();
        matches!(shown[..], [column] if pg_sys::exprType(column.expr.cast()) == result)
    }
}

/// A function gives its first row, and a subquery may have no second. False if that cannot be seen to.
///
/// # Safety
/// A query, which may be changed.
unsafe fn limit_to_one(query: *mut pg_sys::Query) -> bool {
    // SAFETY: as the caller promises.
    unsafe {
        let query = &mut *query;
        let is_one_by_itself = !query.hasTargetSRFs
            && query.groupClause.is_null()
            && query.groupingSets.is_null()
            && query.setOperations.is_null()
            && (query.hasAggs || ((*query.jointree).fromlist.is_null() && query.cteList.is_null()));
        if is_one_by_itself {
            return true;
        }
        if !query.limitCount.is_null() {
            return false;
        }
        query.limitCount =
            pg_sys::makeConst(pg_sys::INT8OID, -1, pg_sys::InvalidOid, 8, 1_i64.into(), false, true).cast();
        query.limitOption = pg_sys::LimitOption::LIMIT_OPTION_COUNT;
        true
    }
}

/// The only node of a list.
///
/// # Safety
/// A list of nodes, or null.
unsafe fn only(list: *mut pg_sys::List) -> Option<*mut pg_sys::Node> {
    // SAFETY: as the caller promises.
    unsafe { (pg_sys::list_length(list) == 1).then(|| pg_sys::list_nth(list, 0).cast()) }
}
