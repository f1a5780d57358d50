//! Imports: a CSV file of any size goes into the database in one transaction, good rows in, bad rows told.
//!
//! The way of a file: `record` reads it in a stream → `header` checks its columns against the
//! [`ImportSpec`] → `staging` copies the sound rows as text → the function of the import judges and writes
//! them in sets → [`ImportReport`] says what became of every row. One bad row never stops the others; a file
//! that is no CSV of this import stops before the database is touched.

mod copy_text;
mod fault;
mod header;
mod lines;
mod record;
mod report;
mod signature;
mod spec;
mod staging;

use postgres_protocol::escape::escape_identifier;
use tokio::io::AsyncRead;
use tokio_postgres::types::Json;
use tokio_postgres::{Client, Transaction};

pub use self::fault::FileFault;
pub use self::record::RECORD_LIMIT_BYTES;
pub use self::report::{ImportReport, Refusal};
pub use self::spec::{ImportSpec, read_catalog};

use self::header::Header;
use self::record::RecordReader;
use crate::database::call::TransactionId;
use crate::error::Error;

/// How one file is imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportOptions {
    /// Judge every row, then roll everything back.
    pub dry_run: bool,
    /// The byte between two fields.
    pub delimiter: u8,
    /// Longest time for each statement, that is for the copy and for the function; 0 = as long as it takes.
    pub statement_timeout_ms: u32,
}

impl Default for ImportOptions {
    fn default() -> Self {
        Self { dry_run: false, delimiter: b',', statement_timeout_ms: 0 }
    }
}

/// Imports the CSV that `reader` gives, in one transaction and in constant memory.
///
/// `progress` hears now and then how many bytes were read. A header alone is an import of no rows.
///
/// # Errors
///
/// [`FileFault`] if the file as a whole cannot be read, or the server's error. Nothing is changed then.
pub async fn run_import<R>(
    client: &mut Client,
    spec: &ImportSpec,
    reader: R,
    options: &ImportOptions,
    progress: impl FnMut(u64) + Send,
) -> Result<ImportReport, Error>
where
    R: AsyncRead + Unpin + Send,
{
    let mut records = RecordReader::new(reader, options.delimiter);
    records.check_signature().await?;
    let header = match records.next().await? {
        Some(record) => Header::parse(&record, spec, options.delimiter)?,
        None => return Err(FileFault::Empty { required: spec.required_columns.join(", ") }.into()),
    };
    let transaction = client.transaction().await.map_err(refused)?;
    let timeout_ms = options.statement_timeout_ms;
    let session =
        format!("SET LOCAL statement_timeout = {timeout_ms}; SET LOCAL client_min_messages = warning");
    transaction.batch_execute(&session).await.map_err(refused)?;
    staging::create(&transaction, spec).await?;
    let refusals = staging::fill(&transaction, &header, &mut records, progress).await?;
    let report = call(&transaction, spec).await?.merge(refusals, options.dry_run);
    if options.dry_run {
        transaction.rollback().await.map_err(refused)?;
    } else {
        transaction.commit().await.map_err(refused)?;
    }
    Ok(report)
}

/// Calls the function of the import on the staged rows.
async fn call(transaction: &Transaction<'_>, spec: &ImportSpec) -> Result<ImportReport, Error> {
    let schema = escape_identifier(&spec.function_schema);
    let function = escape_identifier(&spec.function_name);
    let call = format!("SELECT {schema}.{function}(), pg_catalog.pg_current_xact_id_if_assigned()");
    let row = transaction.query_one(&call, &[]).await.map_err(refused)?;
    let report: Option<Json<ImportReport>> = row.try_get(0).map_err(refused)?;
    let transaction = row.try_get::<_, Option<TransactionId>>(1).map_err(refused)?.map(|id| id.0);
    Ok(ImportReport { transaction, ..report.map(|Json(report)| report).unwrap_or_default() })
}

fn refused(source: tokio_postgres::Error) -> Error {
    Error::database("refused the import")(source)
}
