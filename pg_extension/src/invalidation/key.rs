//! A key column: where its value stands in a row, and how it is written.

use std::cell::UnsafeCell;
use std::ffi::CStr;
use std::io::Write as _;

use pgrx::{FromDatum, pg_sys};

/// A column whose values are announced.
#[derive(Debug)]
pub(super) struct Key {
    /// Its number in the table, from 1.
    pub(super) attribute: i16,
    /// The beginning of its tags, `schema.table/column=`.
    prefix: Vec<u8>,
    form: Form,
}

/// How a value is written: as its type's output function does.
#[derive(Debug)]
enum Form {
    SmallInteger,
    Integer,
    BigInteger,
    Other(UnsafeCell<pg_sys::FmgrInfo>),
}

impl Key {
    /// The key of a column, with the beginning of its tags.
    pub(super) fn of(relation: pg_sys::Oid, attribute: i16, prefix: Vec<u8>) -> Self {
        // SAFETY: looks the column and its type up in the catalog; the relation is open and locked. The
        // function's record is filled in, and what it points to lives as long as the backend.
        let form = unsafe {
            match pg_sys::getBaseType(pg_sys::get_atttype(relation, attribute)) {
                pg_sys::INT2OID => Form::SmallInteger,
                pg_sys::INT4OID => Form::Integer,
                pg_sys::INT8OID => Form::BigInteger,
                other => {
                    let (mut output, mut is_varlena) = (pg_sys::InvalidOid, false);
                    pg_sys::getTypeOutputInfo(other, &raw mut output, &raw mut is_varlena);
                    let mut function = pg_sys::FmgrInfo::default();
                    pg_sys::fmgr_info_cxt(output, &raw mut function, pg_sys::TopMemoryContext);
                    Form::Other(UnsafeCell::new(function))
                }
            }
        };
        Self { attribute, prefix, form }
    }

    /// Writes the name of the tag of a value over what `name` holds.
    ///
    /// # Safety
    /// The value is one of the column, and not NULL.
    pub(super) unsafe fn write_tag(&self, value: pg_sys::Datum, name: &mut Vec<u8>) {
        name.clear();
        name.extend_from_slice(&self.prefix);
        // SAFETY: the value is of the form that was chosen by the column's type.
        let integer = unsafe {
            match &self.form {
                Form::SmallInteger => i16::from_datum(value, false).map(i64::from),
                Form::Integer => i32::from_datum(value, false).map(i64::from),
                Form::BigInteger => i64::from_datum(value, false),
                Form::Other(function) => {
                    let text = pg_sys::OutputFunctionCall(function.get(), value);
                    name.extend_from_slice(CStr::from_ptr(text).to_bytes());
                    pg_sys::pfree(text.cast());
                    None
                }
            }
        };
        if let Some(integer) = integer {
            // Writing to memory cannot fail.
            let _ = write!(name, "{integer}");
        }
    }
}
