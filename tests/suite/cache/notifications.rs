//! Where the library is not preloaded: NOTIFY.

use anyhow::Result;
use rota_tests::proxy::Proxy;
use rota_tests::server::OwnServer;

use super::stage::{Stage, follows, number, raise_through, until_hit};
use crate::proxy::waiting::until;

#[tokio::test]
async fn without_the_preloaded_library_changes_are_followed_by_notifications() -> Result<()> {
    let server = OwnServer::start(&[("shared_preload_libraries", "")]).await?;
    let stage = Stage::on(server.migrated().await?).await?;
    let proxy = Proxy::with_settings(&stage.database, &[]).await?;
    follows(&proxy, "notify").await?;
    for value in 1..=20 {
        until_hit(&proxy, "/counters/1").await?;
        let (raised, transaction) = raise_through(&proxy, 1).await?;
        assert_eq!(raised, value);
        let read = super::stage::get(&proxy, "/counters/1", &[("Rota-After", &transaction)]).await?;
        assert_eq!(number(&read)?, value);
        until("the change is seen", async || Ok(number(&proxy.get("/counters/1").await?)? == value)).await?;
    }
    stage.session.batch_execute("TRUNCATE counters").await?;
    until("the counter is gone", async || Ok(proxy.get("/counters/1").await?.status == 404)).await?;
    until_hit(&proxy, "/counters/2").await?;
    stage
        .session
        .batch_execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE application_name = 'rota announcements';
             INSERT INTO counters VALUES (2, 9);",
        )
        .await?;
    until("the change is seen after a reconnection", async || {
        Ok(proxy.get("/counters/2").await?.status == 200)
    })
    .await
}
