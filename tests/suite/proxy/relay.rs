//! A relay between proxy and server that counts what the proxy sends, and can hold the server's answers back.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Messages of pooled connections by their type byte (chapter "Message Formats" of the server's manual).
pub(crate) type Counts = BTreeMap<char, usize>;

/// Relays until it is dropped.
pub(crate) struct Relay {
    address: SocketAddr,
    counts: Arc<Mutex<Counts>>,
    is_open: watch::Sender<bool>,
    accepting: JoinHandle<()>,
}

impl Relay {
    /// A relay to a server on a port of this machine.
    pub(crate) async fn to(port: u16) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let counts = Arc::<Mutex<Counts>>::default();
        let (is_open, opened) = watch::channel(true);
        let counted = Arc::clone(&counts);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (counts, opened) = (Arc::clone(&counted), opened.clone());
                // A connection that breaks is the business of its two ends.
                tokio::spawn(async move { relay(client, port, counts, opened).await });
            }
        });
        Ok(Self { address, counts, is_open, accepting })
    }

    /// The port to connect to.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// What pooled connections have sent since the last taking.
    pub(crate) fn take(&self) -> Counts {
        std::mem::take(&mut *self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What pooled connections have sent, of one type.
    pub(crate) fn count(&self, kind: char) -> usize {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).get(&kind).copied().unwrap_or_default()
    }

    /// Holds the server's answers back.
    pub(crate) fn hold(&self) {
        self.is_open.send_replace(false);
    }

    /// Lets them through again.
    pub(crate) fn release(&self) {
        self.is_open.send_replace(true);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn relay(
    client: TcpStream,
    port: u16,
    counts: Arc<Mutex<Counts>>,
    opened: watch::Receiver<bool>,
) -> Result<()> {
    let server = TcpStream::connect(("127.0.0.1", port)).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::spawn(answers(from_server, to_client, opened));
    requests(from_client, to_server, &counts).await
}

async fn answers(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut opened: watch::Receiver<bool>,
) -> Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let length = from.read(&mut buffer).await?;
        if length == 0 {
            return Ok(());
        }
        opened.wait_for(|is_open| *is_open).await?;
        to.write_all(&buffer[..length]).await?;
    }
}

async fn requests(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, counts: &Mutex<Counts>) -> Result<()> {
    // The first message has a length and no type; it names the application.
    let start = message(&mut from, Vec::new()).await?;
    let is_pooled = start.windows(22).any(|part| part == b"application_name\0rota\0");
    to.write_all(&start).await?;
    loop {
        let kind = from.read_u8().await?;
        let whole = message(&mut from, vec![kind]).await?;
        if is_pooled {
            let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
            *counts.entry(char::from(kind)).or_default() += 1;
        }
        to.write_all(&whole).await?;
    }
}

/// Reads a length that includes itself, and what it counts.
async fn message(from: &mut OwnedReadHalf, mut whole: Vec<u8>) -> Result<Vec<u8>> {
    let length = from.read_u32().await?;
    whole.extend_from_slice(&length.to_be_bytes());
    let rest = usize::try_from(length)?.checked_sub(4).context("a length below its own size")?;
    let begin = whole.len();
    whole.resize(begin + rest, 0);
    from.read_exact(&mut whole[begin..]).await?;
    Ok(whole)
}
