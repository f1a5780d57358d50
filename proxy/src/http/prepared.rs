//! Answers whose head is made once and written many times: hits of the cache.
//!
//! The usual way builds a map of headers for each answer, and pingora writes head and body apart. Here the
//! part of the head that never changes is bytes already, the rest is a few numbers, and everything goes out
//! in one system call.

use std::cell::Cell;
use std::fmt::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::{BufMut, Bytes, BytesMut};
use chrono::{DateTime, Utc};
use http::{HeaderValue, StatusCode};

use super::accept::Coding;
use super::reply::JSON;
use crate::observe::{Phase, RequestEvent};

/// Bytes that the changing part of a head takes.
const CHANGING_BYTES: usize = 288;
/// Bytes of a date in a head, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
const DATE_BYTES: usize = 29;

/// The part of a head that is the same for every hit of an answer.
pub fn unchanging_head(
    status: StatusCode,
    coding: Coding,
    varies: bool,
    is_private: bool,
    entity_tag: Option<&HeaderValue>,
    length: usize,
) -> Bytes {
    let mut head = format!(
        "HTTP/1.1 {} {}\r\nContent-Type: {JSON}\r\nContent-Length: {length}\r\nCache-Status: Rota; hit\r\n",
        status.as_u16(),
        status.canonical_reason().unwrap_or_default()
    );
    // Writing to a String cannot fail.
    if coding != Coding::Identity {
        let _ = write!(head, "Content-Encoding: {}\r\n", coding.token());
    }
    if varies {
        head.push_str("Vary: Accept-Encoding\r\n");
    }
    match entity_tag.and_then(|tag| tag.to_str().ok()) {
        Some(tag) => {
            let control = if is_private { "private, no-cache" } else { "no-cache" };
            let _ = write!(head, "ETag: {tag}\r\nCache-Control: {control}\r\n");
        }
        None => head.push_str("Cache-Control: no-store\r\n"),
    }
    head.push_str("Connection: keep-alive\r\n");
    head.into()
}

/// The whole head of one hit.
pub fn head(unchanging: &[u8], event: &RequestEvent, pool_used_percent: usize) -> BytesMut {
    let mut head = BytesMut::with_capacity(unchanging.len() + CHANGING_BYTES);
    head.put_slice(unchanging);
    head.put_slice(b"Date: ");
    head.put_slice(&date());
    head.put_slice(b"\r\nX-Response-Time: ");
    put_milliseconds(&mut head, event.duration());
    head.put_slice(b"ms\r\nX-DB-Pool-Utilization: ");
    put_thousandths(&mut head, pool_used_percent as u64 * 10, 2);
    head.put_slice(b"\r\nServer-Timing: ");
    let mut comma: &[u8] = b"";
    for (phase, name) in Phase::ALL {
        if let Some(duration) = event.phase(phase) {
            head.put_slice(comma);
            head.put_slice(name.as_bytes());
            head.put_slice(b";dur=");
            put_milliseconds(&mut head, duration);
            comma = b", ";
        }
    }
    head.put_slice(b"\r\n");
    if let Some(staleness_ms) = event.staleness_ms {
        // Writing to memory cannot fail.
        let _ = write!(head, "Age: {}\r\nRota-Staleness: {staleness_ms}\r\n", staleness_ms.div_ceil(1000));
    }
    head.put_slice(b"\r\n");
    head
}

fn put_milliseconds(head: &mut BytesMut, duration: Duration) {
    put_thousandths(head, u64::try_from(duration.as_micros()).unwrap_or(u64::MAX), 3);
}

/// Puts a number of thousandths as a decimal with so many digits behind the point.
fn put_thousandths(head: &mut BytesMut, thousandths: u64, digits: usize) {
    let mut text = [0; 24];
    let mut place = text.len();
    let mut rest = thousandths;
    for position in 0.. {
        if position == 3 {
            place -= 1;
            text[place] = b'.';
        }
        // A remainder by ten is a digit.
        let digit = (rest % 10) as u8;
        place -= 1;
        text[place] = b'0' + digit;
        rest /= 10;
        if rest == 0 && position >= 3 {
            break;
        }
    }
    head.put_slice(&text[place..text.len() - (3 - digits)]);
}

/// The date of now, made once a second by each thread.
pub(super) fn date() -> [u8; DATE_BYTES] {
    thread_local! {
        static LAST: Cell<(u64, [u8; DATE_BYTES])> = const { Cell::new((0, [b' '; DATE_BYTES])) };
    }
    let now = SystemTime::now();
    let second = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (last, text) = LAST.get();
    if last == second {
        return text;
    }
    let made = DateTime::<Utc>::from(now).format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let text = made.as_bytes().try_into().unwrap_or([b' '; DATE_BYTES]);
    LAST.set((second, text));
    text
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    #[test]
    fn a_head_reads_like_one_that_was_built_for_its_answer() {
        let tag = HeaderValue::from_static("\"t\"");
        let unchanging = unchanging_head(StatusCode::OK, Coding::Gzip, true, false, Some(&tag), 7000);
        let mut event = RequestEvent::start(Method::GET, None);
        event.staleness_ms = Some(0);
        event.ends(Phase::Validate);
        event.finish();
        let head = head(&unchanging, &event, 7);
        let text = std::str::from_utf8(&head).unwrap();
        let mut lines = text.split("\r\n");
        assert_eq!(lines.next(), Some("HTTP/1.1 200 OK"));
        for wanted in [
            "Content-Length: 7000",
            "Content-Encoding: gzip",
            "ETag: \"t\"",
            "Cache-Status: Rota; hit",
            "Age: 0",
            "Rota-Staleness: 0",
            "X-DB-Pool-Utilization: 0.07",
        ] {
            assert!(text.contains(&format!("{wanted}\r\n")), "{text}");
        }
        assert!(text.ends_with("\r\n\r\n") && text.matches("\r\n\r\n").count() == 1);
        let date = text.split("Date: ").nth(1).and_then(|rest| rest.split("\r\n").next()).unwrap();
        assert!(DateTime::parse_from_rfc2822(date).is_ok(), "{date}");
        assert!(head.len() <= unchanging.len() + CHANGING_BYTES);
    }

    #[test]
    fn numbers_are_written_as_decimals() {
        let written = |thousandths, digits| {
            let mut head = BytesMut::new();
            put_thousandths(&mut head, thousandths, digits);
            String::from_utf8(head.to_vec()).unwrap()
        };
        assert_eq!(written(0, 3), "0.000");
        assert_eq!(written(34, 3), "0.034");
        assert_eq!(written(12_345, 3), "12.345");
        assert_eq!(written(1_000, 2), "1.00");
        assert_eq!(written(990, 2), "0.99");
        assert_eq!(written(u64::MAX, 3), "18446744073709551.615");
    }
}
