//! Free TCP ports on 127.0.0.1.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use anyhow::{Context, Result};

/// The port that belongs to the machine's own Postgres, if it has one: never ours.
const POSTGRES_PORT: u16 = 5432;

/// A port that nobody listened on a moment ago. Someone else may take it before its user does, so
/// whoever uses it tries again with another when binding fails.
pub fn free_port() -> Result<u16> {
    loop {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("looking for a free port")?;
        let port = listener.local_addr().context("looking for a free port")?.port();
        if port != POSTGRES_PORT {
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
