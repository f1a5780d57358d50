//! How to search: what `options` may say.

use rota_engine::rostering::Limits;
use serde_json::Value;

use super::field::Field;
use super::settings;
use super::start::Start;
use crate::error::ExtensionError;

/// Megabytes of one search at most, whatever the setting says.
const MOST_MEMORY_MB: i64 = 1 << 20;

/// Most weeks of one part: ten years, the longest horizon.
const MOST_WEEKS: i64 = 522;

/// Somebody dropped out, and whoever repairs the roster has the next one on the telephone: they wait for the answer.
const TIDYING_MS: u64 = 80;

/// What a call asks of its search.
#[derive(Debug, Clone)]
pub(super) struct Options {
    /// The engine's limits.
    pub(super) limits: Limits,
    /// Whether the call says how long to search.
    names_budget: bool,
    /// Whether the answer takes the roster apart: open heads, score, contradictions.
    pub(super) explain: bool,
    /// The parts that are searched one after the other.
    pub(super) parts: Parts,
    /// A roster known from before.
    pub(super) start: Option<Start>,
}

/// How a roster is cut.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Parts {
    /// So many weeks at a time, from Monday on.
    pub(super) weeks: Option<usize>,
    /// Team by team.
    pub(super) teams: bool,
}

impl Parts {
    fn read(field: &Field<'_>) -> Result<Self, ExtensionError> {
        let object = field.object(&["weeks", "teams"])?;
        let weeks = object.whole("weeks", &(1..=MOST_WEEKS))?.and_then(|weeks| usize::try_from(weeks).ok());
        Ok(Self { weeks, teams: object.find("teams").map_or(Ok(false), |field| field.truth())? })
    }

    /// Whether anything is cut.
    pub(super) fn any(self) -> bool {
        self != Self::default()
    }
}

impl Options {
    /// Reads options. Steps alone make a search whose answer depends on nothing but the problem and the seed.
    ///
    /// # Errors
    /// [`ExtensionError::UnreadableRoster`], naming `options`.
    pub(super) fn read(document: &Value) -> Result<Self, ExtensionError> {
        let given = Field::document("options", document).object(&[
            "time_ms",
            "steps",
            "seed",
            "threads",
            "memory_mb",
            "target",
            "gap_percent",
            "patience_ms",
            "explain",
            "parts",
            "start",
        ])?;
        let steps = given.whole("steps", &(1..=1_000_000_000_000))?.map(i64::cast_unsigned);
        let time_ms = given.whole("time_ms", &(1..=settings::LONGEST_MS))?.map(i64::cast_unsigned);
        let patience_ms = given.whole("patience_ms", &(1..=settings::LONGEST_MS))?.map(i64::cast_unsigned);
        let wanted = given.whole("threads", &(1..=settings::MOST_THREADS))?;
        let wanted = wanted.and_then(|threads| usize::try_from(threads).ok()).unwrap_or(usize::MAX);
        let memory_mb =
            given.whole("memory_mb", &(1..=MOST_MEMORY_MB))?.and_then(|mb| usize::try_from(mb).ok());
        let memory_bytes = memory_mb.map_or(usize::MAX, |mb| mb << 20).min(settings::memory_bytes());
        let gap_percent = given.whole("gap_percent", &(0..=100))?.unwrap_or(0);
        let limits = Limits {
            time_ms: if steps.is_some() { time_ms } else { Some(time_ms.unwrap_or_else(settings::time_ms)) },
            steps,
            target: given.whole("target", &(0..=i64::MAX))?,
            gap_ppm: u64::try_from(gap_percent).unwrap_or(0) * 10_000,
            patience_ms,
            threads: wanted.min(settings::threads()),
            memory_bytes,
            seed: given.whole("seed", &(0..=i64::MAX))?.unwrap_or(1).cast_unsigned(),
        };
        Ok(Self {
            limits,
            names_budget: time_ms.is_some() || steps.is_some(),
            explain: given.find("explain").map_or(Ok(true), |field| field.truth())?,
            parts: given.find("parts").map_or(Ok(Parts::default()), |field| Parts::read(&field))?,
            start: given.find("start").map(|field| Start::read(&field)).transpose()?,
        })
    }

    /// Milliseconds after which a repair that has filled every head looks for no fewer changes, where the call names no
    /// budget.
    pub(super) fn tidying_ms(&self) -> Option<u64> {
        (!self.names_budget).then_some(TIDYING_MS)
    }
}
