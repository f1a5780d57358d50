//! Free TCP ports on 127.0.0.1.

use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{LazyLock, Mutex, PoisonError};

use anyhow::{Context, Result};

/// The port that belongs to the machine's own Postgres, if it has one: never ours.
const POSTGRES_PORT: u16 = 5432;

/// Ports that this process has given away: a port is free again as soon as it was looked at, so two
/// who look at the same time could be told the same one.
static GIVEN: LazyLock<Mutex<HashSet<u16>>> = LazyLock::new(|| Mutex::new(HashSet::from([POSTGRES_PORT])));

/// A port that nobody listened on a moment ago, never the same twice. Another process may take it
/// before its user does, so whoever uses it tries again with another when binding fails.
pub fn free_port() -> Result<u16> {
    loop {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("looking for a free port")?;
        let port = listener.local_addr().context("looking for a free port")?.port();
        if GIVEN.lock().unwrap_or_else(PoisonError::into_inner).insert(port) {
            return Ok(port);
        }
    }
}

/// A free address on 127.0.0.1. See [`free_port`].
pub fn free_address() -> Result<SocketAddr> {
    Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?)))
}

/// Whether nobody listens on the port.
pub fn is_free(address: SocketAddr) -> bool {
    TcpListener::bind(address).is_ok()
}
