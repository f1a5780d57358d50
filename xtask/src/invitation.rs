//! What `cargo xtask run` prints when everything runs: addresses, and requests worth trying.

use anyhow::Result;
use rota_harness::cluster::Cluster;
use rota_harness::private_server::PrivateServer;
use rota_harness::proxy::ProxyProcess;

/// The first week that has shifts, as `2025-01-06 2025-01-13`; nothing when there are no shifts.
const FIRST_WEEK: &str = "SELECT date_trunc('week', min(date))::date || ' ' \
    || (date_trunc('week', min(date)) + interval '7 days')::date FROM workforce.shifts";

/// The text.
pub(crate) fn invitation(
    server: &PrivateServer,
    cluster: &Cluster,
    database: &str,
    proxy: &ProxyProcess,
) -> Result<String> {
    let week = cluster.query(database, FIRST_WEEK)?;
    let range = match week.split_once(' ') {
        Some((from, to)) => format!("from_date={from}&to_date={to}"),
        None => "from_date=2025-01-06&to_date=2025-01-13".to_owned(),
    };
    let psql = server.program("psql");
    Ok(format!(
        "
Rota runs on PostgreSQL {version}.

  requests   http://{listen}
  operators  http://{admin}  (/live /ready /metrics)
  database   {psql} {url}
             (for the rota command: export ROTA_DATABASE_URL={url})
  logs       {proxy_log}
             {server_log}

Worth trying:

  curl -s 'http://{listen}/api/employees?search=an&page_size=3'
  curl -s 'http://{listen}/api/conflicts?{range}&limit=5'
  curl -s 'http://{listen}/api/coverage?{range}'
  curl -s 'http://{listen}/api/analytics/overview?{range}'
  curl -s 'http://{listen}/openapi.json'

Ctrl-C stops everything.",
        version = server.installation.short_version(),
        listen = proxy.listen(),
        admin = proxy.admin_listen(),
        psql = psql.display(),
        url = cluster.url(database),
        proxy_log = proxy.log_path().display(),
        server_log = cluster.log_path().display(),
    ))
}
