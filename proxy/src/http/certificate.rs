//! The certificate of the public listener, read again when its files change.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use rustls::crypto::ring;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::time::sleep;

use crate::config::Settings;
use crate::database::tls::{certificates, private_key};
use crate::error::Error;

/// Pause between two looks at the files. Certificates are renewed every few weeks; a look is two system calls.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// The current certificate chain with its key.
#[derive(Debug)]
pub struct Certificate {
    current: ArcSwap<CertifiedKey>,
    chain_file: PathBuf,
    key_file: PathBuf,
}

impl Certificate {
    /// The certificate of the settings, if the listener has one.
    ///
    /// # Errors
    ///
    /// Files that cannot be read, or a key that is not the certificate's.
    pub fn of(settings: &Settings) -> Result<Option<Arc<Self>>, Error> {
        let (chain_file, key_file) = (settings.tls_cert_file.clone(), settings.tls_key_file.clone());
        if chain_file.as_os_str().is_empty() {
            return Ok(None);
        }
        let current = ArcSwap::from_pointee(read(&chain_file, &key_file)?);
        Ok(Some(Arc::new(Self { current, chain_file, key_file })))
    }

    /// Reads the files again when they change, for as long as the proxy runs. Connections that are open keep
    /// the certificate they began with; files that cannot be used change nothing.
    pub async fn follow(self: Arc<Self>) {
        let mut known = self.changed_at();
        loop {
            sleep(LOOK_EVERY).await;
            let now = self.changed_at();
            if now == known {
                continue;
            }
            match read(&self.chain_file, &self.key_file) {
                Ok(certificate) => {
                    self.current.store(Arc::new(certificate));
                    known = now;
                    tracing::info!("certificate read again");
                }
                // The other file may be on its way.
                Err(error) => tracing::warn!(%error, "the changed certificate cannot be used"),
            }
        }
    }

    fn changed_at(&self) -> [Option<SystemTime>; 2] {
        [&self.chain_file, &self.key_file].map(|file| std::fs::metadata(file).ok()?.modified().ok())
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.load_full())
    }
}

fn read(chain_file: &Path, key_file: &Path) -> Result<CertifiedKey, Error> {
    let (chain, key) = (certificates(chain_file)?, private_key(key_file)?);
    CertifiedKey::from_der(chain, key, &ring::default_provider())
        .map_err(|error| Error::Tls(format!("{} with {}: {error}", chain_file.display(), key_file.display())))
}
