//! The ground that all other tests stand on.

use anyhow::{Result, anyhow};
use rota_harness::ports;
use rota_tests::database::Database;
use rota_tests::server::OwnServer;
use rota_tests::session::Session;

#[tokio::test]
async fn two_databases_of_one_template_share_nothing() -> Result<()> {
    let (first, second) = (Database::with_extension().await?, Database::with_extension().await?);
    first.session().await?.batch_execute("CREATE TABLE only_here ()").await?;
    let refusal = second.session().await?.refusal("SELECT FROM only_here").await?;
    assert_eq!(refusal.sqlstate, "42P01");
    Ok(())
}

#[tokio::test]
async fn the_server_is_private() -> Result<()> {
    let database = Database::empty().await?;
    let session = database.session().await?;
    assert_ne!(session.text("SHOW port").await?, "5432");
    assert_eq!(session.text("SHOW listen_addresses").await?, "127.0.0.1");
    assert_eq!(session.text("SHOW timezone").await?, "UTC");
    Ok(())
}

#[tokio::test]
async fn texts_are_ordered_by_bytes_and_know_letters_of_every_alphabet() -> Result<()> {
    let session = Database::empty().await?.session().await?;
    assert_eq!(session.text("SELECT 'Zoe' < 'anna'").await?, "t");
    assert_eq!(session.text("SELECT lower('ÄÉŁ')").await?, "äéł");
    Ok(())
}

#[tokio::test]
async fn a_server_of_ones_own_can_be_stopped_crashed_and_paused() -> Result<()> {
    let mut server = OwnServer::start(&[("max_connections", "20")]).await?;
    let url = server.cluster()?.url("postgres");
    Session::connect(&url).await?.batch_execute("CREATE TABLE kept AS SELECT 42 AS answer").await?;

    server.stop().await?;
    assert!(Session::connect(&url).await.is_err());
    server.start_again().await?;

    let session = Session::connect(&url).await?;
    assert_eq!(session.text("SHOW max_connections").await?, "20");
    server.cluster()?.pause()?;
    let pending = tokio::spawn(async move { session.text("SELECT answer FROM kept").await });
    server.cluster()?.resume()?;
    assert_eq!(pending.await??, "42");

    server.crash().await?;
    server.start_again().await?;
    assert_eq!(Session::connect(&url).await?.text("SELECT answer FROM kept").await?, "42");
    Ok(())
}

#[tokio::test]
async fn a_dropped_server_listens_no_more() -> Result<()> {
    let server = OwnServer::start(&[]).await?;
    let port = server.cluster()?.port();
    tokio::task::spawn_blocking(move || drop(server)).await.map_err(|error| anyhow!(error))?;
    assert!(ports::is_free(([127, 0, 0, 1], port).into()));
    Ok(())
}
