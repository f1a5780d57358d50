//! Elapsed time, and other quantities, as `numeric`.

use std::ffi::CString;

use pgrx::callconv::{BoxRet, FcInfo};
use pgrx::datum::{Datum, IntoDatum};
use pgrx::{impl_sql_translatable, pg_sys};
use rota_engine::Duration;
use rota_engine::conflict::Quantity;

/// A length that SQL sees as `numeric` minutes, without trailing zeros.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NumericMinutes(pub(crate) Duration);

/// A quantity that SQL sees as `numeric`: minutes of a time, or a number of heads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NumericQuantity(pub(crate) Quantity);

impl_sql_translatable!(NumericMinutes, "numeric");
impl_sql_translatable!(NumericQuantity, "numeric");

const MICROSECONDS_PER_MINUTE: i64 = 60_000_000;

impl IntoDatum for NumericMinutes {
    fn into_datum(self) -> Option<pg_sys::Datum> {
        let microseconds = self.0.microseconds();
        if microseconds % MICROSECONDS_PER_MINUTE == 0 {
            return Some(whole(microseconds / MICROSECONDS_PER_MINUTE));
        }
        let text = CString::new(self.0.minutes().to_string()).ok()?;
        // SAFETY: numeric_in takes a C string, the type's OID (which it ignores) and a type modifier, -1 for
        // none. The string outlives the call, and the numeric it returns is a copy in the current memory
        // context.
        unsafe {
            pgrx::direct_function_call_as_datum(
                pg_sys::numeric_in,
                &[
                    Some(pg_sys::Datum::from(text.as_ptr())),
                    Some(pg_sys::Datum::from(pg_sys::InvalidOid)),
                    Some(pg_sys::Datum::from(-1_i32)),
                ],
            )
        }
    }

    fn type_oid() -> pg_sys::Oid {
        pg_sys::NUMERICOID
    }
}

impl IntoDatum for NumericQuantity {
    fn into_datum(self) -> Option<pg_sys::Datum> {
        match self.0 {
            Quantity::Time(time) => NumericMinutes(time).into_datum(),
            Quantity::Heads(heads) => Some(whole(i64::from(heads))),
        }
    }

    fn type_oid() -> pg_sys::Oid {
        pg_sys::NUMERICOID
    }
}

/// An integer as `numeric`.
fn whole(number: i64) -> pg_sys::Datum {
    // SAFETY: takes an integer and returns a palloc'd numeric in the current memory context.
    pg_sys::Datum::from(unsafe { pg_sys::int64_to_numeric(number) })
}

// SAFETY: the datum is a numeric, as `impl_sql_translatable` promises to SQL, in the caller's memory context.
unsafe impl BoxRet for NumericMinutes {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
        match self.into_datum() {
            // SAFETY: see the impl.
            Some(datum) => unsafe { fcinfo.return_raw_datum(datum) },
            None => fcinfo.return_null(),
        }
    }
}

// SAFETY: as for `NumericMinutes`.
unsafe impl BoxRet for NumericQuantity {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
        match self.into_datum() {
            // SAFETY: see the impl.
            Some(datum) => unsafe { fcinfo.return_raw_datum(datum) },
            None => fcinfo.return_null(),
        }
    }
}
