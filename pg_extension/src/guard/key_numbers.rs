//! Numbers for the keys of a relation's rows: equal keys have the same.

use std::collections::HashMap;

use pgrx::pg_sys;

use super::key::KeyType;

/// Gives each key a number.
pub(super) struct KeyNumbers<'key> {
    key_type: &'key KeyType,
    by_bytes: HashMap<Vec<u8>, u64>,
    /// Keys that are written otherwise may be equal all the same: the type's hash finds the candidates.
    by_hash: HashMap<u32, Vec<u64>>,
    /// One key of each number, where a number is not the key itself.
    keys: Vec<pg_sys::Datum>,
}

impl<'key> KeyNumbers<'key> {
    /// For keys of a type.
    pub(super) fn of(key_type: &'key KeyType) -> Self {
        Self { key_type, by_bytes: HashMap::new(), by_hash: HashMap::new(), keys: Vec::new() }
    }

    /// The number of a key. A key that is new is copied into the current memory context.
    ///
    /// # Safety
    /// The datum is a value of the type.
    pub(super) unsafe fn number(&mut self, datum: pg_sys::Datum) -> u64 {
        if self.key_type.equals_by_bits() {
            // Signed integers in their order.
            return (datum.value() as u64) ^ (1 << 63);
        }
        // SAFETY: the caller says so.
        let key = unsafe { self.key_type.read(datum) };
        // SAFETY: as above, for the copy.
        let bytes = unsafe { self.key_type.bytes_of(&key) };
        if let Some(number) = self.by_bytes.get(&bytes) {
            return *number;
        }
        let candidates = self.by_hash.entry(self.key_type.hash(&key)).or_default();
        let equal = candidates.iter().copied().find(|candidate| {
            let known = usize::try_from(*candidate).ok().and_then(|number| self.keys.get(number));
            known.is_some_and(|known| self.key_type.is_equal(*known, key.datum))
        });
        let number = equal.unwrap_or_else(|| {
            let number = self.keys.len() as u64;
            candidates.push(number);
            self.keys.push(key.datum);
            number
        });
        self.by_bytes.insert(bytes, number);
        number
    }

    /// The key of a number.
    pub(super) fn key(&self, number: u64) -> pg_sys::Datum {
        if self.key_type.equals_by_bits() {
            return pg_sys::Datum::from(number ^ (1 << 63));
        }
        let known = usize::try_from(number).ok().and_then(|number| self.keys.get(number));
        known.copied().unwrap_or_else(pg_sys::Datum::null)
    }
}
