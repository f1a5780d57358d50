//! Every list with every order it can be in.

use anyhow::{Context, Result};
use http::StatusCode;
use rota_tests::http::Connection;
use serde_json::Value;

use super::super::random_roster;
use super::super::service::{Service, items, number, reading};

/// A list endpoint, and how to get the same rows without it.
pub(super) struct List {
    /// Path, with what is needed to see every row.
    pub(super) target: &'static str,
    /// Member of an item that identifies it; the column has the same name.
    pub(super) key: &'static str,
    /// Table, view or query that holds the rows.
    pub(super) source: &'static str,
    /// Names of the orders, and the SQL expression of each.
    pub(super) sorts: &'static [(&'static str, &'static str)],
}

pub(super) const LISTS: &[List] = &[
    List {
        target: "/api/employees?active=true",
        key: "employee_id",
        source: "workforce.employees WHERE active",
        sorts: &[
            ("name", "name"),
            ("employee_no", "employee_no"),
            ("email", "email"),
            ("role", "role"),
            ("hired_on", "hired_on"),
            ("created_at", "created_at"),
        ],
    },
    List {
        target: "/api/departments?active=true",
        key: "department_id",
        source: "workforce.departments WHERE active",
        sorts: &[("name", "name"), ("time_zone", "time_zone"), ("created_at", "created_at")],
    },
    List {
        target: "/api/department-history?",
        key: "department_history_id",
        source: "workforce.department_history",
        sorts: &[("changed_at", "changed_at")],
    },
    List {
        target: "/api/employees/1/department-history?",
        key: "department_history_id",
        source: "workforce.department_history WHERE employee_id = 1",
        sorts: &[("changed_at", "changed_at")],
    },
    List {
        target: "/api/shifts?from_date=2026-10-09&to_date=2026-10-13",
        key: "shift_id",
        source: "workforce.shifts WHERE active AND date >= '2026-10-09' AND date < '2026-10-13'",
        sorts: &[
            ("date", "date"),
            ("starts_at", "lower(during)"),
            ("shift_type", "shift_type"),
            ("priority", "priority"),
        ],
    },
    List {
        target: "/api/schedules?",
        key: "schedule_id",
        source: "workforce.schedules",
        sorts: &[
            ("from_date", "lower(period)"),
            ("created_at", "created_at"),
            ("published_at", "published_at"),
        ],
    },
    List {
        target: "/api/assignments?from_date=2026-10-09&to_date=2026-10-12",
        key: "assignment_id",
        source: "(SELECT assignments.*, date, name FROM workforce.assignments \
                 JOIN workforce.shifts USING (shift_id) JOIN workforce.employees USING (employee_id)) \
                 AS assignment \
                 WHERE date >= '2026-10-09' AND date < '2026-10-12'",
        sorts: &[
            ("starts_at", "lower(during)"),
            ("employee_name", "name"),
            ("updated_at", "updated_at"),
            ("assignment_id", "assignment_id"),
        ],
    },
];

/// A service whose lists have ties and NULLs in their orders.
pub(super) async fn filled_service() -> Result<Service> {
    let service = Service::start().await?;
    random_roster::fill(&service, 3).await?;
    service
        .session()
        .await?
        .batch_execute(
            "INSERT INTO workforce.schedules (department_id, period, status, published_at)
             SELECT
                 department_id,
                 daterange(monday, monday + 7),
                 CASE WHEN n % 3 > 0 THEN 'published' ELSE 'draft' END,
                 -- A few moments that differ by microseconds: ties, and digits that a cursor must keep.
                 CASE WHEN n % 3 > 0 THEN timestamptz '2026-10-01' + n % 4 * interval '1 microsecond' END
             FROM (
                 SELECT department_id, date '2026-10-05' + week * 7 AS monday, department_id * 3 + week AS n
                 FROM workforce.departments CROSS JOIN generate_series(0, 2) AS week
             ) AS wanted;
             UPDATE workforce.employees SET department_id = 2 WHERE employee_id <= 9;
             UPDATE workforce.employees SET department_id = 3 WHERE employee_id = 1;",
        )
        .await?;
    Ok(service)
}

/// Walks a list from its first page to its last one, and gives the keys as they came.
pub(super) async fn walk(
    connection: &mut Connection,
    list: &List,
    sort: &str,
    page_size: usize,
) -> Result<Vec<i64>> {
    let mut keys = Vec::new();
    let mut cursor = None;
    loop {
        let page = page(connection, list, sort, page_size, cursor.as_deref()).await?;
        for item in items(&page)? {
            keys.push(number(&item[list.key])?);
        }
        let next = page["next_cursor"].as_str().map(str::to_owned);
        anyhow::ensure!(
            page["has_more"] == next.is_some(),
            "has_more without a cursor or the reverse: {page}"
        );
        match next {
            // A page that promises more is full, so a walk ends.
            Some(next) => {
                anyhow::ensure!(
                    items(&page)?.len() == page_size,
                    "a page with more behind it is short: {page}"
                );
                cursor = Some(next);
            }
            None => return Ok(keys),
        }
    }
}

/// One page.
pub(super) async fn page(
    connection: &mut Connection,
    list: &List,
    sort: &str,
    page_size: usize,
    cursor: Option<&str>,
) -> Result<Value> {
    let (target, key) = (list.target, list.key);
    let mut target = format!("{target}&sort={sort}&page_size={page_size}&fields={key}");
    if let Some(cursor) = cursor {
        target.push_str("&cursor=");
        target.push_str(cursor);
    }
    let answer = connection.send(&reading(&target)).await?;
    anyhow::ensure!(answer.status == StatusCode::OK, "{} from {target}: {}", answer.status, answer.text());
    answer.json().context("a page")
}
