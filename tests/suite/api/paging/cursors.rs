//! Cursors that are not the next one, and page sizes that are none.

use anyhow::{Context, Result};
use serde_json::json;

use super::super::service::{Service, items};
use super::lists::{LISTS, filled_service};

async fn next_cursor(service: &Service, target: &str) -> Result<String> {
    let page = service.read(target).await?;
    Ok(page["next_cursor"].as_str().context("no next cursor")?.to_owned())
}

#[tokio::test]
async fn a_cursor_of_another_order_is_refused_by_every_list() -> Result<()> {
    let service = filled_service().await?;
    for list in LISTS {
        let sort = list.sorts[0].0;
        let cursor = next_cursor(&service, &format!("{}&sort={sort}&page_size=1", list.target)).await?;
        let others = list.sorts.iter().skip(1).map(|(name, _)| (*name).to_owned());
        for other in others.chain([format!("-{sort}")]) {
            let problem =
                service.read_problem(&format!("{}&sort={other}&cursor={cursor}", list.target)).await?;
            assert_eq!((problem.status, problem.field.as_deref()), (400, Some("cursor")), "{problem:?}");
            assert!(problem.text().contains(sort) && problem.hint.is_some(), "{problem:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_piece_of_a_cursor_and_every_garbage_is_refused_or_a_page() -> Result<()> {
    let service = filled_service().await?;
    let target = "/api/employees?sort=hired_on&page_size=2";
    let cursor = next_cursor(&service, target).await?;
    for length in 1..cursor.len() {
        let problem = service.read_problem(&format!("{target}&cursor={}", &cursor[..length])).await?;
        assert_eq!((problem.status, problem.field.as_deref()), (400, Some("cursor")), "{problem:?}");
        assert!(problem.hint.is_some());
    }
    // Of JSON, in base64url: {}, null, [], a date that is none, a key that is none, SQL in both.
    let forged = [
        "e30",
        "bnVsbA",
        "W10",
        "eyJzb3J0IjoiaGlyZWRfb24iLCJ2YWx1ZSI6ImhlbGxvIiwia2V5IjoxfQ",
        "eyJzb3J0IjoiaGlyZWRfb24iLCJ2YWx1ZSI6bnVsbCwia2V5Ijo5OTk5OTk5OTk5OTk5OTk5OTk5fQ",
        "eyJzb3J0IjoiaGlyZWRfb24iLCJ2YWx1ZSI6bnVsbCwia2V5IjoiMSkgT1IgKDE9MSJ9",
        "eyJzb3J0IjoiaGlyZWRfb24iLCJ2YWx1ZSI6IicpIE9SIHRydWUgLS0iLCJrZXkiOjF9",
        "%FF%FE",
        "%00",
        "%20",
        "x",
        "....",
        "cursor",
    ];
    for garbage in forged {
        let problem = service.read_problem(&format!("{target}&cursor={garbage}")).await?;
        assert_eq!(
            (problem.status, problem.field.as_deref()),
            (400, Some("cursor")),
            "{garbage}: {problem:?}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_cursor_is_short_and_needs_no_encoding_in_a_query() -> Result<()> {
    let service = Service::start().await?;
    let long_name = "Ä".repeat(200);
    let csv = format!("employee_no,name,email\n1,{long_name},a@example.org\n2,{long_name},b@example.org\n");
    service.import("employees", csv.as_bytes()).await?;
    let cursor = next_cursor(&service, "/api/employees?page_size=1").await?;
    assert!(cursor.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter)), "{cursor}");
    let page =
        service.read(&format!("/api/employees?page_size=1&fields=employee_no&cursor={cursor}")).await?;
    assert_eq!(page["items"], json!([{"employee_no": "2"}]));
    Ok(())
}

#[tokio::test]
async fn a_page_holds_between_one_and_a_thousand_rows() -> Result<()> {
    let service = filled_service().await?;
    for list in LISTS {
        for page_size in ["0", "1001", "-1", "2147483648", "ten", ""] {
            let problem = service.read_problem(&format!("{}&page_size={page_size}", list.target)).await?;
            assert_eq!((problem.status, problem.field.as_deref()), (400, Some("page_size")), "{problem:?}");
        }
        assert!(!items(&service.read(&format!("{}&page_size=1000", list.target)).await?)?.is_empty());
    }
    Ok(())
}
