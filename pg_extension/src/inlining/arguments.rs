//! Arguments of a call in the place of the parameters of a body.

use std::ffi::c_void;

use pgrx::{pg_guard, pg_sys};

/// Whether all arguments are parameters or constants: the body may name them many times, for many rows, and knows
/// nothing of the tables around the call.
///
/// # Safety
/// A list of expressions.
pub(super) unsafe fn are_plain(arguments: *mut pg_sys::List) -> bool {
    // SAFETY: as the caller promises.
    unsafe { (0..pg_sys::list_length(arguments)).all(|at| is_plain(pg_sys::list_nth(arguments, at).cast())) }
}

/// # Safety
/// An expression.
unsafe fn is_plain(mut expression: *mut pg_sys::Node) -> bool {
    // SAFETY: as the caller promises; a node is what its tag says.
    unsafe {
        while (*expression).type_ == pg_sys::NodeTag::T_RelabelType {
            expression = (*expression.cast::<pg_sys::RelabelType>()).arg.cast();
        }
        match (*expression).type_ {
            pg_sys::NodeTag::T_Const => true,
            pg_sys::NodeTag::T_Param => is_external(expression.cast()),
            _ => false,
        }
    }
}

/// # Safety
/// A parameter.
unsafe fn is_external(parameter: *const pg_sys::Param) -> bool {
    // SAFETY: as the caller promises.
    unsafe { (*parameter).paramkind == pg_sys::ParamKind::PARAM_EXTERN }
}

/// A copy that is being made.
struct Copying {
    arguments: *mut pg_sys::List,
    /// Whether one of the queries that were met locks rows.
    locks_rows: bool,
}

/// A copy of the query in which parameter N is the argument at position N - 1; none if it, or a query within it, locks
/// rows, which a call of a function that is not volatile is refused.
///
/// # Safety
/// A query with no more parameters than there are arguments.
pub(super) unsafe fn put_into(
    query: *mut pg_sys::Query,
    arguments: *mut pg_sys::List,
) -> Option<*mut pg_sys::Query> {
    let mut copying = Copying { arguments, locks_rows: false };
    // SAFETY: as the caller promises; what is copied into lives longer than the walk.
    let copy = unsafe { copied(query.cast(), (&raw mut copying).cast()) };
    (!copying.locks_rows).then_some(copy.cast())
}

/// # Safety
/// A node of a query, or null; `copying` is a [`Copying`] that nobody else uses meanwhile.
#[pg_guard]
unsafe extern "C-unwind" fn copied(node: *mut pg_sys::Node, copying: *mut c_void) -> *mut pg_sys::Node {
    // SAFETY: as the caller promises; the walks below call back with nodes of the query and with the same copying.
    unsafe {
        if node.is_null() {
            return node;
        }
        match (*node).type_ {
            pg_sys::NodeTag::T_Param if is_external(node.cast()) => {
                let number = (*node.cast::<pg_sys::Param>()).paramid;
                let arguments = (*copying.cast::<Copying>()).arguments;
                pg_sys::copyObjectImpl(pg_sys::list_nth(arguments, number - 1)).cast()
            }
            pg_sys::NodeTag::T_Query => {
                let query = node.cast::<pg_sys::Query>();
                (*copying.cast::<Copying>()).locks_rows |= !(*query).rowMarks.is_null();
                walk::query(query, copying).cast()
            }
            _ => walk::expression(node, copying),
        }
    }
}

/// The server's walks, which changed their names and the type of what they call.
mod walk {
    use super::{c_void, copied, pg_sys};

    /// # Safety
    /// As [`copied`].
    #[cfg(feature = "pg15")]
    pub(super) unsafe fn query(node: *mut pg_sys::Query, copying: *mut c_void) -> *mut pg_sys::Query {
        // SAFETY: as the caller promises.
        unsafe { pg_sys::query_tree_mutator(node, Some(untyped()), copying, 0) }
    }

    /// # Safety
    /// As [`copied`].
    #[cfg(feature = "pg15")]
    pub(super) unsafe fn expression(node: *mut pg_sys::Node, copying: *mut c_void) -> *mut pg_sys::Node {
        // SAFETY: as the caller promises.
        unsafe { pg_sys::expression_tree_mutator(node, Some(untyped()), copying) }
    }

    /// The callback as the header of version 15 declares it: without its arguments.
    #[cfg(feature = "pg15")]
    fn untyped() -> unsafe extern "C-unwind" fn() -> *mut pg_sys::Node {
        let typed: unsafe extern "C-unwind" fn(*mut pg_sys::Node, *mut c_void) -> *mut pg_sys::Node = copied;
        // SAFETY: the server calls it with a node and the context, which its comment says and its header does not.
        unsafe { std::mem::transmute(typed) }
    }

    /// # Safety
    /// As [`copied`].
    #[cfg(not(feature = "pg15"))]
    pub(super) unsafe fn query(node: *mut pg_sys::Query, copying: *mut c_void) -> *mut pg_sys::Query {
        // SAFETY: as the caller promises.
        unsafe { pg_sys::query_tree_mutator_impl(node, Some(copied), copying, 0) }
    }

    /// # Safety
    /// As [`copied`].
    #[cfg(not(feature = "pg15"))]
    pub(super) unsafe fn expression(node: *mut pg_sys::Node, copying: *mut c_void) -> *mut pg_sys::Node {
        // SAFETY: as the caller promises.
        unsafe { pg_sys::expression_tree_mutator_impl(node, Some(copied), copying) }
    }
}
