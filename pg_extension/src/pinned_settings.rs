//! Settings of the server as something needs them, for a while.

use std::ffi::CStr;

use pgrx::pg_sys;

/// Settings that are as they have to be, until the value goes.
pub(crate) struct PinnedSettings {
    level: i32,
}

impl PinnedSettings {
    /// `search_path` as the extension's own functions have it.
    pub(crate) fn search_path() -> Self {
        Self::of(&[(c"search_path", c"pg_catalog, pg_temp")])
    }

    /// The planner's, for queries that find a few rows by an index where there is one: whatever was counted of a
    /// table so far, or not yet, the plan is the same. Without an index the table is read, which then looks so
    /// expensive that the server would compile the plan.
    pub(crate) fn plans_by_index() -> Self {
        Self::of(&[(c"enable_seqscan", c"off"), (c"enable_bitmapscan", c"off"), (c"jit", c"off")])
    }

    fn of(settings: &[(&CStr, &CStr)]) -> Self {
        // SAFETY: all texts are C strings, and the level is closed when the value is dropped.
        unsafe {
            let level = pg_sys::NewGUCNestLevel();
            for (name, value) in settings {
                pg_sys::set_config_option(
                    name.as_ptr(),
                    value.as_ptr(),
                    pg_sys::GucContext::PGC_USERSET,
                    pg_sys::GucSource::PGC_S_SESSION,
                    pg_sys::GucAction::GUC_ACTION_SAVE,
                    true,
                    0,
                    false,
                );
            }
            Self { level }
        }
    }
}

impl Drop for PinnedSettings {
    fn drop(&mut self) {
        // SAFETY: the level was opened by `of`, and none below it is open.
        unsafe { pg_sys::AtEOXact_GUC(true, self.level) };
    }
}
