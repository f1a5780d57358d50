//! Departments: a forest that stays one.

use anyhow::Result;
use rota_tests::database::Database;
use rota_tests::session::Session;

use super::roster::somebody_waits;

const NO_CYCLE: (&str, Option<&str>) = ("23514", Some("departments_no_cycle"));

/// A chain: 1 is above 2, 2 above 3; and 4 on its own.
async fn chain() -> Result<(Database, Session)> {
    let database = Database::migrated().await?;
    let session = database.session().await?;
    session
        .batch_execute(
            "INSERT INTO workforce.departments (name, parent_id)
            VALUES ('one', NULL), ('two', 1), ('three', 2), ('four', NULL)",
        )
        .await?;
    Ok((database, session))
}

fn place(department_id: i64, parent_id: i64) -> String {
    format!("UPDATE workforce.departments SET parent_id = {parent_id} WHERE department_id = {department_id}")
}

#[tokio::test]
async fn a_department_never_comes_to_stand_below_itself() -> Result<()> {
    let (_database, session) = chain().await?;
    let own_parent = session.refusal(&place(1, 1)).await?;
    assert_eq!(own_parent.sqlstate, "23514");
    for statement in [place(1, 2), place(1, 3), place(2, 3)] {
        let refusal = session.refusal(&statement).await?;
        let found = (refusal.sqlstate.as_str(), refusal.constraint.as_deref());
        assert_eq!(found, NO_CYCLE, "{statement}");
        assert_eq!(refusal.column.as_deref(), Some("parent_id"));
    }
    session.batch_execute(&place(3, 4)).await?;
    Ok(())
}

#[tokio::test]
async fn one_statement_may_turn_a_chain_around_but_not_into_a_ring() -> Result<()> {
    let (_database, session) = chain().await?;
    let arrange = |one: &str, two: &str, three: &str| {
        format!(
            "UPDATE workforce.departments
            SET parent_id = CASE department_id WHEN 1 THEN {one} WHEN 2 THEN {two} ELSE {three} END::bigint
            WHERE department_id <= 3"
        )
    };
    session.batch_execute(&arrange("2", "3", "NULL")).await?;
    let refusal = session.refusal(&arrange("2", "3", "1")).await?;
    assert_eq!((refusal.sqlstate.as_str(), refusal.constraint.as_deref()), NO_CYCLE);
    Ok(())
}

#[tokio::test]
async fn two_sessions_that_each_make_half_of_a_cycle_do_not_both_succeed() -> Result<()> {
    let (database, first) = chain().await?;
    first.batch_execute("BEGIN").await?;
    first.batch_execute(&place(4, 3)).await?;
    let second = database.session().await?;
    let late = tokio::spawn(async move { second.refusal(&place(1, 4)).await });
    somebody_waits(&database.session().await?).await?;
    first.batch_execute("COMMIT").await?;
    let refusal = late.await??;
    assert_eq!((refusal.sqlstate.as_str(), refusal.constraint.as_deref()), NO_CYCLE);
    Ok(())
}

#[tokio::test]
async fn a_session_with_an_old_snapshot_is_told_to_try_again_instead_of_closing_a_cycle() -> Result<()> {
    let (database, first) = chain().await?;
    let second = database.session().await?;
    second.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM workforce.departments").await?;
    first.batch_execute(&place(4, 3)).await?;
    assert_eq!(second.refusal(&place(1, 4)).await?.sqlstate, "40001");
    Ok(())
}

#[tokio::test]
async fn moves_that_race_never_close_a_cycle() -> Result<()> {
    let (database, session) = chain().await?;
    let (left, right) = (database.session().await?, database.session().await?);
    for _ in 0..20 {
        session.batch_execute("UPDATE workforce.departments SET parent_id = NULL").await?;
        let (below, above) = (place(1, 4), place(4, 1));
        let (one, other) = tokio::join!(left.batch_execute(&below), right.batch_execute(&above));
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    }
    Ok(())
}

#[tokio::test]
async fn the_tree_shows_depth_and_ancestors_of_each_department() -> Result<()> {
    let (_database, session) = chain().await?;
    let rows = session
        .rows("SELECT department_id, depth, ancestor_ids FROM workforce.department_tree ORDER BY 1")
        .await?;
    let depth = |position: usize| rows[position][1].as_deref().and_then(|text| text.parse::<i32>().ok());
    assert_eq!(depth(1), depth(0).map(|depth| depth + 1));
    assert_eq!(rows[2][2].as_deref(), Some("{1,2,3}"));
    assert_eq!(depth(3), depth(0));
    Ok(())
}

#[tokio::test]
async fn a_name_stands_once_below_a_parent_also_at_the_top() -> Result<()> {
    let (_database, session) = chain().await?;
    let refusal = session.refusal("INSERT INTO workforce.departments (name) VALUES ('one')").await?;
    assert_eq!(refusal.constraint.as_deref(), Some("departments_name_unique_below_parent"));
    session.batch_execute("INSERT INTO workforce.departments (name, parent_id) VALUES ('one', 4)").await?;
    Ok(())
}
