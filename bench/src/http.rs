//! The smallest HTTP client that can time a request: one keep-alive connection, answers with a known length.
//!
//! A full client would add its own work to every sample.

use anyhow::{Context, Result, bail, ensure};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One connection to the proxy.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await.context("connecting to the proxy")?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(1 << 16) })
    }

    /// Sends a GET and reads the whole answer. Anything but 200 is an error.
    pub(crate) async fn get(&mut self, target: &str) -> Result<&[u8]> {
        let request = format!("GET {target} HTTP/1.1\r\nHost: bench\r\n\r\n");
        self.stream.write_all(request.as_bytes()).await?;
        self.buffer.clear();
        loop {
            ensure!(self.stream.read_buf(&mut self.buffer).await? > 0, "the proxy closed the connection");
            let Some(end) = find(&self.buffer, b"\r\n\r\n") else { continue };
            let head = std::str::from_utf8(&self.buffer[..end])?.to_ascii_lowercase();
            ensure!(head.starts_with("http/1.1 200"), "GET {target}: {}", head.lines().next().unwrap_or(""));
            let Some(length) = head.lines().find_map(|line| line.strip_prefix("content-length:")) else {
                bail!("GET {target}: no content-length")
            };
            let body = end + 4;
            let whole = body + length.trim().parse::<usize>()?;
            while self.buffer.len() < whole {
                ensure!(self.stream.read_buf(&mut self.buffer).await? > 0, "the answer is cut short");
            }
            return Ok(&self.buffer[body..whole]);
        }
    }
}

fn find(text: &[u8], pattern: &[u8]) -> Option<usize> {
    text.windows(pattern.len()).position(|window| window == pattern)
}
