//! What an answer is found by: everything that it depends on besides the data.

use std::hash::{Hash, Hasher};

use chrono::{Datelike, Timelike};
use twox_hash::XxHash3_64;

use crate::endpoint::{Arguments, Endpoint, Value};

/// The server that answers come from, and which of its lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The cluster's system identifier: another database cluster never shares an answer.
    pub system_identifier: u64,
    /// Its timeline: a promoted standby begins a new one.
    pub timeline: u32,
    /// Its life, from start to stop: after a crash, transaction ids that nothing was written under are given again.
    pub epoch: i64,
}

/// Who asks which database, under which state of its functions, views, policies and rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Viewpoint {
    /// The database: a server has many, with transactions in common.
    pub database: String,
    /// The role that the proxy is connected as: what it may read decides what it is answered.
    pub role: String,
    /// The database's count of changes of what can be called and who may.
    pub generation: i64,
}

/// The key of an answer, with the hash of its bytes. Keys are equal only if all their bytes are.
#[derive(Clone, Debug)]
pub struct Key {
    hash: u64,
    bytes: Vec<u8>,
}

impl Key {
    /// The key of a call: the server and its life, the viewpoint, the endpoint, the declared claims of the caller, and
    /// the typed arguments. The media type is always JSON; codings are variants of one entry.
    pub fn of(origin: Origin, viewpoint: &Viewpoint, endpoint: &Endpoint, arguments: &Arguments<'_>) -> Self {
        let mut writer = Writer(Vec::with_capacity(160));
        writer.raw(&origin.system_identifier.to_le_bytes());
        writer.raw(&origin.timeline.to_le_bytes());
        writer.raw(&origin.epoch.to_le_bytes());
        writer.raw(&viewpoint.generation.to_le_bytes());
        writer.text(&viewpoint.database);
        writer.text(&viewpoint.role);
        writer.text(&endpoint.path);
        writer.text(arguments.claims.json());
        for (position, value) in &arguments.values {
            writer.raw(&position.to_le_bytes());
            writer.value(value);
        }
        Self::from_bytes(writer.0)
    }

    fn from_bytes(bytes: Vec<u8>) -> Self {
        Self { hash: XxHash3_64::oneshot(&bytes), bytes }
    }

    /// Everything that the answer depends on, unambiguously.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The hash of the bytes.
    pub fn hash(&self) -> u64 {
        self.hash
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash && self.bytes == other.bytes
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// Passes on the hash that a key already has.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // Keys write one u64; this is for completeness.
        self.0 = XxHash3_64::oneshot_with_seed(self.0, bytes);
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// Writes values so that no two different lists of values have the same bytes: a byte says the type, text and
/// lists say their length.
struct Writer(Vec<u8>);

impl Writer {
    fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn tagged(&mut self, tag: u8, bytes: &[u8]) {
        self.0.push(tag);
        self.raw(bytes);
    }

    fn text(&mut self, text: &str) {
        self.raw(&text.len().to_le_bytes());
        self.raw(text.as_bytes());
    }

    fn value(&mut self, value: &Value<'_>) {
        match value {
            Value::Null => self.0.push(0),
            Value::Boolean(value) => self.tagged(1, &[u8::from(*value)]),
            Value::SmallInteger(value) => self.tagged(2, &value.to_le_bytes()),
            Value::Integer(value) => self.tagged(3, &value.to_le_bytes()),
            Value::BigInteger(value) => self.tagged(4, &value.to_le_bytes()),
            Value::Real(value) => self.tagged(5, &value.to_le_bytes()),
            Value::Double(value) => self.tagged(6, &value.to_le_bytes()),
            Value::Text(value) => {
                self.0.push(7);
                self.text(value);
            }
            Value::Date(value) => self.tagged(8, &value.num_days_from_ce().to_le_bytes()),
            Value::Time(value) => {
                self.tagged(9, &value.num_seconds_from_midnight().to_le_bytes());
                self.raw(&value.nanosecond().to_le_bytes());
            }
            Value::Timestamp(value) => {
                self.tagged(10, &value.and_utc().timestamp().to_le_bytes());
                self.raw(&value.nanosecond().to_le_bytes());
            }
            Value::TimestampWithZone(value) => {
                self.tagged(11, &value.timestamp().to_le_bytes());
                self.raw(&value.nanosecond().to_le_bytes());
            }
            Value::Uuid(value) => self.tagged(12, value.as_bytes()),
            Value::Json(value) => {
                self.0.push(13);
                self.text(value);
            }
            Value::Array(values) => {
                self.tagged(14, &values.len().to_le_bytes());
                for value in values {
                    self.value(value);
                }
            }
        }
    }
}

#[cfg(test)]
#[path = "key_tests.rs"]
mod tests;
