//! What the triggers carry as their arguments.

use std::ffi::CStr;

use pgrx::pg_sys;

use crate::error::ExtensionError;

/// The definition of an enforcement. It stands nowhere else.
#[derive(Debug)]
pub(super) struct Arguments {
    /// Its name.
    pub(super) enforcement: String,
    /// Column of the person.
    pub(super) person: String,
    /// Column of the time.
    pub(super) range: String,
    /// The set of rules; those that are in force here where there is none.
    pub(super) rule_set: Option<String>,
}

impl Arguments {
    /// Reads the arguments of a trigger.
    ///
    /// # Errors
    /// [`ExtensionError::UnusableEnforcement`] when they are not such as `rota.enforce_rules` writes.
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
        let find = |name: &str| {
            let found = pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
            found.filter(|value| !value.is_empty()).map(str::to_owned)
        };
        match (find("enforcement"), find("person"), find("range")) {
            (Some(enforcement), Some(person), Some(range)) => {
                Ok(Self { enforcement, person, range, rule_set: find("rule_set") })
            }
            _ => {
                // SAFETY: a trigger has a name, a C string.
                let name = unsafe { CStr::from_ptr(trigger.tgname) }.to_string_lossy().into_owned();
                Err(ExtensionError::UnusableEnforcement {
                    enforcement: name,
                    fault: "has arguments that rota.enforce_rules does not write".to_owned(),
                })
            }
        }
    }
}
