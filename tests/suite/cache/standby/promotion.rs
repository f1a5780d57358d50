//! A standby that becomes a primary begins another life.

use anyhow::Result;

use super::super::stage::{follows, get, is_hit, number, raise_through, until_hit, verdict};
use super::CHECKED;
use super::stage::Stage;
use crate::proxy::waiting::until;

#[tokio::test]
async fn a_promoted_standby_is_followed_and_nothing_of_the_former_life_is_hit() -> Result<()> {
    // Whichever of the two writes announces.
    let mut stage = Stage::announced_at(|primary, standby| {
        let host = |url: &str| url.split(['@', '/']).nth(3).unwrap_or_default().to_owned();
        let (first, second) = (host(&primary.url()), host(&standby.url()));
        format!("postgres://postgres@{first},{second}/{}?target_session_attrs=read-write", primary.name())
    })
    .await?;
    raise_through(&stage.writer, 1).await?;
    until("the standby has it", async || {
        let read = stage.proxy.get("/counters/1").await?;
        Ok(number(&read)? == 1 && is_hit(&read))
    })
    .await?;
    stage.primary.stop().await?;
    let session = stage.on_standby().await?;
    session.batch_execute("SELECT pg_promote()").await?;
    // Straight away: hits of the former life would lack this.
    session.batch_execute("UPDATE counters SET value = value + 1 WHERE id = 1").await?;
    assert_eq!(number(&stage.proxy.get("/counters/1").await?)?, 2);
    follows(&stage.proxy, "ring").await?;
    until_hit(&stage.proxy, "/counters/1").await?;
    // The proxy takes changes now, and its reads are linearizable again.
    for value in 3..=30 {
        let (raised, transaction) = raise_through(&stage.proxy, 1).await?;
        assert_eq!(raised, value);
        for headers in [[("Rota-After", transaction.as_str())], CHECKED] {
            let read = get(&stage.proxy, "/counters/1", &headers).await?;
            assert_eq!(number(&read)?, value, "{}", verdict(&read));
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_standby_that_was_promoted_beside_its_primary_is_answered_from_and_never_kept() -> Result<()> {
    let stage = Stage::new().await?;
    let session = stage.on_standby().await?;
    session.batch_execute("SELECT pg_promote()").await?;
    for value in 1..=5 {
        // Announced to nobody who listens: the announcements come from the former primary.
        session.batch_execute("UPDATE counters SET value = value + 1 WHERE id = 1").await?;
        for _ in 0..3 {
            let read = stage.proxy.get("/counters/1").await?;
            assert_eq!(number(&read)?, value, "{}", verdict(&read));
            assert!(!is_hit(&read) && !verdict(&read).contains("stored"), "{}", verdict(&read));
        }
    }
    Ok(())
}
