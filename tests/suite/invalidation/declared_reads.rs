//! Declared reads, held against what a call scans.

use anyhow::Result;
use rota_tests::database::Database;
use rota_tests::session::Session;

async fn undeclared(session: &Session, path: &str, arguments: &str) -> Result<Vec<String>> {
    let check = format!("SELECT rota.check_declared_reads('{path}', '{arguments}')::text ORDER BY 1");
    Ok(session.rows(&check).await?.into_iter().flatten().flatten().collect())
}

#[tokio::test]
async fn a_table_that_is_scanned_and_not_declared_is_told() -> Result<()> {
    let session = Database::with_extension().await?.session().await?;
    session
        .batch_execute(
            "CREATE TABLE told (id bigint);
             CREATE TABLE hidden (id bigint);
             CREATE TABLE parts (id bigint) PARTITION BY RANGE (id);
             CREATE TABLE part PARTITION OF parts FOR VALUES FROM (0) TO (10);
             CREATE FUNCTION reader(id bigint) RETURNS json STABLE LANGUAGE plpgsql AS $$
             BEGIN
                 PERFORM FROM told;
                 IF id > 0 THEN
                     EXECUTE 'SELECT FROM hidden';
                     EXECUTE 'SELECT FROM parts';
                 END IF;
                 RETURN to_json(id);
             END $$;
             SELECT rota.expose('reader(bigint)', 'GET', '/r', reads => ARRAY['told']::regclass[])",
        )
        .await?;
    assert!(undeclared(&session, "/r", r#"{"id": 0}"#).await?.is_empty());
    assert_eq!(undeclared(&session, "/r", r#"{"id": 1}"#).await?, ["hidden", "parts"]);
    let refusal = session.refusal("SELECT rota.check_declared_reads('/nowhere')").await?;
    assert_eq!((refusal.sqlstate.as_str(), refusal.column.as_deref()), ("22023", Some("path")));
    Ok(())
}

#[tokio::test]
async fn the_api_declares_every_table_that_its_reads_scan() -> Result<()> {
    let session = Database::migrated().await?.session().await?;
    session
        .batch_execute(
            "INSERT INTO workforce.departments (name) VALUES ('Ward');
             INSERT INTO workforce.employees (employee_no, name, email, department_id)
                 SELECT 'n' || g, 'Name ' || g, 'n' || g || '@example.org', department_id
                 FROM workforce.departments, generate_series(1, 3) AS g",
        )
        .await?;
    let window = r#""from_date": "2026-01-05", "to_date": "2026-01-12""#;
    for row in session.rows("SELECT path FROM rota.endpoints WHERE method = 'GET' ORDER BY 1").await? {
        let Some(path) = row.into_iter().next().flatten() else { continue };
        let arguments = match path.as_str() {
            "/api/employees/{employee_id}/roster" => format!(r#"{{"employee_id": 1, {window}}}"#),
            "/api/coverage/slots" => format!(r#"{{{window}, "time_zone": "UTC"}}"#),
            "/api/coverage" | "/api/analytics/overview" | "/api/conflicts" => format!("{{{window}}}"),
            "/api/shifts/{shift_id}" => r#"{"shift_id": 1}"#.to_owned(),
            "/api/schedules/{schedule_id}" => r#"{"schedule_id": 1}"#.to_owned(),
            "/api/compliance" | "/api/compliance/risks" | "/api/schedules/summary" => format!("{{{window}}}"),
            "/api/employees/{employee_id}/compliance" | "/api/employees/{employee_id}/workload" => {
                format!(r#"{{"employee_id": 1, {window}}}"#)
            }
            "/api/employees/{employee_id}/compliance/explanation" => {
                let during = r#""starts_at": "2026-01-05T00:00Z", "ends_at": "2026-01-12T00:00Z""#;
                format!(r#"{{"employee_id": 1, "rule_id": "1", {during}}}"#)
            }
            path if path.contains("/jobs/") => r#"{"job_id": 1}"#.to_owned(),
            path if path.contains("{rule_set}") => r#"{"rule_set": "acgme"}"#.to_owned(),
            path if path.contains("{schedule_id}") => r#"{"schedule_id": 1}"#.to_owned(),
            path if path.contains("{employee_id}") => r#"{"employee_id": 1}"#.to_owned(),
            _ => "{}".to_owned(),
        };
        assert_eq!(undeclared(&session, &path, &arguments).await?, Vec::<String>::new(), "{path}");
    }
    Ok(())
}
