//! Calls of SQL functions that become part of the statement that makes them.
//!
//! The server runs the body of a SQL function as a program of its own, and before version 18 it plans it anew at each
//! call: to read one row, that takes longer than all the rest. In `rota.inlined(f($1))` a planner support function puts
//! the body of `f` in the place of the call, as a subquery, so that a prepared statement is planned with it, once.
//!
//! The planner itself does that for functions in FROM that give sets (`inline_set_returning_function`), and the same
//! holds here: whoever may not call the function does not get its body, the plan is made anew when the function
//! changes, row security of the body binds the plan to the role. What cannot be inlined is called, as without.

mod arguments;
mod body;

use pgrx::pg_sys;

use arguments::{are_plain, put_into};
use body::Body;

/// The subquery that stands for the call, or null where the call has to stay.
///
/// # Safety
/// `request` is what the planner hands to a support function.
pub(crate) unsafe fn replacement(request: *mut pg_sys::Node) -> *mut pg_sys::Node {
    // SAFETY: requests are nodes; those of this kind have a call, and a planner unless an expression is looked at by
    // itself.
    unsafe {
        if request.is_null() || (*request).type_ != pg_sys::NodeTag::T_SupportRequestSimplify {
            return std::ptr::null_mut();
        }
        let request = &*request.cast::<pg_sys::SupportRequestSimplify>();
        match inlined(request.root, request.fcall) {
            Some(subquery) => subquery.cast(),
            None => std::ptr::null_mut(),
        }
    }
}

/// # Safety
/// As the planner's request says: the call is `rota.inlined` of one expression, which is simplified already.
unsafe fn inlined(
    root: *mut pg_sys::PlannerInfo,
    wrapper: *mut pg_sys::FuncExpr,
) -> Option<*mut pg_sys::SubLink> {
    // SAFETY: as the caller promises; nodes are what their tags say, and all is allocated for this planning.
    unsafe {
        if root.is_null() {
            return None;
        }
        let call = pg_sys::list_nth((*wrapper).args, 0).cast::<pg_sys::Node>();
        if (*call).type_ != pg_sys::NodeTag::T_FuncExpr {
            return None;
        }
        let call = &*call.cast::<pg_sys::FuncExpr>();
        if !are_plain(call.args) {
            return None;
        }
        let body = Body::of(call.funcid, pg_sys::list_length(call.args).try_into().ok()?)?;
        let query = put_into(body.query, call.args)?;
        if (*query).hasRowSecurity {
            (*(*root).glob).dependsOnRole = true;
        }
        pg_sys::record_plan_function_dependency(root, call.funcid);
        // So that the planner looks for what is put there now.
        (*(*root).parse).hasSubLinks = true;

        let subquery = pg_sys::palloc0(size_of::<pg_sys::SubLink>()).cast::<pg_sys::SubLink>();
        (*subquery).xpr.type_ = pg_sys::NodeTag::T_SubLink;
        (*subquery).subLinkType = pg_sys::SubLinkType::EXPR_SUBLINK;
        (*subquery).subselect = query.cast();
        (*subquery).location = -1;
        Some(subquery)
    }
}
