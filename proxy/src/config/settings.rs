//! Every setting of the `rota` command, documented where it is declared.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use http::HeaderName;

use super::declare::declare;
use super::{
    Bounds, DatabaseUrl, Declared, Fault, Layers, LogFilter, LogFormat, RedisAddress, RequestLog, Scope,
    SettingValue, Source, TlsMode,
};

/// One minute in milliseconds.
const MINUTE: u64 = 60_000;
/// One day in milliseconds.
const DAY: u64 = 24 * 60 * MINUTE;
/// One gibibyte.
const GIBIBYTE: u64 = 1 << 30;

declare! {
    /// The database, as a libpq connection string; a socket directory as host beats TCP to the same machine.
    Everywhere database_url: DatabaseUrl = "postgres://localhost:5432/rota", Bounds::Any;
    /// TLS to the database: disable, prefer, require, verify-ca or verify-full, as libpq means them. The
    /// connection string's sslmode wins. Only the last two keep out who sits in between.
    Everywhere database_tls: TlsMode = "prefer", Bounds::Any;
    /// Certificates of the authorities that may sign the database's (PEM); /etc/ssl/certs/ca-certificates.crt
    /// holds the system's on most Linux.
    Everywhere database_tls_ca_file: PathBuf = "", Bounds::Any;
    /// Certificate that the proxy shows to the database (PEM), where the database asks for one.
    Everywhere database_tls_cert_file: PathBuf = "", Bounds::Any;
    /// Private key of that certificate (PEM).
    Everywhere database_tls_key_file: PathBuf = "", Bounds::Any;
    /// Longest wait for a new connection to the database. A live server answers in milliseconds; five seconds
    /// outlast one lost packet.
    Everywhere connect_timeout_ms: Duration = "5000", Bounds::Range(10, 10 * MINUTE);
    /// How log lines look: json for machines, human for people.
    Everywhere log_format: LogFormat = "json", Bounds::Any;
    /// What is logged, as a filter of the tracing library: a level, or target=level pairs.
    Everywhere log_filter: LogFilter = "info,pingora_core=warn,deadpool=warn,refinery_core=warn,tokio_postgres=warn", Bounds::Any;

    /// Address of the public listener. Local until told otherwise.
    Serve listen: SocketAddr = "127.0.0.1:8080", Bounds::Any;
    /// Address of the admin listener (/live, /ready, /metrics, /admin/pool). Never the public one: it is not for callers.
    Serve admin_listen: SocketAddr = "127.0.0.1:8081", Bounds::Any;
    /// Certificate chain of the public listener (PEM); with it the listener speaks TLS 1.2 and 1.3. The file is
    /// read again when it changes.
    Serve tls_cert_file: PathBuf = "", Bounds::Any;
    /// Private key of that certificate (PEM).
    Serve tls_key_file: PathBuf = "", Bounds::Any;
    /// Worker threads; 0 takes one per processor. Client connections are dealt to them in turn. More only adds switching:
    /// nothing here blocks.
    Serve threads: usize = "0", Bounds::Range(0, 256);
    /// Open client connections at once; one more is answered 503 and closed, in TLS closed before its handshake. Bounds
    /// descriptors and buffers.
    Serve connection_limit: usize = "4096", Bounds::Range(1, 1_000_000);
    /// Requests of the interactive lane past validation at once; one more is answered 503. Bounds the queue in
    /// front of the pool: at 1 ms a call and 8 connections, 256 are 32 ms of waiting.
    Serve in_flight_limit: usize = "256", Bounds::Range(1, 100_000);
    /// The same for the batch lane. Exports are few; whoever starts more than these has a loop in it.
    Serve batch_in_flight_limit: usize = "32", Bounds::Range(1, 100_000);
    /// Requests that one client may make in rate_limit_window_ms, all at once if it likes; then 429 until its
    /// quota has refilled, evenly over the window. 0 sets no limit.
    Serve rate_limit_requests: usize = "0", Bounds::Range(0, 1_000_000);
    /// The window of rate_limit_requests.
    Serve rate_limit_window_ms: Duration = "60000", Bounds::Range(1000, DAY);
    /// The header that names the client for its rate limit, such as x-api-key, or x-forwarded-for behind a
    /// balancer. Empty, or absent from a request: the peer's address.
    Serve rate_limit_header: String = "", Bounds::Any;
    /// How long an idle client connection is kept. Longer than the pause between two clicks.
    Serve keepalive_timeout_ms: Duration = "60000", Bounds::Range(0, DAY);
    /// Longest silence of a client inside a request, and the longest stay of one request's head.
    Serve read_timeout_ms: Duration = "10000", Bounds::Range(10, 10 * MINUTE);
    /// Longest wait for a client to take a piece of an answer.
    Serve write_timeout_ms: Duration = "30000", Bounds::Range(10, 10 * MINUTE);
    /// Longest time for one request, from its head to its encoded answer; then the call is cancelled and 504.
    Serve request_deadline_ms: Duration = "30000", Bounds::Range(10, 60 * MINUTE);
    /// Largest target (path and query) of a request. Proxies and browsers agree on 8 KiB.
    Serve target_limit_bytes: usize = "8192", Bounds::Range(256, 65_536);
    /// Largest JSON body, unless the endpoint states its own. A month's roster of a ward is 100 KiB.
    Serve body_limit_bytes: u64 = "1048576", Bounds::Range(1, GIBIBYTE);
    /// Largest body of an import, unless the import states its own. 256 MiB are some 4 million rows; the body
    /// is streamed, so this bounds time and disk, not memory.
    Serve import_limit_bytes: u64 = "268435456", Bounds::Range(1, 64 * GIBIBYTE);
    /// Imports at once; each takes a database connection of its own, so that clicks never wait behind files.
    Serve import_limit: usize = "2", Bounds::Range(0, 64);
    /// Longest time for one import.
    Serve import_timeout_ms: Duration = "600000", Bounds::Range(100, DAY);

    /// Jobs of the database that this proxy runs at once, in the batch lane. Each takes one of its connections and, while
    /// it searches, some processors of the server; 0 leaves them to other proxies.
    Serve job_runners: usize = "1", Bounds::Range(0, 64);
    /// Pause between two looks for a job that is due. Whoever submits one waits at most this long for its start.
    Serve job_poll_ms: Duration = "1000", Bounds::Range(10, 10 * MINUTE);

    /// Connections to the database. Twice to four times the server's processors keep it busy with calls that take
    /// long; of short ones more are worth it, since a caller then waits for nobody's connection.
    Serve pool_size: usize = "20", Bounds::Range(1, 1_000);
    /// Connections of the pool that the batch lane may hold at once, always leaving one to the interactive
    /// lane unless there is only one.
    Serve batch_pool_size: usize = "2", Bounds::Range(1, 1_000);
    /// Longest wait for a connection of the pool; then 503. A request whose wait is expected to be longer is
    /// refused at once.
    Serve pool_wait_timeout_ms: Duration = "2000", Bounds::Range(1, 10 * MINUTE);
    /// Age at which an idle connection is replaced, so that a server's memory and a moved address get noticed.
    Serve pool_lifetime_ms: Duration = "1800000", Bounds::Range(100, 7 * DAY);
    /// Idle time after which a connection is closed: what a quiet night gives back to the server.
    Serve pool_idle_timeout_ms: Duration = "600000", Bounds::Range(100, 7 * DAY);
    /// Idle time after which a connection is tried (an empty query) before it is used. Busy ones prove
    /// themselves; a ping each time would double the round trips.
    Serve pool_ping_after_ms: Duration = "10000", Bounds::Range(0, DAY);
    /// The session's statement_timeout, unless the endpoint states its own. Below the request's deadline, so
    /// that the server ends a call by itself.
    Serve statement_timeout_ms: Duration = "15000", Bounds::Range(10, DAY);
    /// How often a call is tried again after a serialization failure (40001) or a deadlock (40P01). Both roll
    /// back the whole call, so trying again repeats nothing. More than a few only add load to a conflict.
    Serve retry_limit: u32 = "2", Bounds::Range(0, 10);
    /// Prepared statements kept per connection. A plan costs the server tens of KiB, so 256 are some 8 MiB a connection,
    /// and more than a hundred endpoints with their usual argument sets.
    Serve statement_limit: usize = "256", Bounds::Range(1, 10_000);

    /// Most bytes of cached answers in memory; 0 turns the cache off. 64 MiB hold some 8,000 answers of 7 KB.
    Serve cache_bytes: usize = "67108864", Bounds::Range(0, 1024 * GIBIBYTE);
    /// Longest time an answer is given out from the cache, unless its endpoint states its own. A safety net: changes are
    /// known within milliseconds.
    Serve cache_lifetime_ms: Duration = "3600000", Bounds::Range(1, 30 * DAY);
    /// How far behind the announced changes may be known before nothing is given out from the cache: no hit is
    /// older than this. Three waits of half a second, so that one slow answer of the server changes nothing.
    Serve cache_reader_late_ms: Duration = "1500", Bounds::Range(30, 10 * MINUTE);
    /// Recent announcements kept one by one, for entries that were filled while older transactions were still
    /// running. 65,536 are 3 MiB, and some seconds of ten thousand changes a second.
    Serve cache_recent_announcements: usize = "65536", Bounds::Range(0, 100_000_000);
    /// Where changes are announced, if not at database_url: the primary of a standby that answers the reads.
    Serve announcements_url: Option<DatabaseUrl> = "", Bounds::Any;
    /// Longest wait for a standby to reach the transactions that a read names in Rota-After; then 503.
    Serve after_wait_ms: Duration = "1000", Bounds::Range(0, 10 * MINUTE);
    /// A Redis that several proxies share as second level: redis://host:port/database, or redis-cluster://host:port,host:port.
    /// Empty means none.
    Serve redis_url: Option<RedisAddress> = "", Bounds::Any;
    /// Longest wait for Redis; then the answer comes from the database. A call costs about a millisecond, so more
    /// than two would not save any.
    Serve redis_budget_ms: Duration = "2", Bounds::Range(1, MINUTE);
    /// Whether the proxy refreshes managed views that are due, where no worker of the server does. It takes a connection
    /// besides the pool's, and its role needs EXECUTE on rota.refresh_due(integer).
    Serve refresh_views: bool = "true", Bounds::Any;
    /// The request header in which a gateway in front passes the caller's verified claims, as a JSON object. Empty means
    /// none. Set it only where no caller can reach the proxy past the gateway.
    Serve claims_header: Option<HeaderName> = "", Bounds::Any;

    /// A call that takes longer is recorded as slow, unless the endpoint states its own threshold. Half a
    /// second is where people notice waiting.
    Serve slow_threshold_ms: Duration = "500", Bounds::Range(0, DAY);
    /// Pause between two writings of recorded slow calls to the database.
    Serve slow_flush_ms: Duration = "1000", Bounds::Range(10, 60 * MINUTE);
    /// Smallest body that is compressed. Below a thousand bytes an answer is one packet either way.
    Serve compress_above_bytes: usize = "1000", Bounds::Range(0, GIBIBYTE);
    /// Which requests are logged: none, failed (500 and above) or all. Metrics count every one at no such cost.
    Serve request_log: RequestLog = "failed", Bounds::Any;
    /// Whether the log holds the words of errors that a function raised or that are internal to the server: they
    /// may quote values. Otherwise it tells the code, the routine, and the table, column or constraint.
    Serve log_database_messages: bool = "false", Bounds::Any;
    /// What Retry-After says, in seconds, when the proxy is full or the database away.
    Serve retry_after_seconds: u64 = "1", Bounds::Range(1, 3600);
    /// Time between failing /ready and closing the listener, for balancers to notice. None without a balancer.
    Serve drain_delay_ms: Duration = "0", Bounds::Range(0, 10 * MINUTE);
    /// Longest wait for running requests at the stop; then they are cancelled.
    Serve drain_timeout_ms: Duration = "15000", Bounds::Range(0, 60 * MINUTE);
}

impl Settings {
    /// Reads and checks all settings, or tells all their faults.
    pub fn gather(layers: &Layers, mut faults: Vec<Fault>) -> Result<Self, Vec<Fault>> {
        let settings = Self::read(layers, &mut faults);
        if let Some(settings) = &settings {
            settings.check_together(layers, &mut faults);
        }
        match settings {
            Some(settings) if faults.is_empty() => Ok(settings),
            _ => Err(faults),
        }
    }

    /// Faults that only show when two settings are seen together.
    fn check_together(&self, layers: &Layers, faults: &mut Vec<Fault>) {
        let mut fault = |setting: &str, message: String| {
            let source: Source = layers.source(setting);
            faults.push(Fault { setting: setting.to_owned(), source, message });
        };
        if self.statement_timeout_ms > self.request_deadline_ms {
            fault("statement_timeout_ms", "must not be longer than request_deadline_ms".to_owned());
        }
        if self.tls_mode().verifies() && self.database_tls_ca_file.as_os_str().is_empty() {
            let mode = self.tls_mode().name();
            fault("database_tls_ca_file", format!("must name the authorities' certificates for {mode}"));
        }
        let pairs = [
            ("database_tls_key_file", &self.database_tls_cert_file, &self.database_tls_key_file),
            ("tls_key_file", &self.tls_cert_file, &self.tls_key_file),
        ];
        for (setting, certificate, key) in pairs {
            if certificate.as_os_str().is_empty() != key.as_os_str().is_empty() {
                fault(setting, "certificate and key come together".to_owned());
            }
        }
        if !self.rate_limit_header.is_empty() && HeaderName::try_from(&self.rate_limit_header).is_err() {
            fault("rate_limit_header", "must be the name of a header".to_owned());
        }
        if self.listen == self.admin_listen && self.listen.port() != 0 {
            fault("admin_listen", format!("must differ from listen, which is {} too", self.listen));
        }
    }

    /// The same settings with the database where changes are announced.
    #[must_use]
    pub fn announcing(&self) -> Self {
        let database_url = self.announcements_url.clone().unwrap_or_else(|| self.database_url.clone());
        Self { database_url, ..self.clone() }
    }

    /// TLS to the database: as its connection string says, else as set.
    pub fn tls_mode(&self) -> TlsMode {
        self.database_url.tls().unwrap_or(self.database_tls)
    }

    /// The number of worker threads: as set, or one per processor.
    pub fn worker_threads(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(2, usize::from),
            threads => threads,
        }
    }
}
