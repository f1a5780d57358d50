//! The line that ranges lie on: instants, days, numbers, or whatever a range type orders.

use std::cmp::Ordering;
use std::ops::Bound;

use pgrx::pg_sys;

use crate::convert::Serialized;

/// The line of one range type, and how far apart rows have to lie on it.
pub(super) struct Line {
    /// The type cache keeps its entries as long as the backend lives.
    range_type: *mut pg_sys::TypeCacheEntry,
    points: Option<Points>,
    /// The least distance, in half points.
    gap: i128,
}

/// A line of integers.
#[derive(Clone, Copy)]
struct Points {
    is_wide: bool,
    unit: Unit,
}

/// What a point is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// Of a timestamp.
    Microseconds,
    /// Of a date.
    Days,
    /// Of an integer.
    Ones,
}

/// Where a range that is not empty lies. Its end is moved by the least distance, so that rows too close to each
/// other overlap here.
#[derive(Clone, Copy)]
pub(super) enum Extent {
    /// On a line of integers, half-open, in half points: every kind of bound has a place of its own there,
    /// in the order that Postgres gives them. `(1,5]` is from 3 up to, but without, 11.
    Points {
        /// The first half point.
        start: i128,
        /// The first half point after it.
        end: i128,
    },
    /// On any other line, as the server reads it.
    Bounds {
        /// The lower bound.
        start: pg_sys::RangeBound,
        /// The upper bound.
        end: pg_sys::RangeBound,
    },
}

/// Up to where rows can start that still overlap a range.
#[derive(Clone, Copy)]
pub(super) enum Limit {
    /// Anywhere.
    None,
    /// Before a value of the subtype.
    Before(pg_sys::Datum),
    /// At a value of the subtype at the latest.
    UpTo(pg_sys::Datum),
}

const START_UNBOUNDED: i128 = i128::MIN / 4;
const END_UNBOUNDED: i128 = i128::MAX / 4;

impl Line {
    /// Looks a range type up, for a least distance in points; `None` when it is none, or counts no points although there
    /// is a distance.
    pub(super) fn find(type_oid: pg_sys::Oid, gap_units: i64) -> Option<Self> {
        // SAFETY: the type is that of an existing column, and entries of the type cache are never freed.
        let range_type = unsafe {
            pg_sys::lookup_type_cache(
                pg_sys::getBaseType(type_oid),
                pg_sys::TYPECACHE_RANGE_INFO.cast_signed(),
            )
        };
        // SAFETY: as above; a range type's entry points to that of its subtype.
        let comparison = unsafe {
            if (*range_type).rngelemtype.is_null() {
                return None;
            }
            (*range_type).rng_cmp_proc_finfo.fn_oid.to_u32()
        };
        let points = match comparison {
            pg_sys::F_TIMESTAMPTZ_CMP | pg_sys::F_TIMESTAMP_CMP => {
                Some(Points { is_wide: true, unit: Unit::Microseconds })
            }
            pg_sys::F_DATE_CMP => Some(Points { is_wide: false, unit: Unit::Days }),
            pg_sys::F_BTINT8CMP => Some(Points { is_wide: true, unit: Unit::Ones }),
            pg_sys::F_BTINT4CMP => Some(Points { is_wide: false, unit: Unit::Ones }),
            _ => None,
        };
        if gap_units != 0 && points.is_none() {
            return None;
        }
        Some(Self { range_type, points, gap: i128::from(gap_units) * 2 })
    }

    /// The server's entry of the range type.
    pub(super) fn range_type(&self) -> *mut pg_sys::TypeCacheEntry {
        self.range_type
    }

    /// What a point is; `None` where there are none.
    pub(super) fn unit(&self) -> Option<Unit> {
        self.points.map(|points| points.unit)
    }

    /// The least distance in points; zero when touching is fine.
    pub(super) fn gap(&self) -> i128 {
        self.gap / 2
    }

    /// Where a range lies; `None` when it is empty.
    ///
    /// # Safety
    /// The datum is a value of the range type.
    pub(super) unsafe fn read(&self, datum: pg_sys::Datum) -> Option<Extent> {
        match self.points {
            // SAFETY: the caller says so; the subtype is of 8 bytes.
            Some(Points { is_wide: true, .. }) => unsafe {
                self.read_points(datum, |bytes| i128::from(i64::from_ne_bytes(bytes)))
            },
            // SAFETY: the caller says so; the subtype is of 4 bytes.
            Some(Points { is_wide: false, .. }) => unsafe {
                self.read_points(datum, |bytes| i128::from(i32::from_ne_bytes(bytes)))
            },
            // SAFETY: the caller says so.
            None => unsafe { self.read_bounds(datum) },
        }
    }

    /// # Safety
    /// The datum is a range whose subtype is an integer of `WIDTH` bytes.
    unsafe fn read_points<const WIDTH: usize>(
        &self,
        datum: pg_sys::Datum,
        number: impl Fn([u8; WIDTH]) -> i128,
    ) -> Option<Extent> {
        // SAFETY: the caller says that the datum is a varlena.
        let (lower, upper) = match Serialized::<WIDTH>::read(unsafe { bytes_of_varlena(datum) })? {
            Serialized::Empty => return None,
            Serialized::Bounds(lower, upper) => (lower.map(&number), upper.map(&number)),
        };
        let start = match lower {
            Bound::Included(point) => point * 2,
            Bound::Excluded(point) => point * 2 + 1,
            Bound::Unbounded => START_UNBOUNDED,
        };
        let end = match upper {
            Bound::Included(point) => point * 2 + 1 + self.gap,
            Bound::Excluded(point) => point * 2 + self.gap,
            Bound::Unbounded => END_UNBOUNDED,
        };
        Some(Extent::Points { start, end })
    }

    /// # Safety
    /// The datum is a range of the type.
    unsafe fn read_bounds(&self, datum: pg_sys::Datum) -> Option<Extent> {
        let unread =
            pg_sys::RangeBound { val: pg_sys::Datum::null(), infinite: true, inclusive: false, lower: true };
        let (mut start, mut end, mut is_empty) = (unread, unread, false);
        // SAFETY: the caller says so. The bounds may point into the range, so it is copied into the current
        // memory context first: it has to outlive the row.
        unsafe {
            let range = pg_sys::pg_detoast_datum_copy(datum.cast_mut_ptr()).cast();
            pg_sys::range_deserialize(self.range_type, range, &mut start, &mut end, &mut is_empty);
        }
        (!is_empty).then_some(Extent::Bounds { start, end })
    }

    /// Whether two ranges are byte by byte the same.
    ///
    /// # Safety
    /// Both are values of the range type.
    #[expect(clippy::unused_self, reason = "the line says which type the two are of")]
    pub(super) unsafe fn is_same(&self, one: pg_sys::Datum, other: pg_sys::Datum) -> bool {
        // SAFETY: the caller says so.
        unsafe { bytes_of_varlena(one) == bytes_of_varlena(other) }
    }

    /// The order of two starts.
    pub(super) fn compare_starts(&self, one: &Extent, other: &Extent) -> Ordering {
        match (one, other) {
            (Extent::Points { start: one, .. }, Extent::Points { start: other, .. }) => one.cmp(other),
            (Extent::Bounds { start: one, .. }, Extent::Bounds { start: other, .. }) => {
                self.compare_bounds(one, other)
            }
            _ => Ordering::Equal,
        }
    }

    /// The order of two ends.
    pub(super) fn compare_ends(&self, one: &Extent, other: &Extent) -> Ordering {
        match (one, other) {
            (Extent::Points { end: one, .. }, Extent::Points { end: other, .. }) => one.cmp(other),
            (Extent::Bounds { end: one, .. }, Extent::Bounds { end: other, .. }) => {
                self.compare_bounds(one, other)
            }
            _ => Ordering::Equal,
        }
    }

    /// Whether the first ends after the second starts.
    pub(super) fn reaches(&self, one: &Extent, other: &Extent) -> bool {
        match (one, other) {
            (Extent::Points { end, .. }, Extent::Points { start, .. }) => end > start,
            // Where both are inclusive and equal, they share that value.
            (Extent::Bounds { end, .. }, Extent::Bounds { start, .. }) => {
                self.compare_bounds(end, start) != Ordering::Less
            }
            _ => false,
        }
    }

    /// Whether both share a point, or lie too close to each other.
    pub(super) fn overlaps(&self, one: &Extent, other: &Extent) -> bool {
        self.reaches(one, other) && self.reaches(other, one)
    }

    /// Whether the index keeps both under one start, which knows no kinds of bounds.
    pub(super) fn start_at_one_value(&self, one: &Extent, other: &Extent) -> bool {
        match (one, other) {
            (Extent::Points { start: one, .. }, Extent::Points { start: other, .. }) => {
                one >> 1 == other >> 1
            }
            (Extent::Bounds { start: one, .. }, Extent::Bounds { start: other, .. }) => {
                let ignoring_kind =
                    |bound: &pg_sys::RangeBound| pg_sys::RangeBound { inclusive: true, ..*bound };
                self.compare_bounds(&ignoring_kind(one), &ignoring_kind(other)).is_eq()
            }
            _ => false,
        }
    }

    /// Whether a range holds its first value.
    #[expect(clippy::unused_self, reason = "the line says which type the extent is of")]
    pub(super) fn starts_inclusive(&self, extent: &Extent) -> bool {
        match extent {
            Extent::Points { start, .. } => start & 1 == 0,
            Extent::Bounds { start, .. } => start.inclusive,
        }
    }

    /// The order of two bounds as Postgres has it.
    pub(super) fn compare_bounds(&self, one: &pg_sys::RangeBound, other: &pg_sys::RangeBound) -> Ordering {
        // SAFETY: both are bounds of the type, read or made by this line.
        unsafe { pg_sys::range_cmp_bounds(self.range_type, one, other) }.cmp(&0)
    }

    /// Up to where rows can start that overlap a range.
    pub(super) fn limit_after(&self, extent: &Extent) -> Limit {
        match extent {
            Extent::Points { end, .. } => match self.datum_of(end >> 1) {
                Some(value) if end & 1 == 1 => Limit::UpTo(value),
                Some(value) => Limit::Before(value),
                None => Limit::None,
            },
            Extent::Bounds { end, .. } if end.infinite => Limit::None,
            Extent::Bounds { end, .. } if end.inclusive => Limit::UpTo(end.val),
            Extent::Bounds { end, .. } => Limit::Before(end.val),
        }
    }

    /// A place on the line as a bound of the server's.
    pub(super) fn bound_at(&self, half_point: i128, lower: bool) -> pg_sys::RangeBound {
        let half_point_is_even = half_point & 1 == 0;
        match self.datum_of(half_point >> 1) {
            Some(val) => {
                pg_sys::RangeBound { val, infinite: false, inclusive: half_point_is_even == lower, lower }
            }
            None => {
                pg_sys::RangeBound { val: pg_sys::Datum::null(), infinite: true, inclusive: false, lower }
            }
        }
    }

    /// A point as a value of the subtype; `None` past its limits, which is where nothing is.
    fn datum_of(&self, point: i128) -> Option<pg_sys::Datum> {
        if self.points?.is_wide {
            i64::try_from(point).ok().map(pg_sys::Datum::from)
        } else {
            i32::try_from(point).ok().map(pg_sys::Datum::from)
        }
    }
}

/// What a varlena holds.
///
/// # Safety
/// The datum is a varlena, and lives as long as the bytes are used.
unsafe fn bytes_of_varlena<'datum>(datum: pg_sys::Datum) -> &'datum [u8] {
    let varlena: *mut pg_sys::varlena = datum.cast_mut_ptr();
    // SAFETY: the caller says so. Hardly any range is compressed or stored apart, and what is neither can be read
    // where it lies; asking the server about each would cost more than reading it.
    unsafe {
        let is_plain = pgrx::varlena::varatt_is_4b_u(varlena)
            || (pgrx::varlena::varatt_is_1b(varlena) && !pgrx::varlena::varatt_is_1b_e(varlena));
        let plain = if is_plain { varlena } else { pg_sys::pg_detoast_datum_packed(varlena) };
        pgrx::varlena::varlena_to_byte_slice(plain)
    }
}
