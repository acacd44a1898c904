//! The connector (`sluis connector`): its gateway-facing listener, its local API, its outbox.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::gateway::{Outside, StartError, read_signing};
use super::minimiser::CatalogueMinimiser;
use super::witnesses;
use crate::connector::config::Config;
use crate::connector::local_api::{self, LocalToken};
use crate::connector::outbox::Outbox;
use crate::connector::service::{self, Service};
use crate::connector::{self, Connector};
use crate::crypto::keys::{Jwk, PrivateJwk, SigningKey, VerifyingKey};
use crate::exchange::authenticate::REQUEST_TAG;
use crate::exchange::nonces::Nonces;
use crate::http::client::SigningClient;
use crate::http::reload::Watched;
use crate::http::reply::Responder;
use crate::http::server::{Limits, LiveTls, Server};
use crate::http::tls::{Identity, Trust};
use crate::ledger::note::VerifierKey;
use crate::ledger::quorum::Policy;

/// A connector whose listeners are bound.
pub struct Bound {
    /// The connector.
    pub connector: Arc<Connector>,
    /// Where the gateway reaches it.
    pub address: SocketAddr,
    service: Server,
    local: Server,
    outbox: Outbox,
    /// TLS files of both directions, read again when they change.
    watched: Vec<Watched>,
}

/// Opens the connector's databases, without listening: for the command line and `--check`.
///
/// # Errors
/// [`StartError`] names what is wrong.
pub async fn open(config: &Config, outside: &Outside) -> Result<Connector, StartError> {
    let outside = connector::Outside {
        minimiser: Arc::new(CatalogueMinimiser),
        clock: Arc::clone(&outside.clock),
        entropy: Arc::clone(&outside.entropy),
    };
    Connector::open(config, outside).await.map_err(StartError::new)
}

/// What the configuration's files hold, beside the databases.
struct Files {
    signing: PrivateJwk,
    gateway_keys: Vec<VerifyingKey>,
    log: VerifierKey,
    witnesses: Option<Policy>,
    server: Arc<LiveTls>,
    client: Arc<SigningClient>,
    watched: Vec<Watched>,
    token: LocalToken,
}

impl Files {
    fn read(config: &Config, outside: &Outside) -> Result<Self, StartError> {
        let (identity, trust) = tls_files(config);
        let signing = read_signing(&config.signing_key)?;
        let key = signing_key(&signing)?;
        let make = |tls| SigningClient::new(tls, key, REQUEST_TAG, Arc::clone(&outside.clock), Arc::clone(&outside.entropy));
        let (client, outbound) = Watched::client(&identity, &trust, make).map_err(StartError::new)?;
        let (server, inbound) = Watched::listener(&identity, Some(&trust)).map_err(StartError::new)?;
        Ok(Self {
            signing,
            gateway_keys: gateway_keys(&config.gateway.signing_keys)?,
            log: config.log_vkey.parse().map_err(|error| StartError::new(format!("log-vkey: {error}")))?,
            witnesses: config.witness_policy.as_deref().map(witnesses::read).transpose()?,
            server,
            client,
            watched: vec![inbound, outbound],
            token: LocalToken::load(&config.local_api.token).map_err(StartError::new)?,
        })
    }
}

fn signing_key(key: &PrivateJwk) -> Result<SigningKey, StartError> {
    SigningKey::from_jwk(key).map_err(StartError::new)
}

/// The connector's own identity, and whom it trusts in both directions: the gateway.
fn tls_files(config: &Config) -> (Identity, Trust) {
    let identity = Identity { certificate: config.tls.certificate.clone(), key: config.tls.key.clone() };
    (identity, Trust { roots: config.tls.ca.clone(), crls: config.tls.crls.clone() })
}

/// Reads and opens everything, without listening: `sluis connector --check`.
///
/// # Errors
/// [`StartError`] names what is wrong.
pub async fn check(config: &Config, outside: &Outside) -> Result<(), StartError> {
    Files::read(config, outside)?;
    open(config, outside).await.map(drop)
}

/// Builds the connector and binds its listeners.
///
/// # Errors
/// [`StartError`] names what is wrong.
pub async fn bind(config: &Config, outside: &Outside) -> Result<Bound, StartError> {
    let connector = Arc::new(open(config, outside).await?);
    let Files { signing, gateway_keys, log, witnesses, server, client, watched, token } = Files::read(config, outside)?;
    let listener = TcpListener::bind(config.listen).await.map_err(|error| StartError::taken("listen", config.listen, &error))?;
    let address = listener.local_addr().map_err(StartError::new)?;
    let service = Arc::new(Service {
        connector: Arc::clone(&connector),
        gateway: config.gateway.oin.clone(),
        gateway_keys: gateway_keys.clone(),
        responder: Responder::new(signing_key(&signing)?),
        log,
        witnesses,
        authorities: [address.to_string(), format!("localhost:{}", address.port())]
            .into_iter()
            .chain(config.authorities.iter().cloned())
            .collect(),
        nonces: Nonces::default(),
        clock: Arc::clone(&outside.clock),
        entropy: Arc::clone(&outside.entropy),
    });
    let service = Server { listener, tls: Some(server), router: service::router(service), limits: Limits::default() };
    let outbox = Outbox {
        connector: Arc::clone(&connector),
        client,
        gateway: config.gateway.url.clone(),
        gateway_keys,
        clock: Arc::clone(&outside.clock),
        entropy: Arc::clone(&outside.entropy),
    };
    let listen = config.local_api.listen;
    let listener = TcpListener::bind(listen).await.map_err(|error| StartError::taken("[local-api] listen", listen, &error))?;
    let local =
        Server { listener, tls: None, router: local_api::router(Arc::clone(&connector), token), limits: Limits::default() };
    Ok(Bound { connector, address, service, local, outbox, watched })
}

impl Bound {
    /// Serves until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        let outbox = tokio::spawn(self.outbox.run());
        let watching = tokio::spawn(futures_util::future::join_all(self.watched.into_iter().map(Watched::watch)));
        tokio::join!(self.service.run(shutdown.clone()), self.local.run(shutdown));
        outbox.abort();
        watching.abort();
    }
}

/// The keys of a JWK set that can verify.
fn gateway_keys(path: &Path) -> Result<Vec<VerifyingKey>, StartError> {
    #[derive(serde::Deserialize)]
    struct Set {
        keys: Vec<Jwk>,
    }
    let wrong = |reason: &dyn std::fmt::Display| StartError::new(format!("{}: {reason}", path.display()));
    let json = std::fs::read(path).map_err(|error| wrong(&error))?;
    let set: Set = serde_json::from_slice(&json).map_err(|error| wrong(&error))?;
    set.keys.iter().map(|key| VerifyingKey::from_jwk(key).map_err(|error| wrong(&error))).collect()
}
