//! What cannot be guarded is refused, and told why.

use anyhow::Result;

use super::duties::{bare, clash, duty, guard, unguarded};

const TABLES: &str = "
    CREATE TABLE plain (
        id integer PRIMARY KEY, person integer, during tstzrange, spans tstzmultirange, point point, raw json,
        day date, load numeric, note text,
        numbers numrange
    );
    CREATE VIEW shown AS SELECT * FROM plain;
    CREATE MATERIALIZED VIEW kept AS SELECT * FROM plain;
    CREATE TABLE parent (person integer, during tstzrange);
    CREATE TABLE child () INHERITS (parent);
    CREATE FUNCTION today(date) RETURNS boolean LANGUAGE sql STABLE AS $$ SELECT $1 = current_date $$";

/// Call, SQLSTATE, and what the message or the column field names.
const REFUSED: &[(&str, &str, &str)] = &[
    ("rota.guard_overlaps('shown', 'person', 'during')", "42809", "shown"),
    ("rota.guard_overlaps('kept', 'person', 'during')", "42809", "kept"),
    ("rota.guard_overlaps('parent', 'person', 'during')", "42809", "parent"),
    ("rota.guard_overlaps('child', 'person', 'during')", "42809", "child"),
    ("rota.guard_overlaps('pg_catalog.pg_class', 'oid', 'relname')", "42809", "pg_class"),
    ("rota.guard_overlaps('plain', 'nobody', 'during')", "42703", "nobody"),
    ("rota.guard_overlaps('plain', 'person', 'never')", "42703", "never"),
    ("rota.guard_overlaps('plain', 'ctid', 'during')", "42703", "ctid"),
    ("rota.guard_overlaps('plain', 'person', 'day')", "42804", "range_column"),
    ("rota.guard_overlaps('plain', 'person', 'spans')", "42804", "range_column"),
    ("rota.guard_overlaps('plain', 'person', 'person')", "42804", "range_column"),
    ("rota.guard_overlaps('plain', 'point', 'during')", "42804", "key_column"),
    ("rota.guard_overlaps('plain', 'raw', 'during')", "42804", "key_column"),
    ("rota.guard_overlaps('plain', 'person', 'during', load_column => 'note')", "42804", "load_column"),
    ("rota.guard_overlaps('plain', 'person', 'during', load_column => 'weight')", "42703", "weight"),
    ("rota.guard_overlaps('plain', 'person', 'during', capacity => 0)", "22023", "capacity"),
    ("rota.guard_overlaps('plain', 'person', 'during', capacity => -1)", "22023", "capacity"),
    ("rota.guard_overlaps('plain', 'person', 'during', capacity => 'NaN')", "22023", "capacity"),
    ("rota.guard_overlaps('plain', 'person', 'during', capacity => 1.5)", "22023", "capacity"),
    ("rota.guard_overlaps('plain', 'person', 'during', minimum_gap => '-1 hour')", "22023", "minimum_gap"),
    ("rota.guard_overlaps('plain', 'person', 'during', minimum_gap => 'a while')", "22023", "minimum_gap"),
    ("rota.guard_overlaps('plain', 'person', 'during', minimum_gap => '1 month')", "22023", "minimum_gap"),
    ("rota.guard_overlaps('plain', 'person', 'numbers', minimum_gap => '0.5')", "0A000", "minimum_gap"),
    (
        "rota.guard_overlaps('plain', 'person', 'during', capacity => 2, minimum_gap => '1 hour')",
        "0A000",
        "minimum_gap",
    ),
    ("rota.guard_overlaps('plain', 'person', 'during', 'colour = 1')", "42703", "colour"),
    ("rota.guard_overlaps('plain', 'person', 'during', 'load +')", "42601", "predicate"),
    ("rota.guard_overlaps('plain', 'person', 'during', 'load')", "42804", "predicate"),
    ("rota.guard_overlaps('plain', 'person', 'during', 'true) OR (true')", "42601", "predicate"),
    ("rota.guard_overlaps('plain', 'person', 'during', 'today(day)')", "42P17", "predicate"),
    ("rota.guard_overlaps('plain', 'person', 'during', 'random() < 0.5')", "42P17", "predicate"),
    ("rota.guard_overlaps('plain', 'person', 'during', 'id IN (SELECT 1)')", "0A000", "predicate"),
    ("rota.guard_overlaps('plain', 'person', 'during', 'sum(load) > 1')", "42803", "predicate"),
    (
        "rota.guard_overlaps('plain', 'person', 'during', guard_name => 'a_name_that_is_longer_than_fifty_bytes_is_one_too_long')",
        "42622",
        "guard_name",
    ),
    ("rota.unguard_overlaps('plain')", "42704", "plain"),
    ("rota.unguard_overlaps('plain', 'nobodys_guard')", "42704", "nobodys_guard"),
    ("rota.verify_guard('plain')", "42704", "plain"),
    ("rota.guard_overlaps(NULL, 'person', 'during')", "22004", "guarded_table"),
    ("rota.guard_overlaps('plain', NULL, 'during')", "22004", "key_column"),
    ("rota.guard_overlaps('plain', 'person', NULL)", "22004", "range_column"),
];

#[tokio::test]
async fn what_cannot_be_guarded_is_refused_with_its_reason() -> Result<()> {
    let session = bare().await?;
    session.batch_execute(TABLES).await?;
    let mut wrong = Vec::new();
    for (call, sqlstate, named) in REFUSED {
        let refusal = match session.refusal(&format!("SELECT {call}")).await {
            Ok(refusal) => refusal,
            Err(error) => {
                wrong.push(format!("{call}: {error:#}"));
                continue;
            }
        };
        let names_it = refusal.column.as_deref() == Some(*named) || refusal.message.contains(named);
        if refusal.sqlstate != *sqlstate || !names_it {
            wrong.push(format!("{call}, wanted {sqlstate} naming {named}: {refusal:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let left = session.text("SELECT count(*) FROM rota.guard_triggers").await?;
    assert_eq!(left, "0", "a refused call left triggers");
    Ok(())
}

#[tokio::test]
async fn rows_that_overlap_already_are_named_and_leave_the_table_unguarded() -> Result<()> {
    let (_database, session) = unguarded().await?;
    for statement in [duty(1, 7, 8, 16), duty(2, 7, 12, 20), duty(3, 8, 8, 16)] {
        session.batch_execute(&statement).await?;
    }
    let call = format!("SELECT {}", guard("duties", "predicate => 'binding'"));
    let refusal = clash(&session, &call).await?;
    for fact in ["person 7 ", "(duty_id) = (1)", "(duty_id) = (2)", "240 minutes"] {
        assert!(refusal.message.contains(fact), "no {fact} in {refusal:?}");
    }
    assert!(session.rows("SELECT * FROM rota.guards").await?.is_empty());
    session.batch_execute("UPDATE duties SET binding = false WHERE duty_id = 2").await?;
    assert_eq!(session.text(&call).await?, "duties_no_overlap");
    clash(&session, &duty(4, 7, 12, 20)).await?;
    Ok(())
}

#[tokio::test]
async fn rows_that_overfill_a_capacity_or_miss_a_gap_already_are_refused() -> Result<()> {
    let (_database, session) = unguarded().await?;
    for statement in [duty(1, 7, 8, 16), duty(2, 7, 12, 20), duty(3, 7, 15, 16)] {
        session.batch_execute(&statement).await?;
    }
    clash(&session, &format!("SELECT {}", guard("duties", "capacity => 2"))).await?;
    session.batch_execute("DELETE FROM duties WHERE duty_id > 1").await?;
    session.batch_execute(&duty(2, 7, 26, 30)).await?;
    clash(&session, &format!("SELECT {}", guard("duties", "minimum_gap => '11 hours'"))).await?;
    session.batch_execute(&format!("SELECT {}", guard("duties", "minimum_gap => '10 hours'"))).await?;
    Ok(())
}

#[tokio::test]
async fn two_guards_of_one_name_are_refused() -> Result<()> {
    let (_database, session) = unguarded().await?;
    let named = guard("duties", "guard_name => 'one_place'");
    session.batch_execute(&format!("SELECT {named}")).await?;
    let refusal = session.refusal(&format!("SELECT {named}")).await?;
    assert_eq!(refusal.sqlstate, "42710", "{refusal:?}");
    assert!(refusal.message.contains("one_place"), "{refusal:?}");
    Ok(())
}
