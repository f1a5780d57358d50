//! A static file server: nginx, as its packagers would set it up for this.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rota_harness::ports::free_port;

/// One nginx with one file. It is stopped when the value is dropped.
pub(super) struct Nginx {
    server: Child,
    address: SocketAddr,
}

impl Nginx {
    /// Serves `body` as `/file`, as JSON, with two workers, from the disk's cache.
    pub(super) async fn start(folder: &Path, body: &[u8]) -> Result<Self> {
        let folder = folder.join("nginx");
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("file"), body)?;
        let address: SocketAddr = ([127, 0, 0, 1], free_port()?).into();
        let place = folder.display();
        let configuration = format!(
            "worker_processes 2;
             pid {place}/pid;
             error_log {place}/error.log;
             events {{ worker_connections 1024; }}
             http {{
                 access_log off;
                 sendfile on;
                 tcp_nopush on;
                 keepalive_requests 1000000000;
                 open_file_cache max=100;
                 default_type application/json;
                 client_body_temp_path {place}/body;
                 proxy_temp_path {place}/proxy;
                 fastcgi_temp_path {place}/fastcgi;
                 uwsgi_temp_path {place}/uwsgi;
                 scgi_temp_path {place}/scgi;
                 server {{ listen {address}; root {place}; }}
             }}"
        );
        let file = folder.join("nginx.conf");
        fs::write(&file, configuration)?;
        let server = Command::new("nginx")
            .args(["-g", "daemon off;", "-e"])
            .arg(folder.join("error.log"))
            .arg("-c")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("nginx is not installed")?;
        let nginx = Self { server, address };
        for _ in 0..100 {
            if tokio::net::TcpStream::connect(address).await.is_ok() {
                return Ok(nginx);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        ensure!(false, "nginx did not start: {}", fs::read_to_string(folder.join("error.log"))?);
        Ok(nginx)
    }

    /// The address of the file.
    pub(super) fn url(&self) -> String {
        format!("http://{}/file", self.address)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its workers end with it.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
