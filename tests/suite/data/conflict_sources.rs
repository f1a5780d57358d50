//! The source views: whose they are, what they must show, and what is said when they do not.

use anyhow::Result;
use rota_tests::database::Database;

use super::plain_tables::{fill, plain_tables};
use super::roster::{ROSTER, booking};

const FIND: &str = "SELECT * FROM rota.find_conflicts('2026-03-01', '2026-05-01')";
const CHECK: &str = r#"SELECT * FROM rota.check_assignments('[{"person_id": "p1", "shift_id": "s1"}]')"#;

#[tokio::test]
async fn a_view_that_is_missing_is_named_with_where_views_come_from() -> Result<()> {
    for view in ["people", "shifts", "assignments", "absences", "availability", "skills", "rules"] {
        let (_database, session) = plain_tables().await?;
        fill(&session, 1).await?;
        session.batch_execute("UPDATE rota_source.shifts SET skills = '{a}'").await?;
        session.batch_execute(&format!("DROP TABLE rota_source.{view}")).await?;
        for question in [FIND, CHECK] {
            let refusal = session.refusal(question).await?;
            assert_eq!(refusal.sqlstate, "42P01", "{view}: {}", refusal.message);
            assert_eq!(refusal.message, format!("view rota_source.{view} does not exist"));
            assert!(refusal.hint.is_some_and(|hint| hint.contains("rota_source")));
        }
    }
    Ok(())
}

#[tokio::test]
async fn without_the_schema_the_first_view_is_named() -> Result<()> {
    let database = Database::with_extension().await?;
    let refusal = database.session().await?.refusal(FIND).await?;
    assert_eq!(refusal.sqlstate, "42P01");
    assert!(refusal.message.starts_with("view rota_source."), "{}", refusal.message);
    Ok(())
}

#[tokio::test]
async fn a_column_that_is_missing_or_of_another_type_is_named() -> Result<()> {
    let cases = [
        (
            "ALTER TABLE rota_source.shifts DROP COLUMN required",
            "42703",
            "rota_source.shifts has no column required",
        ),
        (
            "ALTER TABLE rota_source.people DROP COLUMN team_id",
            "42703",
            "rota_source.people has no column team_id",
        ),
        (
            "ALTER TABLE rota_source.assignments ALTER COLUMN during TYPE tsrange USING NULL",
            "42804",
            "column during of view rota_source.assignments is of type tsrange, tstzrange would be right",
        ),
    ];
    for (change, sqlstate, words) in cases {
        let (_database, session) = plain_tables().await?;
        session.batch_execute(change).await?;
        let refusal = session.refusal(FIND).await?;
        assert_eq!(refusal.sqlstate, sqlstate, "{change}: {}", refusal.message);
        assert!(refusal.message.contains(words), "{}", refusal.message);
    }
    Ok(())
}

#[tokio::test]
async fn a_rest_rule_that_cannot_be_read_is_refused_by_its_id() -> Result<()> {
    for parameters in [r#"{"minimum_minutes": "many"}"#, "{}", r#"{"minimum_minutes": -5}"#] {
        let (_database, session) = plain_tables().await?;
        session
            .batch_execute(&format!(
                "INSERT INTO rota_source.rules (rule_id, rule_type, parameters)
                VALUES ('house', 'rest_period', '{parameters}')"
            ))
            .await?;
        let refusal = session.refusal(FIND).await?;
        assert_eq!(refusal.sqlstate, "22023", "{parameters}");
        assert!(refusal.message.contains("house"), "{}", refusal.message);
    }
    Ok(())
}

#[tokio::test]
async fn ids_may_be_of_any_type_and_come_back_as_text() -> Result<()> {
    let id = "00000000-0000-0000-0000-00000000000";
    let cases =
        [("bigint", "7"), ("integer", "7"), ("uuid", &format!("{id}7")), ("varchar(50)", "it's {odd}, \\")];
    for (id_type, person) in cases {
        let (_database, session) = plain_tables().await?;
        let literal = person.replace('\'', "''");
        for table in ["people", "assignments", "absences", "availability", "skills"] {
            session
                .batch_execute(&format!(
                    "ALTER TABLE rota_source.{table} ALTER COLUMN person_id TYPE {id_type} USING NULL"
                ))
                .await?;
        }
        session
            .batch_execute(&format!(
                "INSERT INTO rota_source.people (person_id, name) VALUES ('{literal}', 'Anna');
                INSERT INTO rota_source.assignments (assignment_id, person_id, during)
                SELECT number, '{literal}', '[2026-03-02,2026-03-03)' FROM generate_series(1, 2) AS number"
            ))
            .await?;
        let asked = format!(
            "SELECT person_id FROM rota.find_conflicts('2026-03-01', '2026-05-01', ARRAY['{literal}'])"
        );
        assert_eq!(session.text(&asked).await?, person, "{id_type}");
    }
    Ok(())
}

#[tokio::test]
async fn an_id_that_is_none_of_the_columns_type_is_the_callers_fault() -> Result<()> {
    let database = Database::migrated().await?;
    let session = database.session().await?;
    let refusal = session
        .refusal("SELECT * FROM rota.find_conflicts('2026-03-01', '2026-05-01', people => '{Anna}')")
        .await?;
    assert_eq!(refusal.sqlstate, "22P02");
    Ok(())
}

#[tokio::test]
async fn a_search_path_with_traps_changes_nothing() -> Result<()> {
    let (_database, session) = plain_tables().await?;
    fill(&session, 1).await?;
    let count = "SELECT count(*) FROM rota.find_conflicts('2026-03-01', '2026-05-01')";
    let before = session.text(count).await?;
    session
        .batch_execute(
            "CREATE SCHEMA trap;
            CREATE FUNCTION trap.never(tstzrange, tstzrange) RETURNS boolean LANGUAGE sql AS 'SELECT false';
            CREATE OPERATOR trap.&& (LEFTARG = tstzrange, RIGHTARG = tstzrange, FUNCTION = trap.never);
            CREATE FUNCTION trap.unequal(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT false';
            CREATE OPERATOR trap.= (LEFTARG = text, RIGHTARG = text, FUNCTION = trap.unequal);
            CREATE TABLE trap.pg_class AS SELECT FROM pg_catalog.pg_class WHERE false;
            SET search_path = trap, pg_catalog",
        )
        .await?;
    assert_eq!(session.text(count).await?, before);
    Ok(())
}

#[tokio::test]
async fn rows_of_ones_own_transaction_are_seen_and_those_of_others_are_not() -> Result<()> {
    let database = Database::migrated().await?;
    let session = database.session().await?;
    session.batch_execute(ROSTER).await?;
    let find =
        "SELECT count(*) FROM rota.find_conflicts('2026-02-01', '2026-02-28') WHERE kind = 'understaffed'";
    assert_eq!(session.text(find).await?, "4");
    session.batch_execute("BEGIN").await?;
    session.batch_execute(&booking(1, 1, "assigned")).await?;
    assert_eq!(session.text(find).await?, "3");
    assert_eq!(database.session().await?.text(find).await?, "4");
    Ok(())
}

#[tokio::test]
async fn reading_the_views_is_all_the_privilege_that_is_needed() -> Result<()> {
    let (database, session) = plain_tables().await?;
    fill(&session, 1).await?;
    let role = format!("reader_of_{}", database.name());
    session
        .batch_execute(&format!(
            "CREATE ROLE {role};
            GRANT USAGE ON SCHEMA rota, rota_source TO {role};
            GRANT SELECT ON ALL TABLES IN SCHEMA rota_source TO {role};
            SET ROLE {role}"
        ))
        .await?;
    let found = session.rows(FIND).await;
    session.batch_execute(&format!("RESET ROLE; REVOKE SELECT ON rota_source.people FROM {role}")).await?;
    session.batch_execute(&format!("SET ROLE {role}")).await?;
    let refusal = session.refusal(FIND).await;
    session.batch_execute(&format!("RESET ROLE; DROP OWNED BY {role}; DROP ROLE {role}")).await?;
    assert!(!found?.is_empty());
    assert_eq!(refusal?.sqlstate, "42501");
    Ok(())
}
