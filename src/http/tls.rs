//! TLS 1.3 only, on AWS-LC: named roots, CRLs that can be reloaded, ALPN http/1.1, no tickets, no 0-RTT.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};

/// The files of a TLS identity.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The certificate chain, leaf first, PEM.
    pub certificate: PathBuf,
    /// Its private key, PKCS#8 PEM.
    pub key: PathBuf,
}

/// Whom a server or client trusts.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trust {
    /// The named roots, PEM. Never the operating system's.
    pub roots: PathBuf,
    /// Certificate revocation lists, PEM. When there is one, every certificate of a peer must be covered by a list that has not expired.
    #[serde(default)]
    pub crls: Vec<PathBuf>,
}

/// A file of a TLS configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {reason}")]
pub struct TlsFileError {
    file: String,
    reason: String,
}

fn unusable(file: &Path, reason: impl ToString) -> TlsFileError {
    TlsFileError { file: file.display().to_string(), reason: reason.to_string() }
}

/// rustls' errors in words: some of its own texts are the names of its types.
fn in_words(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InconsistentKeys(_) => {
            "the private key does not belong to this certificate\n  do: give the two that were made together".to_owned()
        }
        rustls::Error::InvalidCertificate(rustls::CertificateError::Other(_)) => {
            "holds a certificate that cannot be used\n  expected: X.509 version 3\n  do: have it issued again".to_owned()
        }
        other => other.to_string(),
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// A server configuration; with `clients`, a certificate by one of its roots is required.
///
/// # Errors
/// [`TlsFileError`] names the file and what is wrong with it.
pub fn server(identity: &Identity, clients: Option<&Trust>) -> Result<ServerConfig, TlsFileError> {
    let (chain, key) = read_identity(identity)?;
    let builder = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| unusable(&identity.certificate, error))?;
    let builder = match clients {
        Some(trust) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(read_roots(&trust.roots)?), provider())
                .with_crls(read_crls(&trust.crls)?)
                .enforce_revocation_expiration();
            let verifier = verifier.build().map_err(|error| unusable(&trust.roots, error))?;
            builder.with_client_cert_verifier(verifier)
        }
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_single_cert(chain, key).map_err(|error| unusable(&identity.certificate, in_words(&error)))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // No resumption: a resumed session would skip the revocation check.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    Ok(config)
}

/// A client configuration that shows `identity` and trusts the named roots only.
///
/// # Errors
/// [`TlsFileError`] names the file and what is wrong with it.
pub fn client(identity: &Identity, servers: &Trust) -> Result<ClientConfig, TlsFileError> {
    let (chain, key) = read_identity(identity)?;
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| unusable(&identity.certificate, error))?
        .with_webpki_verifier(server_verifier(servers)?)
        .with_client_auth_cert(chain, key)
        .map_err(|error| unusable(&identity.certificate, in_words(&error)))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.enable_early_data = false;
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}

/// A client configuration that shows no certificate and trusts the named roots only; without them, nobody.
///
/// # Errors
/// [`TlsFileError`] names the file and what is wrong with it.
pub fn client_unnamed(servers: Option<&Trust>) -> Result<ClientConfig, TlsFileError> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|error| unusable(Path::new("TLS"), error))?;
    let builder = match servers {
        Some(servers) => builder.with_webpki_verifier(server_verifier(servers)?),
        None => builder.with_root_certificates(RootCertStore::empty()),
    };
    let mut config = builder.with_no_client_auth();
    config.enable_early_data = false;
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}

/// The leaf of a certificate chain in a PEM file: the first certificate.
///
/// # Errors
/// [`TlsFileError`].
pub fn leaf(path: &Path) -> Result<CertificateDer<'static>, TlsFileError> {
    let chain = read_pem::<CertificateDer<'static>>(path, "certificate")?;
    chain.into_iter().next().ok_or_else(|| unusable(path, "holds no certificate"))
}

fn server_verifier(servers: &Trust) -> Result<Arc<rustls::client::WebPkiServerVerifier>, TlsFileError> {
    rustls::client::WebPkiServerVerifier::builder_with_provider(Arc::new(read_roots(&servers.roots)?), provider())
        .with_crls(read_crls(&servers.crls)?)
        .enforce_revocation_expiration()
        .build()
        .map_err(|error| unusable(&servers.roots, error))
}

fn read_identity(identity: &Identity) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsFileError> {
    let chain = read_pem::<CertificateDer<'static>>(&identity.certificate, "certificate")?;
    let key = PrivateKeyDer::from_pem_file(&identity.key).map_err(|error| unusable(&identity.key, error))?;
    Ok((chain, key))
}

fn read_roots(path: &Path) -> Result<RootCertStore, TlsFileError> {
    let mut roots = RootCertStore::empty();
    for certificate in read_pem::<CertificateDer<'static>>(path, "certificate")? {
        roots.add(certificate).map_err(|error| unusable(path, in_words(&error)))?;
    }
    Ok(roots)
}

fn read_crls(paths: &[PathBuf]) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsFileError> {
    let lists = paths.iter().map(|path| read_pem::<CertificateRevocationListDer<'static>>(path, "revocation list"));
    lists.collect::<Result<Vec<_>, _>>().map(|lists| lists.into_iter().flatten().collect())
}

/// Every PEM section of the wanted kind in a file; a file without one is a mistake.
fn read_pem<T: PemObject>(path: &Path, what: &str) -> Result<Vec<T>, TlsFileError> {
    let sections = T::pem_file_iter(path).map_err(|error| unusable(path, error))?;
    let found = sections.collect::<Result<Vec<_>, _>>().map_err(|error| unusable(path, error))?;
    if found.is_empty() { Err(unusable(path, format!("holds no {what} (PEM)"))) } else { Ok(found) }
}
