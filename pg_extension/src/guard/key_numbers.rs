//! Numbers for the keys of a relation's rows: equal keys have the same.

use std::collections::HashMap;

use pgrx::pg_sys;

use super::key::KeyType;

/// Gives each key a number.
pub(super) struct KeyNumbers<'key> {
    key_type: &'key KeyType,
    by_bytes: HashMap<Vec<u8>, Numbered>,
    /// Keys that are written otherwise may be equal all the same: the type's hash finds the candidates.
    by_hash: HashMap<u32, Vec<u64>>,
    /// The first key of each number, where a number is not the key itself.
    keys: Vec<pg_sys::Datum>,
    /// Every key as it was written.
    spellings: Vec<pg_sys::Datum>,
}

/// A key's number, and how it was written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Numbered {
    /// The number.
    pub(super) number: u64,
    /// Where it stands as it was written; `None` when the number is the key itself.
    pub(super) spelling: Option<u32>,
}

impl<'key> KeyNumbers<'key> {
    /// For keys of a type.
    pub(super) fn of(key_type: &'key KeyType) -> Self {
        Self {
            key_type,
            by_bytes: HashMap::new(),
            by_hash: HashMap::new(),
            keys: Vec::new(),
            spellings: Vec::new(),
        }
    }

    /// The number of a key. A key that is new is copied into the current memory context.
    ///
    /// # Safety
    /// The datum is a value of the type.
    pub(super) unsafe fn number(&mut self, datum: pg_sys::Datum) -> Numbered {
        if self.key_type.equals_by_bits() {
            // Signed integers in their order.
            return Numbered { number: (datum.value() as u64) ^ (1 << 63), spelling: None };
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
        let spelling = u32::try_from(self.spellings.len()).ok();
        self.spellings.push(key.datum);
        let numbered = Numbered { number, spelling };
        self.by_bytes.insert(bytes, numbered);
        numbered
    }

    /// A key as it was written.
    pub(super) fn key(&self, numbered: Numbered) -> pg_sys::Datum {
        let Some(spelling) = numbered.spelling else {
            return pg_sys::Datum::from(numbered.number ^ (1 << 63));
        };
        let known = usize::try_from(spelling).ok().and_then(|spelling| self.spellings.get(spelling));
        known.copied().unwrap_or_else(pg_sys::Datum::null)
    }
}
