//! What a row weighs.

use std::ffi::CStr;

use pgrx::pg_sys;

use super::quantity::Quantity;
use crate::error::ExtensionError;

/// How loads are read.
#[derive(Clone, Copy)]
pub(super) enum LoadType {
    /// Each row weighs one.
    Count,
    /// An integer passed by value.
    Integer,
    /// Any other exact number, through its output function.
    Text(pg_sys::Oid),
}

impl LoadType {
    /// Looks a load column's type up; `None` for one that is no exact number.
    pub(super) fn find(type_oid: pg_sys::Oid) -> Option<Self> {
        match type_oid {
            pg_sys::INT2OID | pg_sys::INT4OID | pg_sys::INT8OID => Some(Self::Integer),
            pg_sys::NUMERICOID => {
                let (mut output, mut is_varlena) = (pg_sys::InvalidOid, false);
                // SAFETY: the type exists; both are written to.
                unsafe { pg_sys::getTypeOutputInfo(type_oid, &raw mut output, &raw mut is_varlena) };
                Some(Self::Text(output))
            }
            _ => None,
        }
    }

    /// What a row weighs; a null weighs nothing.
    ///
    /// # Errors
    /// [`ExtensionError::UnreadableLoad`] in the name of the guard, for a number too large or too fine to be added
    /// exactly, an infinity or no number.
    ///
    /// # Safety
    /// The value, if there is one, is of the type.
    pub(super) unsafe fn read(
        self,
        guard: &str,
        value: Option<pg_sys::Datum>,
    ) -> Result<Quantity, ExtensionError> {
        let text = match (self, value) {
            (Self::Count, _) => return Ok(Quantity::ONE),
            (_, None) => return Ok(Quantity::default()),
            // An integer in a datum has its sign in every bit above it.
            (Self::Integer, Some(value)) => value.value().cast_signed().to_string(),
            // SAFETY: the caller says so; the text is a C string in the current memory context.
            (Self::Text(output), Some(value)) => unsafe {
                CStr::from_ptr(pg_sys::OidOutputFunctionCall(output, value)).to_string_lossy().into_owned()
            },
        };
        Quantity::parse(&text)
            .ok_or_else(|| ExtensionError::UnreadableLoad { guard: guard.to_owned(), load: text })
    }
}
