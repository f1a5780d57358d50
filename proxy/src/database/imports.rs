//! Connections for imports: a pool of deadpool-postgres, apart from the calls, so that clicks never wait behind files.
//!
//! A file takes long enough for a task that drives its connection not to matter. What an import leaves in its
//! session is wiped before the next one gets it.

use std::ops::DerefMut;
use std::time::Duration;

use deadpool_postgres::{
    Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, TimeoutType, Timeouts,
};
use tokio_postgres::Client;

use super::connect::{SessionOptions, configuration};
use super::tls;
use crate::config::Settings;
use crate::error::Error;

/// The connections of imports, as many as there may be imports.
#[derive(Clone, Debug)]
pub struct ImportConnections {
    pool: Pool,
    connect_timeout: Duration,
    idle_timeout: Duration,
    lifetime: Duration,
}

impl ImportConnections {
    /// None yet; one is made when an import finds none.
    ///
    /// # Errors
    ///
    /// Files of certificates that cannot be used.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        let session = SessionOptions {
            application_name: "rota import",
            statement_timeout: Some(settings.import_timeout_ms),
        };
        // Ends what the session has open, forgets its settings, locks and temporary tables.
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Clean };
        let manager =
            Manager::from_config(configuration(settings, session), tls::connector(settings)?, recycling);
        let timeout = Some(settings.connect_timeout_ms);
        let pool = Pool::builder(manager)
            .max_size(settings.import_limit)
            .timeouts(Timeouts { wait: timeout, create: timeout, recycle: timeout })
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| Error::Start(error.to_string()))?;
        Ok(Self {
            pool,
            connect_timeout: settings.connect_timeout_ms,
            idle_timeout: settings.pool_idle_timeout_ms,
            lifetime: settings.pool_lifetime_ms,
        })
    }

    /// A connection for one import.
    ///
    /// # Errors
    ///
    /// The server cannot be reached, or refuses.
    pub async fn lend(&self) -> Result<ImportConnection, Error> {
        match self.pool.get().await {
            Ok(object) => Ok(ImportConnection(Some(object))),
            Err(PoolError::Backend(error)) => Err(Error::database("cannot be reached")(error)),
            Err(PoolError::Timeout(TimeoutType::Wait | TimeoutType::Create | TimeoutType::Recycle)) => {
                Err(Error::ConnectTimeout(self.connect_timeout))
            }
            Err(error) => Err(Error::Start(error.to_string())),
        }
    }

    /// Closes connections that are idle for too long or too old, for as long as the proxy runs.
    pub async fn retire(self) {
        let pause = super::pool::retirement_pause(self.idle_timeout, self.lifetime);
        loop {
            tokio::time::sleep(pause).await;
            self.pool.retain(|_, uses| uses.last_used() <= self.idle_timeout && uses.age() <= self.lifetime);
        }
    }
}

/// A connection on loan to one import. Dropped, it is closed: the server then ends whatever is left of the import.
pub struct ImportConnection(Option<Object>);

impl ImportConnection {
    /// The driver's client. The option is empty only while dropping.
    #[expect(clippy::expect_used, reason = "the object leaves when the value does")]
    pub fn client(&mut self) -> &mut Client {
        self.0.as_mut().expect("an import has its connection until it is over").deref_mut()
    }

    /// Gives the connection back: the import has ended well, and so has its transaction.
    pub fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl Drop for ImportConnection {
    fn drop(&mut self) {
        drop(self.0.take().map(Object::take));
    }
}
