//! Keys of any type: equal is what the type calls equal, however it is written.

use anyhow::{Context, Result};
use rota_tests::database::Database;

use super::duties::{clash, somebody_waits};

/// Type, how to make it, a key, the same key written otherwise, and another key.
const KEYS: &[(&str, &str, [&str; 3])] = &[
    ("smallint", "", ["7", "7", "-32768"]),
    ("integer", "", ["7", "7", "-7"]),
    ("bigint", "", ["9223372036854775807", "9223372036854775807", "4294967303"]),
    (
        "uuid",
        "",
        [
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
            "{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}",
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12",
        ],
    ),
    ("text", "", ["Änne", "Änne", "änne"]),
    ("varchar(20)", "", ["", "", " "]),
    ("char(5)", "", ["a", "a   ", "b"]),
    ("numeric", "", ["1.0", "1.00", "1.01"]),
    ("numeric", "", ["NaN", "nan", "0"]),
    ("double precision", "", ["0", "-0", "1"]),
    ("date", "", ["2026-03-02", "20260302", "2026-03-03"]),
    ("timestamptz", "", ["2026-03-02 08:00Z", "2026-03-02 09:00+01", "2026-03-02 09:00Z"]),
    ("interval", "", ["24 hours", "1 day", "25 hours"]),
    ("boolean", "", ["yes", "true", "no"]),
    ("bytea", "", ["\\x00ff", "\\x00FF", "\\x00"]),
    ("inet", "", ["10.0.0.1", "10.0.0.1/32", "10.0.0.1/24"]),
    ("integer[]", "", ["{1,2}", "{ 1, 2 }", "{2,1}"]),
    ("numeric[]", "", ["{1.0,NULL}", "{1.00,NULL}", "{1,2}"]),
    ("jsonb", "", ["{\"a\": 1.0, \"b\": 2}", "{\"b\": 2, \"a\": 1.00}", "{\"a\": 1}"]),
    ("ward", "CREATE TYPE ward AS ENUM ('icu', 'er')", ["icu", "icu", "er"]),
    ("badge", "CREATE DOMAIN badge AS numeric CHECK (VALUE > 0)", ["12", "12.0", "13"]),
    ("place", "CREATE TYPE place AS (house integer, room numeric)", ["(1,2)", "(1,2.0)", "(1,3)"]),
    ("int4range", "", ["[1,5)", "[1,4]", "[1,5]"]),
    ("citext", "CREATE EXTENSION citext", ["Anna", "ANNA", "Anne"]),
    (
        "text COLLATE careless",
        "CREATE COLLATION careless (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
        ["Anna", "anna", "Anne"],
    ),
];

#[tokio::test]
async fn rows_of_equal_keys_are_held_against_each_other_and_others_are_not() -> Result<()> {
    for (key_type, creation, [key, same, other]) in KEYS {
        let database = Database::with_extension().await?;
        if creation.contains("icu, locale") && !database.session().await?.has_icu().await? {
            continue;
        }
        let session = database.session().await?;
        session.batch_execute(creation).await?;
        session
            .batch_execute(&format!(
                "CREATE TABLE kept (key {key_type}, span int4range);
                SELECT rota.guard_overlaps('kept', 'key', 'span');
                INSERT INTO kept VALUES ('{key}', '[0,10)'), ('{other}', '[0,10)'), (NULL, '[0,10)');
                INSERT INTO kept VALUES ('{same}', '[10,20)'), (NULL, '[0,10)')"
            ))
            .await?;
        for statement in [
            format!("INSERT INTO kept VALUES ('{same}', '[9,10)')"),
            format!("INSERT INTO kept VALUES ('{key}', '[15,30)')"),
            format!("INSERT INTO kept VALUES ('{same}', '[30,40)'), ('{key}', '[39,41)')"),
            format!("UPDATE kept SET key = '{same}' WHERE key = '{other}'::{key_type}"),
        ] {
            let refusal = clash(&session, &statement).await?;
            assert_eq!(refusal.column.as_deref(), Some("key"), "{key_type}");
        }
        let proof = session.rows("SELECT * FROM rota.verify_guard('kept')").await?;
        assert!(proof.is_empty(), "{key_type}: {proof:?}");
    }
    Ok(())
}

#[tokio::test]
async fn writers_of_equal_keys_wait_for_each_other_however_the_key_is_written() -> Result<()> {
    for (key_type, creation, [key, same, other]) in KEYS {
        let database = Database::with_extension().await?;
        if creation.contains("icu, locale") && !database.session().await?.has_icu().await? {
            continue;
        }
        let first = database.session().await?;
        first.batch_execute(creation).await?;
        first
            .batch_execute(&format!(
                "CREATE TABLE kept (key {key_type}, span int4range);
                SELECT rota.guard_overlaps('kept', 'key', 'span')"
            ))
            .await?;
        first.batch_execute(&format!("BEGIN; INSERT INTO kept VALUES ('{key}', '[0,10)')")).await?;
        let second = database.session().await?;
        // It would wait for ever where it should not wait.
        second
            .batch_execute(&format!(
                "SET lock_timeout = '20s'; INSERT INTO kept VALUES ('{other}', '[0,10)'); SET lock_timeout = 0"
            ))
            .await
            .with_context(|| format!("{key_type} {other} beside {key}"))?;
        let statement = format!("INSERT INTO kept VALUES ('{same}', '[5,15)')");
        let late = tokio::spawn(async move { second.refusal(&statement).await });
        somebody_waits(&database.session().await?).await?;
        first.batch_execute("COMMIT").await?;
        assert_eq!(late.await??.sqlstate, "23P01", "{key_type}");
    }
    Ok(())
}

#[tokio::test]
async fn a_table_may_have_several_guards() -> Result<()> {
    let database = Database::with_extension().await?;
    let session = database.session().await?;
    session
        .batch_execute(
            "CREATE TABLE lessons (lesson_id integer PRIMARY KEY, teacher text, room integer, slot int4range);
            SELECT rota.guard_overlaps('lessons', 'teacher', 'slot', guard_name => 'one_lesson_per_teacher');
            SELECT rota.guard_overlaps('lessons', 'room', 'slot', guard_name => 'one_lesson_per_room');
            INSERT INTO lessons VALUES (1, 'Noether', 1, '[1,3)'), (2, 'Hilbert', 2, '[1,3)')",
        )
        .await?;
    let refusal = clash(&session, "INSERT INTO lessons VALUES (3, 'Noether', 3, '[2,3)')").await?;
    assert_eq!(refusal.constraint.as_deref(), Some("one_lesson_per_teacher"));
    let refusal = clash(&session, "INSERT INTO lessons VALUES (3, 'Klein', 2, '[2,3)')").await?;
    assert_eq!(refusal.constraint.as_deref(), Some("one_lesson_per_room"));
    session.batch_execute("INSERT INTO lessons VALUES (3, 'Klein', 3, '[2,3)')").await?;
    let guards = session.rows("SELECT guard_name FROM rota.guards ORDER BY 1").await?;
    assert_eq!(guards.len(), 2);
    session.batch_execute("SELECT rota.unguard_overlaps('lessons', 'one_lesson_per_room')").await?;
    session.batch_execute("INSERT INTO lessons VALUES (4, 'Weyl', 1, '[2,3)')").await?;
    clash(&session, "INSERT INTO lessons VALUES (5, 'Weyl', 9, '[2,3)')").await?;
    Ok(())
}
