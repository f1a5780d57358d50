//! Queries that are planned once and asked often.

use std::ffi::{CString, c_int};

use pgrx::pg_sys;

use super::query::{Connection, Parameters};
use super::stream::{Each, hand_over};
use crate::error::ExtensionError;

/// A read-only query with its plan, which the server keeps and makes anew when the catalog changes.
pub(crate) struct Prepared {
    plan: pg_sys::SPIPlanPtr,
}

impl Prepared {
    /// Has the server read a query with placeholders of these types.
    ///
    /// # Errors
    /// [`ExtensionError::UnsendableQuery`]. What the server refuses is raised as its own error.
    pub(super) fn of(
        _connection: &Connection,
        query: &str,
        types: &[pg_sys::Oid],
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
            Ok(Self { plan })
        }
    }

    /// The relations on whose rows alone the answer depends, views among them; `None` where it may depend on
    /// anything else: on functions that are not immutable, or on who asks. To be asked for after the query was.
    pub(super) fn relations(&self) -> Option<Vec<pg_sys::Oid>> {
        // SAFETY: the plan is a kept one, its lists are the server's and live meanwhile. A query is walked, or
        // a list of such, as the function says.
        unsafe {
            let sources = pg_sys::SPI_plan_get_plan_sources(self.plan);
            let source: *mut pg_sys::CachedPlanSource = pg_sys::list_nth(sources, 0).cast();
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
        // SAFETY: as above. The plan of an asked query is null, or lives as long as its source.
        unsafe {
            let sources = pg_sys::SPI_plan_get_plan_sources(self.plan);
            let source: *mut pg_sys::CachedPlanSource = pg_sys::list_nth(sources, 0).cast();
            (*source).is_valid && !(*source).gplan.is_null() && (*(*source).gplan).is_valid
        }
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
        hand_over(each, parameters, |options| {
            // SAFETY: the interface is open, or there were no connection. The plan is a kept one.
            unsafe { pg_sys::SPI_execute_plan_extended(self.plan, options.cast_mut()) };
        })
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        // SAFETY: a kept plan, freed once.
        unsafe { pg_sys::SPI_freeplan(self.plan) };
    }
}
