//! Source views as tables, with everything that rules can ask for.

use anyhow::Result;
use rota_tests::database::Database;
use rota_tests::session::Session;

/// Empty tables with text ids in place of the source views.
pub(super) async fn tables() -> Result<(Database, Session)> {
    let database = Database::with_extension().await?;
    let session = database.session().await?;
    session.batch_execute(include_str!("../data/plain_tables.sql")).await?;
    session.batch_execute(include_str!("tables.sql")).await?;
    Ok((database, session))
}

/// Indexes on all of them, which are used from then on, however few rows there are. What is asked about a person is
/// then run without the executor.
pub(super) const INDEXES: &str = "
    CREATE INDEX ON rota_source.people (person_id);
    CREATE INDEX ON rota_source.assignments (person_id, lower(during));
    CREATE INDEX ON rota_source.absences (person_id);
    CREATE INDEX ON rota_source.rotations (person_id);
    CREATE INDEX ON rota_source.conditions (person_id);
    CREATE INDEX ON rota_source.postings (person_id);
    DO $$
    BEGIN
        EXECUTE format('ALTER DATABASE %I SET enable_seqscan = off', current_database());
        EXECUTE format('ALTER DATABASE %I SET enable_bitmapscan = off', current_database());
    END
    $$;
    SET enable_seqscan = off;
    SET enable_bitmapscan = off";

/// Nothing that depends on settings, such as how dates are written: not even `search_path` is then needed.
pub(super) const NO_DATES_OF_PEOPLE: &str = "ALTER TABLE rota_source.people DROP COLUMN attributes";

/// The same with Anna and Ben, who live by UTC.
pub(super) async fn anna_and_ben() -> Result<(Database, Session)> {
    let (database, session) = tables().await?;
    session
        .batch_execute(
            "INSERT INTO rota_source.people (person_id, name, team_id)
            VALUES ('anna', 'Anna', 'ward'), ('ben', 'Ben', 'ward')",
        )
        .await?;
    Ok((database, session))
}

/// A rule in force here. `parameters` is JSON.
pub(super) async fn rule(
    session: &Session,
    id: &str,
    mode: &str,
    rule_type: &str,
    parameters: &str,
) -> Result<()> {
    session
        .batch_execute(&format!(
            "INSERT INTO rota_source.rules (rule_id, rule_type, parameters, mode, source)
            VALUES ('{id}', '{rule_type}', '{parameters}', '{mode}', 'the house')"
        ))
        .await?;
    Ok(())
}

/// The statement that has somebody work some hours of 2026-03-02, a Monday, in UTC; 24 and more are hours of
/// the days after.
pub(super) fn work(id: &str, person: &str, first: i32, last: i32) -> String {
    format!(
        "INSERT INTO rota_source.assignments (assignment_id, person_id, during)
        VALUES ('{id}', '{person}', {})",
        hours(first, last)
    )
}

/// Some hours of that day, as SQL.
pub(super) fn hours(first: i32, last: i32) -> String {
    format!(
        "tstzrange(
            timestamptz '2026-03-02 00:00Z' + {first} * interval '1 hour',
            timestamptz '2026-03-02 00:00Z' + {last} * interval '1 hour'
        )"
    )
}

/// Rows as texts, columns joined by spaces.
pub(super) async fn lines(session: &Session, query: &str) -> Result<Vec<String>> {
    let rows = session.rows(query).await?;
    Ok(rows.into_iter().map(|row| row.into_iter().flatten().collect::<Vec<_>>().join(" ")).collect())
}
