//! /admin/pool: the pool at this moment, who holds it, and what the last minute says about its size.

use http::StatusCode;
use serde::Serialize;

use crate::admission::{Advice, Lane};
use crate::endpoint::CatalogState;
use crate::http::reply::{JSON, Reply};
use crate::pipeline::Proxy;

/// Where the advice comes from, told with it.
const DERIVATION: &str = "Little's law on the last minute: mean connections in use = uses per second x mean use; \
    advised is that over 0.7, since waits grow with 1 / (1 - utilization); each endpoint's share is of all seconds \
    that connections were held since the proxy started";

#[derive(Serialize)]
struct PoolReport {
    connections: Connections,
    lanes: Vec<LaneReport>,
    held_now: Vec<HeldNow>,
    endpoints: Vec<EndpointShare>,
    derivation: &'static str,
}

#[derive(Serialize)]
struct Connections {
    limit: usize,
    open: usize,
    used: usize,
    ending: usize,
    idle: usize,
}

#[derive(Serialize)]
struct LaneReport {
    lane: &'static str,
    connection_limit: usize,
    request_limit: usize,
    requests: usize,
    waiting: usize,
    used: usize,
    ending: usize,
    last_minute: Advice,
}

#[derive(Serialize)]
struct HeldNow {
    method: String,
    path: String,
    lane: &'static str,
    connections: usize,
    longest_ms: f64,
}

#[derive(Serialize)]
struct EndpointShare {
    method: String,
    path: String,
    lane: &'static str,
    loans: u64,
    held_seconds: f64,
    share: f64,
    mean_use_ms: Option<f64>,
}

pub(super) fn answer(proxy: &Proxy) -> Reply {
    let lanes: Vec<LaneReport> = Lane::ALL.into_iter().map(|lane| lane_report(proxy, lane)).collect();
    let (limit, open) = proxy.pool.size();
    let used = lanes.iter().map(|lane| lane.used).sum();
    let ending = lanes.iter().map(|lane| lane.ending).sum();
    let report = PoolReport {
        connections: Connections { limit, open, used, ending, idle: open.saturating_sub(used + ending) },
        lanes,
        held_now: held_now(proxy),
        endpoints: shares(proxy),
        derivation: DERIVATION,
    };
    // Serialising strings and numbers into memory cannot fail.
    Reply::new(StatusCode::OK, JSON, serde_json::to_vec(&report).unwrap_or_default())
}

fn lane_report(proxy: &Proxy, lane: Lane) -> LaneReport {
    let admission = &proxy.admission;
    let (request_limit, connection_limit) = admission.limits(lane);
    let state = admission.state(lane);
    LaneReport {
        lane: lane.name(),
        connection_limit,
        request_limit,
        requests: admission.admitted(lane),
        waiting: state.waiting,
        used: state.used,
        ending: state.ending,
        last_minute: admission.advice(lane),
    }
}

fn held_now(proxy: &Proxy) -> Vec<HeldNow> {
    let held = proxy.admission.held().into_iter();
    held.map(|held| HeldNow {
        method: held.borrower.method.clone(),
        path: held.borrower.path.clone(),
        lane: held.borrower.lane.name(),
        connections: held.connections,
        longest_ms: held.longest.as_secs_f64() * 1000.0,
    })
    .collect()
}

/// The endpoints that have held connections, the greatest share first.
fn shares(proxy: &Proxy) -> Vec<EndpointShare> {
    let state = proxy.catalog.state();
    let CatalogState::Read(catalog) = &*state else { return Vec::new() };
    let borrowers = catalog.endpoints.iter().map(|endpoint| &endpoint.borrower);
    let mut shares: Vec<EndpointShare> = borrowers
        .filter(|borrower| borrower.loans() > 0)
        .map(|borrower| EndpointShare {
            method: borrower.method.clone(),
            path: borrower.path.clone(),
            lane: borrower.lane.name(),
            loans: borrower.loans(),
            held_seconds: borrower.held_seconds(),
            share: 0.0,
            mean_use_ms: borrower.mean_use().map(|mean| mean.as_secs_f64() * 1000.0),
        })
        .collect();
    let all: f64 = shares.iter().map(|share| share.held_seconds).sum();
    for share in &mut shares {
        share.share = share.held_seconds / all;
    }
    shares.sort_by(|left, right| right.held_seconds.total_cmp(&left.held_seconds));
    shares
}
