//! Ranges of instants and of days.
//!
//! The bytes are read and written here instead of through `range_deserialize` and `make_range`: those look
//! the subtype up for every value, and one of these functions may run for every row of a large table. The
//! layout is that of `range_serialize` in the server's `rangetypes.c`. It is the format on disk, which
//! `pg_upgrade` relies on to stay: header, OID of the range type, the bounds that are finite, and one byte of
//! flags at the end.

use std::ops::Bound;

use pgrx::callconv::{Arg, ArgAbi, BoxRet, FcInfo};
use pgrx::datum::{Datum, FromDatum, IntoDatum, UnboxDatum};
use pgrx::nullable::Nullable;
use pgrx::varlena::{varatt_is_1b, varatt_is_1b_e, varatt_is_4b_u, varlena_to_byte_slice};
use pgrx::{impl_sql_translatable, pg_sys};
use rota_engine::{Instant, LocalDate, Span};

use super::calendar::local_date_bound;

/// A `tstzrange`: the instants it holds, or none when it is empty.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InstantRange(pub(crate) Option<Span>);

/// A `daterange` that is not empty as `[first, end)`, a missing day meaning no bound; `None` when it is
/// empty.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DateRange(pub(crate) Option<(Option<LocalDate>, Option<LocalDate>)>);

impl_sql_translatable!(InstantRange, "tstzrange");
impl_sql_translatable!(DateRange, "daterange");

/// Flags of the last byte, as in the server's `rangetypes.h`.
const EMPTY: u8 = 0x01;
const LOWER_INCLUSIVE: u8 = 0x02;
const UPPER_INCLUSIVE: u8 = 0x04;
const LOWER_INFINITE: u8 = 0x08;
const UPPER_INFINITE: u8 = 0x10;

/// Bytes of a varlena header, and of the OID that follows it.
const HEADER_BYTES: usize = 4;
const OID_BYTES: usize = 4;
/// Bytes of a `timestamptz`.
const INSTANT_BYTES: usize = 8;
/// The longest `tstzrange`: header, OID, two bounds, flags.
const LONGEST_BYTES: usize = HEADER_BYTES + OID_BYTES + 2 * INSTANT_BYTES + 1;

/// The bounds of a serialized range whose subtype is `WIDTH` bytes wide.
pub(crate) enum Serialized<const WIDTH: usize> {
    /// The empty range.
    Empty,
    /// The lower and the upper one, in the machine's byte order.
    Bounds(Bound<[u8; WIDTH]>, Bound<[u8; WIDTH]>),
}

impl<const WIDTH: usize> Serialized<WIDTH> {
    /// Reads what follows the varlena header; `None` when the bytes are too few for their own flags.
    #[inline]
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (&flags, bytes) = bytes.split_last()?;
        if flags & EMPTY != 0 {
            return Some(Self::Empty);
        }
        let mut bounds = bytes.get(OID_BYTES..)?;
        let mut next = |infinite: u8, inclusive: u8| {
            if flags & infinite != 0 {
                return Some(Bound::Unbounded);
            }
            let (bound, rest) = bounds.split_first_chunk::<WIDTH>()?;
            bounds = rest;
            Some(if flags & inclusive != 0 { Bound::Included(*bound) } else { Bound::Excluded(*bound) })
        };
        let lower = next(LOWER_INFINITE, LOWER_INCLUSIVE)?;
        let upper = next(UPPER_INFINITE, UPPER_INCLUSIVE)?;
        Some(Self::Bounds(lower, upper))
    }
}

/// What follows the varlena header of a datum.
///
/// # Safety
/// The datum is a range, not null; it stays as long as its bytes are looked at.
#[inline]
unsafe fn bytes_of<'datum>(datum: pg_sys::Datum) -> &'datum [u8] {
    // SAFETY: the caller says that the datum is a varlena. Plain and short ones are read where they lie,
    // unaligned. A range this short is hardly ever compressed or stored apart; the server is asked only
    // then, since guarding a call costs more than to read the range.
    unsafe {
        let range: *mut pg_sys::varlena = datum.cast_mut_ptr();
        let is_short = varatt_is_1b(range) && !varatt_is_1b_e(range);
        let lies_there = is_short || varatt_is_4b_u(range);
        let range = if lies_there { range } else { pg_sys::pg_detoast_datum_packed(range) };
        varlena_to_byte_slice(range)
    }
}

/// The flags and what would be the bounds of a range of instants, if it has two; `None` where the bytes are too few.
#[inline]
fn two_bounds(bytes: &[u8]) -> Option<(u8, i64, i64)> {
    let (flags, bounds) = bytes.split_last()?;
    let (lower, upper) = bounds.get(OID_BYTES..)?.split_first_chunk()?;
    let upper = upper.first_chunk()?;
    Some((*flags, i64::from_ne_bytes(*lower), i64::from_ne_bytes(*upper)))
}

/// Whether a glance at a range of instants, where it lies, shows that it shares none with a span. `false` says
/// nothing.
///
/// # Safety
/// The datum is a `tstzrange`, not null.
#[inline]
pub(crate) unsafe fn surely_lies_apart(datum: pg_sys::Datum, span: Span) -> bool {
    // SAFETY: the caller says that the datum is a varlena. Only plain and short ones are read.
    let bytes = unsafe {
        let range: *mut pg_sys::varlena = datum.cast_mut_ptr();
        let is_short = varatt_is_1b(range) && !varatt_is_1b_e(range);
        if !is_short && !varatt_is_4b_u(range) {
            return false;
        }
        varlena_to_byte_slice(range)
    };
    let Some((flags, lower, upper)) = two_bounds(bytes) else { return false };
    // Whether a bound belongs to the range matters only where it is one of the span's.
    flags & (EMPTY | LOWER_INFINITE | UPPER_INFINITE) == 0
        && (upper < span.start().microseconds() || lower > span.end().microseconds())
}

impl InstantRange {
    /// The serialized range, and how many of its bytes are used.
    fn write(self) -> ([u8; LONGEST_BYTES], usize) {
        let mut bytes = [0; LONGEST_BYTES];
        let mut length = HEADER_BYTES;
        let mut append = |part: &[u8]| {
            for (target, source) in bytes.iter_mut().skip(length).zip(part) {
                *target = *source;
            }
            length += part.len();
        };
        append(&pg_sys::TSTZRANGEOID.to_u32().to_ne_bytes());
        let flags = match self.0 {
            None => EMPTY,
            Some(span) => {
                let lower = if span.start() == Instant::NEG_INFINITY {
                    LOWER_INFINITE
                } else {
                    append(&span.start().microseconds().to_ne_bytes());
                    LOWER_INCLUSIVE
                };
                let upper = if span.end() == Instant::INFINITY {
                    UPPER_INFINITE
                } else {
                    append(&span.end().microseconds().to_ne_bytes());
                    0
                };
                lower | upper
            }
        };
        append(&[flags]);
        (bytes, length)
    }
}

impl FromDatum for InstantRange {
    #[inline]
    unsafe fn from_polymorphic_datum(datum: pg_sys::Datum, is_null: bool, _: pg_sys::Oid) -> Option<Self> {
        if is_null {
            return None;
        }
        let instant = |bytes| Instant::from_microseconds(i64::from_ne_bytes(bytes));
        // SAFETY: the caller says that the datum is a tstzrange.
        let bytes = unsafe { bytes_of(datum) };
        // Most are of this form, with both bounds.
        if let Some((LOWER_INCLUSIVE, lower, upper)) = two_bounds(bytes) {
            let instant = Instant::from_microseconds;
            return Some(Self(Span::new(instant(lower), instant(upper))));
        }
        match Serialized::read(bytes)? {
            Serialized::Empty => Some(Self(None)),
            Serialized::Bounds(lower, upper) => {
                Some(Self(Span::from_bounds(lower.map(instant), upper.map(instant))))
            }
        }
    }
}

impl FromDatum for DateRange {
    unsafe fn from_polymorphic_datum(datum: pg_sys::Datum, is_null: bool, _: pg_sys::Oid) -> Option<Self> {
        if is_null {
            return None;
        }
        // The server keeps a daterange as [first, end): only infinite dates have no canonical form.
        let date = |bound: Bound<[u8; 4]>| match bound {
            Bound::Included(bytes) | Bound::Excluded(bytes) => local_date_bound(i32::from_ne_bytes(bytes)),
            Bound::Unbounded => None,
        };
        // SAFETY: the caller says that the datum is a daterange.
        match Serialized::read(unsafe { bytes_of(datum) })? {
            Serialized::Empty => Some(Self(None)),
            Serialized::Bounds(lower, upper) => Some(Self(Some((date(lower), date(upper))))),
        }
    }
}

impl IntoDatum for InstantRange {
    fn into_datum(self) -> Option<pg_sys::Datum> {
        let (bytes, length) = self.write();
        // SAFETY: palloc gives `length` bytes in the current memory context, aligned for any type, and raises
        // an error rather than returning null. `length` is at most the array's, which is the source of the
        // copy.
        unsafe {
            let range: *mut pg_sys::varlena = pg_sys::palloc(length).cast();
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), range.cast(), length);
            pgrx::varlena::set_varsize_4b(range, i32::try_from(length).unwrap_or_default());
            Some(pg_sys::Datum::from(range))
        }
    }

    fn type_oid() -> pg_sys::Oid {
        pg_sys::TSTZRANGEOID
    }
}

// SAFETY: the argument is declared as tstzrange, by `impl_sql_translatable`, which is what `FromDatum` reads.
unsafe impl<'fcx> ArgAbi<'fcx> for InstantRange {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: see the impl. A range whose bytes contradict themselves holds nothing.
        unsafe { arg.unbox_arg_using_from_datum() }.unwrap_or(Self(None))
    }

    unsafe fn unbox_nullable_arg(arg: Arg<'_, 'fcx>) -> Nullable<Self> {
        // SAFETY: see the impl.
        unsafe { arg.unbox_arg_using_from_datum() }.into()
    }
}

// SAFETY: the argument is declared as daterange, by `impl_sql_translatable`, which is what `FromDatum` reads.
unsafe impl<'fcx> ArgAbi<'fcx> for DateRange {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: see the impl. A range whose bytes contradict themselves holds nothing.
        unsafe { arg.unbox_arg_using_from_datum() }.unwrap_or(Self(None))
    }

    unsafe fn unbox_nullable_arg(arg: Arg<'_, 'fcx>) -> Nullable<Self> {
        // SAFETY: see the impl.
        unsafe { arg.unbox_arg_using_from_datum() }.into()
    }
}

// SAFETY: the value borrows nothing, so it lives as long as any datum it came from.
unsafe impl UnboxDatum for InstantRange {
    type As<'src> = Self;

    unsafe fn unbox<'src>(datum: Datum<'src>) -> Self
    where
        Self: 'src,
    {
        // SAFETY: the caller says that the datum is a tstzrange and not null.
        unsafe { Self::from_datum(datum.sans_lifetime(), false) }.unwrap_or(Self(None))
    }
}

// SAFETY: the datum is a tstzrange, as `impl_sql_translatable` promises to SQL, in the caller's memory
// context.
unsafe impl BoxRet for InstantRange {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> Datum<'fcx> {
        match self.into_datum() {
            // SAFETY: see the impl.
            Some(datum) => unsafe { fcinfo.return_raw_datum(datum) },
            None => fcinfo.return_null(),
        }
    }
}
