//! Planned against worked, and what it costs.

use anyhow::Result;
use rota_tests::database::Database;

use super::tables::lines;

#[tokio::test]
async fn g_1_and_g_2_a_fifth_more_is_notable_and_a_share_of_nothing_has_no_percent() -> Result<()> {
    let session = Database::with_extension().await?.session().await?;
    for (planned, worked, told) in [
        ("50", "60", "10 20.0000000000000000 planned t"),
        ("50", "59.9", "9.9 19.8000000000000000 planned f"),
        ("0", "30", "30 unplanned t"),
    ] {
        let query = format!(
            "SELECT variance, variance_percent, kind, notable FROM rota.compare_plan(
                '{{x}}', '{{2026-03-02}}', '{{{planned}}}', '{{x}}', '{{2026-03-02}}', '{{{worked}}}'
            )"
        );
        assert_eq!(lines(&session, &query).await?, [told], "{planned} {worked}");
    }
    Ok(())
}

#[tokio::test]
async fn g_3_each_day_costs_the_rate_of_that_day_and_a_missing_rate_shows() -> Result<()> {
    let session = Database::with_extension().await?.session().await?;
    let costs = "SELECT day, hourly_rate, cost::integer FROM rota.allocation_cost(
        '{2026-06-30,2026-07-01,2027-01-01}', '{50,50,50}', 8,
        ARRAY['[2026-01-01,2026-07-01)', '[2026-07-01,2027-01-01)']::daterange[], '{100,120}'
    )";
    assert_eq!(lines(&session, costs).await?, ["2026-06-30 100 400", "2026-07-01 120 480", "2027-01-01"]);
    Ok(())
}

#[tokio::test]
async fn g_4_a_rate_may_hold_for_one_day() -> Result<()> {
    let session = Database::with_extension().await?.session().await?;
    session
        .batch_execute(
            "CREATE TABLE rates (role text, valid daterange, rate numeric);
            SELECT rota.guard_overlaps('rates', 'role', 'valid');
            INSERT INTO rates VALUES ('nurse', '[2026-01-01,2026-01-02)', 100), ('nurse', '[2026-01-02,)', 110)",
        )
        .await?;
    let refusal =
        session.refusal("INSERT INTO rates VALUES ('nurse', '[2026-01-01,2026-01-02)', 90)").await?;
    assert_eq!(refusal.sqlstate, "23P01");
    Ok(())
}

#[tokio::test]
async fn g_5_another_persons_work_does_not_stand_for_the_planned_one() -> Result<()> {
    let session = Database::with_extension().await?.session().await?;
    let told = "SELECT worker, planned, worked, kind FROM rota.compare_plan(
        '{x}', '{2026-03-02}', '{50}', '{y}', '{2026-03-02}', '{50}'
    )";
    assert_eq!(lines(&session, told).await?, ["x 50 0 unworked", "y 0 50 unplanned"]);
    Ok(())
}
