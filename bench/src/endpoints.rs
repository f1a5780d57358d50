//! The five reads that the shift manager was judged by, and those that managed views answer, on 10,000 employees and
//! 400,000 assignments.

use std::time::Instant;

use anyhow::{Context, Result};
use rota_harness::environment::Environment;
use tokio_postgres::Client;

use crate::fixture::{Fixture, Organisation};
use crate::http::Connection;
use crate::quantile::quantile;
use crate::report::{Line, Report};

/// About 400,000 assignments.
const ORGANISATION: Organisation = Organisation { employees: 10_000, weeks: 9 };

/// Calls of each endpoint after the warm-up.
const CALLS: usize = 200;

/// Calls that fill the caches and let the server settle on its plans.
const WARM_UP: usize = 10;

/// Measures each endpoint: the slow end of its times, and how many statements it costs.
pub(crate) async fn measure(environment: &Environment, report: &mut Report) -> Result<()> {
    let fixture = Fixture::make(environment, &ORGANISATION)?;
    let session = fixture.session().await?;
    session.batch_execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements").await?;
    let size = session
        .query_one(
            "SELECT (SELECT count(*) FROM workforce.employees), count(*), min(date), min(date) + 28
             FROM workforce.assignments JOIN workforce.shifts USING (shift_id)",
            &[],
        )
        .await?;
    let (employees, assignments): (i64, i64) = (size.get(0), size.get(1));
    let (from, to): (chrono::NaiveDate, chrono::NaiveDate) = (size.get(2), size.get(3));
    let window = format!("from_date={from}&to_date={to}");
    let four_weeks = format!("/api/analytics/overview?{window}");
    // The second of the overviews of four weeks is no bar: it shows what the managed views save.
    let targets = [
        ("employee list, 100", "/api/employees?page_size=100".to_owned(), true),
        ("analytics overview, this week", "/api/analytics/overview".to_owned(), true),
        ("department hierarchy", "/api/departments/hierarchy".to_owned(), true),
        ("employee history, 50", "/api/department-history?page_size=50".to_owned(), true),
        ("schedule list, 10", "/api/schedules?page_size=10".to_owned(), true),
        ("analytics overview, four weeks", four_weeks.clone(), true),
        ("the same from the tables", format!("{four_weeks}&band_end=06:01"), false),
        ("coverage, four weeks", format!("/api/coverage?{window}"), true),
        ("schedule summary, four weeks", format!("/api/schedules/summary?{window}"), true),
        ("workload of a person, four weeks", format!("/api/employees/1/workload?{window}"), true),
    ];
    // Nobody writes, so the views stay as the demonstration left them; looking whether they are due would count.
    let settings = [("ROTA_CACHE_BYTES", "0"), ("ROTA_REFRESH_VIEWS", "false")];
    let proxy = fixture.proxy_with(&settings)?;
    let mut connection = Connection::open(proxy.listen()).await?;
    for (name, target, has_bar) in targets {
        for _ in 0..WARM_UP {
            connection.get(&target).await?;
        }
        session.batch_execute("SELECT pg_stat_statements_reset()").await?;
        let mut times = Vec::with_capacity(CALLS);
        for _ in 0..CALLS {
            let begun = Instant::now();
            connection.get(&target).await.with_context(|| name.to_owned())?;
            times.push(begun.elapsed());
        }
        let trips = statements(&session).await?;
        #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
        let trips = trips as f64 / CALLS as f64;
        let (median, tail) = (quantile(&mut times, 0.5), quantile(&mut times, 0.95));
        report.add(Line {
            name: format!("{name}: {employees} employees, {assignments} assignments"),
            ratio: format!("{trips:.2} round trips"),
            bar: if has_bar { "at most 2 round trips, p95 under 60 ms".into() } else { String::new() },
            holds: has_bar.then_some(trips <= 2.0 && tail.as_millis() < 60),
            absolute: format!("p50 {median:.1?}, p95 {tail:.1?}"),
        });
    }
    Ok(())
}

/// Statements that clients sent to this database since the reset, without the ones that ask for this.
async fn statements(session: &Client) -> Result<i64> {
    let row = session
        .query_one(
            "SELECT coalesce(sum(calls), 0)::bigint
             FROM pg_stat_statements
             WHERE toplevel
                 AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
                 AND query NOT LIKE '%pg_stat_statements%'",
            &[],
        )
        .await?;
    Ok(row.get(0))
}
