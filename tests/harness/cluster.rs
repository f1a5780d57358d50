//! A running Postgres server of our own.
//!
//! It listens on a free port of 127.0.0.1 (never 5432) and on a Unix socket, runs under the
//! server's account in a process group of its own, and stops when the value is dropped.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::Signal;

use crate::account::ServerAccount;
use crate::cluster_files::{Purpose, copy_data, make_data, write_settings};
use crate::interruption;
use crate::leftovers::{forget_dead_server, is_ready, stop_server_on};
use crate::ownership::{DISPOSABLE_PREFIX, take};
use crate::ports::free_port;
use crate::private_server::{PrivateServer, remove_folder};
use crate::process::{self, GLANCE};
use crate::program;
use crate::run_folder::{RunFolder, make_open_folder};

/// A server that crashed may have to replay its log first.
const START_PATIENCE: Duration = Duration::from_secs(180);

/// How long a fast shutdown may take, then an immediate one.
const STOP_PATIENCE: (Duration, Duration) = (Duration::from_secs(40), Duration::from_secs(20));

/// A free port can be taken before the server binds it.
const PORT_ATTEMPTS: usize = 5;

/// Socket addresses end at 107 bytes; this leaves room for `/.s.PGSQL.65535`.
const LONGEST_SOCKET_FOLDER_BYTES: usize = 90;

/// A cluster and its server process.
pub struct Cluster {
    server: PrivateServer,
    account: ServerAccount,
    folder: PathBuf,
    socket_folder: PathBuf,
    purpose: Purpose,
    settings: Vec<(String, String)>,
    port: u16,
    child: Option<Child>,
    // Held for as long as the cluster is ours. See `ownership`.
    _lock: File,
}

impl Cluster {
    /// Starts the cluster that keeps its data under `name`, making it when it does not exist.
    pub fn start_durable(
        server: &PrivateServer,
        account: &ServerAccount,
        run_folder: &RunFolder,
        name: &str,
    ) -> Result<Self> {
        Self::start(server, account, run_folder, name, Purpose::Durable, &[])
    }

    /// Starts a new cluster with further `settings`. It is removed when the value is dropped.
    pub fn start_disposable(
        server: &PrivateServer,
        account: &ServerAccount,
        run_folder: &RunFolder,
        settings: &[(&str, &str)],
    ) -> Result<Self> {
        Self::start(server, account, run_folder, &disposable_name(server), Purpose::Disposable, settings)
    }

    /// Starts a streaming standby of this running cluster, with its settings and further ones. It is removed when the
    /// value is dropped.
    pub fn start_standby(&self, run_folder: &RunFolder, settings: &[(&str, &str)]) -> Result<Self> {
        // The primary's come first: a standby must allow at least as many connections.
        let inherited = self.settings.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let settings: Vec<_> = inherited.chain(settings.iter().copied()).collect();
        let name = disposable_name(&self.server);
        let mut standby =
            Self::at(&self.server, &self.account, run_folder, &name, Purpose::Disposable, &settings)?;
        copy_data(&self.server, &self.account, self.port, &standby.data())?;
        standby.start_on_free_port()?;
        Ok(standby)
    }

    fn start(
        server: &PrivateServer,
        account: &ServerAccount,
        run_folder: &RunFolder,
        name: &str,
        purpose: Purpose,
        settings: &[(&str, &str)],
    ) -> Result<Self> {
        let mut cluster = Self::at(server, account, run_folder, name, purpose, settings)?;
        if !cluster.data().join("PG_VERSION").is_file() {
            make_data(server, account, &cluster.data(), purpose)?;
        }
        cluster.start_on_free_port()?;
        Ok(cluster)
    }

    /// A cluster in the folder `name`, which is now ours and where no server runs.
    fn at(
        server: &PrivateServer,
        account: &ServerAccount,
        run_folder: &RunFolder,
        name: &str,
        purpose: Purpose,
        settings: &[(&str, &str)],
    ) -> Result<Self> {
        make_open_folder(&run_folder.clusters())?;
        let folder = run_folder.clusters().join(name);
        let lock = take(&folder)?
            .with_context(|| format!("cluster {name} is in use by another process of this project"))?;
        account.own(&folder)?;
        if folder.join("data").is_dir() {
            account.take_over(&folder.join("data"))?;
        }
        let cluster = Self {
            server: server.clone(),
            account: account.clone(),
            socket_folder: socket_folder_for(&folder),
            folder,
            purpose,
            settings: settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            port: 0,
            child: None,
            _lock: lock,
        };
        stop_server_on(&cluster.data())?;
        forget_dead_server(&cluster.data())?;
        Ok(cluster)
    }

    fn start_on_free_port(&mut self) -> Result<()> {
        let mut failure = None;
        for _ in 0..PORT_ATTEMPTS {
            self.port = free_port()?;
            match self.start_again() {
                Ok(()) => return Ok(()),
                Err(error) if self.log().contains("Address already in use") => failure = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(failure.unwrap_or_else(|| anyhow::anyhow!("no free port")))
    }

    /// Starts the server of a stopped cluster again, on the port it had, and waits until it takes
    /// connections.
    pub fn start_again(&mut self) -> Result<()> {
        ensure!(self.child.is_none(), "the server runs already");
        if self.socket_folder != self.folder {
            make_open_folder(&self.socket_folder)?;
            self.account.own(&self.socket_folder)?;
        }
        write_settings(&self.data(), self.port, &self.socket_folder, self.purpose, &self.settings)?;
        let log = File::create(self.log_path()).context("writing the server's log")?;
        let mut command = Command::new(self.server.program("postgres"));
        command.arg("-D").arg(self.data()).current_dir(&self.folder).stdout(log.try_clone()?).stderr(log);
        // pgrx would put a backtrace into the details of its errors.
        command.env_remove("RUST_BACKTRACE");
        self.account.apply(&mut command);
        let child = self.child.insert(process::spawn(&mut command)?);
        let id = child.id();

        let begun = Instant::now();
        while begun.elapsed() < START_PATIENCE {
            if is_ready(&self.data(), id) {
                return Ok(());
            }
            let ended = match &mut self.child {
                Some(child) => child.try_wait().context("waiting for the server")?,
                None => None,
            };
            if let Some(status) = ended {
                self.child = None;
                bail!("the server ended with {status}:\n{}", self.log());
            }
            if interruption::requested() {
                self.stop()?;
                bail!("interrupted");
            }
            std::thread::sleep(GLANCE);
        }
        self.stop()?;
        bail!("the server takes no connections after {START_PATIENCE:?}:\n{}", self.log())
    }

    /// Stops the server in order: sessions are cut off, data is written (fast shutdown).
    pub fn stop(&mut self) -> Result<()> {
        let steps = [(Signal::SIGINT, STOP_PATIENCE.0), (Signal::SIGQUIT, STOP_PATIENCE.1)];
        self.end(&steps)
    }

    /// Stops the server as a crash would: nothing is written, the next start recovers.
    pub fn crash(&mut self) -> Result<()> {
        self.end(&[(Signal::SIGQUIT, STOP_PATIENCE.1)])
    }

    fn end(&mut self, steps: &[(Signal, Duration)]) -> Result<()> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        // A process that is paused takes no other signal.
        resume(child.id())?;
        process::end(&mut child, steps)?;
        Ok(())
    }

    /// Freezes the server with all its sessions: connections stay open and nothing answers.
    pub fn pause(&self) -> Result<()> {
        let id = self.child.as_ref().context("the server does not run")?.id();
        // The parent first, so that it starts no further session meanwhile.
        process::signal(id, Signal::SIGSTOP)?;
        process::children_of(id)?
            .into_iter()
            .try_for_each(|session| process::signal(session, Signal::SIGSTOP))
    }

    /// Undoes [`Cluster::pause`].
    pub fn resume(&self) -> Result<()> {
        resume(self.child.as_ref().context("the server does not run")?.id())
    }

    /// Whether the server process runs.
    pub fn is_running(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Folder of the Unix socket.
    pub fn socket_folder(&self) -> &Path {
        &self.socket_folder
    }

    /// Connection URL over TCP, as the superuser.
    pub fn url(&self, database: &str) -> String {
        url(self.port, database)
    }

    /// Runs one statement through the server's own `psql` and returns its rows as text. For
    /// commands, which need a database and a count now and then; tests have real sessions.
    pub fn query(&self, database: &str, sql: &str) -> Result<String> {
        let mut psql = Command::new(self.server.program("psql"));
        psql.args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"]);
        let rows = program::output_of(psql.arg("--command").arg(sql).arg(self.url(database)))?;
        Ok(rows.trim_end().to_owned())
    }

    /// Where the server's messages go.
    pub fn log_path(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    /// The server's messages since it was last started.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let stopped = self.stop();
        if self.socket_folder != self.folder {
            drop(remove_folder(&self.socket_folder));
        }
        // Data under a server that would not stop is left for the next sweep.
        if self.purpose == Purpose::Disposable && stopped.is_ok() {
            drop(remove_folder(&self.folder));
        }
    }
}

/// Connection URL over TCP for a cluster on `port`, as the superuser.
pub fn url(port: u16, database: &str) -> String {
    format!("postgres://postgres@127.0.0.1:{port}/{database}")
}

/// A name that no other cluster has.
fn disposable_name(server: &PrivateServer) -> String {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!("{DISPOSABLE_PREFIX}{}-{}-{count}", server.name(), std::process::id())
}

fn resume(server: u32) -> Result<()> {
    for session in process::children_of(server)? {
        process::signal(session, Signal::SIGCONT)?;
    }
    process::signal(server, Signal::SIGCONT)
}

/// The cluster's own folder, or a short one of our own when its name is too long for a socket.
fn socket_folder_for(folder: &Path) -> PathBuf {
    if folder.as_os_str().len() <= LONGEST_SOCKET_FOLDER_BYTES {
        return folder.to_owned();
    }
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    PathBuf::from(format!("/tmp/rota-socket-{}-{count}", std::process::id()))
}
