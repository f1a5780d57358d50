//! The same month asked for again, against asking for the first time.

use std::time::{Duration, Instant};

use anyhow::Result;
use tokio_postgres::Client;

use super::house::{SCHEDULE, json};
use crate::report::{Line, Report};

pub(super) async fn measure(session: &Client, report: &mut Report) -> Result<()> {
    // What is booked is asked for anew: proposals, nothing is written.
    let call = format!(r#"SELECT rota.generate_schedule('{SCHEDULE}', '{{"replace": true}}')"#);
    let begun = Instant::now();
    let searched = json(session, &call).await?;
    let first = begun.elapsed();
    let begun = Instant::now();
    let known = json(session, &call).await?;
    let again = begun.elapsed();
    let ended_by = &known["search"]["ended_by"];
    let costs = (&known["cost"], &searched["cost"]);
    let ratio = again.as_secs_f64() / first.max(Duration::from_millis(1)).as_secs_f64();
    report.add(Line {
        name: "the same month generated again / for the first time".into(),
        ratio: format!("{ratio:.2}x"),
        bar: "no search, the same cost".into(),
        holds: Some(ended_by == "known" && costs.0 == costs.1),
        absolute: format!(
            "{again:.0?} against {first:.0?}; ended by {ended_by}, cost {} against {}",
            costs.0, costs.1
        ),
    });
    Ok(())
}
