//! What a statement saw: the snapshot that stamps an entry.

use std::error::Error;
use std::fmt;

use tokio_postgres::types::{FromSql, Type};

/// A snapshot of the server, as `pg_current_snapshot()` gives it: which transactions a statement could see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Every transaction below this one is over; what it did is seen, or undone for good.
    pub xmin: u64,
    /// No transaction at or above this one is seen.
    pub xmax: u64,
    /// The transactions in `[xmin, xmax)` that were still running, in ascending order.
    pub in_progress: Box<[u64]>,
    /// Whether a standby took it: what its primary committed lately may be missing.
    pub taken_in_recovery: bool,
}

impl Snapshot {
    /// A snapshot that is known to see nothing.
    pub fn of_nothing() -> Self {
        Self { xmin: 0, xmax: 0, in_progress: Box::default(), taken_in_recovery: false }
    }

    /// Whether this snapshot is known to contain what the transaction did.
    pub fn sees(&self, transaction: u64) -> bool {
        transaction < self.xmin
            || (transaction < self.xmax && self.in_progress.binary_search(&transaction).is_err())
    }

    /// Whether everything that the other snapshot sees is contained in this one.
    pub fn contains(&self, other: &Self) -> bool {
        self.in_progress.iter().all(|running| !other.sees(*running))
            && (self.xmax..other.xmax).all(|unknown| !other.sees(unknown))
    }

    /// The same snapshot, taken on a standby or not.
    #[must_use]
    pub fn taken_in_recovery(self, taken_in_recovery: bool) -> Self {
        Self { taken_in_recovery, ..self }
    }

    /// Bytes that it takes in memory behind its fixed part.
    pub fn heap_bytes(&self) -> usize {
        self.in_progress.len() * size_of::<u64>()
    }

    /// Reads the server's binary form (`pg_snapshot_send`): the number of running transactions, `xmin`,
    /// `xmax`, then those transactions. Nothing if it is cut short or not in order.
    pub fn from_binary(raw: &[u8]) -> Option<Self> {
        let (count, rest) = raw.split_first_chunk::<4>()?;
        let count = usize::try_from(u32::from_be_bytes(*count)).ok()?;
        let (words, tail) = rest.as_chunks::<8>();
        let [xmin, xmax, in_progress @ ..] = words else { return None };
        let (xmin, xmax) = (u64::from_be_bytes(*xmin), u64::from_be_bytes(*xmax));
        let in_progress: Box<[u64]> = in_progress.iter().map(|word| u64::from_be_bytes(*word)).collect();
        let is_whole = tail.is_empty() && in_progress.len() == count && xmin <= xmax;
        let is_ordered = in_progress.is_sorted_by(|one, next| one < next)
            && in_progress.iter().all(|transaction| (xmin..xmax).contains(transaction));
        (is_whole && is_ordered).then_some(Self { xmin, xmax, in_progress, taken_in_recovery: false })
    }

    /// The server's binary form, for the shared level.
    pub fn put_binary(&self, target: &mut Vec<u8>) {
        let count = u32::try_from(self.in_progress.len()).unwrap_or(u32::MAX);
        target.extend_from_slice(&count.to_be_bytes());
        for word in [self.xmin, self.xmax].iter().chain(&self.in_progress) {
            target.extend_from_slice(&word.to_be_bytes());
        }
    }
}

/// A snapshot with the life of the server that took it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// What the statement saw.
    pub snapshot: Snapshot,
    /// Which life of the server answered; none on a standby, or where lives are not counted.
    pub life: Option<i64>,
}

impl Stamp {
    /// Reads what `rota.stamp()` tells. Nothing if it is cut short or not in order.
    pub fn from_binary(raw: &[u8]) -> Option<Self> {
        let (life, raw) = raw.split_first_chunk::<8>()?;
        let (is_standby, raw) = raw.split_first()?;
        let life = i64::from_be_bytes(*life);
        let snapshot = Snapshot::from_binary(raw)?.taken_in_recovery(*is_standby != 0);
        Some(Self { snapshot, life: (life != 0).then_some(life) })
    }
}

impl<'a> FromSql<'a> for Stamp {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Self::from_binary(raw).ok_or_else(|| "no stamp".into())
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::BYTEA
    }
}

/// The server's text form, `xmin:xmax:running,running`.
impl fmt::Display for Snapshot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:", self.xmin, self.xmax)?;
        for (index, transaction) in self.in_progress.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(formatter, "{comma}{transaction}")?;
        }
        Ok(())
    }
}

impl<'a> FromSql<'a> for Snapshot {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Self::from_binary(raw).ok_or_else(|| "no snapshot".into())
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::PG_SNAPSHOT | Type::TXID_SNAPSHOT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(xmin: u64, xmax: u64, in_progress: &[u64]) -> Snapshot {
        Snapshot { xmin, xmax, in_progress: in_progress.into(), taken_in_recovery: false }
    }

    #[test]
    fn a_snapshot_sees_what_was_over_when_it_was_taken() {
        let seen = snapshot(10, 15, &[10, 13]);
        assert_eq!(
            [9, 10, 11, 12, 13, 14, 15, 16].map(|transaction| seen.sees(transaction)),
            [true, false, true, true, false, true, false, false]
        );
    }

    #[test]
    fn one_snapshot_contains_another_if_it_sees_all_that_the_other_sees() {
        let other = snapshot(10, 15, &[10, 13]);
        for (one, contains) in [
            (snapshot(10, 15, &[10, 13]), true),
            (snapshot(10, 17, &[10, 13, 15]), true),
            (snapshot(20, 20, &[]), true),
            (snapshot(10, 14, &[10, 13]), false),
            (snapshot(10, 15, &[10, 12, 13]), false),
            (snapshot(9, 15, &[9, 10]), false),
            (snapshot(3, 3, &[]), false),
        ] {
            assert_eq!(one.contains(&other), contains, "{one} and {other}");
        }
        // What runs on the other side need not be known at all on this one.
        assert!(snapshot(14, 14, &[]).contains(&snapshot(10, 15, &[10, 14])));
    }

    #[test]
    fn the_binary_form_comes_back_and_a_damaged_one_does_not() {
        let seen = snapshot(10, 15, &[10, 13]);
        let mut raw = Vec::new();
        seen.put_binary(&mut raw);
        assert_eq!(Snapshot::from_binary(&raw), Some(seen.clone()));
        assert_eq!(seen.to_string(), "10:15:10,13");
        for length in 0..raw.len() {
            assert_eq!(Snapshot::from_binary(&raw[..length]), None, "{length}");
        }
        raw.push(0);
        assert_eq!(Snapshot::from_binary(&raw), None);
        let mut unordered = Vec::new();
        snapshot(10, 15, &[13, 10]).put_binary(&mut unordered);
        assert_eq!(Snapshot::from_binary(&unordered), None);
    }
}
