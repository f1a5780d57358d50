//! TLS to the database, in the modes of libpq.

use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore, SignatureScheme,
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::config::{Settings, TlsMode};
use crate::error::Error;

/// Makes the TLS side of connections to the database.
///
/// # Errors
///
/// A file that cannot be read, or that holds no certificate or key.
pub fn connector(settings: &Settings) -> Result<MakeRustlsConnect, Error> {
    let provider = Arc::new(ring::default_provider());
    let roots = roots(&settings.database_tls_ca_file)?;
    let verifier = Verifier::new(settings.tls_mode(), roots, &provider)?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(fault)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let (certificate, key) = (&settings.database_tls_cert_file, &settings.database_tls_key_file);
    let config = if certificate.as_os_str().is_empty() {
        builder.with_no_client_auth()
    } else {
        let (chain, key) = (certificates(certificate)?, private_key(key)?);
        builder.with_client_auth_cert(chain, key).map_err(fault)?
    };
    Ok(MakeRustlsConnect::new(config))
}

/// The certificates of a PEM file.
///
/// # Errors
///
/// The file cannot be read or holds none.
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(found) if found.is_empty() => Err(unusable(path, "holds no certificate")),
        Ok(found) => Ok(found),
        Err(error) => Err(unusable(path, &error.to_string())),
    }
}

/// The first private key of a PEM file.
///
/// # Errors
///
/// The file cannot be read or holds none.
pub fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, Error> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| unusable(path, &error.to_string()))
}

fn roots(path: &Path) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    if !path.as_os_str().is_empty() {
        let (added, _) = roots.add_parsable_certificates(certificates(path)?);
        if added == 0 {
            return Err(unusable(path, "holds no certificate of an authority"));
        }
    }
    Ok(roots)
}

fn unusable(path: &Path, reason: &str) -> Error {
    Error::Tls(format!("{}: {reason}", path.display()))
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn fault(error: TlsError) -> Error {
    Error::Tls(error.to_string())
}

/// Checks the server's certificate as far as the mode asks for. Signatures of the handshake are checked always.
#[derive(Debug)]
struct Verifier {
    /// Present where the mode verifies.
    chain: Option<Arc<WebPkiServerVerifier>>,
    checks_name: bool,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    fn new(mode: TlsMode, roots: RootCertStore, provider: &Arc<CryptoProvider>) -> Result<Self, Error> {
        let chain = mode.verifies().then(|| {
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
                .build()
                .map_err(|error| Error::Tls(error.to_string()))
        });
        let checks_name = mode == TlsMode::VerifyFull;
        Ok(Self { chain: chain.transpose()?, checks_name, provider: Arc::clone(provider) })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        match chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // The name is the last thing that is checked: the chain is sound.
            Err(TlsError::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.checks_name => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
