//! What the triggers carry as their arguments.

use std::ffi::CStr;

use pgrx::pg_sys;

use crate::error::ExtensionError;

/// The definition of an enforcement. It stands nowhere else.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arguments<'trigger> {
    /// Its name.
    pub(super) enforcement: &'trigger str,
    /// Column of the person.
    pub(super) person: &'trigger str,
    /// Column of the time.
    pub(super) range: &'trigger str,
    /// The set of rules; those that are in force here where there is none.
    pub(super) rule_set: Option<&'trigger str>,
}

impl<'trigger> Arguments<'trigger> {
    /// Reads the arguments of a trigger.
    ///
    /// # Errors
    /// [`ExtensionError::UnusableEnforcement`] when they are not such as `rota.enforce_rules` writes.
    ///
    /// # Safety
    /// The trigger is a live one, and does not change.
    pub(super) unsafe fn of(trigger: &'trigger pg_sys::Trigger) -> Result<Self, ExtensionError> {
        let count = usize::try_from(trigger.tgnargs).unwrap_or_default();
        let texts = (0..count).map(|position| {
            // SAFETY: a trigger has `tgnargs` arguments, each a C string that lives as long as the trigger.
            unsafe { CStr::from_ptr(*trigger.tgargs.add(position)) }.to_str().unwrap_or_default()
        });
        let find = |name: &str| {
            let value = |text: &'trigger str| text.strip_prefix(name)?.strip_prefix('=');
            texts.clone().find_map(value).filter(|value| !value.is_empty())
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
