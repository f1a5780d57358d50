//! A partitioned table is guarded as one: across partitions, and whichever way rows come in.

use anyhow::Result;
use rota_tests::session::Session;

use super::duties::{bare, clash};

const HASH: &str = "PARTITION BY HASH (person)";
const SITES: &str = "PARTITION BY LIST (site)";

/// Duties in three partitions, guarded over the whole.
async fn partitioned(by: &str) -> Result<Session> {
    let session = bare().await?;
    let bounds = if by == HASH {
        ["WITH (MODULUS 3, REMAINDER 0)", "WITH (MODULUS 3, REMAINDER 1)", "WITH (MODULUS 3, REMAINDER 2)"]
    } else {
        ["IN ('north')", "IN ('south')", "IN ('east')"]
    };
    session
        .batch_execute(&format!(
            "CREATE TABLE duties (
                duty_id integer, person integer, during tstzrange, site text DEFAULT 'north'
            ) {by};
            CREATE TABLE duties_1 PARTITION OF duties FOR VALUES {};
            CREATE TABLE duties_2 PARTITION OF duties FOR VALUES {};
            CREATE TABLE duties_3 PARTITION OF duties FOR VALUES {};
            SELECT rota.guard_overlaps('duties', 'person', 'during')",
            bounds[0], bounds[1], bounds[2]
        ))
        .await?;
    Ok(session)
}

fn duty(table: &str, person: i32, first: i32, last: i32, site: &str) -> String {
    format!(
        "INSERT INTO {table} (duty_id, person, during, site)
        VALUES ({first}, {person}, hours({first}, {last}), '{site}')"
    )
}

#[tokio::test]
async fn rows_are_held_against_each_other_within_a_partition() -> Result<()> {
    let session = partitioned(HASH).await?;
    for person in 1..=9 {
        session.batch_execute(&duty("duties", person, 8, 16, "north")).await?;
        clash(&session, &duty("duties", person, 15, 20, "north")).await?;
        session.batch_execute(&duty("duties", person, 16, 20, "north")).await?;
    }
    clash(&session, "UPDATE duties SET during = hours(0, 17) WHERE duty_id = 8").await?;
    clash(&session, "UPDATE duties SET person = 3 WHERE person = 4").await?;
    session.batch_execute("UPDATE duties SET person = person + 100").await?;
    clash(&session, "INSERT INTO duties SELECT 1, 101 + n, hours(19, 20) FROM generate_series(0, 5) AS n")
        .await?;
    Ok(())
}

#[tokio::test]
async fn rows_are_held_against_each_other_across_partitions() -> Result<()> {
    let session = partitioned(SITES).await?;
    session.batch_execute(&duty("duties", 7, 8, 16, "north")).await?;
    clash(&session, &duty("duties", 7, 15, 20, "south")).await?;
    clash(&session, "INSERT INTO duties VALUES (1, 9, hours(8, 16), 'north'), (2, 9, hours(15, 16), 'east')")
        .await?;
    session.batch_execute(&duty("duties", 7, 16, 20, "south")).await?;
    clash(&session, "UPDATE duties SET during = hours(0, 17) WHERE duty_id = 8").await?;
    Ok(())
}

#[tokio::test]
async fn rows_written_to_a_partition_directly_are_judged_like_all_others() -> Result<()> {
    let session = partitioned(SITES).await?;
    session.batch_execute(&duty("duties", 7, 8, 16, "north")).await?;
    clash(&session, &duty("duties_2", 7, 15, 20, "south")).await?;
    clash(&session, &duty("duties_1", 7, 15, 20, "north")).await?;
    session.batch_execute(&duty("duties_2", 7, 16, 20, "south")).await?;
    clash(&session, "UPDATE duties_2 SET during = hours(15, 20)").await?;
    session.batch_execute("UPDATE duties_2 SET during = hours(20, 24)").await?;
    let refusal = clash(&session, &duty("duties_3", 7, 20, 21, "east")).await?;
    assert_eq!(refusal.constraint.as_deref(), Some("duties_no_overlap"));
    Ok(())
}

#[tokio::test]
async fn a_row_that_moves_to_another_partition_is_judged_there() -> Result<()> {
    let session = partitioned(SITES).await?;
    session.batch_execute(&duty("duties", 7, 8, 16, "north")).await?;
    session.batch_execute(&duty("duties", 7, 16, 20, "south")).await?;
    clash(&session, "UPDATE duties SET site = 'east', during = hours(15, 16) WHERE site = 'south'").await?;
    session.batch_execute("UPDATE duties SET site = 'east' WHERE site = 'south'").await?;
    session
        .batch_execute("UPDATE duties SET site = 'east', during = hours(0, 8) WHERE site = 'north'")
        .await?;
    clash(&session, &duty("duties", 7, 7, 9, "north")).await?;
    // All move at once, each onto the hours that another leaves.
    session
        .batch_execute(
            "UPDATE duties SET
                site = 'north',
                during = CASE duty_id WHEN 8 THEN hours(16, 20) ELSE hours(0, 8) END",
        )
        .await?;
    Ok(())
}

#[tokio::test]
async fn partitions_of_partitions_are_guarded() -> Result<()> {
    let session = bare().await?;
    session
        .batch_execute(
            "CREATE TABLE duties (person integer, during tstzrange, site text, day date) PARTITION BY LIST (site);
            CREATE TABLE north PARTITION OF duties FOR VALUES IN ('north') PARTITION BY RANGE (day);
            CREATE TABLE north_march PARTITION OF north FOR VALUES FROM ('2026-03-01') TO ('2026-04-01');
            CREATE TABLE north_april PARTITION OF north FOR VALUES FROM ('2026-04-01') TO ('2026-05-01');
            CREATE TABLE elsewhere PARTITION OF duties DEFAULT;
            SELECT rota.guard_overlaps('duties', 'person', 'during');
            INSERT INTO duties VALUES (7, hours(8, 16), 'north', '2026-03-02')",
        )
        .await?;
    for (table, site, day) in [
        ("duties", "north", "2026-04-02"),
        ("duties", "south", "2026-03-02"),
        ("north", "north", "2026-04-02"),
        ("north_april", "north", "2026-04-02"),
        ("north_march", "north", "2026-03-03"),
        ("elsewhere", "south", "2026-03-03"),
    ] {
        clash(&session, &format!("INSERT INTO {table} VALUES (7, hours(15, 17), '{site}', '{day}')")).await?;
    }
    session.batch_execute("INSERT INTO elsewhere VALUES (7, hours(16, 17), 'west', '2026-03-02')").await?;
    Ok(())
}

#[tokio::test]
async fn a_partition_that_is_attached_later_is_guarded() -> Result<()> {
    let session = partitioned(SITES).await?;
    session
        .batch_execute(
            "INSERT INTO duties VALUES (1, 7, hours(8, 16), 'north');
            CREATE TABLE duties_4 (duty_id integer, person integer, during tstzrange, site text);
            INSERT INTO duties_4 VALUES (2, 7, hours(16, 20), 'west');
            ALTER TABLE duties ATTACH PARTITION duties_4 FOR VALUES IN ('west');
            CREATE TABLE duties_5 PARTITION OF duties FOR VALUES IN ('centre')",
        )
        .await?;
    // Through the root, all is judged at once.
    clash(&session, &duty("duties", 7, 19, 21, "west")).await?;
    clash(&session, &duty("duties", 7, 19, 21, "north")).await?;
    clash(&session, &duty("duties", 7, 19, 21, "centre")).await?;
    // And written to directly.
    assert_eq!(session.text("SELECT uncovered_partitions::text FROM rota.guards").await?, "{}");
    clash(&session, &duty("duties_4", 7, 8, 9, "west")).await?;
    clash(&session, &duty("duties_5", 7, 8, 9, "centre")).await?;
    assert!(session.rows("SELECT * FROM rota.verify_guard('duties')").await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_partition_that_is_detached_goes_its_own_way() -> Result<()> {
    let session = partitioned(SITES).await?;
    session
        .batch_execute(
            "INSERT INTO duties VALUES (1, 7, hours(8, 16), 'north'), (2, 8, hours(8, 16), 'south');
            ALTER TABLE duties DETACH PARTITION duties_2",
        )
        .await?;
    session.batch_execute(&duty("duties", 8, 9, 10, "north")).await?;
    assert!(session.rows("SELECT * FROM rota.verify_guard('duties')").await?.is_empty());
    Ok(())
}
