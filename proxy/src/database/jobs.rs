//! Jobs of the database, run on a connection of the pool.

use std::sync::Arc;
use std::time::Instant;

use super::manager::Pooled;
use super::pool::Pool;
use crate::admission::Borrower;

/// What the database runs next; NULL for nothing.
const DUE: &str = "SELECT rota.due_job()";

impl Pool {
    /// Runs the job that is due, if there is one, for as long as it takes. Tells whether there was one.
    ///
    /// Dropped midway, the job is cancelled in the server before the connection is used again; it is claimed anew later.
    ///
    /// # Errors
    ///
    /// Why there is no connection, or what the server says, in words for the log.
    pub async fn run_due_job(&self, borrower: &Arc<Borrower>, deadline: Instant) -> Result<bool, String> {
        let place = self.admission.enter(borrower, deadline).map_err(|shed| shed.to_string())?;
        let mut lease = self.lease(&place).await.map_err(|error| error.to_string())?;
        let Pooled { client, driven, .. } = lease.pooled();
        let running = async {
            if client.query_one(DUE, &[]).await?.try_get::<_, Option<i64>>(0)?.is_none() {
                return Ok(false);
            }
            // A search takes as long as its options say. Each is a statement of its own: the call ends transactions.
            client.batch_execute("SET statement_timeout = 0").await?;
            client.batch_execute("CALL rota.run_job()").await?;
            client.batch_execute("RESET statement_timeout").await?;
            Ok(true)
        };
        let ran: Result<bool, tokio_postgres::Error> = driven.drive(running).await;
        if ran.is_ok() {
            lease.settle();
        }
        ran.map_err(|error| error.to_string())
    }
}
