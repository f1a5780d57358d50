//! What writers were told, and whether it was right.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};

use super::draw::Booking;

/// What a transaction did to one version of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Written(Booking),
    Removed { id: i32, version: i32 },
}

impl Change {
    /// The version that came to be.
    pub(super) fn written(&self) -> Option<&Booking> {
        match self {
            Self::Written(booking) => Some(booking),
            Self::Removed { .. } => None,
        }
    }
}

/// A transaction whose end was answered.
#[derive(Debug)]
pub(super) struct Committed {
    /// When the writer asked for the end. Nothing was visible to others before.
    pub(super) asked: Instant,
    /// When the answer came. Everything was visible to others by then.
    pub(super) answered: Instant,
    pub(super) changes: Vec<Change>,
}

/// A statement that was answered with 23P01.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) asked: Instant,
    pub(super) answered: Instant,
    /// What the statement would have written.
    pub(super) offered: Vec<Booking>,
    /// What its own transaction had done before.
    pub(super) own: Vec<Change>,
    pub(super) message: String,
}

/// What one or more writers were told.
#[derive(Default)]
pub(super) struct History {
    pub(super) committed: Vec<Committed>,
    pub(super) refused: Vec<Refused>,
    /// Answers other than success, by SQLSTATE.
    pub(super) codes: BTreeMap<String, usize>,
    pub(super) statements: usize,
}

/// One version of a row, and when it can have been visible to all.
struct Lifetime {
    booking: Booking,
    /// It was not there before.
    appears_after: Instant,
    /// It was there until then, at least.
    gone_by: Option<Instant>,
}

impl History {
    pub(super) fn append(&mut self, other: Self) {
        self.committed.extend(other.committed);
        self.refused.extend(other.refused);
        self.statements += other.statements;
        for (code, count) in other.codes {
            *self.codes.entry(code).or_default() += count;
        }
    }

    /// Statements that were sent.
    pub(super) fn operations(&self) -> usize {
        self.statements
    }

    /// Statements that were answered with this SQLSTATE.
    pub(super) fn failures(&self, code: &str) -> usize {
        self.codes.get(code).copied().unwrap_or_default()
    }

    /// The rows that must be in the table: written by a transaction whose end was answered, and
    /// removed by none.
    pub(super) fn remaining(&self) -> Result<Vec<Booking>> {
        let mut rows: Vec<Booking> = self
            .lifetimes()?
            .into_values()
            .flatten()
            .filter(|life| life.gone_by.is_none())
            .map(|life| life.booking)
            .collect();
        rows.sort_unstable_by_key(|row| (row.id, row.version));
        Ok(rows)
    }

    fn lifetimes(&self) -> Result<HashMap<i32, Vec<Lifetime>>> {
        let mut lifetimes: HashMap<i32, Vec<Lifetime>> = HashMap::new();
        for (transaction, change) in self.changes() {
            if let Change::Written(booking) = *change {
                let life = Lifetime { booking, appears_after: transaction.asked, gone_by: None };
                lifetimes.entry(booking.id).or_default().push(life);
            }
        }
        for (transaction, change) in self.changes() {
            if let Change::Removed { id, version } = *change {
                let life = lifetimes
                    .get_mut(&id)
                    .and_then(|lives| lives.iter_mut().find(|life| life.booking.version == version))
                    .with_context(|| {
                        format!("version {version} of row {id} was removed and never written")
                    })?;
                ensure!(life.gone_by.is_none(), "version {version} of row {id} was removed twice");
                life.gone_by = Some(transaction.answered);
            }
        }
        Ok(lifetimes)
    }

    fn changes(&self) -> impl Iterator<Item = (&Committed, &Change)> {
        self.committed
            .iter()
            .flat_map(|transaction| transaction.changes.iter().map(move |change| (transaction, change)))
    }

    /// Whether each refusal names a row that was in the way while the statement ran.
    pub(super) fn check_refusals(&self) -> Result<()> {
        let lifetimes = self.lifetimes()?;
        for refused in &self.refused {
            refused.check(&lifetimes).with_context(|| format!("{refused:?}"))?;
        }
        Ok(())
    }
}

impl Refused {
    fn check(&self, lifetimes: &HashMap<i32, Vec<Lifetime>>) -> Result<()> {
        let named = self.named()?;
        let [one, other] = named;
        ensure!(one.first < other.last && other.first < one.last, "the rows do not overlap");
        ensure!(
            self.offered.iter().any(|row| row.is(&one) || row.is(&other)),
            "neither row is the statement's own"
        );
        for row in named {
            let there = self.offered.iter().any(|own| own.is(&row))
                || self.written().any(|own| own.is(&row))
                || lifetimes.get(&row.id).into_iter().flatten().any(|life| {
                    life.booking.is(&row) && self.may_have_met(life) && !self.removed(&life.booking)
                });
            ensure!(there, "{row:?} was not there");
        }
        Ok(())
    }

    /// Whether a committed version can have been visible while the statement ran.
    fn may_have_met(&self, life: &Lifetime) -> bool {
        life.appears_after < self.answered && life.gone_by.is_none_or(|gone| gone > self.asked)
    }

    /// Rows of its own transaction that were still there.
    fn written(&self) -> impl Iterator<Item = &Booking> {
        self.own.iter().filter_map(Change::written).filter(|booking| !self.removed(booking))
    }

    fn removed(&self, booking: &Booking) -> bool {
        self.own.contains(&Change::Removed { id: booking.id, version: booking.version })
    }

    /// The two rows of `key 3 is booked twice: row (id) = (7) during [4,7) overlaps row (id) = (9) during [6,8)`.
    fn named(&self) -> Result<[NamedRow; 2]> {
        let rows: Vec<NamedRow> =
            self.message.split("row (id) = (").skip(1).map(NamedRow::read).collect::<Result<_>>()?;
        match rows[..] {
            [one, other] => Ok([one, other]),
            _ => bail!("{} rows are named", rows.len()),
        }
    }
}

/// A row as a message names it: `7) during [4,7)…`.
#[derive(Clone, Copy, Debug)]
pub(super) struct NamedRow {
    pub(super) id: i32,
    pub(super) first: i32,
    pub(super) last: i32,
}

impl NamedRow {
    fn read(text: &str) -> Result<Self> {
        let (id, rest) = text.split_once(") during [").with_context(|| format!("no row in {text}"))?;
        let (first, rest) = rest.split_once(',').with_context(|| format!("no range in {text}"))?;
        let (last, _) = rest.split_once(')').with_context(|| format!("no range in {text}"))?;
        Ok(Self { id: id.parse()?, first: first.parse()?, last: last.parse()? })
    }
}

impl fmt::Display for History {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} statements, {} transactions with {} changes, answers: {:?}",
            self.statements,
            self.committed.len(),
            self.changes().count(),
            self.codes
        )
    }
}
