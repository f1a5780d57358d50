//! A walk while others write.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use rota_tests::http::Connection;
use rota_tests::session::Session;
use serde_json::Value;

use super::super::service::{items, number};
use super::lists::{LISTS, List, filled_service, page};

/// Writes between two pages: rows come and go before, at and behind the place where the walk is.
async fn write(session: &Session, round: usize, last_key: i64) -> Result<()> {
    session
        .batch_execute(&format!(
            "DELETE FROM workforce.assignments WHERE shift_id IN (
                 SELECT shift_id FROM workforce.shifts WHERE date >= '2026-10-09' AND date < '2026-10-13'
             );
             DELETE FROM workforce.shifts WHERE shift_id = {last_key};
             DELETE FROM workforce.shifts WHERE shift_id IN (
                 SELECT shift_id FROM workforce.shifts
                 WHERE active AND date >= '2026-10-09' AND date < '2026-10-13'
                     AND shift_id % 7 = {round} % 7
                 LIMIT 1
             );
             INSERT INTO workforce.shifts (department_id, shift_type, date, start_time, end_time, priority)
             SELECT NULL, 'new ' || {round}, date, '10:00', '11:00', priority
             FROM (VALUES (date '2026-10-09', 1), ('2026-10-10', 5), ('2026-10-12', 10))
                 AS added (date, priority);"
        ))
        .await?;
    Ok(())
}

async fn active_keys(session: &Session) -> Result<BTreeSet<i64>> {
    let rows = session
        .rows(
            "SELECT shift_id FROM workforce.shifts
             WHERE active AND date >= '2026-10-09' AND date < '2026-10-13'",
        )
        .await?;
    Ok(rows.iter().flatten().flatten().map(|key| key.parse()).collect::<Result<_, _>>()?)
}

#[tokio::test]
async fn rows_that_come_and_go_between_pages_neither_repeat_nor_hide_another() -> Result<()> {
    let shifts: &List = LISTS.iter().find(|list| list.key == "shift_id").context("no list of shifts")?;
    for (sort, _) in shifts.sorts {
        for sort in [(*sort).to_owned(), format!("-{sort}")] {
            let service = filled_service().await?;
            let session = service.session().await?;
            let mut connection = Connection::open(service.proxy.address()).await?;
            let mut throughout = active_keys(&session).await?;
            let mut seen = Vec::new();
            let mut cursor: Option<String> = None;
            let mut rounds = 0;
            loop {
                let page: Value = page(&mut connection, shifts, &sort, 3, cursor.as_deref()).await?;
                for item in items(&page)? {
                    seen.push(number(&item["shift_id"])?);
                }
                // What is gone before the walk gets there need not be seen; what was seen counts.
                cursor = page["next_cursor"].as_str().map(str::to_owned);
                let Some(last) = seen.last().filter(|_| cursor.is_some()) else { break };
                // New rows may be met for ever by a walk that goes their way: a few rounds are enough.
                if rounds < 8 {
                    write(&session, rounds, *last).await?;
                    rounds += 1;
                }
                let present = active_keys(&session).await?;
                throughout.retain(|key| present.contains(key) || seen.contains(key));
            }
            let once: BTreeSet<i64> = seen.iter().copied().collect();
            assert_eq!(once.len(), seen.len(), "by {sort} a row came twice: {seen:?}");
            let missed: Vec<_> = throughout.difference(&once).collect();
            assert!(missed.is_empty(), "by {sort} rows were never seen: {missed:?}");
            assert!(rounds > 3, "too few pages to write between: {rounds}");
        }
    }
    Ok(())
}
