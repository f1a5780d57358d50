//! The names of all metrics. Dashboards and alerts are checked against this file.

/// Gauge, always 1; labels `version`.
pub const BUILD_INFO: &str = "rota_build_info";

/// Counter; labels `method`, `path` (the endpoint's), `status` (2xx ... 5xx).
pub const HTTP_REQUESTS: &str = "rota_http_requests_total";
/// Histogram, from the request's head to the end of its answer; labels `method`, `path`.
pub const HTTP_DURATION: &str = "rota_http_request_duration_seconds";
/// Counter of problems; label `kind`.
pub const HTTP_PROBLEMS: &str = "rota_http_problems_total";
/// Counter of body bytes as sent; label `coding`.
pub const HTTP_RESPONSE_BYTES: &str = "rota_http_response_bytes_total";
/// Gauge of open client connections.
pub const HTTP_CONNECTIONS: &str = "rota_http_connections";
/// Gauge of requests past validation.
pub const HTTP_IN_FLIGHT: &str = "rota_http_requests_in_flight";
/// Counter of clients that left before their answer.
pub const HTTP_ABANDONED: &str = "rota_http_abandoned_total";
/// Counter of requests beyond the rate limit of their client.
pub const RATE_LIMITED: &str = "rota_http_rate_limited_total";

/// Histogram of the wait for a connection, those in vain included; labels `method`, `path`, `lane`.
pub const POOL_WAIT: &str = "rota_pool_wait_seconds";
/// Histogram of the loan of a connection; labels `method`, `path`, `lane`. Its sum is the time held: who
/// holds the pool.
pub const POOL_USE: &str = "rota_pool_use_seconds";
/// Gauge of connections; label `state` (idle, used, ending).
pub const POOL_CONNECTIONS: &str = "rota_pool_connections";
/// Gauge of the largest number of connections.
pub const POOL_LIMIT: &str = "rota_pool_connections_limit";
/// Gauge of requests that wait for a connection; label `lane`.
pub const POOL_WAITING: &str = "rota_pool_waiting";
/// Gauge of used connections over the limit, 0 to 1.
pub const POOL_UTILIZATION: &str = "rota_pool_utilization_ratio";
/// Counter of connections opened.
pub const POOL_OPENED: &str = "rota_pool_opened_total";
/// Counter of connections given up; label `reason`.
pub const POOL_CLOSED: &str = "rota_pool_closed_total";
/// Counter of requests that got no connection; label `reason`.
pub const POOL_FAILURES: &str = "rota_pool_failures_total";
/// Counter of requests refused before they waited; labels `lane`, `reason` (full, deadline).
pub const SHED: &str = "rota_pool_shed_total";
/// Counter of calls tried again; label `code` (40001, 40P01).
pub const RETRIES: &str = "rota_pool_retries_total";

/// Counter of prepared statement look-ups; label `outcome` (hit, miss).
pub const STATEMENTS: &str = "rota_prepared_statements_total";
/// Counter of errors of the server; label `class` (the SQLSTATE's first two characters).
pub const DATABASE_ERRORS: &str = "rota_database_errors_total";
/// Counter of calls over their threshold; labels `method`, `path`.
pub const SLOW_CALLS: &str = "rota_slow_calls_total";
/// Counter of slow calls that could not be kept for the database.
pub const SLOW_CALLS_DROPPED: &str = "rota_slow_calls_dropped_total";

/// Counter of catalog readings; label `outcome` (read, failed).
pub const CATALOG_READS: &str = "rota_catalog_reads_total";
/// Gauge of endpoints served.
pub const CATALOG_ENDPOINTS: &str = "rota_catalog_endpoints";
/// Gauge: whether catalog changes are being listened for.
pub const CATALOG_LISTENING: &str = "rota_catalog_listening";

/// Counter of answers from the cache; label `level` (memory, shared).
pub const CACHE_HITS: &str = "rota_cache_hits_total";
/// Counter of answers of cached endpoints that did not come from the cache; label `reason`.
pub const CACHE_MISSES: &str = "rota_cache_misses_total";
/// Counter of reads of endpoints that are not cached.
pub const CACHE_UNCACHEABLE: &str = "rota_cache_uncacheable_total";
/// Counter of answers computed for the cache; label `outcome` (stored, overtaken, stale, too-large).
pub const CACHE_FILLS: &str = "rota_cache_fills_total";
/// Counter of requests answered by another request's call.
pub const CACHE_COLLAPSED: &str = "rota_cache_collapsed_total";
/// Counter of entries in memory that gave way to others.
pub const CACHE_EVICTIONS: &str = "rota_cache_evictions_total";
/// Gauge of the bytes of entries in memory.
pub const CACHE_BYTES: &str = "rota_cache_bytes";
/// Gauge of the most bytes of entries in memory.
pub const CACHE_BYTES_LIMIT: &str = "rota_cache_bytes_limit";
/// Gauge of entries in memory.
pub const CACHE_ENTRIES: &str = "rota_cache_entries";
/// Histogram from a change becoming visible in the database to its announcement being known here.
pub const CACHE_INVALIDATION_DELAY: &str = "rota_cache_invalidation_delay_seconds";
/// Counter of announced changes taken in.
pub const CACHE_ANNOUNCEMENTS: &str = "rota_cache_announcements_total";
/// Counter of copies of all words; label `reason` (start, reconnected, overflow).
pub const CACHE_COPIES: &str = "rota_cache_copies_total";
/// Gauge: no hit is older than this.
pub const CACHE_STALENESS_BOUND: &str = "rota_cache_staleness_bound_seconds";
/// Gauge, 1 for the state of the reader of announcements; label `state` (ring, notify, standby, lost).
pub const CACHE_READER_STATE: &str = "rota_cache_reader_state";
/// Counter of troubles with the shared level; label `kind` (read, write, timeout, damaged).
pub const CACHE_SHARED_FAILURES: &str = "rota_cache_shared_failures_total";

/// Counter of rows of imports; label `outcome` (inserted, updated, unchanged, refused).
pub const IMPORT_ROWS: &str = "rota_import_rows_total";
/// Counter of imports; label `outcome` (done, failed).
pub const IMPORTS: &str = "rota_imports_total";

/// Counter of refreshes of managed views that this proxy asked for; labels `view`, `mode` (partial, full, concurrent,
/// plain, failed).
pub const VIEW_REFRESHES: &str = "rota_view_refreshes_total";
/// Histogram of their duration; label `view`.
pub const VIEW_REFRESH_DURATION: &str = "rota_view_refresh_duration_seconds";
/// Gauge of the age of the oldest change that a view does not hold, not a number where nobody knows; label `view`.
pub const VIEW_STALENESS: &str = "rota_view_staleness_seconds";
/// Gauge of keys of a view that are to be recomputed; label `view`.
pub const VIEW_PENDING_KEYS: &str = "rota_view_pending_keys";
/// Gauge of the duration of a view's last refresh, whoever asked for it; label `view`.
pub const VIEW_LAST_REFRESH: &str = "rota_view_last_refresh_seconds";
/// Gauge of failed refreshes of a view in a row; label `view`.
pub const VIEW_FAILURES: &str = "rota_view_failures";
/// Gauge, 1 for who refreshes managed views; label `state` (driving, worker, standby, refused, unknown, none,
/// off, lost).
pub const VIEW_DRIVER_STATE: &str = "rota_view_driver_state";
