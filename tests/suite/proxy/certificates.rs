//! Authorities and certificates of a test's own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rota_tests::server::environment;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// An authority, its own certificate, and a folder for files. The folder is removed with the value.
pub(super) struct Authority {
    folder: PathBuf,
    certificate: rcgen::Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(super) fn new() -> Result<Self> {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let (_, run_folder) = environment()?.places()?;
        let name = format!("certificates/{}-{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed));
        let folder = run_folder.logs().join(name);
        fs::create_dir_all(&folder)?;
        let key = KeyPair::generate()?;
        let mut parameters = CertificateParams::new(Vec::new())?;
        // An issuer of its own name would pass for one that signed itself.
        parameters.distinguished_name.push(DnType::CommonName, "an authority of a test");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = parameters.self_signed(&key)?;
        Ok(Self { folder, certificate, issuer: Issuer::new(parameters, key) })
    }

    /// A file with the authority's own certificate.
    pub(super) fn file(&self) -> Result<String> {
        let path = self.folder.join("authority.pem");
        fs::write(&path, self.certificate.pem())?;
        text(&path)
    }

    /// Certificate and key for a host, as PEM.
    pub(super) fn issue(&self, host: &str) -> Result<(String, String)> {
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(vec![host.to_owned()])?.signed_by(&key, &self.issuer)?;
        Ok((certificate.pem(), key.serialize_pem()))
    }

    /// Files with certificate and key for a host.
    pub(super) fn issue_files(&self, host: &str) -> Result<(String, String)> {
        let (certificate, key) = self.issue(host)?;
        let (certificate_file, key_file) = (self.folder.join("host.pem"), self.folder.join("host.key"));
        fs::write(&certificate_file, certificate)?;
        fs::write(&key_file, key)?;
        fs::set_permissions(&key_file, fs::Permissions::from_mode(0o600))?;
        Ok((text(&certificate_file)?, text(&key_file)?))
    }

    /// Sends bytes in TLS to a host that this authority vouches for, and gives what comes back.
    pub(super) async fn speak(&self, port: u16, host: &str, request: &str) -> Result<String> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(self.certificate.der().to_vec()))?;
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        let name = ServerName::try_from(host.to_owned())?;
        let mut stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.folder));
    }
}

fn text(path: &Path) -> Result<String> {
    Ok(path.to_str().context("a path that is no text")?.to_owned())
}
