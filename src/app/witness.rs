//! The witness (`sluis witness`): its key, its memory, its listener.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::gateway::{Outside, StartError};
use crate::http::reload::Watched;
use crate::http::server::{Limits, Server};
use crate::ledger::cosignature::Cosigner;
use crate::ledger::note::{KeyKind, SigningKey, VerifierKey};
use crate::secret::Secret;
use crate::witness::config::Config;
use crate::witness::store::State;
use crate::witness::{Witness, router};

/// A witness whose listener is bound.
pub struct Bound {
    /// Its public key.
    pub key: VerifierKey,
    /// Where it answers.
    pub address: SocketAddr,
    server: Server,
    watched: Option<Watched>,
}

/// Reads everything that a start needs, and writes nothing: `sluis witness --check`.
///
/// # Errors
/// [`StartError`] names what is wrong.
pub fn check(config: &Config) -> Result<(), StartError> {
    cosigner(&config.name, &config.key)?;
    logs(config)?;
    let identity = config.identity.as_ref().map(|identity| Watched::listener(identity, None));
    identity.transpose().map(drop).map_err(StartError::new)
}

/// Opens the witness and binds its listener.
///
/// # Errors
/// [`StartError`] names what is wrong.
pub async fn bind(config: &Config, outside: &Outside) -> Result<Bound, StartError> {
    let state = State::open(&config.store).await;
    let state = state.map_err(|error| StartError::new(format!("store: {}: {error}", config.store.display())))?;
    let witness = Arc::new(Witness {
        cosigner: cosigner(&config.name, &config.key)?,
        logs: logs(config)?,
        state,
        clock: Arc::clone(&outside.clock),
    });
    let tls = config.identity.as_ref().map(|identity| Watched::listener(identity, None));
    let (tls, watched) = tls.transpose().map_err(StartError::new)?.unzip();
    let listener = TcpListener::bind(config.listen).await.map_err(|error| StartError::taken("listen", config.listen, &error))?;
    let address = listener.local_addr().map_err(StartError::new)?;
    let key = witness.cosigner.verifier().clone();
    Ok(Bound { key, address, server: Server { listener, tls, router: router(witness), limits: Limits::default() }, watched })
}

impl Bound {
    /// Serves until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        let watching = self.watched.map(|watched| tokio::spawn(watched.watch()));
        self.server.run(shutdown).await;
        if let Some(watching) = watching {
            watching.abort();
        }
    }
}

/// The key of a witness, from its seed of 32 bytes.
fn cosigner(name: &str, path: &Path) -> Result<Cosigner, StartError> {
    let wrong = |reason: &dyn std::fmt::Display| StartError::new(format!("key: {}: {reason}", path.display()));
    let seed = std::fs::read(path).map(zeroize::Zeroizing::new).map_err(|error| wrong(&error))?;
    let seed = <[u8; 32]>::try_from(seed.as_slice()).map_err(|_| wrong(&"not a seed of 32 bytes"))?;
    let name = name.parse().map_err(|error| StartError::new(format!("name: {error}")))?;
    let key = SigningKey::from_seed(name, KeyKind::Cosignature, &Secret::new(seed)).map_err(|error| wrong(&error))?;
    Cosigner::new(key).map_err(|error| wrong(&error))
}

fn logs(config: &Config) -> Result<Vec<VerifierKey>, StartError> {
    let read = |vkey: &str| {
        let key: VerifierKey = vkey.parse().map_err(|error| StartError::new(format!("[[logs]] vkey: {vkey}: {error}")))?;
        let of_a_log = key.kind() == KeyKind::Note;
        of_a_log
            .then_some(key)
            .ok_or_else(|| StartError::new(format!("[[logs]] vkey: {vkey}: the key of a witness, not of a log")))
    };
    config.logs.iter().map(|log| read(&log.vkey)).collect()
}
