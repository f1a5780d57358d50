//! Which rows are guarded.

use std::cell::Cell;
use std::ffi::CString;

use pgrx::pg_sys::AsPgCStr;
use pgrx::{is_a, pg_sys};

use super::slot::Slot;
use crate::error::ExtensionError;

/// A condition on the columns of one relation.
pub(super) enum Predicate {
    /// Every row.
    Always,
    /// Rows whose boolean column is true: the commonest one, which needs no expression machinery.
    Column(i16),
    /// Rows for which all of a list of expressions are true.
    Expressions {
        /// The list.
        list: *mut pg_sys::List,
        /// What it lies in.
        _context: OwnedContext,
    },
}

/// A memory context that is freed with the value.
pub(super) struct OwnedContext(pg_sys::MemoryContext);

impl OwnedContext {
    /// A new one that outlives the transaction.
    pub(super) fn new() -> Self {
        // SAFETY: the parent lives as long as the backend, and the name is a static C string.
        Self(unsafe {
            pg_sys::AllocSetContextCreateInternal(
                pg_sys::CacheMemoryContext,
                c"rota guard".as_ptr(),
                pg_sys::ALLOCSET_SMALL_MINSIZE as usize,
                pg_sys::ALLOCSET_SMALL_INITSIZE as usize,
                pg_sys::ALLOCSET_SMALL_MAXSIZE as usize,
            )
        })
    }
}

impl Drop for OwnedContext {
    fn drop(&mut self) {
        // SAFETY: the context is this value's own, and nothing in it outlives the value.
        unsafe { pg_sys::MemoryContextDelete(self.0) };
    }
}

impl Predicate {
    /// Keeps a list of expressions that are implicitly joined by AND.
    ///
    /// # Safety
    /// The list is one of expressions on columns of one relation, such as an index's predicate.
    pub(super) unsafe fn keep(list: *mut pg_sys::List) -> Self {
        if list.is_null() {
            return Self::Always;
        }
        // SAFETY: the caller says that it is a list of expressions, of which each has its tag.
        unsafe {
            if (*list).length == 1 {
                let only: *mut pg_sys::Var = (*(*list).elements).ptr_value.cast();
                if is_a(only.cast(), pg_sys::NodeTag::T_Var) && (*only).varattno > 0 {
                    return Self::Column((*only).varattno);
                }
            }
            let context = OwnedContext::new();
            let before = pg_sys::CurrentMemoryContext;
            pg_sys::CurrentMemoryContext = context.0;
            let copy = pg_sys::copyObjectImpl(list.cast()).cast();
            pg_sys::CurrentMemoryContext = before;
            Self::Expressions { list: copy, _context: context }
        }
    }

    /// Makes it ready for the rows of one statement.
    pub(super) fn prepare(&self, executor: &Executor) -> Condition {
        match self {
            Self::Always => Condition::Always,
            Self::Column(column) => Condition::Column(*column),
            // SAFETY: the list is one of expressions, and the executor's state lives until it is closed.
            Self::Expressions { list, .. } => unsafe {
                Condition::Expression {
                    state: pg_sys::ExecPrepareQual(*list, executor.state()),
                    context: executor.expression_context(),
                }
            },
        }
    }
}

/// The server's state for evaluating expressions, for the time of one check. It is made when the first expression needs
/// it: the commonest predicates never do.
#[derive(Default)]
pub(super) struct Executor(Cell<Option<*mut pg_sys::EState>>);

impl Executor {
    /// Frees it, and whatever was prepared with it. An error before leaves it to the memory context it lies in.
    pub(super) fn close(self) {
        if let Some(state) = self.0.get() {
            // SAFETY: made by `state`, and freed once because this takes the value.
            unsafe { pg_sys::FreeExecutorState(state) };
        }
    }

    fn state(&self) -> *mut pg_sys::EState {
        self.0.get().unwrap_or_else(|| {
            // SAFETY: allocates in the current memory context.
            let state = unsafe { pg_sys::CreateExecutorState() };
            self.0.set(Some(state));
            state
        })
    }

    fn expression_context(&self) -> *mut pg_sys::ExprContext {
        let state = self.state();
        // SAFETY: the state is open.
        unsafe {
            if (*state).es_per_tuple_exprcontext.is_null() {
                pg_sys::MakePerTupleExprContext(state)
            } else {
                (*state).es_per_tuple_exprcontext
            }
        }
    }
}

/// A predicate ready for rows.
#[derive(Clone, Copy)]
pub(super) enum Condition {
    /// Every row.
    Always,
    /// Rows whose boolean column is true.
    Column(i16),
    /// Rows for which the expression is true.
    Expression {
        /// The expression.
        state: *mut pg_sys::ExprState,
        /// Where it is evaluated.
        context: *mut pg_sys::ExprContext,
    },
}

impl Condition {
    /// Whether a row of the predicate's relation is guarded.
    pub(super) fn holds(&self, row: Slot) -> bool {
        match *self {
            Self::Always => true,
            Self::Column(column) => row.value(column).is_some_and(|datum| datum.value() != 0),
            // SAFETY: both were prepared by an executor that is still open, for rows of this relation.
            // Evaluation may raise an error, so it is called as the server's own functions are.
            Self::Expression { state, context } => unsafe {
                (*context).ecxt_scantuple = row.as_ptr();
                let Some(evaluate) = (*state).evalfunc else { return true };
                let before = pg_sys::CurrentMemoryContext;
                pg_sys::CurrentMemoryContext = (*context).ecxt_per_tuple_memory;
                let mut is_null = false;
                let value = pg_sys::ffi::pg_guard_ffi_boundary(|| evaluate(state, context, &raw mut is_null));
                pg_sys::CurrentMemoryContext = before;
                pg_sys::MemoryContextReset((*context).ecxt_per_tuple_memory);
                !is_null && value.value() != 0
            },
        }
    }
}

/// Reads a predicate's text as a condition on a relation, the way the server reads that of a partial index: no
/// subquery, no aggregate. Returns it as such a list. Names are looked up as `search_path` says.
///
/// # Errors
/// [`ExtensionError::UnreadablePredicate`] when the text is no single expression. What the server refuses is raised
/// as its own error.
///
/// # Safety
/// The relation is open and locked.
pub(super) unsafe fn read(
    text: &str,
    relation: pg_sys::Relation,
) -> Result<*mut pg_sys::List, ExtensionError> {
    // SAFETY: the caller says so.
    unsafe { read_with_former_name(text, relation, None) }
}

/// As [`read`], with one column known by the name that it had when the text was written.
///
/// # Errors
/// As [`read`].
///
/// # Safety
/// As [`read`]; the column is one of the relation.
pub(super) unsafe fn read_with_former_name(
    text: &str,
    relation: pg_sys::Relation,
    former: Option<(i16, &str)>,
) -> Result<*mut pg_sys::List, ExtensionError> {
    let unreadable = || ExtensionError::UnreadablePredicate { predicate: text.to_owned() };
    let query = CString::new(text).map_err(|_| unreadable())?;
    // SAFETY: the text is a C string. Every node is asked for its tag before it is taken for what it is. The
    // relation is open and locked, as the caller says.
    unsafe {
        // As PL/pgSQL reads an expression, which allows for clauses after it.
        let parsed = pg_sys::raw_parser(query.as_ptr(), pg_sys::RawParseMode::RAW_PARSE_PLPGSQL_EXPR);
        if parsed.is_null() || (*parsed).length != 1 {
            return Err(unreadable());
        }
        let statement: *mut pg_sys::RawStmt = (*(*parsed).elements).ptr_value.cast();
        if !is_a((*statement).stmt, pg_sys::NodeTag::T_SelectStmt) {
            return Err(unreadable());
        }
        let select = &*(*statement).stmt.cast::<pg_sys::SelectStmt>();
        let has_more = [
            select.distinctClause,
            select.fromClause,
            select.groupClause,
            select.windowClause,
            select.sortClause,
            select.lockingClause,
        ]
        .into_iter()
        .any(|clause| !clause.is_null())
            || [select.whereClause, select.havingClause, select.limitCount, select.limitOffset]
                .into_iter()
                .any(|clause| !clause.is_null());
        if has_more || select.targetList.is_null() || (*select.targetList).length != 1 {
            return Err(unreadable());
        }
        let target = &*(*(*select.targetList).elements).ptr_value.cast::<pg_sys::ResTarget>();
        let state = pg_sys::make_parsestate(std::ptr::null_mut());
        let columns = pg_sys::addRangeTableEntryForRelation(
            state,
            relation,
            pg_sys::AccessShareLock.cast_signed(),
            std::ptr::null_mut(),
            false,
            true,
        );
        if let Some((column, name)) = former {
            // The list of names is one name per column, made for this one reading.
            let names = (*(*columns).p_names).colnames;
            let position = usize::try_from(column).unwrap_or_default().saturating_sub(1);
            let known: *mut pg_sys::String = (*(*names).elements.add(position)).ptr_value.cast();
            (*known).sval = name.as_pg_cstr();
        }
        pg_sys::addNSItemToQuery(state, columns, false, true, true);
        let kind = pg_sys::ParseExprKind::EXPR_KIND_INDEX_PREDICATE;
        let expression = pg_sys::transformExpr(state, target.val, kind);
        let condition = pg_sys::coerce_to_boolean(state, expression, c"predicate".as_ptr());
        pg_sys::assign_expr_collations(state, condition);
        // As `RelationGetIndexPredicate` does, so that the two can be compared.
        let simple = pg_sys::eval_const_expressions(std::ptr::null_mut(), condition);
        let canonical = pg_sys::canonicalize_qual(simple.cast(), false);
        let list = pg_sys::make_ands_implicit(canonical);
        pg_sys::fix_opfuncids(list.cast());
        Ok(list)
    }
}
