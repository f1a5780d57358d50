//! Who works when, in hours of one day: the language of small rosters.

use anyhow::Result;
use rota_tests::session::Session;

/// Anna, of team t1, and Ben, of team t2. Hours are those of 2026-02-02 UTC; above 24 those of the
/// days after.
pub(super) const PEOPLE: &str = "
    INSERT INTO rota_source.people (person_id, name, team_id) VALUES ('anna', 'Anna', 't1'), ('ben', 'Ben', 't2')";

/// `[from, to)` in hours.
pub(super) fn hours(from: i32, to: i32) -> String {
    format!(
        "tstzrange(timestamptz '2026-02-02 00:00Z' + interval '{from} hours',
            timestamptz '2026-02-02 00:00Z' + interval '{to} hours')"
    )
}

/// Somebody works, on a shift or on none.
pub(super) async fn work(
    session: &Session,
    id: &str,
    person: &str,
    shift: &str,
    from: i32,
    to: i32,
) -> Result<()> {
    let during = hours(from, to);
    let insert = format!(
        "INSERT INTO rota_source.assignments (assignment_id, person_id, shift_id, during)
        VALUES ('{id}', '{person}', nullif('{shift}', ''), {during})"
    );
    Ok(session.batch_execute(&insert).await?)
}

/// The conflicts that meet `[from, to)`, each as its kind and what `columns` say.
pub(super) async fn conflicts(
    session: &Session,
    columns: &str,
    from: i32,
    to: i32,
    further: &str,
) -> Result<Vec<String>> {
    let rows = session
        .rows(&format!(
            "SELECT concat_ws(' ', kind, {columns})
            FROM (SELECT {window} AS span) AS asked,
                rota.find_conflicts(lower(span), upper(span){further})
            ORDER BY lower(during), upper(during), 1",
            window = hours(from, to)
        ))
        .await?;
    Ok(rows.into_iter().flatten().flatten().collect())
}

/// Which assignments, for how many minutes.
pub(super) const PAIR: &str = "assignment_id, other_assignment_id, minutes";
