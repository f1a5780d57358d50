//! The life of a stream: one function called again and again, its events sent as they happen (server-sent events of
//! the HTML standard). A client that comes back says with `Last-Event-ID` where it goes on.
//!
//! Nothing is held between two calls: no connection, no place in the queue, no snapshot. A client that leaves ends the
//! stream, and a call that is under way, at once.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode, Version, header};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::{Instant, sleep};

use super::read::nothing_found;
use super::{Proxy, Refusal};
use crate::database::call::Answered;
use crate::endpoint::{Arguments, Catalog, Endpoint, Value};
use crate::http::exchange::Exchange;
use crate::http::problem::{Problem, ProblemKind};
use crate::http::reply::Reply;
use crate::observe::RequestEvent;

/// The argument that says which events are known already.
const LAST_EVENT: &str = "last_event_id";
/// The same in a request of a client that comes back.
const LAST_EVENT_HEADER: HeaderName = HeaderName::from_static("last-event-id");
/// Pause between two calls: what a person sees as at once, and a load of a few calls a second.
const PAUSE: Duration = Duration::from_millis(200);
/// Longest silence: a comment is sent then, so that a client that has gone is noticed and nothing in between thinks
/// that the connection is dead.
const LONGEST_SILENCE: Duration = Duration::from_secs(10);
/// Calls in a row that may fail before the stream ends. The client then comes back by itself.
const FAILURES: u32 = 10;

/// What the function answers.
#[derive(Deserialize)]
struct News<'a> {
    #[serde(borrow)]
    events: Vec<Event<'a>>,
    /// Whether nothing more will happen.
    ends: bool,
}

#[derive(Deserialize)]
struct Event<'a> {
    id: i64,
    event: Option<String>,
    #[serde(borrow)]
    data: &'a RawValue,
}

impl Proxy {
    /// Answers with events until there are no more. The first call is answered as any other read: what is wrong with
    /// it has a status.
    pub(super) async fn stream_events(
        &self,
        endpoint: &Arc<Endpoint>,
        mut arguments: Arguments<'_>,
        catalog: &Catalog,
        exchange: &mut Exchange,
        event: &mut RequestEvent,
    ) -> Result<Reply, Refusal> {
        let Some(position) = endpoint.arguments.iter().position(|argument| &*argument.name == LAST_EVENT)
        else {
            return Err(Problem::new(ProblemKind::Internal, "the function takes no last_event_id").into());
        };
        if let Some(last) = exchange.header(LAST_EVENT_HEADER).and_then(|value| value.parse().ok()) {
            supply(&mut arguments, position, last);
        }
        let generation = catalog.generation;
        let first = self.fetch(endpoint, &arguments, generation, exchange, event).await?;
        let mut body = first.json.ok_or_else(nothing_found)?;
        self.begin_stream(exchange, event).await?;
        let mut silent_since = Instant::now();
        let mut failures = 0;
        loop {
            let news: News<'_> = serde_json::from_slice(&body).map_err(|_| Refusal::Streamed)?;
            let (text, last) = frames(&news.events);
            if !text.is_empty() {
                send(exchange, event, text.into()).await?;
                silent_since = Instant::now();
            }
            if news.ends || exchange.method == Method::HEAD {
                // Whoever has left does not miss the end.
                let _ = exchange.session.finish_body().await;
                return Err(Refusal::Streamed);
            }
            if let Some(last) = last {
                supply(&mut arguments, position, last);
            }
            body = loop {
                if silent_since.elapsed() >= LONGEST_SILENCE {
                    send(exchange, event, Bytes::from_static(b":\n\n")).await?;
                    silent_since = Instant::now();
                }
                match self.next_news(endpoint, &arguments, generation, exchange, event).await? {
                    Some(Answered { json: Some(json), .. }) => break json,
                    // What it was about is gone.
                    Some(_) => return Err(Refusal::Streamed),
                    None if failures >= FAILURES => return Err(Refusal::Streamed),
                    None => failures += 1,
                }
            };
            failures = 0;
        }
    }

    /// The head of the answer, sent at once.
    async fn begin_stream(&self, exchange: &mut Exchange, event: &mut RequestEvent) -> Result<(), Refusal> {
        let reply = Reply::new(StatusCode::OK, "text/event-stream", Bytes::new());
        event.status = reply.status.as_u16();
        // The end of the connection ends a stream that was cut off.
        exchange.session.set_keepalive(None);
        let mut head = reply.head(event, self.pool.used_percent()).map_err(|_| Refusal::ClientLeft)?;
        head.remove_header(&header::CONTENT_LENGTH);
        if exchange.session.req_header().version == Version::HTTP_11 {
            let chunked = HeaderValue::from_static("chunked");
            head.insert_header(header::TRANSFER_ENCODING, chunked).map_err(|_| Refusal::ClientLeft)?;
        }
        exchange.session.write_response_header(Box::new(head)).await.map_err(|_| Refusal::ClientLeft)
    }

    /// What happened after a pause; nothing if the database could not say.
    async fn next_news(
        &self,
        endpoint: &Arc<Endpoint>,
        arguments: &Arguments<'_>,
        generation: u64,
        exchange: &mut Exchange,
        event: &mut RequestEvent,
    ) -> Result<Option<Answered>, Refusal> {
        let asking = async {
            sleep(PAUSE).await;
            let deadline = Instant::now() + self.settings.request_deadline_ms;
            self.fetch_unasked(endpoint, arguments, generation, deadline, event).await
        };
        tokio::select! {
            biased;
            news = asking => Ok(news),
            () = exchange.client_leaves() => Err(Refusal::ClientLeft),
            () = self.cut_off.cancelled() => Err(Refusal::Streamed),
            () = self.stopped() => Err(Refusal::Streamed),
        }
    }

    /// Returns when the proxy is about to stop: streams would otherwise keep it from ending.
    pub async fn stopped(&self) {
        while !self.stops() {
            sleep(PAUSE).await;
        }
    }
}

/// Says which events are known already.
fn supply(arguments: &mut Arguments<'_>, position: usize, last: i64) {
    arguments.supplied |= 1 << position;
    arguments.values.retain(|(other, _)| *other != position);
    let place = arguments.values.partition_point(|(other, _)| *other < position);
    arguments.values.insert(place, (position, Value::BigInteger(last)));
}

/// Events as they are sent, and the id of the last one.
fn frames(events: &[Event<'_>]) -> (String, Option<i64>) {
    let mut text = String::new();
    for Event { id, event, data } in events {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "id: {id}");
        if let Some(name) = event {
            let _ = writeln!(text, "event: {}", name.replace(['\n', '\r'], " "));
        }
        for line in data.get().split(['\n', '\r']) {
            let _ = writeln!(text, "data: {line}");
        }
        text.push('\n');
    }
    (text, events.last().map(|event| event.id))
}

async fn send(exchange: &mut Exchange, event: &mut RequestEvent, text: Bytes) -> Result<(), Refusal> {
    event.response_bytes += text.len() as u64;
    exchange.session.write_response_body(text, false).await.map_err(|_| Refusal::ClientLeft)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_framed_line_by_line() {
        let body = r#"{"events": [{"id": 7, "event": "progress", "data": {"cost":
 3}}, {"id": 9, "event": null, "data": "x"}], "ends": false}"#;
        let news: News<'_> = serde_json::from_str(body).unwrap();
        let (text, last) = frames(&news.events);
        assert_eq!(text, "id: 7\nevent: progress\ndata: {\"cost\":\ndata:  3}\n\nid: 9\ndata: \"x\"\n\n");
        assert_eq!(last, Some(9));
        assert!(!news.ends);
    }

    #[test]
    fn the_last_event_takes_its_place_among_the_arguments() {
        let mut arguments = Arguments {
            supplied: 0b101,
            values: vec![(0, Value::BigInteger(1)), (2, Value::BigInteger(3))],
            ..Arguments::default()
        };
        supply(&mut arguments, 1, 5);
        supply(&mut arguments, 1, 6);
        assert_eq!(arguments.supplied, 0b111);
        assert_eq!(
            arguments.values,
            [(0, Value::BigInteger(1)), (1, Value::BigInteger(6)), (2, Value::BigInteger(3))]
        );
    }
}
