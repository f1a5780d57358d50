//! The indexes: desired state, built without stopping writers.
//!
//! `CREATE INDEX CONCURRENTLY` runs in no transaction, so no migration can hold it. And a build that failed
//! leaves an INVALID index behind, which `IF NOT EXISTS` takes for a good one ever after. Therefore the
//! catalog is asked before each build, and every index carries in its comment a mark of the definition that
//! it was built from.

mod plan;
mod statement;

use std::collections::BTreeSet;

use postgres_protocol::escape::escape_literal;
use tokio_postgres::Client;

use self::plan::{Action, FoundIndex};
use self::statement::IndexStatement;
use super::embedded::{self, SqlFile};
use super::fault::MigrationFault;
use super::steps::Steps;
use crate::error::Error;

const FOUND_QUERY: &str = "
    SELECT
        namespace.nspname,
        class.relname,
        index.indisvalid AND index.indisready AND index.indislive AS valid,
        coalesce(obj_description(class.oid, 'pg_class'), '') AS comment
    FROM
        pg_catalog.pg_index AS index
        JOIN pg_catalog.pg_class AS class ON class.oid = index.indexrelid
        JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace
    WHERE
        namespace.nspname !~ '^pg_'";

/// Puts right whatever is not as the files want it, one step for each index.
pub(super) async fn apply(client: &Client, steps: &mut Steps<'_>) -> Result<(), Error> {
    let desired = desired()?;
    let found = found(client).await?;
    for action in plan::plan(&desired, &found) {
        match action {
            Action::Build(index) => build(client, index, steps).await?,
            Action::Rebuild(index, _) => {
                drop_index(client, &index.schema, &index.name, &action, steps).await?;
                build(client, index, steps).await?;
            }
            Action::Comment(index) => comment(client, index).await?,
            Action::Drop { ref schema, ref name } => {
                drop_index(client, schema, name, &action, steps).await?;
            }
        }
    }
    Ok(())
}

/// What is not as the files want it, in words.
pub(super) async fn differences(client: &Client) -> Result<Vec<String>, Error> {
    let desired = desired()?;
    let found = found(client).await?;
    Ok(plan::plan(&desired, &found).iter().map(Action::describe).collect())
}

fn desired() -> Result<Vec<IndexStatement>, MigrationFault> {
    let mut names = BTreeSet::new();
    let mut desired = Vec::new();
    for file in embedded::indexes() {
        for index in statement::parse(&file)? {
            if !names.insert(index.qualified_name()) {
                let reason = format!("index {} stands in two places; remove one", index.qualified_name());
                return Err(MigrationFault::IndexFile { file: file.path.clone(), line: 1, reason });
            }
            desired.push(index);
        }
    }
    Ok(desired)
}

async fn found(client: &Client) -> Result<Vec<FoundIndex>, Error> {
    let unreadable = || Error::database("does not show its indexes");
    let rows = client.query(FOUND_QUERY, &[]).await.map_err(unreadable())?;
    let read = |row: &tokio_postgres::Row| {
        Ok(FoundIndex {
            schema: row.try_get("nspname")?,
            name: row.try_get("relname")?,
            valid: row.try_get("valid")?,
            comment: row.try_get("comment")?,
        })
    };
    rows.iter().map(read).collect::<Result<_, _>>().map_err(unreadable())
}

/// Builds an index and marks it. Without the mark the next run would build it again, so nothing can be half
/// done.
async fn build(client: &Client, index: &IndexStatement, steps: &mut Steps<'_>) -> Result<(), Error> {
    let step = format!("index {}", index.qualified_name());
    steps.take(step, run(client, &index.file)).await?;
    comment(client, index).await
}

async fn comment(client: &Client, index: &IndexStatement) -> Result<(), Error> {
    let comment = escape_literal(&index.comment());
    let text = format!("COMMENT ON INDEX {} IS {comment}", index.qualified_name());
    run(client, &SqlFile { path: index.file.path.clone(), text: text.into() }).await
}

async fn drop_index(
    client: &Client,
    schema: &str,
    name: &str,
    why: &Action<'_>,
    steps: &mut Steps<'_>,
) -> Result<(), Error> {
    let text = format!("DROP INDEX CONCURRENTLY IF EXISTS \"{schema}\".\"{name}\"");
    let work = client.batch_execute(&text);
    let step = format!("{}: dropped", why.describe());
    let outcome = steps.take(step, work).await;
    outcome.map_err(|error| MigrationFault::replacing(&format!("index {schema}.{name}"), &error).into())
}

async fn run(client: &Client, file: &SqlFile) -> Result<(), Error> {
    client.batch_execute(&file.text).await.map_err(|error| MigrationFault::refused(file, &error).into())
}
