//! What a proxy says about itself.

use std::net::SocketAddr;

use anyhow::{Context, Result};

use crate::http::Connection;

/// The metrics of one moment.
pub(super) struct Scraped(String);

impl Scraped {
    /// Asks the admin side of a proxy.
    pub(super) async fn from(admin: SocketAddr) -> Result<Self> {
        let mut connection = Connection::open(admin).await?;
        Ok(Self(String::from_utf8(connection.get("/metrics").await?.to_vec())?))
    }

    /// The sum of all series of a name, whatever their labels.
    pub(super) fn sum(&self, name: &str) -> f64 {
        let series = self
            .0
            .lines()
            .filter(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '{'])));
        series.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }

    /// The value of each series of a name that has one label, by that label's value.
    pub(super) fn by_label(&self, name: &str) -> Vec<(String, f64)> {
        let labelled = |line: &str| -> Option<(String, f64)> {
            let (labels, value) = line.strip_prefix(name)?.strip_prefix('{')?.rsplit_once("} ")?;
            let (_, quoted) = labels.split_once('=')?;
            Some((quoted.trim_matches('"').to_owned(), value.parse().ok()?))
        };
        self.0.lines().filter_map(labelled).collect()
    }

    /// The upper bound of the bucket that a share of a histogram's samples lies below, since an earlier
    /// moment.
    pub(super) fn quantile(&self, earlier: &Self, name: &str, share: f64) -> Result<f64> {
        let now = self.buckets(name);
        let before = earlier.buckets(name);
        let counts: Vec<(f64, f64)> =
            now.iter().zip(&before).map(|((bound, count), (_, earlier))| (*bound, count - earlier)).collect();
        let all = counts.last().context("no samples")?.1;
        let found = counts.iter().find(|(_, count)| *count >= all * share);
        Ok(found.context("no samples")?.0)
    }

    fn buckets(&self, name: &str) -> Vec<(f64, f64)> {
        let prefix = format!("{name}_bucket{{le=\"");
        self.0
            .lines()
            .filter_map(|line| {
                let (bound, count) = line.strip_prefix(&prefix)?.split_once("\"} ")?;
                Some((bound.replace("+Inf", "inf").parse().ok()?, count.parse().ok()?))
            })
            .collect()
    }
}
