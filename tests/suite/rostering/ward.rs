//! A ward with a schedule to be filled.

use anyhow::{Context, Result};
use rota_tests::database::Database;
use rota_tests::session::Session;
use serde_json::Value;

/// Options of a search that is over soon and whose answer depends on nothing but the rows.
pub(super) const SHORT: &str = r#"{"steps": 20000}"#;

/// What makes a search of the ward's schedule end no earlier than it is told to: no roster grants every pairing, and the
/// bound, which does not see them, stays below the cost.
pub(super) const DISCORD: &str = r#"
    UPDATE workforce.schedules
    SET roster_options = '{"house_rules": {"pairings": [
        {"first": "1", "second": "2", "together": true, "weight": 7},
        {"first": "3", "second": "4", "together": true, "weight": 7}
    ]}}'
    WHERE schedule_id = 1"#;

/// A database with the ward in it. Its only schedule is 1.
pub(super) async fn ward() -> Result<(Database, Session)> {
    let database = Database::migrated().await?;
    let session = database.session().await?;
    session.batch_execute(include_str!("ward.sql")).await?;
    Ok((database, session))
}

/// The JSON that a statement gives.
pub(super) async fn json(session: &Session, sql: &str) -> Result<Value> {
    let text = session.text(sql).await?;
    serde_json::from_str(&text).with_context(|| format!("no JSON from {sql}: {text}"))
}

/// Everything that is wrong with the two weeks and the days around them, but for missing heads.
pub(super) async fn conflicts(session: &Session) -> Result<Vec<Vec<Option<String>>>> {
    session
        .rows(
            "SELECT kind, level, person_id, message
             FROM rota.find_conflicts('2026-03-16', '2026-04-12')
             WHERE kind NOT IN ('understaffed', 'overstaffed')",
        )
        .await
}
