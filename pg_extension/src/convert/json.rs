//! JSON documents.

use std::ffi::CStr;

use pgrx::callconv::{Arg, ArgAbi};
use pgrx::datum::FromDatum;
use pgrx::nullable::Nullable;
use pgrx::{direct_function_call, impl_sql_translatable, pg_sys};
use serde_json::Value;

use crate::error::ExtensionError;

/// A `jsonb` that somebody sent, or why it cannot be read: the server keeps numbers of any size and any depth of nesting,
/// and `pgrx::JsonB` panics beyond what a program holds.
#[derive(Debug)]
pub(crate) struct Document(Result<Value, String>);

impl_sql_translatable!(Document, "jsonb");

impl Document {
    /// What it says.
    ///
    /// # Errors
    /// [`ExtensionError::UnreadableRoster`] for numbers beyond those of 64 bits and for more than 128 levels.
    pub(crate) fn read(self, argument: &'static str) -> Result<Value, ExtensionError> {
        self.0.map_err(|fault| ExtensionError::UnreadableRoster {
            argument,
            path: argument.to_owned(),
            fault: format!(
                "cannot be read ({fault}), numbers of 64 bits and at most 128 levels would be right"
            ),
        })
    }
}

impl FromDatum for Document {
    unsafe fn from_polymorphic_datum(datum: pg_sys::Datum, is_null: bool, _: pg_sys::Oid) -> Option<Self> {
        if is_null {
            return None;
        }
        // SAFETY: the caller says that the datum is a jsonb, which is what the function takes; it detoasts by itself and
        // gives a text of its own.
        let text: &CStr = unsafe { direct_function_call(pg_sys::jsonb_out, &[Some(datum)]) }?;
        let value = text.to_str().map_err(|error| error.to_string());
        let value = value.and_then(|text| serde_json::from_str(text).map_err(|error| error.to_string()));
        // SAFETY: made above, and nothing of it is used any more: the value owns what it holds.
        unsafe { pg_sys::pfree(text.as_ptr().cast_mut().cast()) };
        Some(Self(value))
    }
}

// SAFETY: the argument is declared as jsonb, by `impl_sql_translatable`, which is what `FromDatum` reads.
unsafe impl<'fcx> ArgAbi<'fcx> for Document {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: see the impl.
        unsafe { arg.unbox_arg_using_from_datum() }.unwrap_or(Self(Ok(Value::Null)))
    }

    unsafe fn unbox_nullable_arg(arg: Arg<'_, 'fcx>) -> Nullable<Self> {
        // SAFETY: see the impl.
        unsafe { arg.unbox_arg_using_from_datum() }.into()
    }
}
