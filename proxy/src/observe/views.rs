//! The metrics of managed views.

use std::time::Duration;

use prometheus::{GaugeVec, HistogramVec, IntCounterVec, IntGaugeVec, Opts};

use super::metrics::Maker;
use super::names;

/// Who refreshes, as labels.
pub const DRIVER_STATES: [&str; 8] =
    ["driving", "worker", "standby", "refused", "unknown", "none", "off", "lost"];

/// A refresh that this proxy asked for.
#[derive(Debug)]
pub struct Refreshed<'r> {
    /// The view.
    pub view: &'r str,
    /// partial, full, concurrent, plain or failed.
    pub mode: &'r str,
    /// How long it took.
    pub duration: Duration,
}

/// How a view is.
#[derive(Debug)]
pub struct ViewState<'r> {
    /// The view.
    pub view: &'r str,
    /// The age of the oldest change that it does not hold; none where nobody knows.
    pub staleness: Option<Duration>,
    /// Keys that are to be recomputed.
    pub pending_keys: i64,
    /// How long the last refresh took, whoever asked for it.
    pub last_duration: Option<Duration>,
    /// Failures in a row.
    pub failures: i32,
}

/// The metrics of managed views. The labels come from the database's catalog, so their number is bounded by it.
#[derive(Debug)]
pub struct ViewMetrics {
    refreshes: IntCounterVec,
    durations: HistogramVec,
    staleness: GaugeVec,
    pending_keys: IntGaugeVec,
    last_duration: GaugeVec,
    failures: IntGaugeVec,
    driver: IntGaugeVec,
}

impl ViewMetrics {
    pub(super) fn new(maker: &Maker) -> prometheus::Result<Self> {
        let gauge = |name, help| maker.registered(GaugeVec::new(Opts::new(name, help), &["view"])?);
        let counted = |name, help| maker.registered(IntGaugeVec::new(Opts::new(name, help), &["view"])?);
        let driver = Opts::new(names::VIEW_DRIVER_STATE, "1 for who refreshes managed views.");
        let metrics = Self {
            refreshes: maker.counters(
                names::VIEW_REFRESHES,
                "Refreshes of managed views by this proxy.",
                &["view", "mode"],
                &[],
            )?,
            durations: maker.durations(
                names::VIEW_REFRESH_DURATION,
                "Refreshes of managed views by this proxy.",
                &["view"],
            )?,
            staleness: gauge(names::VIEW_STALENESS, "Age of the oldest change that a view does not hold.")?,
            pending_keys: counted(names::VIEW_PENDING_KEYS, "Keys of a view that are to be recomputed.")?,
            last_duration: gauge(names::VIEW_LAST_REFRESH, "How long a view's last refresh took.")?,
            failures: counted(names::VIEW_FAILURES, "Failed refreshes of a view in a row.")?,
            driver: maker.registered(IntGaugeVec::new(driver, &["state"])?)?,
        };
        metrics.driver_is("off");
        Ok(metrics)
    }

    /// Who refreshes, from now on.
    pub fn driver_is(&self, now: &str) {
        for state in DRIVER_STATES {
            self.driver.with_label_values(&[state]).set(i64::from(state == now));
        }
    }

    /// Counts a refresh.
    pub fn refreshed(&self, refreshed: &Refreshed<'_>) {
        self.refreshes.with_label_values(&[refreshed.view, refreshed.mode]).inc();
        self.durations.with_label_values(&[refreshed.view]).observe(refreshed.duration.as_secs_f64());
    }

    /// Brings the gauges to these views, and to no others.
    pub fn observe(&self, views: &[ViewState<'_>]) {
        self.staleness.reset();
        self.pending_keys.reset();
        self.last_duration.reset();
        self.failures.reset();
        for view in views {
            let label = &[view.view];
            let seconds = |duration: Option<Duration>| duration.map_or(f64::NAN, |known| known.as_secs_f64());
            self.staleness.with_label_values(label).set(seconds(view.staleness));
            self.pending_keys.with_label_values(label).set(view.pending_keys);
            self.last_duration.with_label_values(label).set(seconds(view.last_duration));
            self.failures.with_label_values(label).set(view.failures.into());
        }
    }
}
