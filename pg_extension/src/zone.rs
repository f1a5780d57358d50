//! Time zones, by the server's own tz database.
//!
//! A second database compiled into the extension would disagree with `AT TIME ZONE` sooner or later.

mod periods;
mod version;

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_int, c_long};
use std::ptr::NonNull;

use pgrx::pg_sys;
use rota_engine::{EngineError, Instant, OffsetPeriod, ZoneRules};

use crate::error::ExtensionError;

pub(crate) use periods::ZonePeriods;
pub(crate) use version::database_version;

/// Seconds from the epoch of Unix, 1970, to that of Postgres, 2000.
const UNIX_SECONDS_OF_POSTGRES_EPOCH: i64 = 946_684_800;

const MICROSECONDS_PER_SECOND: i64 = 1_000_000;

/// Names remembered by a backend. There are some 600 zones; spelled in odd ways there are more, and beyond
/// this number the memory starts anew.
const REMEMBERED_NAMES: usize = 1_024;

/// The rules of a time zone in the server's tz database.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ServerZone {
    /// Made by `pg_tzset`, which keeps every zone it ever loaded until the backend ends.
    rules: NonNull<pg_sys::pg_tz>,
}

thread_local! {
    /// Zones by the name they were asked for, the last one found first: a table has few, often one.
    static REMEMBERED: RefCell<Vec<(Box<str>, ServerZone)>> = const { RefCell::new(Vec::new()) };
}

impl ServerZone {
    /// The zone of a full name, in any case: a name that the view `pg_timezone_names` shows.
    ///
    /// The server itself takes more: POSIX specifications such as `+01` (which is west of Greenwich) or
    /// `Berlin5`. Nobody means those, so they are refused, like abbreviations. A name that is both, such as
    /// `CET`, means the zone with its clock changes; `AT TIME ZONE` takes it for the abbreviation.
    ///
    /// # Errors
    /// [`ExtensionError::UnknownZone`].
    pub(crate) fn named(name: &str) -> Result<Self, ExtensionError> {
        REMEMBERED.with_borrow_mut(|remembered| {
            if let Some(position) = remembered.iter().position(|(known, _)| &**known == name) {
                remembered.swap(0, position);
                if let Some((_, zone)) = remembered.first() {
                    return Ok(*zone);
                }
            }
            let zone = Self::look_up(name)?;
            if remembered.len() >= REMEMBERED_NAMES {
                remembered.clear();
            }
            remembered.push((name.into(), zone));
            Ok(zone)
        })
    }

    fn look_up(name: &str) -> Result<Self, ExtensionError> {
        let unknown = || ExtensionError::UnknownZone { name: name.to_owned() };
        // A leading colon is taken by the server, and shown by no view.
        if name.starts_with(':') {
            return Err(unknown());
        }
        let c_name = CString::new(name).map_err(|_| unknown())?;
        // SAFETY: takes a C string, which it copies; returns null or a zone that lives as long as the
        // backend.
        let rules = NonNull::new(unsafe { pg_sys::pg_tzset(c_name.as_ptr()) }).ok_or_else(unknown)?;
        // SAFETY: the zone is one of `pg_tzset`. This refuses zones with leap seconds, which Postgres cannot
        // count.
        if !unsafe { pg_sys::pg_tz_acceptable(rules.as_ptr()) } {
            return Err(unknown());
        }
        if may_be_specification(rules) && !is_listed(rules) {
            return Err(unknown());
        }
        Ok(Self { rules })
    }
}

/// Whether the server may have read the name as a POSIX specification instead of finding a zone under it.
///
/// Such a specification has an offset, hence a digit, and is kept in upper case; a zone keeps the case of its
/// file. A zone such as `EST5EDT` looks the same.
fn may_be_specification(rules: NonNull<pg_sys::pg_tz>) -> bool {
    let name = server_name(rules);
    name.iter().any(u8::is_ascii_digit) && !name.iter().any(u8::is_ascii_lowercase)
}

/// Whether the zone is listed by `pg_timezone_names`. Reads the server's zone files until it is found.
fn is_listed(rules: NonNull<pg_sys::pg_tz>) -> bool {
    let wanted = server_name(rules).to_owned();
    let mut listed = false;
    // SAFETY: the enumeration is started, asked for zones until it gives null, and ended. Each zone is
    // overwritten by the next, and not kept. An error leaves open directories behind that the server closes
    // with the transaction.
    unsafe {
        let enumeration = pg_sys::pg_tzenumerate_start();
        while let Some(zone) = NonNull::new(pg_sys::pg_tzenumerate_next(enumeration)) {
            if server_name(zone) == wanted {
                listed = true;
                break;
            }
        }
        pg_sys::pg_tzenumerate_end(enumeration);
    }
    listed
}

/// The server's name of a zone; borrowed for as long as the caller keeps the zone.
fn server_name<'zone>(rules: NonNull<pg_sys::pg_tz>) -> &'zone [u8] {
    // SAFETY: returns a C string inside of the zone, or null for a null zone, which this is not.
    unsafe { CStr::from_ptr(pg_sys::pg_get_timezone_name(rules.as_ptr())) }.to_bytes()
}

impl ZoneRules for ServerZone {
    fn period_at(&self, instant: Instant) -> Result<OffsetPeriod, EngineError> {
        let second: pg_sys::pg_time_t =
            instant.microseconds().div_euclid(MICROSECONDS_PER_SECOND) + UNIX_SECONDS_OF_POSTGRES_EPOCH;
        let (mut offset, mut offset_after): (c_long, c_long) = (0, 0);
        let (mut is_summer, mut is_summer_after): (c_int, c_int) = (0, 0);
        let mut boundary: pg_sys::pg_time_t = 0;
        // SAFETY: reads the zone and writes the five results, which all outlive the call. The zone is one of
        // `pg_tzset`.
        let found = unsafe {
            pg_sys::pg_next_dst_boundary(
                &raw const second,
                &raw mut offset,
                &raw mut is_summer,
                &raw mut boundary,
                &raw mut offset_after,
                &raw mut is_summer_after,
                self.rules.as_ptr(),
            )
        };
        let until = match found {
            1 => boundary
                .checked_sub(UNIX_SECONDS_OF_POSTGRES_EPOCH)
                .and_then(|seconds| seconds.checked_mul(MICROSECONDS_PER_SECOND))
                .map_or(Instant::INFINITY, Instant::from_microseconds),
            0 => Instant::INFINITY,
            _ => return Err(EngineError::OutOfRange { argument: "time_zone" }),
        };
        let offset_seconds =
            i32::try_from(offset).map_err(|_| EngineError::OutOfRange { argument: "time_zone" })?;
        Ok(OffsetPeriod { offset_seconds, until })
    }
}
