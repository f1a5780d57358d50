//! Queries that are planned once and asked often.

use std::cell::RefCell;
use std::ffi::{CString, c_int};

use pgrx::pg_sys;

use super::direct::DirectPlan;
use super::query::{Connection, Parameters};
use super::stream::{Each, hand_over};
use crate::error::ExtensionError;
use crate::pinned_settings::PinnedSettings;

/// A read-only query with its plan, which the server keeps and makes anew when the catalog changes.
pub(crate) struct Prepared {
    plan: pg_sys::SPIPlanPtr,
    /// What the server keeps of the query, as long as the plan.
    source: *mut pg_sys::CachedPlanSource,
    /// The parameter that rows are compared with where they are received: of a query about a few rows, which is
    /// planned by index. `None` for any other.
    compared: Option<c_int>,
    /// How the plan is run, and which one that is said of.
    way: RefCell<Option<Way>>,
}

/// Where a query of several parts, one after the other, may end.
pub(super) struct Halt<'asked> {
    /// The number of the last part, as its rows tell it in their first column.
    pub(super) last_part: i32,
    /// Asked before the last part, if its rows come last: whether they are not needed.
    pub(super) is_enough: &'asked mut dyn FnMut() -> bool,
}

/// How one of the plans that the server makes of a query, one after the other, is run.
struct Way {
    generation: c_int,
    /// Without the executor; `None` where that cannot be.
    direct: Option<DirectPlan>,
}

impl Prepared {
    /// Has the server read a query with placeholders of these types. `compared` is the number of one, a range
    /// that some column has to overlap, if whoever receives the rows looks at that, too; the query is then about a few
    /// rows, and planned by index.
    ///
    /// # Errors
    /// [`ExtensionError::UnsendableQuery`]. What the server refuses is raised as its own error.
    pub(super) fn of(
        _connection: &Connection,
        query: &str,
        types: &[pg_sys::Oid],
        compared: Option<c_int>,
    ) -> Result<Self, ExtensionError> {
        let text = CString::new(query).map_err(|_| ExtensionError::UnsendableQuery)?;
        let count = c_int::try_from(types.len()).map_err(|_| ExtensionError::UnsendableQuery)?;
        let mut types = types.to_vec();
        // SAFETY: the interface is open, or there were no connection. Text and types outlive the call. The
        // plan is kept beyond the connection, and freed when the value goes.
        unsafe {
            // One plan for all values: these queries name one person and find that person's rows by an index.
            let options = pg_sys::CURSOR_OPT_GENERIC_PLAN.cast_signed();
            let plan = pg_sys::SPI_prepare_cursor(text.as_ptr(), count, types.as_mut_ptr(), options);
            if plan.is_null() || pg_sys::SPI_keepplan(plan) != 0 {
                return Err(ExtensionError::UnsendableQuery);
            }
            // A plan of one query has one source, which stays the same.
            let source = pg_sys::list_nth(pg_sys::SPI_plan_get_plan_sources(plan), 0).cast();
            Ok(Self { plan, source, compared, way: RefCell::default() })
        }
    }

    /// The relations on whose rows alone the answer depends, views among them; `None` where it may depend on
    /// anything else: on functions that are not immutable, or on who asks. To be asked for after the query was.
    pub(super) fn relations(&self) -> Option<Vec<pg_sys::Oid>> {
        let source = self.source;
        // SAFETY: the plan is a kept one, its lists are the server's and live meanwhile. A query is walked, or
        // a list of such, as the function says.
        unsafe {
            let is_settled = (*source).is_valid
                && !(*source).dependsOnRLS
                && !pg_sys::contain_mutable_functions((*source).query_list.cast());
            is_settled.then(|| {
                let relations = (*source).relationOids;
                let count = if relations.is_null() { 0 } else { (*relations).length };
                (0..count).map(|place| pg_sys::list_nth_oid(relations, place)).collect()
            })
        }
    }

    /// Whether everything that the plan is made of, such as views and functions, is as it was when the query
    /// was asked last, as far as the server has told this session.
    pub(super) fn is_valid(&self) -> bool {
        let source = self.source;
        // SAFETY: as above. The plan of an asked query is null, or lives as long as its source.
        unsafe { (*source).is_valid && !(*source).gplan.is_null() && (*(*source).gplan).is_valid }
    }

    /// Runs it with the active snapshot and hands over its rows one by one. The values are of the types that
    /// it was prepared for.
    ///
    /// # Errors
    /// Those of `each`, which end the query. What the server refuses is raised as its own error.
    pub(super) fn stream(
        &self,
        _connection: &Connection,
        parameters: &Parameters,
        each: Each<'_>,
    ) -> Result<(), ExtensionError> {
        if let Some(result) = self.run_directly(parameters, each, None, |_| true) {
            return result;
        }
        let pinned = self.compared.map(|_| PinnedSettings::plans_by_index());
        hand_over(each, parameters, |options| {
            // SAFETY: the interface is open, or there were no connection. The plan is a kept one.
            unsafe { pg_sys::SPI_execute_plan_extended(self.plan, options.cast_mut()) };
        })?;
        drop(pinned);
        self.find_way();
        Ok(())
    }

    /// As [`Prepared::stream`], without the server's query interface and its executor, and whatever
    /// `search_path` is; `None` where that cannot be, and the query is to be asked as usual.
    pub(super) fn stream_directly(
        &self,
        parameters: &Parameters,
        each: Each<'_>,
        halt: Halt<'_>,
    ) -> Option<Result<(), ExtensionError>> {
        self.run_directly(parameters, each, Some(halt), DirectPlan::is_settled)
    }

    fn run_directly(
        &self,
        parameters: &Parameters,
        each: Each<'_>,
        halt: Option<Halt<'_>>,
        may_run: impl FnOnce(&DirectPlan) -> bool,
    ) -> Option<Result<(), ExtensionError>> {
        // Whoever is asked again while rows are handed over goes the long way.
        let mut way = self.way.try_borrow_mut().ok()?;
        let way = way.as_mut()?;
        let direct = way.direct.as_mut().filter(|direct| !direct.is_worn() && may_run(direct))?;
        direct.lock_tables();
        // SAFETY: a valid plan is there, and its tables are locked, so that it stays valid. It is known again by
        // its generation.
        unsafe {
            let is_it = self.is_valid() && (*(*self.source).gplan).generation == way.generation;
            is_it.then(|| direct.run(parameters.for_server(), each, halt))
        }
    }

    /// Looks at the plan that the server just made, or ran again.
    fn find_way(&self) {
        let source = self.source;
        // SAFETY: a kept plan. That of a query that was just asked is null, or lives as long as its source; its
        // tables are locked.
        unsafe {
            let plan = (*source).gplan;
            if plan.is_null() || !self.is_valid() {
                return;
            }
            let generation = (*plan).generation;
            let is_known = |way: &Way| {
                way.generation == generation && !way.direct.as_ref().is_some_and(DirectPlan::is_worn)
            };
            let Ok(mut way) = self.way.try_borrow_mut() else { return };
            if way.as_ref().is_some_and(is_known) {
                return;
            }
            // What depends on who asks, or on when, the server looks at anew each time.
            let is_settled = !(*source).dependsOnRLS
                && !(*plan).dependsOnRole
                && (*plan).saved_xmin == pg_sys::InvalidTransactionId;
            let statement: *mut pg_sys::PlannedStmt = pg_sys::list_nth((*plan).stmt_list, 0).cast();
            let direct = if is_settled { DirectPlan::of(statement, self.compared) } else { None };
            *way = Some(Way { generation, direct });
        }
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        // SAFETY: a kept plan, freed once.
        unsafe { pg_sys::SPI_freeplan(self.plan) };
    }
}
