//! A prepared transaction keeps its keys until it ends, also when the server crashes meanwhile.

use anyhow::Result;
use rota_tests::server::OwnServer;

use super::duties::{clash, duty};

#[tokio::test]
async fn a_prepared_transaction_keeps_its_people_through_a_crash() -> Result<()> {
    let mut server =
        OwnServer::start(&[("max_prepared_transactions", "5"), ("synchronous_commit", "on")]).await?;
    let database = server.with_extension().await?;
    let session = database.session().await?;
    session.batch_execute(super::duties::HOURS).await?;
    session.batch_execute(super::duties::DUTIES).await?;
    session.batch_execute("SELECT rota.guard_overlaps('duties', 'person', 'during')").await?;
    session
        .batch_execute(&format!(
            "BEGIN; {}; PREPARE TRANSACTION 'kept'; BEGIN; {}; PREPARE TRANSACTION 'dropped'",
            duty(1, 7, 8, 16),
            duty(2, 8, 8, 16)
        ))
        .await?;
    for crashed in [false, true] {
        if crashed {
            server.crash().await?;
            server.start_again().await?;
        }
        let other = database.session().await?;
        other.batch_execute("SET lock_timeout = '200ms'").await?;
        for person in [7, 8] {
            let refusal = other.refusal(&duty(3, person, 12, 20)).await?;
            assert_eq!(refusal.sqlstate, "55P03", "person {person} is free: {refusal:?}");
        }
        other.batch_execute(&duty(10 + i32::from(crashed), 9 + i32::from(crashed), 12, 20)).await?;
    }
    let session = database.session().await?;
    session.batch_execute("COMMIT PREPARED 'kept'").await?;
    session.batch_execute("ROLLBACK PREPARED 'dropped'").await?;
    clash(&session, &duty(3, 7, 12, 20)).await?;
    session.batch_execute(&duty(3, 8, 12, 20)).await?;
    Ok(())
}
