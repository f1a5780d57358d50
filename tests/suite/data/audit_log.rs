//! The audit log is written and never changed.

use anyhow::Result;
use rota_tests::database::Database;

#[tokio::test]
async fn rows_are_added_and_never_changed_or_removed() -> Result<()> {
    let database = Database::migrated().await?;
    let session = database.session().await?;
    session
        .batch_execute(
            "INSERT INTO access.audit_log (entity_type, entity_id, action)
            VALUES ('shift', '1', 'moved')",
        )
        .await?;
    let statements = [
        "UPDATE access.audit_log SET action = 'created'",
        "UPDATE access.audit_log SET action = 'created' WHERE false",
        "DELETE FROM access.audit_log",
        "TRUNCATE access.audit_log",
        "TRUNCATE access.users CASCADE",
        "INSERT INTO access.audit_log (audit_log_id, entity_type, entity_id, action)
            OVERRIDING SYSTEM VALUE VALUES (1, 'shift', '1', 'moved')
            ON CONFLICT (audit_log_id) DO UPDATE SET action = 'created'",
    ];
    // Whoever switches ordinary triggers off does not switch this one off.
    for role in ["origin", "replica"] {
        session.batch_execute(&format!("SET session_replication_role = {role}")).await?;
        for statement in statements {
            let refusal = session.refusal(statement).await?;
            assert_eq!(refusal.sqlstate, "42501", "{statement} as {role}: {}", refusal.message);
        }
    }
    assert_eq!(session.text("SELECT string_agg(action, ',') FROM access.audit_log").await?, "moved");
    Ok(())
}
