//! The report of what must not be.

use std::fmt;

use super::capacity::{Excess, Excesses};
use super::definition::{self, Definition};
use super::line::{Extent, Line, Unit};
use super::neighbours::{COUNTED_PAIRS, Pairs};
use super::scan::{Found, LatestSnapshot};
use super::witness::{self, Witness};

/// A refusal with everything that its report says.
#[derive(Debug, Clone)]
pub(crate) struct Violation {
    /// Schema of the table.
    pub(crate) schema: String,
    /// The table that carries the guard.
    pub(crate) table: String,
    /// The key's column.
    pub(crate) column: String,
    /// The guard.
    pub(crate) guard: String,
    /// What was found, and how many times more.
    pub(crate) detail: Option<String>,
    /// What would be right.
    pub(crate) hint: &'static str,
    message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

const HINT_APART: &str = "move one of the two, or book somebody else";
const HINT_CAPACITY: &str = "move or end one of the rows that are there at that time";

/// What is said of one conflict.
struct Sentence {
    message: String,
    facts: Option<String>,
}

/// The report of rows that overlap.
pub(super) fn of_pairs(definition: &Definition, pairs: &Pairs, snapshot: &LatestSnapshot) -> Violation {
    let sentences = if may_tell(definition) {
        pairs.named.iter().filter_map(|pair| sentence_of_pair(definition, pair, snapshot)).collect()
    } else {
        Vec::new()
    };
    let anonymous = format!("a key of {} is booked twice", definition.arguments.key);
    assemble(definition, sentences, pairs.count, anonymous, HINT_APART)
}

/// The report of rows that exceed the capacity.
pub(super) fn of_excesses(
    definition: &Definition,
    excesses: &Excesses,
    snapshot: &LatestSnapshot,
) -> Violation {
    let sentences = if may_tell(definition) {
        excesses.named.iter().map(|excess| sentence_of_excess(definition, excess, snapshot)).collect()
    } else {
        Vec::new()
    };
    let anonymous = format!("a key of {} is over its capacity", definition.arguments.key);
    assemble(definition, sentences, excesses.count, anonymous, HINT_CAPACITY)
}

fn may_tell(definition: &Definition) -> bool {
    witness::may_read(definition.root)
}

fn assemble(
    definition: &Definition,
    sentences: Vec<Sentence>,
    count: usize,
    anonymous: String,
    hint: &'static str,
) -> Violation {
    let mut sentences = sentences.into_iter();
    let first = sentences.next().unwrap_or(Sentence { message: anonymous, facts: None });
    let others: Vec<String> = sentences.map(|sentence| sentence.message).collect();
    let more = count.saturating_sub(1);
    let how_many = if count < COUNTED_PAIRS { more.to_string() } else { format!("at least {more}") };
    let further = match (more, others.is_empty()) {
        (0, _) => None,
        (_, true) => Some(format!("{how_many} more in the same statement.")),
        _ => Some(format!("{how_many} more in the same statement: {}.", others.join("; "))),
    };
    let detail: Vec<String> = first.facts.into_iter().chain(further).collect();
    Violation {
        schema: definition::schema_of(definition.root),
        table: definition::name_of(definition.root),
        column: definition.arguments.key.clone(),
        guard: definition.arguments.guard.clone(),
        detail: (!detail.is_empty()).then(|| detail.join(" ")),
        hint,
        message: first.message,
    }
}

fn sentence_of_pair(
    definition: &Definition,
    (found, other_found): &(Found, Found),
    snapshot: &LatestSnapshot,
) -> Option<Sentence> {
    let line = &definition.line;
    let one = witness::read(definition, found, snapshot)?;
    let other = witness::read(definition, other_found, snapshot)?;
    let key = &definition.arguments.key;
    let who = format!("{key} {}", one.key);
    let Some(shared) = witness::shared_range(line, &one, &other) else {
        let is_in_order = line.compare_starts(&found.extent, &other_found.extent).is_le();
        let (one, other) = ((found, &one), (other_found, &other));
        return Some(if is_in_order {
            too_close(line, &who, one, other)
        } else {
            too_close(line, &who, other, one)
        });
    };
    let length =
        shared_length(line, found, other_found).map_or_else(String::new, |length| format!(" by {length}"));
    Some(Sentence {
        message: format!(
            "{who} is booked twice: {} during {} overlaps {} during {}{length}",
            one.identity, one.range, other.identity, other.range
        ),
        facts: Some(format!("They overlap during {shared}.")),
    })
}

fn too_close(
    line: &Line,
    who: &str,
    (earlier, one): (&Found, &Witness),
    (later, other): (&Found, &Witness),
) -> Sentence {
    let distance = match (&earlier.extent, &later.extent) {
        (Extent::Points { end, .. }, Extent::Points { start, .. }) => {
            amount(line, start - (end - 2 * line.gap()))
        }
        _ => None,
    };
    let required = amount(line, 2 * line.gap()).unwrap_or_default();
    Sentence {
        message: format!(
            "{who} has too little time between: {} during {} ends {} before {} during {}, {required} are required",
            one.identity,
            one.range,
            distance.unwrap_or_else(|| "right".to_owned()),
            other.identity,
            other.range
        ),
        facts: None,
    }
}

fn sentence_of_excess(definition: &Definition, excess: &Excess, snapshot: &LatestSnapshot) -> Sentence {
    let line = &definition.line;
    let stretch = &excess.stretch;
    let (start, end) = (stretch.start.as_bound(line, true), stretch.end.as_bound(line, false));
    let during = witness::range_between(line, start, end);
    // SAFETY: the key is a value of that column.
    let key = unsafe { witness::text_of_column(definition.table, definition.columns.key, excess.key) };
    let what = if definition.arguments.load.is_some() { "load " } else { "" };
    let rows: Vec<String> = excess
        .rows
        .iter()
        .filter_map(|found| witness::read(definition, found, snapshot))
        .map(|witness| witness.identity)
        .collect();
    Sentence {
        message: format!(
            "{} {key} is over its capacity: {what}{} at once during {during}, at most {} are allowed",
            definition.arguments.key, stretch.load, definition.arguments.capacity
        ),
        facts: (!rows.is_empty()).then(|| format!("There at that time: {}.", rows.join(", "))),
    }
}

/// How long two rows are there at once; `None` when that has no end or no unit.
fn shared_length(line: &Line, one: &Found, other: &Found) -> Option<String> {
    let (
        Extent::Points { start: one_start, end: one_end },
        Extent::Points { start: other_start, end: other_end },
    ) = (&one.extent, &other.extent)
    else {
        return None;
    };
    let half_points = one_end.min(other_end) - 2 * line.gap() - one_start.max(other_start);
    amount(line, half_points)
}

/// A length in words; `None` when it is endless.
fn amount(line: &Line, half_points: i128) -> Option<String> {
    let points = i64::try_from(half_points >> 1).ok()?;
    let counted = |number: i64, unit: &str| {
        let plural = if number == 1 { "" } else { "s" };
        format!("{number} {unit}{plural}")
    };
    Some(match line.unit()? {
        Unit::Ones => points.to_string(),
        Unit::Days => counted(points, "day"),
        Unit::Microseconds if points % 60_000_000 == 0 => counted(points / 60_000_000, "minute"),
        Unit::Microseconds if points % 1_000_000 == 0 => counted(points / 1_000_000, "second"),
        Unit::Microseconds => counted(points, "microsecond"),
    })
}
