//! Rows on their way out.

use super::row::ConflictRow;
use crate::error::ExtensionError;

/// Rows of one call. They are some 300 bytes each while a call lasts, and nobody reads so many.
const MOST_CONFLICTS: usize = 1_000_000;

/// Conflicts found between two looks at pending interrupts: below a millisecond.
const CONFLICTS_PER_INTERRUPT_CHECK: usize = 4_096;

/// Rows with a limit and an ear for interrupts.
#[derive(Default)]
pub(super) struct Found {
    pub(super) rows: Vec<ConflictRow>,
}

impl Found {
    pub(super) fn push(&mut self, row: ConflictRow) -> Result<(), ExtensionError> {
        if self.rows.len() >= MOST_CONFLICTS {
            return Err(ExtensionError::TooManyConflicts { limit: MOST_CONFLICTS });
        }
        if self.rows.len().is_multiple_of(CONFLICTS_PER_INTERRUPT_CHECK) {
            pgrx::check_for_interrupts!();
        }
        self.rows.push(row);
        Ok(())
    }
}
