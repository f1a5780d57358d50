//! Imports over HTTP: the body is streamed into the loader while it arrives.

use std::io;

use bytes::Bytes;
use futures_util::future::join;
use futures_util::stream::poll_fn;
use http::{StatusCode, header};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::io::StreamReader;

use crate::cache::verdict::Verdict;
use crate::config::Settings;
use crate::database::failure::refused;
use crate::database::sqlstate;
use crate::endpoint::{decode, pairs};
use crate::error::Error;
use crate::http::exchange::{Exchange, too_large};
use crate::http::problem::{FieldFault, Problem, ProblemKind};
use crate::http::reply::{JSON, Reply};
use crate::import::{ImportOptions, ImportReport, ImportSpec, run_import};
use crate::observe::{Phase, RequestEvent};
use crate::pipeline::{Proxy, Refusal};

/// Pieces of the body between client and loader. A piece is at most 64 KiB: enough to keep both busy.
const PIECES_BUFFERED: usize = 8;

/// Receives one import. Each has a connection that no call uses: a file never holds up the pool. If it does not end
/// well, its connection ends with it.
pub(crate) async fn receive(
    proxy: &Proxy,
    import: &ImportSpec,
    exchange: &mut Exchange,
    event: &mut RequestEvent,
) -> Result<Reply, Refusal> {
    event.own_path = Some(import.path().into());
    event.own_metrics = Some(proxy.observer.metrics.endpoint("POST", &import.path()));
    let settings = &proxy.settings;
    let options = ImportOptions { dry_run: dry_run(exchange.target.query())?, ..ImportOptions::default() };
    check_media_type(exchange)?;
    let declared = import.body_limit_bytes.and_then(|limit| u64::try_from(limit).ok());
    let limit_bytes = declared.unwrap_or(settings.import_limit_bytes);
    if exchange.announced_length().is_some_and(|length| length > limit_bytes) {
        return Err(too_large(limit_bytes).into());
    }
    let _place = proxy.import_places.try_acquire().map_err(|_| {
        let detail = format!("the limit of {} imports at once is reached", settings.import_limit);
        Problem::new(ProblemKind::Overloaded, detail).closing()
    })?;
    let mut connection = proxy.imports.lend().await.map_err(|error| failed(&error, settings, event))?;
    event.ends(Phase::Pool);
    exchange.invite_body().await?;

    event.cache = Verdict::Write;
    let write = proxy.own_write(settings.import_timeout_ms);
    let (pieces, mut arrived) = mpsc::channel::<io::Result<Bytes>>(PIECES_BUFFERED);
    let reader = StreamReader::new(poll_fn(move |context| arrived.poll_recv(context)));
    let client = connection.client();
    let importing =
        join(run_import(client, import, reader, &options, |_| ()), pump(exchange, pieces, limit_bytes));
    let outcome = timeout(settings.import_timeout_ms, importing).await;
    event.ends(Phase::Call);
    match &outcome {
        Ok((Ok(report), _)) => write.ended(report.transaction),
        Ok((Err(error), _)) if has_changed_nothing(error) => write.ended(None),
        _ => drop(write),
    }
    let (imported, pumped) = outcome.map_err(|_| {
        let limit_ms = settings.import_timeout_ms.as_millis();
        let detail = format!("the import took longer than its limit of {limit_ms} ms; nothing was changed");
        Problem::new(ProblemKind::DeadlineExceeded, detail).closing()
    })?;
    let metrics = &proxy.observer.metrics;
    match pumped.and_then(|()| imported.map_err(|error| failed(&error, settings, event))) {
        Ok(report) => {
            connection.give_back();
            metrics.imports.with_label_values(&["done"]).inc();
            count_rows(&metrics.import_rows, &report);
            event.transaction = report.transaction;
            let body = serde_json::to_vec(&report).unwrap_or_default();
            Ok(proxy.encode(Reply::new(StatusCode::OK, JSON, body), exchange, event).await?)
        }
        Err(problem) => {
            metrics.imports.with_label_values(&["failed"]).inc();
            Err(problem.into())
        }
    }
}

/// Moves the body from the client to the loader, and tells the loader when it is no whole body.
async fn pump(
    exchange: &mut Exchange,
    pieces: mpsc::Sender<io::Result<Bytes>>,
    limit_bytes: u64,
) -> Result<(), Problem> {
    let mut length = 0;
    loop {
        let problem = match exchange.next_piece().await {
            Ok(None) => return Ok(()),
            Ok(Some(piece)) => {
                length += piece.len() as u64;
                if length <= limit_bytes {
                    if pieces.send(Ok(piece)).await.is_err() {
                        // The loader has seen enough: its own error says why.
                        return Ok(());
                    }
                    continue;
                }
                too_large(limit_bytes)
            }
            Err(problem) => problem,
        };
        let _ = pieces.send(Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the body is not whole"))).await;
        return Err(problem);
    }
}

/// The one argument that an import has.
fn dry_run(query: Option<&str>) -> Result<bool, Problem> {
    let mut dry_run = None;
    let mut faults = Vec::new();
    for (name, value) in pairs(query.unwrap_or_default()) {
        let message = match (decode(name, true).as_deref(), decode(value, true).as_deref()) {
            (Ok("dry_run"), _) if dry_run.is_some() => "is given more than once".to_owned(),
            (Ok("dry_run"), Ok(value @ ("true" | "false"))) => {
                dry_run = Some(value == "true");
                continue;
            }
            (Ok("dry_run"), _) => "must be true or false".to_owned(),
            _ => "is not an argument of imports; known is dry_run".to_owned(),
        };
        faults.push(FieldFault { field: name.chars().take(100).collect(), message });
    }
    if faults.is_empty() { Ok(dry_run.unwrap_or(false)) } else { Err(Problem::arguments(faults).closing()) }
}

fn check_media_type(exchange: &Exchange) -> Result<(), Problem> {
    let media_type = exchange.header(header::CONTENT_TYPE).unwrap_or("text/csv");
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("text/csv") {
        return Ok(());
    }
    Err(Problem::new(ProblemKind::UnsupportedMediaType, "the body must be text/csv in UTF-8").closing())
}

fn failed(error: &Error, settings: &Settings, event: &mut RequestEvent) -> Problem {
    let problem = match error {
        Error::Import(fault) => sqlstate::told(fault.sqlstate().code(), &fault.to_string(), None, None),
        Error::Database { source, .. } => refused(source, settings.log_database_messages, event),
        Error::ConnectTimeout(_) => Problem::new(ProblemKind::Unavailable, "the database cannot be reached"),
        _ => Problem::new(ProblemKind::Internal, "the import failed; the log has the reason"),
    };
    if problem.kind.status() >= 500 {
        event.cause = Some(error.to_string());
    }
    problem.closing()
}

/// Whether an import that failed is known to have left nothing behind: its file was refused, or one of its
/// statements.
fn has_changed_nothing(error: &Error) -> bool {
    match error {
        Error::Import(_) => true,
        Error::Database { source, .. } => {
            source.code().is_some_and(|code| !sqlstate::ends_session(code.code()))
        }
        _ => false,
    }
}

fn count_rows(rows: &prometheus::IntCounterVec, report: &ImportReport) {
    let counts = [
        ("inserted", report.inserted),
        ("updated", report.updated),
        ("unchanged", report.unchanged),
        ("refused", report.refused),
    ];
    if report.dry_run {
        return;
    }
    for (outcome, count) in counts {
        rows.with_label_values(&[outcome]).inc_by(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dry_run_is_the_only_argument_and_is_a_boolean() {
        assert_eq!(dry_run(None), Ok(false));
        assert_eq!(dry_run(Some("dry_run=true")), Ok(true));
        assert_eq!(dry_run(Some("dry_run=false")), Ok(false));
        for wrong in ["dry_run", "dry_run=1", "dry_run=true&dry_run=true", "dryrun=true"] {
            assert!(dry_run(Some(wrong)).is_err_and(|problem| problem.errors.len() == 1), "{wrong}");
        }
    }
}
