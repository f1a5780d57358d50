//! Every kind of statement announces exactly what it touched.

use anyhow::Result;
use rota_tests::database::Database;
use rota_tests::session::Session;

use super::follower::Follower;

/// A watched table with two keys, one of which may be NULL, and rows 1 to 3.
const DUTIES: &str = "
    CREATE TABLE duties (duty_id bigint PRIMARY KEY, person_id integer, note text);
    SELECT rota.watch('duties', '{duty_id,person_id}');
    INSERT INTO duties VALUES (1, 10, 'a'), (2, 20, 'b'), (3, NULL, 'c');";

async fn stage(tables: &str) -> Result<(Session, Follower)> {
    let database = Database::with_extension().await?;
    let session = database.session().await?;
    session.batch_execute(tables).await?;
    let follower = Follower::of(&database).await?;
    Ok((session, follower))
}

#[tokio::test]
async fn old_and_new_keys_of_every_touched_row_are_announced_and_no_others() -> Result<()> {
    let (session, mut follower) = stage(DUTIES).await?;
    let t = "public.duties";
    let steps: &[(&str, &[&str])] = &[
        (
            "INSERT INTO duties VALUES (4, 40, NULL)",
            &[t, "public.duties/duty_id=4", "public.duties/person_id=40"],
        ),
        (
            "INSERT INTO duties SELECT g, 50 FROM generate_series(5, 6) g",
            &[t, "public.duties/duty_id=5", "public.duties/duty_id=6", "public.duties/person_id=50"],
        ),
        (
            "UPDATE duties SET note = 'x' WHERE duty_id = 1",
            &[t, "public.duties/duty_id=1", "public.duties/person_id=10"],
        ),
        (
            "UPDATE duties SET person_id = 11 WHERE duty_id = 1",
            &[t, "public.duties/duty_id=1", "public.duties/person_id=10", "public.duties/person_id=11"],
        ),
        (
            "UPDATE duties SET person_id = 30 WHERE duty_id = 3",
            &[t, "public.duties/duty_id=3", "public.duties/person_id=30"],
        ),
        (
            "UPDATE duties SET person_id = NULL WHERE duty_id = 3",
            &[t, "public.duties/duty_id=3", "public.duties/person_id=30"],
        ),
        ("DELETE FROM duties WHERE duty_id = 3", &[t, "public.duties/duty_id=3"]),
        ("UPDATE duties SET note = 'x' WHERE false", &[]),
        ("DELETE FROM duties WHERE duty_id = 99", &[]),
        ("INSERT INTO duties SELECT 7, 70 WHERE false", &[]),
        ("SELECT FROM duties FOR UPDATE", &[]),
        ("INSERT INTO duties VALUES (1, 12) ON CONFLICT DO NOTHING", &[]),
        (
            "INSERT INTO duties VALUES (1, 12), (8, 80) ON CONFLICT (duty_id) DO UPDATE SET person_id = 12",
            &[
                t,
                "public.duties/duty_id=1",
                "public.duties/person_id=11",
                "public.duties/person_id=12",
                "public.duties/duty_id=8",
                "public.duties/person_id=80",
            ],
        ),
        (
            "MERGE INTO duties USING (VALUES (1), (2), (9)) AS given (duty_id)
                ON duties.duty_id = given.duty_id
                WHEN MATCHED AND given.duty_id = 1 THEN UPDATE SET note = 'merged'
                WHEN MATCHED THEN DELETE
                WHEN NOT MATCHED THEN INSERT VALUES (given.duty_id, 90)",
            &[
                t,
                "public.duties/duty_id=1",
                "public.duties/person_id=12",
                "public.duties/duty_id=2",
                "public.duties/person_id=20",
                "public.duties/duty_id=9",
                "public.duties/person_id=90",
            ],
        ),
        (
            "WITH gone AS (DELETE FROM duties WHERE duty_id = 9 RETURNING *)
                INSERT INTO duties SELECT 19, 91 FROM gone",
            &[
                t,
                "public.duties/duty_id=9",
                "public.duties/person_id=90",
                "public.duties/duty_id=19",
                "public.duties/person_id=91",
            ],
        ),
        ("TRUNCATE duties", &[t, "public.duties/*"]),
    ];
    for (statement, names) in steps {
        session.batch_execute(statement).await?;
        follower.expect(statement, names).await?;
    }
    Ok(())
}

#[tokio::test]
async fn copied_rows_are_announced() -> Result<()> {
    let (session, mut follower) = stage(DUTIES).await?;
    session.batch_execute("COPY duties FROM PROGRAM 'echo 21,210,x; echo 22,,y' (FORMAT csv)").await?;
    follower
        .expect(
            "COPY",
            &[
                "public.duties",
                "public.duties/duty_id=21",
                "public.duties/duty_id=22",
                "public.duties/person_id=210",
            ],
        )
        .await
}

#[tokio::test]
async fn what_a_foreign_key_does_to_another_table_is_announced() -> Result<()> {
    let (session, mut follower) = stage(
        "CREATE TABLE people (person_id integer PRIMARY KEY);
         CREATE TABLE duties (
             duty_id bigint PRIMARY KEY,
             person_id integer REFERENCES people ON UPDATE CASCADE ON DELETE CASCADE,
             deputy_id integer REFERENCES people ON DELETE SET NULL ON UPDATE CASCADE
         );
         INSERT INTO people VALUES (1), (2), (3);
         INSERT INTO duties VALUES (1, 1, 2), (2, 2, 3), (3, 3, 1);
         SELECT rota.watch('duties', '{person_id,deputy_id}');",
    )
    .await?;
    session.batch_execute("UPDATE people SET person_id = 11 WHERE person_id = 1").await?;
    follower
        .expect(
            "a cascaded update",
            &[
                "public.duties",
                "public.duties/person_id=1",
                "public.duties/person_id=11",
                "public.duties/deputy_id=2",
                "public.duties/deputy_id=1",
                "public.duties/deputy_id=11",
                "public.duties/person_id=3",
            ],
        )
        .await?;
    session.batch_execute("DELETE FROM people WHERE person_id = 2").await?;
    follower
        .expect(
            "a cascaded deletion",
            &[
                "public.duties",
                "public.duties/person_id=2",
                "public.duties/deputy_id=3",
                "public.duties/person_id=11",
                "public.duties/deputy_id=2",
            ],
        )
        .await
}

#[tokio::test]
async fn more_keys_than_the_limit_are_announced_as_any_key() -> Result<()> {
    let (session, mut follower) = stage(DUTIES).await?;
    session.batch_execute("SET rota.invalidation_key_limit = 4").await?;
    session.batch_execute("UPDATE duties SET person_id = 5 WHERE duty_id IN (1, 2)").await?;
    follower.expect("five keys", &["public.duties", "public.duties/*"]).await?;
    session.batch_execute("UPDATE duties SET person_id = 5, note = 'y' WHERE duty_id IN (1, 2)").await?;
    follower
        .expect(
            "three keys",
            &[
                "public.duties",
                "public.duties/duty_id=1",
                "public.duties/duty_id=2",
                "public.duties/person_id=5",
            ],
        )
        .await?;
    // The limit counts the transaction's keys, not a statement's.
    session
        .batch_execute(
            "BEGIN;
             UPDATE duties SET note = 'z' WHERE duty_id = 1;
             UPDATE duties SET person_id = 6 WHERE duty_id = 2;
             INSERT INTO duties VALUES (7, 7);
             COMMIT",
        )
        .await?;
    follower.expect("keys of several statements", &["public.duties", "public.duties/*"]).await
}

#[tokio::test]
async fn tags_are_quoted_as_sql_would_and_follow_renames() -> Result<()> {
    let (session, mut follower) = stage(
        "CREATE SCHEMA \"Ward\";
         CREATE TABLE \"Ward\".\"Duty list\" (\"Person\" text, place uuid, kind boolean, level smallint);
         SELECT rota.watch('\"Ward\".\"Duty list\"', '{Person,place,kind,level}');",
    )
    .await?;
    let row = "VALUES ('a/b=c', '00000000-0000-0000-0000-0000000000AF', true, -3)";
    session.batch_execute(&format!("INSERT INTO \"Ward\".\"Duty list\" {row}")).await?;
    follower
        .expect(
            "quoted names",
            &[
                "\"Ward\".\"Duty list\"",
                "\"Ward\".\"Duty list\"/\"Person\"=a/b=c",
                "\"Ward\".\"Duty list\"/place=00000000-0000-0000-0000-0000000000af",
                "\"Ward\".\"Duty list\"/kind=t",
                "\"Ward\".\"Duty list\"/level=-3",
            ],
        )
        .await?;
    for (rename, table, person) in [
        ("ALTER TABLE \"Ward\".\"Duty list\" RENAME TO duties", "\"Ward\".duties", "\"Person\""),
        ("ALTER TABLE \"Ward\".duties RENAME COLUMN \"Person\" TO person", "\"Ward\".duties", "person"),
        ("ALTER SCHEMA \"Ward\" RENAME TO ward", "ward.duties", "person"),
        ("ALTER TABLE ward.duties SET SCHEMA public", "public.duties", "person"),
    ] {
        session.batch_execute(rename).await?;
        follower.expect(rename, &["rota.catalog"]).await?;
        session.batch_execute(&format!("INSERT INTO {table} VALUES ('x')")).await?;
        follower.expect(rename, &[table, &format!("{table}/{person}=x")]).await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_key_that_was_dropped_makes_every_change_one_of_any_key() -> Result<()> {
    let (session, mut follower) = stage(DUTIES).await?;
    session.batch_execute("ALTER TABLE duties DROP COLUMN person_id").await?;
    follower.expect("a dropped column", &["rota.catalog"]).await?;
    session.batch_execute("INSERT INTO duties VALUES (31)").await?;
    follower.expect("an insert", &["public.duties", "public.duties/*"]).await
}

#[tokio::test]
async fn replicated_changes_are_announced_and_unwatched_ones_are_not() -> Result<()> {
    let (session, mut follower) = stage(DUTIES).await?;
    session
        .batch_execute("SET session_replication_role = replica; DELETE FROM duties WHERE duty_id = 1")
        .await?;
    let names = ["public.duties", "public.duties/duty_id=1", "public.duties/person_id=10"];
    follower.expect("a change as a replica", &names).await?;
    session.batch_execute("RESET session_replication_role; SELECT rota.unwatch('duties')").await?;
    follower.expect("rota.unwatch", &["rota.catalog"]).await?;
    session.batch_execute("DELETE FROM duties").await?;
    follower.expect("an unwatched change", &[]).await
}
