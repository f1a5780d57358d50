//! `rota migrate`: views and functions, which are replaced as a whole.

use anyhow::Result;
use rota_tests::database::Database;
use rota_tests::session::Session;

use super::catalog::snapshot;
use super::command::rota;

/// As if another program had applied other files.
const OF_ANOTHER_PROGRAM: &str = "UPDATE rota_migration.programs SET checksum = 'of another program'";

const ENDPOINTS: &str = "
    SELECT method, path, function_signature FROM rota.endpoints
    UNION ALL
    SELECT 'import', name, function_signature FROM rota.imports
    ORDER BY 1, 2";

const ROUTINES: &str = "
    SELECT oid::regprocedure, md5(pg_get_functiondef(oid)) FROM pg_proc
    WHERE pronamespace = 'api'::regnamespace
    ORDER BY oid::regprocedure::text";

async fn programs(session: &Session) -> Result<[Vec<Vec<Option<String>>>; 2]> {
    Ok([session.rows(ENDPOINTS).await?, session.rows(ROUTINES).await?])
}

#[tokio::test]
async fn changed_programs_are_replaced_and_leftovers_go() -> Result<()> {
    let database = Database::migrated().await?;
    let session = database.session().await?;
    let wanted = programs(&session).await?;
    assert!(wanted.iter().all(|rows| !rows.is_empty()));
    session
        .batch_execute(
            "CREATE FUNCTION api.leftover() RETURNS json LANGUAGE sql STABLE AS $$ SELECT '{}'::json $$;
            SELECT rota.expose('api.leftover'::regproc, 'GET', '/api/leftover');
            ALTER FUNCTION api.employees COST 7;
            DROP VIEW workforce.shift_staffing CASCADE",
        )
        .await?;
    assert_ne!(programs(&session).await?, wanted);
    session.batch_execute(OF_ANOTHER_PROGRAM).await?;

    let check = rota(&database, &["migrate", "--check"]).await?;
    assert!(check.refusal()?.contains("views and functions are not those of this program"));
    let run = rota(&database, &["migrate"]).await?;
    let lines = run.lines()?;
    assert!(matches!(lines.as_slice(), [line] if line.starts_with("views and functions")), "{lines:?}");
    assert_eq!(programs(&session).await?, wanted);
    assert_eq!(session.text("SELECT to_regclass('workforce.shift_staffing') IS NOT NULL").await?, "t");
    assert_eq!(rota(&database, &["migrate"]).await?.lines()?, ["nothing to do"]);
    Ok(())
}

#[tokio::test]
async fn a_dependent_object_stops_the_replacement_with_its_name_and_nothing_changes() -> Result<()> {
    let dependents = [
        ("CREATE VIEW mine AS SELECT shift_id, assigned_heads FROM workforce.shift_staffing", "view mine"),
        ("CREATE VIEW my_people AS SELECT api.employees() AS page", "view my_people"),
    ];
    for (statement, name) in dependents {
        let database = Database::migrated().await?;
        let session = database.session().await?;
        session.batch_execute(statement).await?;
        session.batch_execute(OF_ANOTHER_PROGRAM).await?;
        let before = snapshot(&session).await?;
        let run = rota(&database, &["migrate"]).await?;
        let said = run.refusal()?;
        assert!(said.contains(name), "{name} in {said}");
        assert_eq!(snapshot(&session).await?, before, "after {said}");

        session.batch_execute(&format!("DROP {name}")).await?;
        rota(&database, &["migrate"]).await?.lines()?;
        assert_eq!(rota(&database, &["migrate"]).await?.lines()?, ["nothing to do"]);
    }
    Ok(())
}
