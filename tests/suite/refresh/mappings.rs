//! Which keys a changed row touches: said rightly, wrongly, or not at all.

use anyhow::Result;

use super::stage::{assert_right_after_refresh, differences, refresh, tables};

#[tokio::test]
async fn a_wrong_mapping_is_found_by_the_comparison_with_the_query() -> Result<()> {
    let (_database, session) = tables().await?;
    session
        .batch_execute(
            r#"SELECT rota.create_rollup('public.weekly', 'weekly_query', '{person_id,week}',
                '{"public.shifts": ["person_id", "starts / 50 + 1"]}')"#,
        )
        .await?;
    let check = "SELECT key->>'person_id', key->>'week', difference FROM rota.check_rollup('weekly') ORDER BY 3, 1, 2";
    assert!(session.rows(check).await?.is_empty());
    session
        .batch_execute(
            "UPDATE shifts SET ends = ends + 1 WHERE shift_id = 1;
            INSERT INTO shifts VALUES (900, 1, 700, 701); DELETE FROM shifts WHERE shift_id = 2",
        )
        .await?;
    // The key that it names is pending, and another one is wrong.
    assert_eq!(session.rows(check).await?.len(), 3);
    refresh(&session, "weekly").await?;
    let found: Vec<String> = session
        .rows(check)
        .await?
        .into_iter()
        .map(|row| row.into_iter().flatten().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(found, ["2 0 different", "1 14 missing", "3 0 too many"]);
    // Another transaction that finds nothing wrong finds nothing.
    session.batch_execute("SELECT rota.refresh('weekly', true)").await?;
    assert!(session.rows(check).await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_table_without_a_mapping_recomputes_everything_and_is_right() -> Result<()> {
    let (_database, session) = tables().await?;
    session
        .batch_execute(
            r#"SELECT rota.create_rollup('public.teams', 'teams_query', '{team}', '{"public.people": ["team"]}')"#,
        )
        .await?;
    session.batch_execute("UPDATE people SET team = 4 WHERE person_id = 1").await?;
    assert_right_after_refresh(&session, "teams").await?;
    session.batch_execute("UPDATE shifts SET person_id = 1 WHERE shift_id = 4").await?;
    let (mode, reason, _) = refresh(&session, "teams").await?;
    assert_eq!(mode, "full");
    assert!(reason.contains("public.shifts"), "{reason}");
    assert!(differences(&session, "teams").await?.is_empty());
    Ok(())
}

#[tokio::test]
async fn mappings_that_give_no_keys_are_refused_with_the_reason() -> Result<()> {
    let (_database, session) = tables().await?;
    for (mappings, sqlstate) in [
        (r#"{"public.shifts": ["person_id"]}"#, "42601"),
        (r#"{"public.shifts": ["person_id", "starts", "ends"]}"#, "42601"),
        (r#"{"public.shifts": ["person_id", "nothing"]}"#, "42703"),
        (r#"{"public.shifts": ["person_id", "daterange(null, null)"]}"#, "42804"),
        (r#"{"public.shifts": "no query at all"}"#, "42601"),
        (r#"{"public.shifts": "SELECT person_id, starts FROM people"}"#, "42P01"),
        (r#"{"public.shifts": 7}"#, "22023"),
        (r#"{"public.people": ["person_id", "1"]}"#, "22023"),
        (r#"{"shifts": ["person_id", "starts / 50"]}"#, "22023"),
        ("[]", "22023"),
    ] {
        let refusal = session
            .refusal(&format!(
                "SELECT rota.create_rollup('public.weekly', 'weekly_query', '{{person_id,week}}', '{mappings}')"
            ))
            .await?;
        assert_eq!(refusal.sqlstate, sqlstate, "{mappings}: {refusal:?}");
        assert_eq!(refusal.column.as_deref(), Some("mappings"), "{refusal:?}");
        assert!(refusal.hint.is_some(), "{refusal:?}");
    }
    // Nothing is left of any.
    assert_eq!(session.text("SELECT count(*) FROM rota.managed_views").await?, "0");
    assert_eq!(session.text("SELECT count(*) FROM pg_class WHERE relname LIKE 'pending\\_%'").await?, "0");
    Ok(())
}

#[tokio::test]
async fn a_mapping_through_another_table_is_evaluated_as_it_was_and_as_it_is() -> Result<()> {
    let (database, session) = tables().await?;
    session
        .batch_execute(
            r#"SELECT rota.create_rollup('public.teams', 'teams_query', '{team}',
                '{"public.people": ["team"],
                  "public.shifts": "SELECT team FROM changed JOIN public.people USING (person_id)"}')"#,
        )
        .await?;
    let other = database.session().await?;
    // The writer sees person 3 in team 0, and commits when the person is in team 5.
    other.batch_execute("BEGIN; UPDATE shifts SET starts = 1 WHERE person_id = 3").await?;
    session
        .batch_execute("UPDATE people SET team = 5 WHERE person_id = 3; SELECT rota.refresh('teams')")
        .await?;
    other.batch_execute("COMMIT").await?;
    assert_right_after_refresh(&session, "teams").await
}
