//! Migrations: how a database comes to the level of this program.
//!
//! Everything is embedded in the binary. The order of a run, under one lock: extension → versioned migrations
//! → indexes → views and functions. Each stage compares first, so a second run does nothing, and a run that
//! was stopped anywhere is finished by the next one.

mod embedded;
mod extension;
mod fault;
mod indexes;
mod ledger;
mod lock;
mod programs;
mod status;
mod steps;
mod version;
mod versioned;

use tokio_postgres::Client;

pub use self::embedded::{SqlFile, demo};
pub use self::fault::MigrationFault;
pub use self::status::{Level, MigrationStatus, status};
pub use self::steps::Event;

use self::steps::Steps;
use crate::error::Error;

/// Session settings of the transactional stages.
///
/// A statement that waits for a table lock makes everybody behind it wait too: after 30 s it gives up,
/// nothing is changed, and the run can be repeated. The search path is that of the files, whatever the role
/// is set to.
const TRANSACTIONAL_STAGES: &str = "
    SET search_path = public;
    SET client_min_messages = warning;
    SET statement_timeout = 0;
    SET idle_in_transaction_session_timeout = 0;
    SET lock_timeout = '30s'";

/// Building an index concurrently stops nobody, but waits for every older transaction, as long as it takes.
const INDEX_STAGE: &str = "SET lock_timeout = 0";

/// Brings the database to the level of this program. Gives the number of steps it took; 0 = there was nothing
/// to do.
///
/// `listener` hears every step. The session must be a direct one: a pooler that changes sessions between
/// transactions would lose the lock.
///
/// # Errors
///
/// [`MigrationFault`], or the server's. Steps that were told are done and stay; the failed one left nothing
/// behind, or an index that the next run builds again.
pub async fn run(client: &mut Client, listener: &mut (dyn FnMut(Event) + Send)) -> Result<usize, Error> {
    let mut steps = Steps::new(listener);
    set(client, TRANSACTIONAL_STAGES).await?;
    lock::acquire(client, &mut steps).await?;
    let outcome = run_stages(client, &mut steps).await;
    let released = lock::release(client).await;
    outcome.and(released).map(|()| steps.applied())
}

async fn run_stages(client: &mut Client, steps: &mut Steps<'_>) -> Result<(), Error> {
    ledger::create(client).await?;
    extension::bring(client, steps).await?;
    versioned::apply(client, steps).await?;
    set(client, INDEX_STAGE).await?;
    indexes::apply(client, steps).await?;
    set(client, TRANSACTIONAL_STAGES).await?;
    programs::apply(client, steps).await
}

async fn set(client: &Client, settings: &str) -> Result<(), Error> {
    client.batch_execute(settings).await.map_err(Error::database("refused the settings of a migration"))
}
