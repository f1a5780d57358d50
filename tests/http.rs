//! A small HTTP client that hides nothing: raw bytes, every header, and no redirects, decoding,
//! retries or pooling behind one's back.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// No answer takes longer, whatever the machine is busy with; a hanging one fails its test.
const PATIENCE: Duration = Duration::from_secs(60);

/// An answer, whole.
#[derive(Clone, Debug)]
pub struct Response {
    /// Status, comparable with a number.
    pub status: StatusCode,
    /// All headers.
    pub headers: HeaderMap,
    /// Body as it came, still compressed if it was.
    pub body: Bytes,
}

impl Response {
    /// The body as JSON.
    pub fn json(&self) -> Result<Value> {
        serde_json::from_slice(&self.body).with_context(|| format!("no JSON: {}", self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header's value, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A request in the making.
#[derive(Clone, Debug)]
pub struct Call {
    method: Method,
    target: String,
    headers: Vec<(String, String)>,
    body: Bytes,
}

impl Call {
    /// A request without headers and body. `target` is path and query, already encoded.
    pub fn new(method: Method, target: &str) -> Self {
        Self { method, target: target.to_owned(), headers: Vec::new(), body: Bytes::new() }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets a body of any type.
    #[must_use]
    pub fn body(mut self, media_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self.header("Content-Type", media_type)
    }

    /// Sets a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }
}

/// One connection, for tests that care which requests share it.
pub struct Connection {
    address: SocketAddr,
    sender: SendRequest<Full<Bytes>>,
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("connecting to {address}"))?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // It ends with the sender; what goes wrong with it, the sender tells.
        tokio::spawn(connection);
        Ok(Self { address, sender })
    }

    /// Sends a request and waits for the whole answer.
    pub async fn send(&mut self, call: &Call) -> Result<Response> {
        let mut request = Request::builder().method(call.method.clone()).uri(&call.target);
        request = request.header("Host", self.address.to_string());
        for (name, value) in &call.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(call.body.clone()))?;
        let exchange = async {
            self.sender.ready().await?;
            let (head, body) = self.sender.send_request(request).await?.into_parts();
            let body = body.collect().await?.to_bytes();
            Ok(Response { status: head.status, headers: head.headers, body })
        };
        timeout(PATIENCE, exchange)
            .await
            .with_context(|| format!("no answer to {} {}", call.method, call.target))?
    }
}

/// Sends one request over a connection of its own.
pub async fn send(address: SocketAddr, call: &Call) -> Result<Response> {
    Connection::open(address).await?.send(call).await
}

/// Writes bytes as they are, for requests that no client would send, and returns everything that
/// comes back until the other side closes.
pub async fn send_bytes(address: SocketAddr, bytes: &[u8]) -> Result<Vec<u8>> {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(bytes).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok(answer)
    };
    timeout(PATIENCE, exchange).await.context("the connection was not closed")?
}
