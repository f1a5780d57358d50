//! How entries are named and written in Redis. Every format of the shared level is here.
//!
//! A value is: format and flags, the stamp's `xmax` and `xmin` (so that the greater of two values is the
//! newer), the time of the fill, the lifetime, the snapshot, the whole key, the tags, the body. Numbers are
//! big-endian.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use twox_hash::XxHash3_128;

use crate::cache::entry::{Encoded, Entry, Variants};
use crate::cache::key::Key;
use crate::cache::snapshot::Snapshot;
use crate::cache::tag::Tag;
use crate::http::accept::Coding;
use crate::http::entity_tag::entity_tag;

/// The first bytes of every value. Another format gets another number, and names of its own.
const FORMAT: &[u8; 4] = b"rot1";
/// Where `xmax` and `xmin` begin and end in a value.
pub(super) const STAMP_START: usize = FORMAT.len() + 1;
/// The end of the same.
pub(super) const STAMP_END: usize = STAMP_START + 16;

const IS_NULL: u8 = 1;
const TAKEN_IN_RECOVERY: u8 = 2;

/// The name of a key's value: a hash, since keys may be long. The whole key is in the value.
pub(super) fn name(key: &Key) -> String {
    format!("rota:1:{:032x}", XxHash3_128::oneshot(key.bytes()))
}

/// The value of an entry.
pub(super) fn written(key: &Key, entry: &Entry) -> Vec<u8> {
    let body = entry.answer.as_ref().map(|variants| &variants.identity().body);
    let mut value = Vec::with_capacity(256 + key.bytes().len() + body.map_or(0, Bytes::len));
    value.extend_from_slice(FORMAT);
    let null = if body.is_none() { IS_NULL } else { 0 };
    let recovery = if entry.stamp.taken_in_recovery { TAKEN_IN_RECOVERY } else { 0 };
    value.push(null | recovery);
    value.extend_from_slice(&entry.stamp.xmax.to_be_bytes());
    value.extend_from_slice(&entry.stamp.xmin.to_be_bytes());
    let filled = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .saturating_sub(entry.filled.elapsed());
    for time in [filled, entry.lifetime] {
        value.extend_from_slice(&u64::try_from(time.as_millis()).unwrap_or(u64::MAX).to_be_bytes());
    }
    let mut snapshot = Vec::with_capacity(64);
    entry.stamp.put_binary(&mut snapshot);
    put_part(&mut value, &snapshot);
    put_part(&mut value, key.bytes());
    let tags: Vec<u8> = entry.tags.iter().flat_map(|tag| tag.0.to_be_bytes()).collect();
    put_part(&mut value, &tags);
    value.extend_from_slice(body.map_or(&[], |body| body));
    value
}

/// The entry of a value; nothing if it is damaged, or another key's.
pub(super) fn read(value: &Bytes, key: &Key) -> Option<Entry> {
    let mut reader = Reader { value, position: 0 };
    if reader.take(FORMAT.len())? != FORMAT {
        return None;
    }
    let flags = *reader.take(1)?.first()?;
    reader.take(STAMP_END - STAMP_START)?;
    let filled = UNIX_EPOCH.checked_add(Duration::from_millis(reader.number()?))?;
    let lifetime = Duration::from_millis(reader.number()?);
    let stamp = Snapshot::from_binary(reader.part()?)?.taken_in_recovery(flags & TAKEN_IN_RECOVERY != 0);
    if reader.part()? != key.bytes() {
        return None;
    }
    let (tags, rest) = reader.part()?.as_chunks::<8>();
    if !rest.is_empty() {
        return None;
    }
    let tags: Arc<[Tag]> = tags.iter().map(|tag| Tag(u64::from_be_bytes(*tag))).collect();
    let body = value.slice(reader.position..);
    // Clocks differ from machine to machine; an entry from the future is new.
    let age = SystemTime::now().duration_since(filled).unwrap_or_default();
    let filled = Instant::now().checked_sub(age)?;
    let answer = (flags & IS_NULL == 0).then(|| {
        let entity_tag = entity_tag(&body, Coding::Identity);
        Variants::new(Encoded::new(body, entity_tag))
    });
    // Others are not stored.
    let staleness_ms = 0;
    Some(Entry { answer, stamp, tags, filled, lifetime, staleness_ms })
}

fn put_part(value: &mut Vec<u8>, part: &[u8]) {
    value.extend_from_slice(&(part.len() as u64).to_be_bytes());
    value.extend_from_slice(part);
}

struct Reader<'v> {
    value: &'v [u8],
    position: usize,
}

impl<'v> Reader<'v> {
    fn take(&mut self, length: usize) -> Option<&'v [u8]> {
        let end = self.position.checked_add(length)?;
        let taken = self.value.get(self.position..end)?;
        self.position = end;
        Some(taken)
    }

    fn number(&mut self) -> Option<u64> {
        Some(u64::from_be_bytes(self.take(8)?.try_into().ok()?))
    }

    fn part(&mut self) -> Option<&'v [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        self.take(length)
    }
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
