//! A guard lives as long as its table: through renaming, dumping and changing.

use anyhow::Result;
use rota_tests::database::Database;
use rota_tests::dump::copy;
use rota_tests::session::Session;

use super::duties::{clash, duties, duty, guard, guarded, guarded_with};

/// The view's rows without the names of indexes, which are the guard's own business.
async fn guards(session: &Session) -> Result<Vec<String>> {
    let rows = session
        .rows(
            "SELECT concat_ws(' | ', guarded_table, guard_name, key_column, range_column,
                coalesce(predicate, '-'), trim_scale(capacity), coalesce(load_column, '-'),
                coalesce(minimum_gap, '-'), deferred, enabled, uncovered_partitions)
            FROM rota.guards ORDER BY guard_name",
        )
        .await?;
    Ok(rows.into_iter().flatten().flatten().collect())
}

/// Everything that a guard leaves on tables: triggers, indexes, constraints.
async fn traces(session: &Session) -> Result<Vec<Vec<Option<String>>>> {
    session
        .rows(
            "SELECT 'trigger', tgname FROM pg_trigger WHERE NOT tgisinternal AND tgrelid::regclass::text NOT LIKE 'rota.%'
            UNION ALL SELECT 'constraint', conname FROM pg_constraint WHERE conrelid <> 0 AND connamespace = 'public'::regnamespace
            UNION ALL SELECT 'index', relname FROM pg_class WHERE relkind IN ('i', 'I') AND relnamespace = 'public'::regnamespace
            ORDER BY 1, 2",
        )
        .await
}

#[tokio::test]
async fn the_view_tells_every_guard() -> Result<()> {
    let (_database, session) = guarded().await?;
    session
        .batch_execute(
            "ALTER TABLE duties ADD COLUMN share numeric NOT NULL DEFAULT 0.5;
            SELECT rota.guard_overlaps('duties', 'person', 'during', capacity => 1, load_column => 'share',
                guard_name => 'whole_people');
            SELECT rota.guard_overlaps('duties', 'person', 'during', minimum_gap => '30 minutes', deferred => true,
                guard_name => 'breath')",
        )
        .await?;
    assert_eq!(
        guards(&session).await?,
        [
            "duties | breath | person | during | - | 1 | - | 30 minutes | t | t | {}",
            "duties | duties_no_overlap | person | during | binding | 1 | - | - | f | t | {}",
            "duties | whole_people | person | during | - | 1 | share | - | f | t | {}",
        ]
    );
    let indexed =
        session.text("SELECT count(*) FROM rota.guards JOIN pg_index ON indexrelid = index_name").await?;
    assert_eq!(indexed, "3");
    Ok(())
}

#[tokio::test]
async fn unguarding_leaves_the_table_as_it_was() -> Result<()> {
    let (_database, session) = super::duties::unguarded().await?;
    let before = traces(&session).await?;
    for arguments in
        ["", "predicate => 'binding'", "capacity => 2", "deferred => true", "minimum_gap => '1 hour'"]
    {
        session.batch_execute(&format!("SELECT {}", guard("duties", arguments))).await?;
        assert_ne!(traces(&session).await?, before);
        session.batch_execute("SELECT rota.unguard_overlaps('duties')").await?;
        assert_eq!(traces(&session).await?, before, "{arguments}");
        session
            .batch_execute("INSERT INTO duties (person, during) VALUES (1, hours(1, 3)), (1, hours(2, 4))")
            .await?;
        session.batch_execute("DELETE FROM duties").await?;
    }
    assert!(guards(&session).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn of_several_guards_the_one_to_remove_is_named() -> Result<()> {
    let (_database, session) = guarded().await?;
    session
        .batch_execute(&format!(
            "SELECT {}",
            guard("duties", "minimum_gap => '1 hour', guard_name => 'rest'")
        ))
        .await?;
    let refusal = session.refusal("SELECT rota.unguard_overlaps('duties')").await?;
    assert_eq!(refusal.sqlstate, "42725", "{refusal:?}");
    session.batch_execute("SELECT rota.unguard_overlaps('duties', 'rest')").await?;
    assert_eq!(guards(&session).await?.len(), 1);
    Ok(())
}

#[tokio::test]
async fn an_index_that_serves_is_used_and_kept() -> Result<()> {
    let (_database, session) = super::duties::unguarded().await?;
    session.batch_execute("CREATE INDEX by_person ON duties (person, lower(during), note)").await?;
    let before = traces(&session).await?;
    session.batch_execute(&format!("SELECT {}", guard("duties", ""))).await?;
    assert_eq!(session.text("SELECT index_name FROM rota.guards").await?, "by_person");
    session.batch_execute(&duty(1, 7, 8, 16)).await?;
    clash(&session, &duty(2, 7, 15, 17)).await?;
    session.batch_execute("SELECT rota.unguard_overlaps('duties')").await?;
    assert_eq!(traces(&session).await?, before);
    Ok(())
}

#[tokio::test]
async fn a_guard_whose_index_is_gone_still_guards_or_says_so() -> Result<()> {
    let (_database, session) = guarded().await?;
    session.batch_execute(&duty(1, 7, 8, 16)).await?;
    let index = session.text("SELECT index_name FROM rota.guards").await?;
    if session.batch_execute(&format!("DROP INDEX {index}")).await.is_ok() {
        let refusal = session.refusal(&duty(2, 7, 15, 17)).await?;
        assert!(["23P01", "42704", "55000"].contains(&refusal.sqlstate.as_str()), "{refusal:?}");
    }
    assert_eq!(duties(&session).await?, ["1 7 8-16"]);
    Ok(())
}

#[tokio::test]
async fn renamed_tables_columns_schemas_and_indexes_stay_guarded() -> Result<()> {
    for arguments in [
        "predicate => 'binding AND note IS NULL'",
        "deferred => true",
        "capacity => 1, load_column => 'share'",
    ] {
        let (_database, session) = super::duties::unguarded().await?;
        session.batch_execute("ALTER TABLE duties ADD COLUMN share numeric NOT NULL DEFAULT 1").await?;
        session.batch_execute(&format!("SELECT {}", guard("duties", arguments))).await?;
        session.batch_execute(&duty(1, 7, 8, 16)).await?;
        let index = session.text("SELECT index_name FROM rota.guards").await?;
        session
            .batch_execute(&format!(
                "CREATE SCHEMA house;
                ALTER TABLE duties SET SCHEMA house;
                ALTER TABLE house.duties RENAME TO shifts;
                ALTER TABLE house.shifts RENAME COLUMN person TO employee;
                ALTER TABLE house.shifts RENAME COLUMN during TO worked;
                ALTER TABLE house.shifts RENAME COLUMN binding TO counts;
                ALTER TABLE house.shifts RENAME COLUMN note TO remark;
                ALTER TABLE house.shifts RENAME COLUMN share TO part;
                ALTER TABLE house.shifts RENAME COLUMN duty_id TO shift_id;
                ALTER INDEX house.{index} RENAME TO other_name"
            ))
            .await?;
        let insert = |id, first, last| {
            format!(
                "INSERT INTO house.shifts (shift_id, employee, worked) VALUES ({id}, 7, hours({first}, {last}))"
            )
        };
        let refusal = clash(&session, &insert(2, 15, 20)).await?;
        assert_eq!(
            [refusal.schema.as_deref(), refusal.table.as_deref(), refusal.column.as_deref()],
            [Some("house"), Some("shifts"), Some("employee")],
            "{arguments}"
        );
        session.batch_execute(&insert(2, 16, 20)).await?;
        clash(&session, "UPDATE house.shifts SET worked = hours(0, 9) WHERE shift_id = 2").await?;
        let told =
            session.text("SELECT concat(guarded_table, ' ', key_column, ' ', range_column) FROM rota.guards");
        assert_eq!(told.await?, "house.shifts employee worked", "{arguments}");
        assert!(session.rows("SELECT * FROM rota.verify_guard('house.shifts')").await?.is_empty());
        session.batch_execute("SELECT rota.unguard_overlaps('house.shifts')").await?;
        session.batch_execute(&insert(3, 15, 20)).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_restored_dump_is_guarded_as_the_original_was() -> Result<()> {
    let (original, session) = guarded().await?;
    session
        .batch_execute(
            "ALTER TABLE duties ADD COLUMN share numeric NOT NULL DEFAULT 0.5;
            SELECT rota.guard_overlaps('duties', 'person', 'during', capacity => 1, load_column => 'share',
                guard_name => 'whole_people');
            SELECT rota.guard_overlaps('duties', 'person', 'during', 'binding AND note = ''it''''s late''',
                minimum_gap => '30 minutes', deferred => true, guard_name => 'breath');
            CREATE TABLE sites (site text, during tstzrange) PARTITION BY LIST (site);
            CREATE TABLE north PARTITION OF sites FOR VALUES IN ('north');
            SELECT rota.guard_overlaps('sites', 'site', 'during')",
        )
        .await?;
    for statement in [duty(1, 7, 8, 16), duty(2, 7, 16, 20), duty(3, 8, 8, 16)] {
        session.batch_execute(&statement).await?;
    }
    session.batch_execute("INSERT INTO sites VALUES ('north', hours(8, 16))").await?;
    let restored = Database::empty().await?;
    copy(&original, &restored).await?;
    let after = restored.session().await?;
    assert_eq!(guards(&after).await?, guards(&session).await?);
    assert_eq!(traces(&after).await?, traces(&session).await?);
    assert_eq!(duties(&after).await?, duties(&session).await?);
    clash(&after, &duty(4, 7, 15, 17)).await?;
    clash(&after, "UPDATE duties SET person = 7 WHERE duty_id = 3").await?;
    clash(&after, "INSERT INTO north VALUES ('north', hours(8, 9))").await?;
    after.batch_execute(&duty(4, 7, 20, 24)).await?;
    for table in ["'duties', 'breath'", "'duties', 'whole_people'", "'sites'"] {
        assert!(after.rows(&format!("SELECT * FROM rota.verify_guard({table})")).await?.is_empty());
    }
    Ok(())
}

#[tokio::test]
async fn a_dropped_table_or_column_takes_its_guard_along() -> Result<()> {
    let (_database, session) = guarded().await?;
    session.batch_execute("DROP TABLE duties").await?;
    assert!(guards(&session).await?.is_empty());
    for column in ["person", "during"] {
        let (_database, session) = guarded_with("").await?;
        session.batch_execute(&duty(1, 7, 8, 16)).await?;
        if session.batch_execute(&format!("ALTER TABLE duties DROP COLUMN {column}")).await.is_ok() {
            // A guard that cannot judge says so instead of letting rows pass.
            let insert = session.refusal("INSERT INTO duties (note) VALUES ('unjudged')").await;
            let state = insert.map_or_else(|_| "accepted".to_owned(), |refusal| refusal.sqlstate);
            let gone = guards(&session).await?.is_empty();
            assert!(gone || ["42703", "55000"].contains(&state.as_str()), "{column}: {state}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_column_of_another_type_is_guarded_as_that_type() -> Result<()> {
    let (_database, session) = guarded_with("").await?;
    session.batch_execute(&duty(1, 7, 8, 16)).await?;
    session
        .batch_execute("ALTER TABLE duties ALTER COLUMN person TYPE text USING 'person ' || person")
        .await?;
    clash(&session, "INSERT INTO duties (person, during) VALUES ('person 7', hours(8, 9))").await?;
    session.batch_execute("INSERT INTO duties (person, during) VALUES ('7', hours(8, 9))").await?;
    Ok(())
}

#[tokio::test]
async fn columns_added_and_dropped_beside_the_guard_change_nothing() -> Result<()> {
    let (_database, session) = guarded().await?;
    session.batch_execute(&duty(1, 7, 8, 16)).await?;
    session
        .batch_execute(
            "ALTER TABLE duties DROP COLUMN note; ALTER TABLE duties ADD COLUMN place text DEFAULT 'x'",
        )
        .await?;
    clash(&session, &duty(2, 7, 8, 9)).await?;
    session.batch_execute(&duty(2, 7, 16, 17)).await?;
    clash(&session, "UPDATE duties SET during = hours(15, 17), place = 'y' WHERE duty_id = 2").await?;
    session
        .batch_execute("VACUUM FULL duties; REINDEX TABLE duties; CLUSTER duties USING duties_pkey")
        .await
        .ok();
    session.batch_execute("VACUUM FULL duties").await?;
    clash(&session, &duty(3, 7, 8, 9)).await?;
    Ok(())
}

#[tokio::test]
async fn disabled_triggers_let_rows_pass_and_the_view_and_the_proof_tell() -> Result<()> {
    let (_database, session) = guarded().await?;
    session.batch_execute(&duty(1, 7, 8, 16)).await?;
    session.batch_execute("ALTER TABLE duties DISABLE TRIGGER USER").await?;
    assert_eq!(session.text("SELECT enabled FROM rota.guards").await?, "f");
    session.batch_execute(&duty(2, 7, 15, 20)).await?;
    session.batch_execute("ALTER TABLE duties ENABLE TRIGGER USER").await?;
    assert_eq!(session.text("SELECT enabled FROM rota.guards").await?, "t");
    let found = session.rows("SELECT key, minutes FROM rota.verify_guard('duties')").await?;
    assert_eq!(found.len(), 1);
    clash(&session, &duty(3, 7, 19, 21)).await?;
    // Enabled always, it judges what a replica applies, too.
    for trigger in session
        .rows("SELECT tgname FROM pg_trigger WHERE tgrelid = 'duties'::regclass")
        .await?
        .into_iter()
        .flatten()
        .flatten()
    {
        session.batch_execute(&format!("ALTER TABLE duties ENABLE ALWAYS TRIGGER {trigger}")).await?;
    }
    session.batch_execute("SET session_replication_role = replica").await?;
    clash(&session, &duty(3, 7, 19, 21)).await?;
    Ok(())
}
