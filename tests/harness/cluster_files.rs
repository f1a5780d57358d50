//! What a cluster's data folder holds before its first start, and its settings at every start.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::account::ServerAccount;
use crate::private_server::{PrivateServer, remove_folder};
use crate::program;

/// What a cluster is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Keeps its data, also through a power failure.
    Durable,
    /// Lives for one run of tests or measurements, then is removed. It does not wait for the disk:
    /// its data would not survive the machine, which nobody minds.
    Disposable,
}

/// Only this machine may connect, without a password: the cluster is private, and on a free port.
const CLIENT_AUTHENTICATION: &str = "# Written at every start.\n\
    local   all          all                  trust\n\
    local   replication  all                  trust\n\
    host    all          all  127.0.0.1/32    trust\n\
    host    replication  all  127.0.0.1/32    trust\n";

/// Settings of every cluster. Tests open many connections at once.
const SETTINGS: &[(&str, &str)] = &[
    ("listen_addresses", "127.0.0.1"),
    ("max_connections", "200"),
    ("unix_socket_permissions", "0777"),
    ("shared_preload_libraries", "rota"),
    ("timezone", "UTC"),
    ("log_timezone", "UTC"),
    ("log_destination", "stderr"),
    ("logging_collector", "off"),
    ("log_line_prefix", "%m [%p] %q%a %d "),
];

const DISPOSABLE_SETTINGS: &[(&str, &str)] =
    &[("fsync", "off"), ("full_page_writes", "off"), ("synchronous_commit", "off")];

/// Makes the data folder `data` for a superuser named `postgres`.
///
/// Encoding UTF-8. Texts compare by bytes (`C`), which is the same on every machine and version,
/// needs no reindexing when the C library changes, and lets an ordinary index serve prefix
/// searches. Letters are Unicode's (`C.UTF-8`), so that `lower('Ä')` is `ä` and trigrams know
/// names with accents.
pub fn make_data(
    server: &PrivateServer,
    account: &ServerAccount,
    data: &Path,
    purpose: Purpose,
) -> Result<()> {
    let unfinished = data.with_extension("unfinished");
    remove_folder(&unfinished)?;
    let mut initdb = Command::new(server.program("initdb"));
    initdb
        .args(["--username=postgres", "--auth=trust", "--encoding=UTF8"])
        .args(["--lc-collate=C", "--lc-ctype=C.UTF-8", "--locale=C", "--pgdata"])
        .arg(&unfinished)
        .current_dir(data.parent().context("a data folder has a parent")?);
    if purpose == Purpose::Disposable {
        initdb.arg("--no-sync");
    }
    account.apply(&mut initdb);
    program::output_of(&mut initdb).with_context(|| format!("making a cluster in {}", data.display()))?;
    fs::rename(&unfinished, data).with_context(|| format!("making {}", data.display()))
}

/// Makes the data folder `data` of a streaming standby: a copy of what the running server on `port` holds, with
/// where it goes on from there.
pub fn copy_data(server: &PrivateServer, account: &ServerAccount, port: u16, data: &Path) -> Result<()> {
    let mut copying = Command::new(server.program("pg_basebackup"));
    copying
        .args(["--host=127.0.0.1", "--username=postgres", "--checkpoint=fast", "--no-sync"])
        .args(["--wal-method=stream", "--write-recovery-conf"])
        .arg(format!("--port={port}"))
        .arg("--pgdata")
        .arg(data)
        .current_dir(data.parent().context("a data folder has a parent")?);
    account.apply(&mut copying);
    program::output_of(&mut copying)
        .with_context(|| format!("copying a cluster to {}", data.display()))
        .map(drop)
}

/// Writes `postgresql.conf` and `pg_hba.conf`. Later settings win over earlier ones of one name.
pub fn write_settings(
    data: &Path,
    port: u16,
    socket_folder: &Path,
    purpose: Purpose,
    further: &[(String, String)],
) -> Result<()> {
    let socket_folder = socket_folder.to_str().context("the socket folder's name is not UTF-8")?;
    let mut text = String::from("# Written at every start.\n");
    text.push_str(&line("port", &port.to_string()));
    text.push_str(&line("unix_socket_directories", socket_folder));
    let by_purpose = if purpose == Purpose::Disposable { DISPOSABLE_SETTINGS } else { &[] };
    for (name, value) in SETTINGS.iter().chain(by_purpose) {
        text.push_str(&line(name, value));
    }
    for (name, value) in further {
        text.push_str(&line(name, value));
    }
    for (file, content) in [("postgresql.conf", text.as_str()), ("pg_hba.conf", CLIENT_AUTHENTICATION)] {
        let path = data.join(file);
        fs::write(&path, content).with_context(|| format!("writing {}", path.display()))?;
    }
    Ok(())
}

fn line(name: &str, value: &str) -> String {
    format!("{name} = '{}'\n", value.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_in_a_setting_is_doubled() {
        assert_eq!(line("search_path", "'a', b"), "search_path = '''a'', b'\n");
    }

    #[test]
    fn only_disposable_clusters_skip_the_disk() {
        let data = std::env::temp_dir().join(format!("rota-settings-test-{}", std::process::id()));
        fs::create_dir_all(&data).unwrap();
        for (purpose, skips) in [(Purpose::Durable, false), (Purpose::Disposable, true)] {
            write_settings(&data, 40000, Path::new("/tmp"), purpose, &[]).unwrap();
            let written = fs::read_to_string(data.join("postgresql.conf")).unwrap();
            assert_eq!(written.contains("fsync = 'off'"), skips);
        }
        fs::remove_dir_all(data).unwrap();
    }
}
