//! What else a list is asked for: fields, and how many rows there are.

use anyhow::{Context, Result};
use serde_json::json;

use super::super::service::{Service, items};
use super::lists::{LISTS, filled_service};

#[tokio::test]
async fn items_have_the_fields_asked_for_and_few_when_nobody_asks() -> Result<()> {
    let service = filled_service().await?;
    for list in LISTS {
        let problem = service.read_problem(&format!("{}&fields={},wage", list.target, list.key)).await?;
        assert_eq!((problem.status, problem.field.as_deref()), (400, Some("fields")), "{problem:?}");
        assert!(problem.detail.contains("wage"), "{problem:?}");
        let hint = problem.hint.context("no hint")?;
        let known: Vec<&str> = hint.trim_start_matches("one of: ").split(", ").collect();
        assert!(known.contains(&list.key), "{hint}");

        let every = service.read(&format!("{}&fields={}", list.target, known.join(","))).await?;
        let lean = service.read(list.target).await?;
        for (whole, few) in items(&every)?.iter().zip(items(&lean)?) {
            let (whole, few) =
                (whole.as_object().context("no object")?, few.as_object().context("no object")?);
            assert_eq!(whole.keys().map(String::as_str).collect::<Vec<_>>().len(), known.len());
            assert!(few.len() < whole.len(), "{} is not lean", list.target);
            assert!(few.iter().all(|(name, value)| whole.get(name) == Some(value)), "{few:?} {whole:?}");
        }
        let spaced = service.read(&format!("{}&fields=%20{}%20,{}", list.target, list.key, list.key)).await?;
        assert!(items(&spaced)?.iter().all(|item| item.as_object().is_some_and(|item| item.len() == 1)));
    }
    Ok(())
}

#[tokio::test]
async fn rows_are_counted_only_when_asked_and_the_count_says_whether_it_is_exact() -> Result<()> {
    let service = filled_service().await?;
    let session = service.session().await?;
    for list in LISTS {
        let count: i64 = session.text(&format!("SELECT count(*) FROM {}", list.source)).await?.parse()?;
        for total in ["", "&total=none"] {
            let page = service.read(&format!("{}{total}&page_size=1", list.target)).await?;
            assert!(page.get("total").is_none(), "{page}");
        }
        for total in ["exact", "estimated"] {
            let page = service.read(&format!("{}&total={total}&page_size=1", list.target)).await?;
            assert_eq!(page["total"], json!({"count": count, "exact": true}), "{}", list.target);
        }
        let problem = service.read_problem(&format!("{}&total=all", list.target)).await?;
        assert_eq!((problem.status, problem.field.as_deref()), (400, Some("total")));
        assert!(problem.text().contains("estimated"), "{problem:?}");
    }
    Ok(())
}

#[tokio::test]
async fn an_estimated_count_of_very_many_rows_says_that_it_is_none() -> Result<()> {
    let service = Service::start().await?;
    service
        .session()
        .await?
        .batch_execute(
            "INSERT INTO workforce.employees (employee_no, name, email)
             SELECT n, 'Person ' || n, n || '@example.org' FROM generate_series(1, 10500) AS n",
        )
        .await?;
    let exact = service.read("/api/employees?total=exact&page_size=1").await?;
    assert_eq!(exact["total"], json!({"count": 10500, "exact": true}));
    let estimated = service.read("/api/employees?total=estimated&page_size=1").await?;
    assert_eq!(estimated["total"]["exact"], false);
    assert!(estimated["total"]["count"].as_i64() >= Some(10_000), "{estimated}");
    Ok(())
}
