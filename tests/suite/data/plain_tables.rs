//! A roster in tables of somebody else: only the extension, and tables where the views should be.

use anyhow::Result;
use rota_tests::database::Database;
use rota_tests::session::Session;

/// Empty tables with text ids in place of the source views.
pub(super) async fn plain_tables() -> Result<(Database, Session)> {
    let database = Database::with_extension().await?;
    let session = database.session().await?;
    session.batch_execute(include_str!("plain_tables.sql")).await?;
    Ok((database, session))
}

/// Fills the tables anew with a random roster.
pub(super) async fn fill(session: &Session, seed: u32) -> Result<()> {
    session
        .batch_execute(&format!(
            "TRUNCATE rota_source.people, rota_source.shifts, rota_source.assignments, rota_source.absences,
                rota_source.availability, rota_source.skills, rota_source.rules;
            SELECT setseed({seed} / 1000.0)"
        ))
        .await?;
    session.batch_execute(include_str!("random_roster.sql")).await?;
    Ok(())
}

/// Has the definitions of conflicts at hand, as functions of schema `oracle`.
pub(super) async fn install_oracle(session: &Session) -> Result<()> {
    session.batch_execute(include_str!("conflict_terms.sql")).await?;
    session.batch_execute(include_str!("conflict_sums.sql")).await?;
    session.batch_execute(include_str!("conflict_oracle.sql")).await?;
    Ok(())
}
