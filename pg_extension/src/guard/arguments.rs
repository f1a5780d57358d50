//! What the triggers of a guard carry as their arguments.

use std::ffi::CStr;

use pgrx::pg_sys;

use super::quantity::Quantity;
use crate::error::ExtensionError;

/// A guard's definition, as its triggers say it. It stands nowhere else: the server keeps it through dump,
/// restore, and renaming of the table, and drops it with the table.
#[derive(Debug)]
pub(super) struct Arguments {
    /// The guard's name.
    pub(super) guard: String,
    /// Column of the key.
    pub(super) key: String,
    /// Column of the range.
    pub(super) range: String,
    /// Which rows are guarded, with every name qualified; all when there is none.
    pub(super) predicate: Option<String>,
    /// How many may be there at once, or how much of a load.
    pub(super) capacity: Quantity,
    /// Column of the load; each row weighs one when there is none.
    pub(super) load: Option<String>,
    /// Least distance between two rows, in units of the range's subtype (microseconds, days, or ones).
    pub(super) gap_units: i64,
    /// Name of the index that served when the guard was made.
    pub(super) index: String,
    /// Whether rows are checked at commit.
    pub(super) deferred: bool,
    /// Number of the guard among those of its table.
    pub(super) lock_space: u16,
}

impl Arguments {
    /// Reads the arguments of a trigger.
    ///
    /// # Errors
    /// [`ExtensionError::UnusableGuard`] when they are not such as `rota.guard_overlaps` writes.
    ///
    /// # Safety
    /// The trigger is a live one.
    pub(super) unsafe fn of(trigger: &pg_sys::Trigger) -> Result<Self, ExtensionError> {
        let count = usize::try_from(trigger.tgnargs).unwrap_or_default();
        let texts = (0..count).map(|position| {
            // SAFETY: a trigger has `tgnargs` arguments, each a C string that lives as long as the trigger.
            unsafe { CStr::from_ptr(*trigger.tgargs.add(position)) }.to_str().unwrap_or_default()
        });
        let pairs: Vec<(&str, &str)> = texts.filter_map(|text| text.split_once('=')).collect();
        Self::from_pairs(&pairs).ok_or_else(|| {
            // SAFETY: a trigger has a name, a C string.
            let name = unsafe { CStr::from_ptr(trigger.tgname) }.to_string_lossy().into_owned();
            ExtensionError::UnusableGuard {
                guard: name,
                fault: "has arguments that rota.guard_overlaps does not write".into(),
            }
        })
    }

    fn from_pairs(pairs: &[(&str, &str)]) -> Option<Self> {
        let find = |name: &str| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        let optional = |name: &str| find(name).filter(|value| !value.is_empty()).map(str::to_owned);
        Some(Self {
            guard: optional("guard")?,
            key: optional("key")?,
            range: optional("range")?,
            predicate: optional("predicate"),
            capacity: Quantity::parse(find("capacity")?)?,
            load: optional("load"),
            gap_units: find("gap_units").unwrap_or("0").parse().ok()?,
            index: optional("index")?,
            deferred: find("deferred") == Some("true"),
            lock_space: find("lock_space")?.parse().ok()?,
        })
    }

    /// Whether rows are weighed, and not just kept apart.
    pub(super) fn is_weighed(&self) -> bool {
        self.load.is_some() || self.capacity > Quantity::ONE
    }
}
