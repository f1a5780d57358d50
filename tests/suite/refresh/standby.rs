//! A standby refreshes nothing, and goes on when it is promoted.

use std::time::Duration;

use anyhow::{Result, ensure};
use rota_tests::server::OwnServer;

use super::stage::{ROLLUPS, TABLES, assert_right_after_refresh, refresh, staleness};

#[tokio::test]
async fn a_standby_refreshes_nothing_says_so_and_repairs_what_it_missed_when_promoted() -> Result<()> {
    let mut server = OwnServer::start(&[]).await?;
    let database = server.with_extension().await?;
    let session = database.session().await?;
    session.batch_execute(TABLES).await?;
    session.batch_execute(ROLLUPS).await?;
    let standby = server.standby().await?;
    session.batch_execute("UPDATE shifts SET ends = ends + 1 WHERE shift_id = 1").await?;
    let written = session.text("SELECT pg_current_wal_flush_lsn()").await?;
    let reader = standby.database(database.name())?.session().await?;
    let mut looks = 0;
    while reader.text(&format!("SELECT pg_last_wal_replay_lsn() >= '{written}'")).await? != "t" {
        looks += 1;
        ensure!(looks < 3000, "the standby does not follow");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let refusal = reader.refusal("SELECT rota.refresh('weekly')").await?;
    assert_eq!(refusal.sqlstate, "25006", "{refusal:?}");
    assert!(refusal.message.contains("standby"), "{refusal:?}");
    assert!(reader.rows("SELECT * FROM rota.refresh_due()").await?.is_empty());
    assert_eq!(staleness(&reader, "weekly").await?, None);
    assert_eq!(reader.text("SELECT count(*) FROM rota.view_status WHERE staleness_ms IS NULL").await?, "3");
    // Its queue is empty, because it is unlogged: it does not take that for nothing to do.
    reader.batch_execute("SELECT pg_promote()").await?;
    assert_eq!(refresh(&reader, "weekly").await?.0, "full");
    assert_right_after_refresh(&reader, "weekly").await
}
