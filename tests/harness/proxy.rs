//! A running `rota serve` process.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;

use crate::ownership::lock;
use crate::process::{self, GLANCE};
use crate::run_folder::make_open_folder;
use crate::{interruption, ports};

/// How long the proxy may take to become live, then ready, after its start.
const START_PATIENCE: Duration = Duration::from_secs(30);

/// How long an orderly stop may take: longer than the proxy's own patience with open requests.
const STOP_PATIENCE: Duration = Duration::from_secs(40);

/// How long one look at `/live` or `/ready` may take.
const GLANCE_PATIENCE: Duration = Duration::from_secs(2);

/// A free port can be taken before the proxy binds it.
const PORT_ATTEMPTS: usize = 5;

/// How to start a proxy.
#[derive(Clone, Debug)]
pub struct ProxyOptions {
    /// The `rota` program.
    pub binary: PathBuf,
    /// Value of `ROTA_DATABASE_URL`.
    pub database_url: String,
    /// Address for requests; a free port of 127.0.0.1 when there is none.
    pub listen: Option<SocketAddr>,
    /// Address for operators (`/live`, `/ready`, `/metrics`); a free port when there is none.
    pub admin_listen: Option<SocketAddr>,
    /// Further `ROTA_*` settings, by their full names.
    pub settings: Vec<(String, String)>,
    /// The file that gets everything the proxy prints.
    pub log: PathBuf,
    /// Where running proxies are recorded: [`crate::run_folder::RunFolder::proxies`].
    pub records: PathBuf,
}

/// A proxy process. It is stopped when the value is dropped.
pub struct ProxyProcess {
    child: Child,
    ended: Option<ExitStatus>,
    listen: SocketAddr,
    admin_listen: SocketAddr,
    log: PathBuf,
    record: PathBuf,
    // Held for as long as the proxy is ours. See `ownership`.
    _lock: File,
}

impl ProxyProcess {
    /// Starts a proxy and waits until it is live.
    pub fn start(options: &ProxyOptions) -> Result<Self> {
        let chooses_ports = options.listen.is_none() || options.admin_listen.is_none();
        for _ in 1..PORT_ATTEMPTS {
            match Self::start_once(options) {
                Err(_) if chooses_ports && read_log(&options.log).contains("Address already in use") => {}
                outcome => return outcome,
            }
        }
        Self::start_once(options)
    }

    fn start_once(options: &ProxyOptions) -> Result<Self> {
        let listen = options.listen.map_or_else(ports::free_address, Ok)?;
        let admin_listen = options.admin_listen.map_or_else(ports::free_address, Ok)?;
        if let Some(folder) = options.log.parent() {
            fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        }
        let log = File::create(&options.log).with_context(|| format!("writing {}", options.log.display()))?;
        let mut command = Command::new(&options.binary);
        command
            .arg("serve")
            .env("ROTA_DATABASE_URL", &options.database_url)
            .env("ROTA_LISTEN", listen.to_string())
            .env("ROTA_ADMIN_LISTEN", admin_listen.to_string())
            .envs(options.settings.iter().map(|(name, value)| (name, value)))
            .stdout(log.try_clone()?)
            .stderr(log);
        let (record, mut lock) = new_record(&options.records)?;
        let child = process::spawn(&mut command)?;
        let written = writeln!(lock, "{}", child.id());
        let log = options.log.clone();
        let mut proxy = Self { child, ended: None, listen, admin_listen, log, record, _lock: lock };
        written.with_context(|| format!("writing {}", proxy.record.display()))?;
        proxy.wait_for("/live")?;
        Ok(proxy)
    }

    fn wait_for(&mut self, path: &str) -> Result<()> {
        let begun = Instant::now();
        while begun.elapsed() < START_PATIENCE {
            interruption::check()?;
            if let Some(status) = self.exit_status()? {
                bail!("the proxy ended with {status}:\n{}", self.log());
            }
            if answers_200(self.admin_listen, path) {
                return Ok(());
            }
            std::thread::sleep(GLANCE);
        }
        bail!("GET {path} of the proxy is not 200 after {START_PATIENCE:?}:\n{}", self.log())
    }

    /// Waits until the proxy serves requests: it has the database, migrated, and its endpoints.
    pub fn wait_until_ready(&mut self) -> Result<()> {
        self.wait_for("/ready")
    }

    /// Address for requests.
    pub fn listen(&self) -> SocketAddr {
        self.listen
    }

    /// Address for operators.
    pub fn admin_listen(&self) -> SocketAddr {
        self.admin_listen
    }

    /// Everything it has printed so far.
    pub fn log(&self) -> String {
        read_log(&self.log)
    }

    /// File of [`ProxyProcess::log`].
    pub fn log_path(&self) -> &Path {
        &self.log
    }

    /// Process id, for signals that a test sends itself.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How the process ended, when it did.
    pub fn exit_status(&mut self) -> Result<Option<ExitStatus>> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait().context("waiting for the proxy")?;
        }
        Ok(self.ended)
    }

    /// Asks the proxy to stop (SIGTERM) and does not wait.
    pub fn ask_to_stop(&self) -> Result<()> {
        process::signal(self.child.id(), Signal::SIGTERM)
    }

    /// Stops the proxy in order and says how it ended.
    pub fn stop(&mut self) -> Result<ExitStatus> {
        if let Some(status) = self.exit_status()? {
            return Ok(status);
        }
        let status = process::end(&mut self.child, &[(Signal::SIGTERM, STOP_PATIENCE)])?;
        self.ended = Some(status);
        Ok(status)
    }

    /// Ends the proxy as a crash would.
    pub fn kill(&mut self) -> Result<ExitStatus> {
        let status = process::end(&mut self.child, &[])?;
        self.ended = Some(status);
        Ok(status)
    }
}

impl Drop for ProxyProcess {
    fn drop(&mut self) {
        // What does not stop is left, with its record, for the next sweep.
        if self.stop().is_ok() {
            drop(fs::remove_file(&self.record));
        }
    }
}

fn read_log(log: &Path) -> String {
    fs::read_to_string(log).unwrap_or_default()
}

/// A new file for a process id, locked.
fn new_record(records: &Path) -> Result<(PathBuf, File)> {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    make_open_folder(records)?;
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    let path = records.join(format!("{}-{count}", std::process::id()));
    let lock = lock(&path)?.with_context(|| format!("{} is in use", path.display()))?;
    Ok((path, lock))
}

/// Whether a `GET` answers 200. Plain sockets serve: the harness has no HTTP client.
fn answers_200(admin: SocketAddr, path: &str) -> bool {
    let look = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&admin, GLANCE_PATIENCE)?;
        stream.set_read_timeout(Some(GLANCE_PATIENCE))?;
        stream.write_all(
            format!("GET {path} HTTP/1.1\r\nHost: {admin}\r\nConnection: close\r\n\r\n").as_bytes(),
        )?;
        let mut beginning = [0; 12];
        stream.read_exact(&mut beginning)?;
        Ok(&beginning == b"HTTP/1.1 200")
    };
    look().unwrap_or(false)
}
