//! Every query pattern is served by the index it names, and every index serves a pattern.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use rota_tests::database::Database;
use rota_tests::server::environment;
use rota_tests::session::Session;
use serde_json::Value;

use super::demo::organisation;

/// A block of `query_patterns.sql`.
struct Pattern {
    name: String,
    indexes: Vec<String>,
    statement: String,
}

fn patterns() -> Result<Vec<Pattern>> {
    let text = std::fs::read_to_string(environment()?.project.join("migrations/query_patterns.sql"))?;
    let blocks = text.split("\n-- name: ").skip(1);
    blocks
        .map(|block| {
            let (name, rest) = block.split_once("\n-- index: ").context("a pattern without an index")?;
            let (indexes, rest) = rest.split_once('\n').context("a pattern without a statement")?;
            let (statement, after) = rest.split_once(';').with_context(|| format!("{name} does not end"))?;
            ensure!(after.trim().is_empty(), "{name} has more than one statement");
            let indexes = indexes.split(", ").map(str::to_owned).collect();
            Ok(Pattern { name: name.to_owned(), indexes, statement: statement.to_owned() })
        })
        .collect()
}

/// Names of the indexes in a plan.
fn indexes_of(plan: &Value, found: &mut BTreeSet<String>) {
    match plan {
        Value::Object(members) => {
            if let Some(Value::String(name)) = members.get("Index Name") {
                found.insert(name.clone());
            }
            members.values().for_each(|inner| indexes_of(inner, found));
        }
        Value::Array(items) => items.iter().for_each(|inner| indexes_of(inner, found)),
        _ => {}
    }
}

async fn plan(session: &Session, statement: &str) -> Result<Value> {
    let rows = session.rows(&format!("EXPLAIN (FORMAT JSON) {statement}")).await?;
    let text: String = rows.into_iter().flatten().flatten().collect();
    Ok(serde_json::from_str(&text)?)
}

/// What the demo does not fill. An index over block ranges needs rows that rise with time.
const LOG: &str = "
    INSERT INTO access.audit_log (at, entity_type, entity_id, action)
    SELECT timestamptz '2026-01-01' + number * interval '1 minute', 'assignment', number::text, 'created'
    FROM generate_series(1, 60000) AS number;
    ANALYZE access.audit_log";

#[tokio::test]
async fn every_query_pattern_is_served_by_the_index_it_names() -> Result<()> {
    let database = organisation("500", "8", "2026-01-05").await?;
    let session = database.session().await?;
    session.batch_execute(LOG).await?;
    session.batch_execute("SET enable_seqscan = off").await?;
    let patterns = patterns()?;
    assert!(patterns.len() >= 50, "{} patterns", patterns.len());
    let mut unserved = Vec::new();
    for Pattern { name, indexes, statement } in patterns {
        let plan = plan(&session, &statement).await.with_context(|| format!("in pattern {name:?}"))?;
        let mut found = BTreeSet::new();
        indexes_of(&plan, &mut found);
        if !indexes.iter().all(|index| found.contains(index)) {
            unserved.push(format!("{name}: wants {indexes:?}, uses {found:?}"));
        }
    }
    assert!(unserved.is_empty(), "{unserved:#?}");
    Ok(())
}

#[tokio::test]
async fn every_index_serves_a_query_pattern_or_a_constraint() -> Result<()> {
    let database = Database::migrated().await?;
    let session = database.session().await?;
    let named: BTreeSet<String> = patterns()?.into_iter().flat_map(|pattern| pattern.indexes).collect();
    let rows = session
        .rows(
            "SELECT class.relname
            FROM pg_index AS index
                JOIN pg_class AS class ON class.oid = index.indexrelid
                JOIN pg_namespace AS namespace ON namespace.oid = class.relnamespace
            WHERE namespace.nspname IN ('workforce', 'access')
                AND NOT index.indisunique
                AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = index.indexrelid)",
        )
        .await?;
    let found: BTreeSet<String> = rows.into_iter().flatten().flatten().collect();
    assert!(!found.is_empty());
    let idle: Vec<_> = found.difference(&named).collect();
    assert!(idle.is_empty(), "no pattern for {idle:?}");
    Ok(())
}

#[tokio::test]
async fn no_index_is_a_prefix_of_another() -> Result<()> {
    let database = Database::migrated().await?;
    let session = database.session().await?;
    // Of one table, method and predicate, with the same leading columns in the same order.
    let redundant = session
        .rows(
            "WITH plain AS (
                SELECT
                    indexrelid, indrelid, indisunique, class.relam,
                    coalesce(pg_get_expr(indpred, indrelid), '') AS predicate,
                    (
                        SELECT array_agg(pg_get_indexdef(indexrelid, place, true) ORDER BY place)
                        FROM generate_series(1, indnkeyatts) AS place
                    ) AS keys
                FROM pg_index JOIN pg_class AS class ON class.oid = indexrelid
                WHERE class.relnamespace IN ('workforce'::regnamespace, 'access'::regnamespace)
            )
            SELECT shorter.indexrelid::regclass, longer.indexrelid::regclass
            FROM plain AS shorter
                JOIN plain AS longer USING (indrelid, relam, predicate)
            WHERE shorter.indexrelid <> longer.indexrelid
                AND NOT shorter.indisunique
                AND longer.keys[:cardinality(shorter.keys)] = shorter.keys",
        )
        .await?;
    assert!(redundant.is_empty(), "{redundant:?}");
    Ok(())
}
