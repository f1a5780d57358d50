//! Plans that are nothing but index scans, run without the executor.
//!
//! To make the executor ready for a plan and to put it away again costs more than the few rows of a person. What
//! such a plan needs is made once and kept: expressions, slots, comparisons. The rest is what the server's own
//! triggers for uniqueness do: walk a B-tree, and look at the rows that it leads to.
//!
//! Nothing is decided here that the server decides: it plans the query, locks the tables, tells when the plan no
//! longer fits, and says who may read.

mod columns;
mod conditions;
mod heap_rows;
mod index_scan;
mod recent_pages;
mod stored_row;

use std::ffi::c_int;

use pgrx::datum::FromDatum;
use pgrx::pg_sys::ffi::pg_guard_ffi_boundary;
use pgrx::{PgList, pg_sys};
use rota_engine::Span;

pub(super) use self::heap_rows::HeapRows;
use self::index_scan::IndexScan;
pub(super) use self::recent_pages::RecentPages;
use super::prepared::Halt;
use super::stream::Each;
use crate::convert::InstantRange;
use crate::error::ExtensionError;
use crate::unguarded;

/// How often a plan is run before what is kept of it is made anew: functions may keep memory from one call to
/// the next, which is then freed.
const MOST_RUNS: u32 = 10_000;

/// A kept plan, ready to be run.
pub(super) struct DirectPlan {
    /// Where everything lies that is kept.
    memory: pg_sys::MemoryContext,
    evaluation: *mut pg_sys::ExprContext,
    scans: Vec<IndexScan>,
    /// The plan, whose server keeps it.
    statement: *mut pg_sys::PlannedStmt,
    /// What the plan reads, views among it, and how it is locked.
    tables: Vec<(pg_sys::Oid, c_int)>,
    /// The parameter that rows are not compared with.
    compared: Option<c_int>,
    /// Whether its rows depend on nothing but rows and parameters: on no setting, such as `search_path`.
    is_settled: bool,
    runs: u32,
}

impl DirectPlan {
    /// Makes a plan ready; `None` for one that needs the executor. Not all rows are compared with the
    /// parameter `compared`, a range that some column has to overlap: who receives them does that.
    ///
    /// # Safety
    /// The statement is one of a cached plan whose tables are locked. It is run only while that plan is valid.
    pub(super) unsafe fn of(statement: *mut pg_sys::PlannedStmt, compared: Option<c_int>) -> Option<Self> {
        // SAFETY: the caller says that the statement lives. The memory is that of a child of the current context
        // until all went well: after an error it is gone with its parent.
        unsafe {
            let plans = index_scans(statement)?;
            let memory = pg_sys::AllocSetContextCreateInternal(
                pg_sys::CurrentMemoryContext,
                c"rota direct plan".as_ptr(),
                pg_sys::ALLOCSET_SMALL_MINSIZE as usize,
                pg_sys::ALLOCSET_SMALL_INITSIZE as usize,
                pg_sys::ALLOCSET_SMALL_MAXSIZE as usize,
            );
            let before = pg_sys::CurrentMemoryContext;
            pg_sys::CurrentMemoryContext = memory;
            let evaluation = pg_sys::CreateStandaloneExprContext();
            let scan = |plan| IndexScan::of(plan, (*statement).rtable, evaluation, compared);
            let scans: Option<Vec<IndexScan>> = plans.iter().copied().map(scan).collect();
            pg_sys::CurrentMemoryContext = before;
            let Some(scans) = scans else {
                pg_sys::MemoryContextDelete(memory);
                return None;
            };
            pg_sys::MemoryContextSetParent(memory, pg_sys::CacheMemoryContext);
            let is_settled = plans.iter().all(|plan| is_settled(*plan));
            let tables = tables(statement);
            Some(Self { memory, evaluation, scans, statement, tables, compared, is_settled, runs: 0 })
        }
    }

    /// Whether its rows depend on no setting, such as `search_path`.
    pub(super) fn is_settled(&self) -> bool {
        self.is_settled
    }

    /// Whether it is to be made anew.
    pub(super) fn is_worn(&self) -> bool {
        self.runs >= MOST_RUNS
    }

    /// Locks what it reads, as the server does before it runs a plan. Whether the plan still fits is known after.
    pub(super) fn lock_tables(&self) {
        // SAFETY: any id may be locked. Nothing has to be dropped inside of the frame.
        unsafe {
            pg_guard_ffi_boundary(|| {
                for (table, mode) in &self.tables {
                    unguarded::LockRelationOid(*table, *mode);
                }
            });
        }
    }

    /// Runs it with the active snapshot and hands over its rows one by one, in the order of its parts.
    ///
    /// # Errors
    /// Those of `each`, which end it. What the server refuses is raised as its own error.
    ///
    /// # Safety
    /// Its tables are locked, and the plan that it was made of is valid.
    pub(super) unsafe fn run(
        &mut self,
        values: pg_sys::ParamListInfo,
        each: Each<'_>,
        halt: Option<Halt<'_>>,
    ) -> Result<(), ExtensionError> {
        self.runs += 1;
        // SAFETY: the caller says so; the values outlive the run.
        unsafe {
            require_permission(self.statement);
            (*self.evaluation).ecxt_param_list_info = values;
            let span = self.compared.and_then(|parameter| span_of(values, parameter));
            let Some((last, others)) = self.scans.split_last_mut() else { return Ok(()) };
            let halt = halt.filter(|halt| last.part() == Some(halt.last_part));
            others.iter_mut().try_for_each(|scan| scan.run(self.evaluation, span, each))?;
            if halt.is_some_and(|halt| (halt.is_enough)()) {
                return Ok(());
            }
            last.run(self.evaluation, span, each)
        }
    }
}

impl Drop for DirectPlan {
    fn drop(&mut self) {
        // SAFETY: made by `of` and freed once; everything that is kept lies in it.
        unsafe { pg_sys::MemoryContextDelete(self.memory) };
    }
}

/// The value of a parameter, where it is a range of instants; `None` for one that holds nothing.
///
/// # Safety
/// The values are those of the plan's parameters.
unsafe fn span_of(values: pg_sys::ParamListInfo, parameter: c_int) -> Option<Span> {
    let place = usize::try_from(parameter).ok()?.checked_sub(1)?;
    // SAFETY: the caller says so; there is a value for each parameter, of the type that stands beside it.
    unsafe {
        let value = (*values).params.as_ptr().add(place);
        if (*value).ptype != pg_sys::TSTZRANGEOID {
            return None;
        }
        InstantRange::from_datum((*value).value, (*value).isnull)?.0
    }
}

/// The scans of a plan that has nothing else.
///
/// # Safety
/// The statement lives.
unsafe fn index_scans(statement: *mut pg_sys::PlannedStmt) -> Option<Vec<*mut pg_sys::IndexScan>> {
    // SAFETY: the caller says so. Nodes are asked for their tags before they are taken for what they are.
    unsafe {
        let is_plain = (*statement).commandType == pg_sys::CmdType::CMD_SELECT
            && (*statement).subplans.is_null()
            && (*statement).rowMarks.is_null()
            && (*statement).paramExecTypes.is_null()
            // A function of somebody's may keep what does not outlive a transaction.
            && (*statement).invalItems.is_null();
        if !is_plain {
            return None;
        }
        let plan = (*statement).planTree;
        let plans: Vec<*mut pg_sys::Plan> = match (*plan).type_ {
            pg_sys::NodeTag::T_Append if (*plan).qual.is_null() && (*plan).initPlan.is_null() => {
                let children = (*plan.cast::<pg_sys::Append>()).appendplans;
                PgList::<pg_sys::Plan>::from_pg(children).iter_ptr().collect()
            }
            _ => vec![plan],
        };
        let scan = |plan: *mut pg_sys::Plan| {
            let is_scan = (*plan).type_ == pg_sys::NodeTag::T_IndexScan && (*plan).initPlan.is_null();
            is_scan.then(|| plan.cast::<pg_sys::IndexScan>())
        };
        plans.into_iter().map(scan).collect()
    }
}

/// Whether a scan's expressions depend on nothing but rows and parameters.
///
/// # Safety
/// The plan lives.
unsafe fn is_settled(plan: *mut pg_sys::IndexScan) -> bool {
    // SAFETY: the caller says so; lists of expressions are walked as the function says.
    unsafe {
        let expressions = [(*plan).scan.plan.targetlist, (*plan).scan.plan.qual, (*plan).indexqual];
        !expressions.into_iter().any(|list| pg_sys::contain_mutable_functions(list.cast()))
    }
}

/// What a plan reads, and how it is locked, as the server's plan cache looks for it.
///
/// # Safety
/// The statement lives.
unsafe fn tables(statement: *mut pg_sys::PlannedStmt) -> Vec<(pg_sys::Oid, c_int)> {
    // SAFETY: the caller says so.
    let entries = unsafe { PgList::<pg_sys::RangeTblEntry>::from_pg((*statement).rtable) };
    let mut tables = Vec::new();
    for entry in entries.iter_ptr() {
        // SAFETY: as above.
        let (kind, table) = unsafe { ((*entry).rtekind, ((*entry).relid, (*entry).rellockmode)) };
        let is_read = kind == pg_sys::RTEKind::RTE_RELATION || kind == pg_sys::RTEKind::RTE_SUBQUERY;
        if is_read && table.0 != pg_sys::InvalidOid && !tables.contains(&table) {
            tables.push(table);
        }
    }
    tables
}

/// Raises an error if the current user may not read what a statement reads.
///
/// # Safety
/// The statement lives.
unsafe fn require_permission(statement: *mut pg_sys::PlannedStmt) {
    // SAFETY: the caller says so.
    unsafe {
        #[cfg(feature = "pg15")]
        pg_sys::ExecCheckRTPerms((*statement).rtable, true);
        #[cfg(not(feature = "pg15"))]
        pg_sys::ExecCheckPermissions((*statement).rtable, (*statement).permInfos, true);
    }
}
