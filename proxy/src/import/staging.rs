//! The staging table: where a file stands as text before the database judges it.
//!
//! COPY knows no conflicts and stops at the first fault, so rows go into a temporary table first; the
//! function of the import then judges all of them in sets.

use std::pin::pin;

use bytes::{Bytes, BytesMut};
use futures_util::SinkExt;
use postgres_protocol::escape::escape_identifier;
use tokio::io::AsyncRead;
use tokio_postgres::{CopyInSink, Transaction};

use super::copy_text;
use super::header::Header;
use super::record::{Record, RecordReader};
use super::refused;
use super::report::Refusals;
use super::spec::ImportSpec;
use crate::error::Error;

/// Bytes gathered before they are sent: one message of COPY for a few hundred rows.
const MESSAGE_BYTES: usize = 64 * 1024;

/// Makes `pg_temp.import_rows` with every column that the import accepts. A column that the file lacks stays
/// NULL.
pub(super) async fn create(transaction: &Transaction<'_>, spec: &ImportSpec) -> Result<(), Error> {
    let columns: String =
        spec.columns.iter().map(|column| format!(", {} text", escape_identifier(column))).collect();
    let statement =
        format!("CREATE TEMPORARY TABLE import_rows (line_number bigint NOT NULL{columns}) ON COMMIT DROP");
    transaction.batch_execute(&statement).await.map_err(refused)
}

/// Streams the records into the table, then analyses it. Gives the rows that are none.
///
/// The server sets the pace: a full connection stops the reading. `progress` hears the bytes read so far.
pub(super) async fn fill<R: AsyncRead + Unpin>(
    transaction: &Transaction<'_>,
    header: &Header,
    records: &mut RecordReader<R>,
    mut progress: impl FnMut(u64),
) -> Result<Refusals, Error> {
    let columns: String =
        header.columns().iter().map(|column| format!(", {}", escape_identifier(column))).collect();
    let copy = format!("COPY pg_temp.import_rows (line_number{columns}) FROM STDIN");
    let sink: CopyInSink<Bytes> = transaction.copy_in(&copy).await.map_err(refused)?;
    let mut sink = pin!(sink);
    let mut refusals = Refusals::default();
    let mut message = BytesMut::with_capacity(2 * MESSAGE_BYTES);
    while let Some(record) = records.next().await? {
        if is_sound(&record, header, &mut refusals) {
            copy_text::begin_row(&mut message, record.line);
            record.fields().for_each(|field| copy_text::push_field(&mut message, field));
            copy_text::end_row(&mut message);
        }
        if message.len() >= MESSAGE_BYTES {
            sink.send(message.split().freeze()).await.map_err(refused)?;
            progress(records.bytes_read());
        }
    }
    sink.send(message.freeze()).await.map_err(refused)?;
    sink.finish().await.map_err(refused)?;
    progress(records.bytes_read());
    transaction.batch_execute("ANALYZE pg_temp.import_rows").await.map_err(refused)?;
    Ok(refusals)
}

/// Whether a record is a row of this file that the server can store; else it is refused.
fn is_sound(record: &Record<'_>, header: &Header, refusals: &mut Refusals) -> bool {
    let columns = header.columns();
    if record.field_count != columns.len() {
        refusals.field_count(record.line, record.field_count, columns.len());
        return false;
    }
    // Nearly every record is plain ASCII, and one look at all of it is enough.
    if record.bytes().is_ascii() && !record.bytes().contains(&0) {
        return true;
    }
    for (field, column) in record.fields().zip(columns) {
        if std::str::from_utf8(field).is_err() {
            refusals.encoding(record.line, column);
            return false;
        }
        if field.contains(&0) {
            refusals.zero_byte(record.line, column);
            return false;
        }
    }
    true
}
