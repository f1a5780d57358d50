//! What the server's time zone database says, for comparing it with another.

use pgrx::datum::TimestampWithTimeZone;
use pgrx::iter::TableIterator;
use pgrx::{name, pg_extern};
use rota_engine::offset_changes;

use crate::convert::{InstantRange, server_instant};
use crate::error::{ExtensionError, OrRaise};
use crate::zone::{self, ServerZone};

#[pg_extern(immutable, strict, parallel_safe)]
fn time_zone_changes(
    time_zone: &str,
    within: InstantRange,
) -> TableIterator<'static, (name!(changed_at, TimestampWithTimeZone), name!(offset_seconds, i32))> {
    let changes = || -> Result<Vec<(TimestampWithTimeZone, i32)>, ExtensionError> {
        let zone = ServerZone::named(time_zone)?;
        let Some(within) = within.0 else { return Ok(Vec::new()) };
        let changes = offset_changes(&zone, within).map_err(|error| error.naming("within"))?;
        Ok(changes.into_iter().map(|change| (server_instant(change.at), change.offset_seconds)).collect())
    };
    TableIterator::new(changes().or_raise())
}

#[pg_extern(stable, strict, parallel_safe)]
fn time_zone_version() -> Option<String> {
    zone::database_version()
}
