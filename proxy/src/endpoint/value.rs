//! A typed value on its way from a request to a binary parameter.

use std::borrow::Cow;
use std::error::Error;

use bytes::{BufMut, BytesMut};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use serde_json::value::RawValue;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use uuid::Uuid;

use super::argument::{ArgumentType, Scalar};

/// A value of one of the bound types. Text is borrowed from the request where nothing had to be decoded.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'r> {
    /// SQL NULL.
    Null,
    /// `boolean`
    Boolean(bool),
    /// `smallint`
    SmallInteger(i16),
    /// `integer`
    Integer(i32),
    /// `bigint`
    BigInteger(i64),
    /// `real`
    Real(f32),
    /// `double precision`
    Double(f64),
    /// `text`, and everything that is bound as text.
    Text(Cow<'r, str>),
    /// `date`
    Date(NaiveDate),
    /// `time without time zone`
    Time(NaiveTime),
    /// `timestamp without time zone`
    Timestamp(NaiveDateTime),
    /// `timestamp with time zone`
    TimestampWithZone(DateTime<Utc>),
    /// `uuid`
    Uuid(Uuid),
    /// `json` or `jsonb`: JSON text, checked to be JSON.
    Json(Cow<'r, str>),
    /// An array of one of the above.
    Array(Vec<Value<'r>>),
}

impl ArgumentType {
    /// Reads one value, or one element of an array, from text. The error says what would be right.
    pub fn read_text<'r>(&self, text: Cow<'r, str>) -> Result<Value<'r>, String> {
        if text.contains('\0') {
            return Err("must not contain a NUL character".to_owned());
        }
        let given: &str = &text;
        let value = match self.scalar {
            Scalar::Boolean => match given {
                "true" => Some(Value::Boolean(true)),
                "false" => Some(Value::Boolean(false)),
                _ => None,
            },
            Scalar::SmallInteger => given.parse().ok().map(Value::SmallInteger),
            Scalar::Integer => given.parse().ok().map(Value::Integer),
            Scalar::BigInteger => given.parse().ok().map(Value::BigInteger),
            Scalar::Real => given.parse().ok().filter(|number: &f32| number.is_finite()).map(Value::Real),
            Scalar::Double => given.parse().ok().filter(|number: &f64| number.is_finite()).map(Value::Double),
            Scalar::Date => read_date(given).map(Value::Date),
            Scalar::Time => read_time(given).map(Value::Time),
            Scalar::Timestamp => read_timestamp(given).map(Value::Timestamp),
            Scalar::TimestampWithZone => read_instant(given).map(Value::TimestampWithZone),
            Scalar::Uuid => Uuid::try_parse(given).ok().map(Value::Uuid),
            Scalar::Numeric => is_numeric(given).then(|| Value::Text(text.clone())),
            Scalar::Text | Scalar::Other => return Ok(Value::Text(text)),
            Scalar::Json | Scalar::Jsonb => {
                serde_json::from_str::<&RawValue>(given).is_ok().then(|| Value::Json(text.clone()))
            }
        };
        value.ok_or_else(|| format!("\"{}\" is not {}", shortened(given), self.expectation()))
    }

    /// Reads a whole value from JSON. Strings stay strings: `"42"` is no integer, `42` is no text.
    pub fn read_json<'r>(&self, raw: &'r RawValue) -> Result<Value<'r>, String> {
        if raw.get() == "null" {
            return Ok(Value::Null);
        }
        if !self.array {
            return self.read_json_scalar(raw);
        }
        let elements: Vec<&'r RawValue> = serde_json::from_str(raw.get())
            .map_err(|_| format!("must be a JSON array of {}", self.expectation()))?;
        let read = |(index, element): (usize, &'r RawValue)| match element.get() {
            "null" => Ok(Value::Null),
            _ => self.read_json_scalar(element).map_err(|message| format!("element {index}: {message}")),
        };
        elements.into_iter().enumerate().map(read).collect::<Result<_, _>>().map(Value::Array)
    }

    fn read_json_scalar<'r>(&self, raw: &'r RawValue) -> Result<Value<'r>, String> {
        let text = raw.get();
        let first = text.as_bytes().first().copied().unwrap_or_default();
        match self.scalar {
            Scalar::Json | Scalar::Jsonb => return Ok(Value::Json(Cow::Borrowed(text))),
            Scalar::Boolean if matches!(first, b't' | b'f') => return self.read_text(Cow::Borrowed(text)),
            Scalar::SmallInteger
            | Scalar::Integer
            | Scalar::BigInteger
            | Scalar::Real
            | Scalar::Double
            | Scalar::Numeric
                if first == b'-' || first.is_ascii_digit() =>
            {
                return self.read_text(Cow::Borrowed(text));
            }
            Scalar::Boolean | Scalar::SmallInteger | Scalar::Integer | Scalar::BigInteger => {}
            Scalar::Real | Scalar::Double => {}
            _ if first == b'"' => return self.read_text(json_string(text)?),
            _ => {}
        }
        Err(format!("must be {}, not {}", self.expectation(), json_kind(first)))
    }

    /// What a right value looks like, continuing "must be".
    pub fn expectation(&self) -> &'static str {
        match self.scalar {
            Scalar::Boolean => "true or false",
            Scalar::SmallInteger => "a whole number from -32768 to 32767",
            Scalar::Integer => "a whole number from -2147483648 to 2147483647",
            Scalar::BigInteger => "a whole number from -9223372036854775808 to 9223372036854775807",
            Scalar::Real | Scalar::Double => "a number, such as 1.5",
            Scalar::Numeric => "a decimal number, such as 7.25",
            Scalar::Text | Scalar::Other => "a string",
            Scalar::Date => "a date, such as 2026-03-29",
            Scalar::Time => "a time of day, such as 06:30 or 22:00:00",
            Scalar::Timestamp => "a local date and time, such as 2026-03-29T06:30:00",
            Scalar::TimestampWithZone => {
                "an instant with its offset, such as 2026-03-29T06:30:00Z or ...+02:00"
            }
            Scalar::Uuid => "a UUID, such as 6fa459ea-ee8a-3ca4-894e-db77e160355e",
            Scalar::Json | Scalar::Jsonb => "JSON",
        }
    }
}

/// Whether the text has the shape of a pattern in which `0` stands for any digit. chrono alone would take blanks,
/// signs and missing digits.
fn has_shape(text: &str, pattern: &str) -> bool {
    text.len() == pattern.len()
        && text.bytes().zip(pattern.bytes()).all(|(given, wanted)| match wanted {
            b'0' => given.is_ascii_digit(),
            _ => given == wanted,
        })
}

fn read_date(text: &str) -> Option<NaiveDate> {
    let date = has_shape(text, "0000-00-00").then(|| text.parse::<NaiveDate>().ok()).flatten()?;
    // Year 0 is 1 BC, which nobody writes that way.
    (date.year() >= 1).then_some(date)
}

fn read_time(text: &str) -> Option<NaiveTime> {
    if has_shape(text, "00:00") {
        return NaiveTime::parse_from_str(text, "%H:%M").ok();
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let has_fraction =
        (1..=6).contains(&fraction.len()) && fraction.bytes().all(|byte| byte.is_ascii_digit());
    if !has_shape(whole, "00:00:00") || !has_fraction {
        return None;
    }
    // A leap second is a second of the next minute to the server; here it is refused.
    NaiveTime::parse_from_str(text, "%H:%M:%S%.f").ok().filter(|_| !whole.ends_with("60"))
}

fn read_timestamp(text: &str) -> Option<NaiveDateTime> {
    let (date, time) = text.split_once(['T', ' '])?;
    Some(read_date(date)?.and_time(read_time(time)?))
}

fn read_instant(text: &str) -> Option<DateTime<Utc>> {
    // A plus sign that was not percent-encoded arrives as a space: 06:30:00+02:00 as 06:30:00 02:00.
    let mended = match text.rsplit_once(' ') {
        Some((local, offset)) if local.contains('T') && offset.contains(':') => {
            Cow::Owned(format!("{local}+{offset}"))
        }
        _ => Cow::Borrowed(text),
    };
    let (date, _) = mended.split_once(['T', 't'])?;
    read_date(date)?;
    DateTime::parse_from_rfc3339(&mended).ok().map(|instant| instant.with_timezone(&Utc))
}

/// Whether the text is a decimal number as `numeric` reads it, NaN and infinities left out. A thousand digits
/// are more than any amount needs and far below the server's 147,455.
fn is_numeric(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    text.len() <= 1000
        && !(whole.is_empty() && fraction.is_empty())
        && digits(whole)
        && digits(fraction)
        && (1..=4).contains(&exponent.len())
        && digits(exponent)
}

/// The content of a JSON string, borrowed unless it has escapes.
fn json_string(text: &str) -> Result<Cow<'_, str>, String> {
    match text.get(1..text.len().saturating_sub(1)) {
        Some(inner) if !inner.contains('\\') => Ok(Cow::Borrowed(inner)),
        _ => serde_json::from_str(text)
            .map(Cow::Owned)
            .map_err(|_| "is no JSON string of whole Unicode characters".to_owned()),
    }
}

fn json_kind(first: u8) -> &'static str {
    match first {
        b'"' => "a string",
        b'{' => "an object",
        b'[' => "an array",
        b't' | b'f' => "a boolean",
        _ => "a number",
    }
}

/// The head of a long value: messages stay short, and never repeat a whole body.
fn shortened(text: &str) -> Cow<'_, str> {
    const SHOWN_CHARACTERS: usize = 60;
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

impl ToSql for Value<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Boolean(value) => value.to_sql(ty, out),
            Self::SmallInteger(value) => value.to_sql(ty, out),
            Self::Integer(value) => value.to_sql(ty, out),
            Self::BigInteger(value) => value.to_sql(ty, out),
            Self::Real(value) => value.to_sql(ty, out),
            Self::Double(value) => value.to_sql(ty, out),
            Self::Text(value) => value.to_sql(ty, out),
            Self::Date(value) => value.to_sql(ty, out),
            Self::Time(value) => value.to_sql(ty, out),
            Self::Timestamp(value) => value.to_sql(ty, out),
            Self::TimestampWithZone(value) => value.to_sql(ty, out),
            Self::Uuid(value) => value.to_sql(ty, out),
            Self::Json(value) => {
                if *ty == Type::JSONB {
                    // The version of the binary form of jsonb.
                    out.put_u8(1);
                }
                out.put_slice(value.as_bytes());
                Ok(IsNull::No)
            }
            Self::Array(values) => values.to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

#[cfg(test)]
#[path = "value_tests.rs"]
mod tests;
