//! The programs: views and functions, which hold no data and are made anew whenever a file of theirs changed.
//!
//! One transaction drops everything of the last application and runs every file again, so that a caller sees
//! either the old set or the new one. A new migration counts as a change too: one that alters a column may
//! drop the views in its way and leave it to this stage to bring them back.

use std::sync::LazyLock;

use tokio_postgres::types::Oid;
use tokio_postgres::{Client, Transaction};

use super::embedded::{self, SqlFile};
use super::fault::MigrationFault;
use super::ledger::{self, Programs};
use super::steps::Steps;
use crate::error::Error;

static FILES: LazyLock<Vec<SqlFile>> = LazyLock::new(embedded::programs);

/// Checksum over the files, their names and the names of the migrations.
static CHECKSUM: LazyLock<String> = LazyLock::new(|| {
    let migrations = embedded::migrations();
    let programs = FILES.iter().flat_map(|file| [file.path.as_str(), file.text.as_ref()]);
    embedded::checksum(programs.chain(migrations.iter().map(|file| file.path.as_str())))
});

/// Every routine of schema `api`, as `DROP ROUTINE` wants it.
const ROUTINES_QUERY: &str = "
    SELECT string_agg(
        format(
            '%I.%I(%s)',
            namespace.nspname,
            procedure.proname,
            pg_get_function_identity_arguments(procedure.oid)
        ),
        ', '
    )
    FROM
        pg_catalog.pg_proc AS procedure
        JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = procedure.pronamespace
    WHERE
        namespace.nspname = 'api'";

/// The views of the database, as `DROP` wants them.
const VIEWS_QUERY: &str = "
    SELECT
        class.oid,
        format(
            '%s %I.%I',
            CASE class.relkind WHEN 'v' THEN 'VIEW' ELSE 'MATERIALIZED VIEW' END,
            namespace.nspname,
            class.relname
        )
    FROM
        pg_catalog.pg_class AS class
        JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace
    WHERE
        class.relkind IN ('v', 'm')
    ORDER BY
        class.oid";

/// Whether these are the programs that were applied.
pub(super) fn are_current(applied: &Programs) -> bool {
    applied.checksum == *CHECKSUM
}

/// Makes the programs anew if they are not current.
pub(super) async fn apply(client: &mut Client, steps: &mut Steps<'_>) -> Result<(), Error> {
    let last = ledger::programs(client).await?;
    if are_current(&last) {
        return Ok(());
    }
    let step = format!("views and functions, {} files", FILES.len());
    steps.take(step, replace(client, &last)).await
}

async fn replace(client: &mut Client, last: &Programs) -> Result<(), Error> {
    let transaction = client.transaction().await.map_err(failed)?;
    drop_last(&transaction, last).await?;
    let kept = views(&transaction).await?;
    for file in FILES.iter() {
        let outcome = transaction.batch_execute(&file.text).await;
        outcome.map_err(|error| MigrationFault::refused(file, &error))?;
    }
    let mut made = views(&transaction).await?;
    made.retain(|view| !kept.contains(view));
    let names: Vec<String> = made.into_iter().map(|(_, name)| name).collect();
    transaction
        .execute(
            "INSERT INTO rota_migration.programs AS programs (checksum, views) VALUES ($1, $2)
            ON CONFLICT (only_row) DO UPDATE SET
                checksum = excluded.checksum,
                views = excluded.views,
                applied_at = excluded.applied_at",
            &[&*CHECKSUM, &names],
        )
        .await
        .map_err(failed)?;
    transaction.commit().await.map_err(failed)
}

/// Drops the routines first, since they read the views, then the views, the latest first.
async fn drop_last(transaction: &Transaction<'_>, last: &Programs) -> Result<(), Error> {
    let routines: Option<String> =
        transaction.query_one(ROUTINES_QUERY, &[]).await.and_then(|row| row.try_get(0)).map_err(failed)?;
    if let Some(routines) = routines {
        // All in one statement, so that those that call each other do not stand in each other's way.
        drop_objects(
            transaction,
            "the functions of schema api",
            &format!("DROP ROUTINE {routines} RESTRICT"),
        )
        .await?;
    }
    transaction.execute("SELECT rota.conceal_schema('api')", &[]).await.map_err(failed)?;
    for view in last.views.iter().rev() {
        let statement = match view.strip_prefix("MATERIALIZED VIEW ") {
            Some(name) => format!("DROP MATERIALIZED VIEW IF EXISTS {name} RESTRICT"),
            None => format!("DROP VIEW IF EXISTS {} RESTRICT", view.trim_start_matches("VIEW ")),
        };
        drop_objects(transaction, view, &statement).await?;
    }
    Ok(())
}

async fn drop_objects(
    transaction: &Transaction<'_>,
    what: &str,
    statement: &str,
) -> Result<(), MigrationFault> {
    let outcome = transaction.batch_execute(statement).await;
    outcome.map_err(|error| MigrationFault::replacing(&format!("replacing {what}"), &error))
}

async fn views(transaction: &Transaction<'_>) -> Result<Vec<(Oid, String)>, Error> {
    let rows = transaction.query(VIEWS_QUERY, &[]).await.map_err(failed)?;
    rows.iter().map(|row| Ok((row.try_get(0).map_err(failed)?, row.try_get(1).map_err(failed)?))).collect()
}

fn failed(source: tokio_postgres::Error) -> Error {
    Error::database("refused to replace views and functions")(source)
}
