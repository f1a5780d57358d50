//! Elapsed time, and other quantities, as `numeric`.

use std::ffi::CString;

use pgrx::callconv::{BoxRet, FcInfo};
use pgrx::datum::{Datum, IntoDatum};
use pgrx::{impl_sql_translatable, pg_sys};
use rota_engine::compliance::Ratio;
use rota_engine::conflict::Quantity;
use rota_engine::pay::Premium;
use rota_engine::{Duration, Minutes};

/// A length that SQL sees as `numeric` minutes, without trailing zeros.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NumericMinutes(pub(crate) Duration);

/// The minutes of a part among others, which SQL sees as `numeric`: they sum to those of the whole.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NumericPart(pub(crate) Minutes);

/// A quantity that SQL sees as `numeric`: minutes of a time, a number of heads or days, or a load.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NumericQuantity(pub(crate) Quantity);

/// By what a rate is multiplied, which SQL sees as `numeric`: 1.25 with a premium of a quarter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NumericFactor(pub(crate) Premium);

/// A quotient that SQL sees as `numeric`: exact where a decimal is, else to six decimals.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NumericRatio(pub(crate) Ratio);

/// What was measured, or a limit, by a conflict or by a rule.
#[derive(Debug, Clone, Copy)]
pub(crate) enum NumericMeasure {
    /// Of a conflict.
    Quantity(Quantity),
    /// Of a rule.
    Ratio(Ratio),
}

impl_sql_translatable!(NumericFactor, "numeric");
impl_sql_translatable!(NumericMeasure, "numeric");
impl_sql_translatable!(NumericMinutes, "numeric");
impl_sql_translatable!(NumericPart, "numeric");
impl_sql_translatable!(NumericQuantity, "numeric");
impl_sql_translatable!(NumericRatio, "numeric");

impl IntoDatum for NumericMinutes {
    fn into_datum(self) -> Option<pg_sys::Datum> {
        decimal(self.0.minutes())
    }

    fn type_oid() -> pg_sys::Oid {
        pg_sys::NUMERICOID
    }
}

impl IntoDatum for NumericPart {
    fn into_datum(self) -> Option<pg_sys::Datum> {
        decimal(self.0)
    }

    fn type_oid() -> pg_sys::Oid {
        pg_sys::NUMERICOID
    }
}

impl IntoDatum for NumericQuantity {
    fn into_datum(self) -> Option<pg_sys::Datum> {
        match self.0 {
            Quantity::Time(time) => NumericMinutes(time).into_datum(),
            Quantity::Heads(count) | Quantity::Days(count) => Some(whole(i64::from(count))),
            Quantity::Load(load) => read_numeric(&load.to_string()),
        }
    }

    fn type_oid() -> pg_sys::Oid {
        pg_sys::NUMERICOID
    }
}

impl IntoDatum for NumericRatio {
    fn into_datum(self) -> Option<pg_sys::Datum> {
        match i64::try_from(self.0.numerator()) {
            Ok(number) if self.0.denominator() == 1 => Some(whole(number)),
            _ => read_numeric(&self.0.to_string()),
        }
    }

    fn type_oid() -> pg_sys::Oid {
        pg_sys::NUMERICOID
    }
}

impl IntoDatum for NumericMeasure {
    fn into_datum(self) -> Option<pg_sys::Datum> {
        match self {
            Self::Quantity(quantity) => NumericQuantity(quantity).into_datum(),
            Self::Ratio(ratio) => NumericRatio(ratio).into_datum(),
        }
    }

    fn type_oid() -> pg_sys::Oid {
        pg_sys::NUMERICOID
    }
}

impl IntoDatum for NumericFactor {
    fn into_datum(self) -> Option<pg_sys::Datum> {
        let Premium(ten_thousandths) = self.0;
        let factor = 10_000 + i64::from(ten_thousandths);
        // SAFETY: as in `decimal`.
        Some(pg_sys::Datum::from(unsafe { pg_sys::int64_div_fast_to_numeric(factor, 4) }))
    }

    fn type_oid() -> pg_sys::Oid {
        pg_sys::NUMERICOID
    }
}

/// Minutes as `numeric`, in the current memory context.
fn decimal(minutes: Minutes) -> Option<pg_sys::Datum> {
    let (digits, decimals) = minutes.digits();
    match (i64::try_from(digits), i32::try_from(decimals)) {
        (Ok(number), Ok(0)) => Some(whole(number)),
        (Ok(number), Ok(decimals)) => {
            // SAFETY: takes an integer and the power of ten to divide it by, which is at most 12; returns a
            // palloc'd numeric in the current memory context.
            let numeric = unsafe { pg_sys::int64_div_fast_to_numeric(number, decimals) };
            Some(pg_sys::Datum::from(numeric))
        }
        // More digits than an integer has: more than seventeen years, to the microsecond.
        _ => read_numeric(&minutes.to_string()),
    }
}

/// A number read by the server from its text, in the current memory context.
fn read_numeric(text: &str) -> Option<pg_sys::Datum> {
    let text = CString::new(text).ok()?;
    // SAFETY: numeric_in takes a C string, the type's OID (which it ignores) and a type modifier, -1 for none.
    // The string outlives the call, and the numeric it returns is a copy in the current memory context.
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
unsafe impl BoxRet for NumericPart {
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

// SAFETY: as for `NumericMinutes`.
unsafe impl BoxRet for NumericFactor {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
        match self.into_datum() {
            // SAFETY: see the impl.
            Some(datum) => unsafe { fcinfo.return_raw_datum(datum) },
            None => fcinfo.return_null(),
        }
    }
}

// SAFETY: as for `NumericMinutes`.
unsafe impl BoxRet for NumericRatio {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
        match self.into_datum() {
            // SAFETY: see the impl.
            Some(datum) => unsafe { fcinfo.return_raw_datum(datum) },
            None => fcinfo.return_null(),
        }
    }
}

// SAFETY: as for `NumericMinutes`.
unsafe impl BoxRet for NumericMeasure {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
        match self.into_datum() {
            // SAFETY: see the impl.
            Some(datum) => unsafe { fcinfo.return_raw_datum(datum) },
            None => fcinfo.return_null(),
        }
    }
}
