//! One connection to the server, outside any pool.

use std::time::Duration;

use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Connection, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::tls;
use crate::config::{Settings, TlsMode};
use crate::error::Error;

/// The driver's side of a connection, in clear or in TLS.
pub(crate) type ServerConnection = Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

/// What a session starts with. Sent as start-up options, so they cost no round trip.
#[derive(Clone, Copy, Debug)]
pub struct SessionOptions {
    /// `application_name`, seen in `pg_stat_activity`.
    pub application_name: &'static str,
    /// `statement_timeout`; none lets statements run as long as they like.
    pub statement_timeout: Option<Duration>,
}

impl SessionOptions {
    /// A session of one verb, without a statement timeout.
    pub fn named(application_name: &'static str) -> Self {
        Self { application_name, statement_timeout: None }
    }
}

/// The driver's configuration: the database of the settings, times in UTC, the session's options. TCP_NODELAY is
/// the driver's default. A local socket never carries TLS.
pub fn configuration(settings: &Settings, session: SessionOptions) -> Config {
    let mut config = settings.database_url.config().clone();
    let timeout_ms = session.statement_timeout.map_or(0, |timeout| timeout.as_millis());
    let given = config.get_options().map(|options| format!("{options} ")).unwrap_or_default();
    let is_local = config.get_hosts().iter().all(|host| matches!(host, Host::Unix(_)));
    let tls = match settings.tls_mode() {
        _ if is_local => SslMode::Disable,
        TlsMode::Disable => SslMode::Disable,
        TlsMode::Prefer => SslMode::Prefer,
        TlsMode::Require | TlsMode::VerifyCa | TlsMode::VerifyFull => SslMode::Require,
    };
    config
        .application_name(session.application_name)
        .connect_timeout(settings.connect_timeout_ms)
        .ssl_mode(tls)
        .options(format!(
            "{given}-c TimeZone=UTC -c DateStyle=ISO -c statement_timeout={timeout_ms} \
             -c client_encoding=UTF8 -c extra_float_digits=1"
        ));
    config
}

/// Connects and drives the connection in a task of its own, which ends with the client.
pub async fn connect(settings: &Settings, session: SessionOptions) -> Result<Client, Error> {
    let (client, connection) = open(settings, session).await?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "database connection ended");
        }
    });
    Ok(client)
}

/// Connects without driving: for those who want the server's notifications from the connection.
pub async fn open(settings: &Settings, session: SessionOptions) -> Result<(Client, ServerConnection), Error> {
    let config = configuration(settings, session);
    let connector = tls::connector(settings)?;
    match tokio::time::timeout(settings.connect_timeout_ms, config.connect(connector)).await {
        Ok(connected) => connected.map_err(Error::database("cannot be reached")),
        Err(_) => Err(Error::ConnectTimeout(settings.connect_timeout_ms)),
    }
}
