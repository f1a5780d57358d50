//! A walk over a list that stands still.

use anyhow::Result;
use rota_tests::http::Connection;

use super::lists::{LISTS, List, filled_service, walk};

/// The keys in the order that the list promises: NULLs last going up and first going down, ties by
/// key in the same direction.
fn in_order(list: &List, expression: &str, descending: bool) -> String {
    let direction = if descending { "DESC NULLS FIRST" } else { "ASC NULLS LAST" };
    let key_direction = if descending { "DESC" } else { "ASC" };
    let (key, source) = (list.key, list.source);
    format!("SELECT {key} FROM {source} ORDER BY {expression} {direction}, {key} {key_direction}")
}

#[tokio::test]
async fn every_order_of_every_list_gives_each_row_once_whatever_the_page_size() -> Result<()> {
    let service = filled_service().await?;
    let session = service.session().await?;
    let mut connection = Connection::open(service.proxy.address()).await?;
    for list in LISTS {
        for (name, expression) in list.sorts {
            for descending in [false, true] {
                let rows = session.rows(&in_order(list, expression, descending)).await?;
                let expected: Vec<i64> =
                    rows.iter().flatten().flatten().map(|key| key.parse()).collect::<Result<_, _>>()?;
                assert!(expected.len() > 1, "{} has too few rows to walk", list.target);
                let sort = if descending { format!("-{name}") } else { (*name).to_owned() };
                let count = expected.len();
                for page_size in [1, 2, 3, 7, count / 2, count - 1, count, count + 1] {
                    let keys = walk(&mut connection, list, &sort, page_size.max(1)).await?;
                    assert_eq!(keys, expected, "{} by {sort} in pages of {page_size}", list.target);
                }
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_orders_tried_here_are_all_that_the_lists_have() -> Result<()> {
    let service = filled_service().await?;
    for list in LISTS {
        let problem = service.read_problem(&format!("{}&sort=nothing", list.target)).await?;
        let hint = problem.hint.unwrap_or_default();
        let listed = hint.trim_start_matches("one of: ").split(';').next().unwrap_or_default();
        let mut known: Vec<&str> = listed.split(", ").collect();
        let mut tried: Vec<&str> = list.sorts.iter().map(|(name, _)| *name).collect();
        known.sort_unstable();
        tried.sort_unstable();
        assert_eq!(known, tried, "{}: {hint}", list.target);
    }
    Ok(())
}

#[tokio::test]
async fn the_sample_has_ties_and_empty_values_to_stumble_over() -> Result<()> {
    let service = filled_service().await?;
    let session = service.session().await?;
    for (table, expression) in [
        ("workforce.employees", "role"),
        ("workforce.employees", "hired_on"),
        ("workforce.schedules", "published_at"),
    ] {
        let nulls = session.text(&format!("SELECT count(*) FROM {table} WHERE {expression} IS NULL")).await?;
        let ties = session
            .text(&format!("SELECT count({expression}) - count(DISTINCT {expression}) FROM {table}"))
            .await?;
        assert!(
            nulls.parse::<u32>()? > 1 && ties.parse::<u32>()? > 1,
            "{table}.{expression}: {nulls} {ties}"
        );
    }
    Ok(())
}
