//! Employees: one address each, and a history of departments that nobody has to write.

use anyhow::Result;
use rota_tests::database::Database;
use rota_tests::session::Session;

const PEOPLE: &str = "
    INSERT INTO workforce.departments (name) VALUES ('one'), ('two');
    INSERT INTO workforce.employees (employee_no, name, email, department_id)
    VALUES
        ('E1', 'Anna', 'anna@example.org', 1),
        ('E2', 'Ben', 'ben@example.org', 1),
        ('E3', 'Cem', 'cem@example.org', NULL)";

async fn people() -> Result<(Database, Session)> {
    let database = Database::migrated().await?;
    let session = database.session().await?;
    session.batch_execute(PEOPLE).await?;
    Ok((database, session))
}

async fn history(session: &Session) -> Result<Vec<String>> {
    let rows = session
        .rows(
            "SELECT concat_ws(' ', employee_id, coalesce(from_department_id::text, '-'),
                coalesce(to_department_id::text, '-'))
            FROM workforce.department_history ORDER BY department_history_id",
        )
        .await?;
    Ok(rows.into_iter().flatten().flatten().collect())
}

#[tokio::test]
async fn an_address_stands_once_whatever_its_case_and_is_kept_as_given() -> Result<()> {
    let (_database, session) = people().await?;
    let insert = |email: &str| {
        format!("INSERT INTO workforce.employees (employee_no, name, email) VALUES ('E9', 'Zoe', '{email}')")
    };
    let refusal = session.refusal(&insert("ANNA@Example.org")).await?;
    assert_eq!(
        (refusal.sqlstate.as_str(), refusal.constraint.as_deref()),
        ("23505", Some("employees_email_unique"))
    );
    session.batch_execute(&insert("Zoe.Ärger@Example.org")).await?;
    let refusal = session.refusal(&insert("zoe.ärger@example.org").replace("E9", "E10")).await?;
    assert_eq!(refusal.constraint.as_deref(), Some("employees_email_unique"));
    let kept = session.text("SELECT email FROM workforce.employees WHERE employee_no = 'E9'").await?;
    assert_eq!(kept, "Zoe.Ärger@Example.org");
    Ok(())
}

#[tokio::test]
async fn arrivals_moves_and_departures_are_recorded_and_nothing_else_is() -> Result<()> {
    let (_database, session) = people().await?;
    assert_eq!(history(&session).await?, ["1 - 1", "2 - 1"]);
    session
        .batch_execute(
            "UPDATE workforce.employees SET department_id = 2, role = 'nurse';
            UPDATE workforce.employees SET name = upper(name), department_id = department_id;
            UPDATE workforce.employees SET department_id = NULL WHERE employee_id = 1",
        )
        .await?;
    assert_eq!(history(&session).await?[2..], ["1 1 2", "2 1 2", "3 - 2", "1 2 -"]);
    Ok(())
}

#[tokio::test]
async fn an_upsert_is_recorded_as_what_it_did_to_each_row() -> Result<()> {
    let (_database, session) = people().await?;
    session
        .batch_execute(
            "INSERT INTO workforce.employees (employee_no, name, email, department_id)
            VALUES
                ('E2', 'Ben', 'ben@example.org', 2),
                ('E4', 'Dora', 'dora@example.org', 2)
            ON CONFLICT (employee_no) DO UPDATE SET department_id = excluded.department_id",
        )
        .await?;
    let mut added = history(&session).await?.split_off(2);
    added.sort();
    let dora = session.text("SELECT employee_id FROM workforce.employees WHERE employee_no = 'E4'").await?;
    assert_eq!(added, ["2 1 2".to_owned(), format!("{dora} - 2")]);
    Ok(())
}

#[tokio::test]
async fn a_thousand_moves_in_one_statement_are_recorded_by_one_call() -> Result<()> {
    let (_database, session) = people().await?;
    session
        .batch_execute(
            "INSERT INTO workforce.employees (employee_no, name, email, department_id)
            SELECT 'N' || number, 'Person', number || '@example.org', 1
            FROM generate_series(1, 1000) AS number",
        )
        .await?;
    session
        .batch_execute(
            "SET track_functions = 'pl';
            BEGIN;
            UPDATE workforce.employees SET department_id = 2 WHERE employee_no ~ '^N'",
        )
        .await?;
    let calls = session
        .text(
            "SELECT calls FROM pg_stat_xact_user_functions
            WHERE funcid = 'workforce.record_department_changes()'::regprocedure",
        )
        .await?;
    assert_eq!(calls, "1");
    session.batch_execute("COMMIT").await?;
    assert_eq!(history(&session).await?.len(), 2 + 1000 + 1000);
    Ok(())
}

#[tokio::test]
async fn history_names_the_acting_user() -> Result<()> {
    let (_database, session) = people().await?;
    session
        .batch_execute(
            "INSERT INTO access.users (email, display_name) VALUES ('boss@example.org', 'Boss');
            BEGIN;
            SET LOCAL rota.user_id = '1';
            UPDATE workforce.employees SET department_id = 2 WHERE employee_id = 1;
            COMMIT;
            UPDATE workforce.employees SET department_id = 2 WHERE employee_id = 2",
        )
        .await?;
    let by = session
        .rows("SELECT changed_by FROM workforce.department_history ORDER BY department_history_id OFFSET 2")
        .await?;
    assert_eq!(by, [[Some("1".to_owned())], [None]]);
    Ok(())
}
