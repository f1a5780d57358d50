//! `rota zones`: whether this machine and the database agree about the clocks.
//!
//! The database alone computes hours. But whoever plans on another machine sees its clocks, and two editions
//! of the time zone database put a shift an hour apart without anybody noticing.

use std::fmt;
use std::io::Write;
use std::time::SystemTime;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use serde::Deserialize;

use crate::config::Settings;
use crate::database::connect::{SessionOptions, connect};
use crate::error::Error;

/// From 2020, for recent changes of the law, up to 2038, as far ahead as zone files list changes.
const FIRST: Timestamp = Timestamp::constant(1_577_836_800, 0);
const END: Timestamp = Timestamp::constant(2_145_916_800, 0);

/// The same zones once more: with leap seconds, which Postgres cannot count, and without.
const REPEATED: [&str; 2] = ["right/", "posix/"];

const REPORT: &str = "
    SELECT version, fingerprint, zones, compared, differences
    FROM rota.time_zone_report($1, $2, $3, tstzrange($4, $5))";

/// The changes of all zones, one row for each, as the database takes them.
#[derive(Default)]
struct Changes {
    zones: Vec<String>,
    at: Vec<SystemTime>,
    offsets_seconds: Vec<i32>,
}

/// A zone that the database knows otherwise.
#[derive(Debug, Deserialize)]
struct Difference {
    time_zone: String,
    first_difference: Option<Timestamp>,
    offset_seconds: Option<i32>,
    server_offset_seconds: Option<i32>,
}

/// Runs the verb. Differences are an error of their own, so that scripts notice.
pub(super) async fn run(settings: Settings) -> Result<(), Error> {
    let changes = Changes::of_this_machine();
    if changes.zones.is_empty() {
        return Err(Error::NoZones);
    }
    let client = connect(&settings, SessionOptions::named("rota zones")).await?;
    let [first, end] = [FIRST, END].map(SystemTime::from);
    let row = client
        .query_one(REPORT, &[&changes.zones, &changes.at, &changes.offsets_seconds, &first, &end])
        .await
        .map_err(Error::database("does not compare time zones"))?;
    let version: Option<String> = row.get(0);
    let fingerprint: String = row.get(1);
    let (zones, compared): (i32, i32) = (row.get(2), row.get(3));
    let differences = serde_json::from_value::<Vec<Difference>>(row.get(4))
        .map_err(|fault| Error::Start(format!("the database answers in another form: {fault}")))?;

    let mut output = std::io::stdout().lock();
    let edition = version.unwrap_or_else(|| "of an unknown edition".to_owned());
    // Whoever closed standard output does not want the report.
    let _ = writeln!(
        output,
        "database: time zone data {edition} (fingerprint {fingerprint}), {zones} zones; {compared} compared"
    );
    for difference in &differences {
        let _ = writeln!(output, "{difference}");
    }
    match differences.len() {
        0 => Ok(()),
        count => Err(Error::ZonesDiffer { count }),
    }
}

impl Changes {
    /// Of every zone that this machine can read, from `TZDIR` or where the system keeps them.
    fn of_this_machine() -> Self {
        let database = TimeZoneDatabase::from_env();
        let mut changes = Self::default();
        for name in database.available() {
            let name = name.as_str();
            if REPEATED.iter().any(|folder| name.starts_with(folder)) {
                continue;
            }
            if let Ok(zone) = database.get(name) {
                changes.add(name, &zone);
            }
        }
        changes
    }

    /// The offset of a zone at the start, and each change of it before the end.
    fn add(&mut self, name: &str, zone: &TimeZone) {
        let mut offset = zone.to_offset(FIRST);
        self.push(name, FIRST, offset);
        for transition in zone.following(FIRST).take_while(|transition| transition.timestamp() < END) {
            if transition.offset() != offset {
                offset = transition.offset();
                self.push(name, transition.timestamp(), offset);
            }
        }
    }

    fn push(&mut self, name: &str, at: Timestamp, offset: Offset) {
        self.zones.push(name.to_owned());
        self.at.push(at.into());
        self.offsets_seconds.push(offset.seconds());
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(at) = self.first_difference else {
            return write!(formatter, "{}: not known to the database", self.time_zone);
        };
        let offset = |seconds: Option<i32>| {
            seconds.and_then(|seconds| Offset::from_seconds(seconds).ok()).unwrap_or(Offset::UTC)
        };
        write!(
            formatter,
            "{}: from {at} on {} here, {} in the database",
            self.time_zone,
            offset(self.offset_seconds),
            offset(self.server_offset_seconds),
        )
    }
}
