//! TLS files that are read again when they change: certificates are renewed and revoked while the program runs.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustls::ClientConfig;

use super::client::SigningClient;
use super::server::LiveTls;
use super::tls::{self, Identity, TlsFileError, Trust};

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(2);

/// The files behind a TLS configuration in use, and how it is exchanged.
pub struct Watched {
    files: Vec<PathBuf>,
    renew: Box<dyn Fn() -> Result<(), TlsFileError> + Send + Sync>,
    seen: Vec<Seen>,
}

/// Last change and length of a file; neither when it is not there.
type Seen = (Option<SystemTime>, u64);

impl Watched {
    /// A listener's configuration from its files, and the watch over them.
    ///
    /// # Errors
    /// [`TlsFileError`] names the file that cannot be used.
    pub fn listener(identity: &Identity, clients: Option<&Trust>) -> Result<(Arc<LiveTls>, Self), TlsFileError> {
        let files = files(identity, clients);
        // Looked at before they are read: a change in between is seen.
        let seen = look(&files);
        let live = LiveTls::new(tls::server(identity, clients)?);
        let (exchanged, identity, clients) = (Arc::clone(&live), identity.clone(), clients.cloned());
        let renew = move || tls::server(&identity, clients.as_ref()).map(|config| exchanged.replace(config));
        Ok((live, Self { files, renew: Box::new(renew), seen }))
    }

    /// The outbound client that `make` makes of the configuration in its files, and the watch over them.
    ///
    /// # Errors
    /// [`TlsFileError`] names the file that cannot be used.
    pub fn client(
        identity: &Identity,
        servers: &Trust,
        make: impl FnOnce(ClientConfig) -> SigningClient,
    ) -> Result<(Arc<SigningClient>, Self), TlsFileError> {
        let files = files(identity, Some(servers));
        let seen = look(&files);
        let client = Arc::new(make(tls::client(identity, servers)?));
        let (exchanged, identity, servers) = (Arc::clone(&client), identity.clone(), servers.clone());
        let renew = move || tls::client(&identity, &servers).map(|config| exchanged.replace(config));
        Ok((client, Self { files, renew: Box::new(renew), seen }))
    }

    /// Exchanges the configuration whenever a file changes, for ever. While the new files cannot be used (a certificate has come, its key not
    /// yet) the old configuration stays, and they are tried again.
    pub async fn watch(mut self) {
        loop {
            tokio::time::sleep(EVERY).await;
            let now = look(&self.files);
            if now == self.seen {
                continue;
            }
            match (self.renew)() {
                Ok(()) => {
                    self.seen = now;
                    let first = self.files.first().map(|file| file.display().to_string()).unwrap_or_default();
                    tracing::info!(first, "TLS files read again");
                }
                Err(error) => tracing::error!(%error, "the changed TLS files cannot be used; the old ones stay in force"),
            }
        }
    }
}

fn files(identity: &Identity, trust: Option<&Trust>) -> Vec<PathBuf> {
    let trusted = trust.into_iter().flat_map(|trust| std::iter::once(&trust.roots).chain(&trust.crls));
    [&identity.certificate, &identity.key].into_iter().chain(trusted).cloned().collect()
}

fn look(files: &[PathBuf]) -> Vec<Seen> {
    let seen = files.iter().map(|file| {
        let metadata = std::fs::metadata(file).ok();
        let modified = metadata.as_ref().and_then(|metadata| metadata.modified().ok());
        (modified, metadata.map_or(0, |metadata| metadata.len()))
    });
    seen.collect()
}
