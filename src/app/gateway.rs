//! The gateway (`sluis serve`): stores, keys, policies, listeners, background jobs.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::at_rest::{AtRest, Looked};
use super::listeners::{self, Listeners};
use super::own_keys::OwnKeys;
use super::policies;
use super::registers::{self, Registers};
use super::witnesses;
use crate::actions::{Desk, log, terms};
use crate::api::{Api, Places, openapi};
use crate::clock::Clock;
use crate::config::{ConfigError, GatewayConfig};
use crate::crypto::digest::KeyedDigest;
use crate::crypto::keys::{PrivateJwk, SigningKey};
use crate::entropy::Entropy;
use crate::exchange::health::Health;
use crate::exchange::jobs;
use crate::exchange::load::Load;
use crate::exchange::nonces::Nonces;
use crate::exchange::payloads::Payloads;
use crate::exchange::policies::LivePolicy;
use crate::exchange::rates::{Rate, Rates};
use crate::exchange::readiness::Readiness;
use crate::exchange::registry::LiveRegistry;
use crate::exchange::undelivered::Doubts;
use crate::exchange::vault::Vault;
use crate::exchange::{Gateway, Settings};
use crate::http::client::SigningClient;
use crate::http::public::Public;
use crate::http::reload::Watched;
use crate::http::reply::Responder;
use crate::ledger::note::VerifierKey;
use crate::source::SOURCE_TAG;
use crate::source::http::HttpSources;
use crate::store::Store;
use crate::store::scribe::TreeScribe;

/// How much one certificate holder may be refused without being authenticated.
const STRANGERS: Rate = Rate { per_second: 20.0, burst: 200.0 };

/// How much of one organisation's refusals for asking too much is logged: that it happens, without room to fill the log.
const EXCESSES: Rate = Rate { per_second: 1.0, burst: 1.0 };

/// How many overrides one source may report: far more than its professionals make, far fewer than would keep a person's facts moving.
const REGISTERING: Rate = Rate { per_second: 1.0, burst: 120.0 };

/// How many consents one source may record about one person: more than one conversation brings, and then so few that who asks meanwhile, and asks
/// again, is answered.
const REGISTERING_ABOUT: Rate = Rate { per_second: 0.1, burst: 20.0 };

/// The world outside: passed in, so that tests control it.
#[derive(Clone)]
pub struct Outside {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

/// Why a gateway does not start.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StartError(String);

impl StartError {
    /// Why.
    pub fn new(reason: impl ToString) -> Self {
        Self(reason.to_string())
    }

    /// The address of a `setting` cannot be listened at.
    pub(super) fn taken(setting: &str, address: SocketAddr, error: &std::io::Error) -> Self {
        Self(format!("{setting}: {address}: {error}\n  do: end the program that listens there, or give another address"))
    }
}

impl From<ConfigError> for StartError {
    fn from(error: ConfigError) -> Self {
        Self::new(error)
    }
}

/// A gateway that is ready to serve.
pub struct Built {
    /// The exchange.
    pub gateway: Arc<Gateway>,
    /// Actions on the registers.
    pub desk: Arc<Desk>,
    /// The log's public key.
    pub log: VerifierKey,
    /// The gateway's signing key.
    pub signing: PrivateJwk,
    api: Arc<Api>,
    /// The TLS files of the calls to sources.
    watched: Watched,
    policies: policies::Source,
    config: GatewayConfig,
}

/// Builds everything but the listeners.
///
/// # Errors
/// [`StartError`] names what is missing or wrong, and where.
pub async fn build(config: GatewayConfig, outside: Outside) -> Result<Built, StartError> {
    Box::pin(build_with(config, outside, |store| store)).await
}

/// What a start will do beside serving.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// Go on with a store that is there.
    Continues,
    /// The same, by the policies that are in force and not by those of its folder: why.
    ContinuesByThoseInForce(String),
    /// Make a store, for keys that are there.
    BeginsWithKeys,
    /// Make store and keys.
    Begins,
}

/// Reads everything that a start needs, asks the witnesses what they know of this log, and writes nothing: `sluis serve --check`.
///
/// # Errors
/// [`StartError`] names what is missing or wrong, and where.
pub async fn check(config: &GatewayConfig, outside: &Outside) -> Result<Checked, StartError> {
    let policies = policies::Source::of(&config.policy)?;
    let bundle = policies.load().map_err(StartError::new)?;
    registers::terms(config).outlive(&bundle).map_err(StartError::new)?;
    let at_rest = AtRest::find(config).await?;
    let opened = at_rest.look(&outside.entropy).await?;
    at_rest.is_durable(config.mode).await?;
    at_rest.may_write(opened.as_ref().map(|looked| &*looked.store)).await?;
    let scribe = TreeScribe::new(registers::log_signer(config)?);
    let witnessing = witnesses::known(&config.log, scribe.verifier())?;
    let mut goes_by = Checked::Continues;
    if let Some(Looked { keys, store, .. }) = &opened {
        scribe.check(&store.head().await.map_err(StartError::new)?).map_err(StartError::new)?;
        let registered = store.registered().await.map_err(StartError::new)?;
        if let policies::Begins::ByThoseInForce { taken, why } =
            policies::begins(&**store, &policies, &bundle, registered.policy.as_deref()).await?
        {
            registers::terms(config).outlive(&taken).map_err(StartError::new)?;
            goes_by = Checked::ContinuesByThoseInForce(why);
        }
        witnesses::remembered(&**keys, &**store, scribe.verifier()).await?;
        if let Some(witnessing) = &witnessing {
            witnesses::compare(witnessing, &**store).await?;
        }
    }
    sources_client(config, &own_signing(config)?, &outside.clock, &outside.entropy)?;
    listeners::check(config)?;
    if at_rest.used {
        return Ok(goes_by);
    }
    Ok(match at_rest.left(&outside.entropy)? {
        Some(keys) => {
            witnesses::nothing_remembered(&keys, scribe.verifier())?;
            Checked::BeginsWithKeys
        }
        None => Checked::Begins,
    })
}

/// [`build`] on the store that `wrap` makes of the configured one.
///
/// # Errors
/// [`StartError`].
pub async fn build_with(
    config: GatewayConfig,
    outside: Outside,
    wrap: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>,
) -> Result<Built, StartError> {
    let source = policies::Source::of(&config.policy)?;
    let bundle = source.load().map_err(StartError::new)?;
    let Registers { desk, keys, root, log, gate } = registers::open(&config, outside, wrap).await?;
    let Desk { store, sequencer, journal, clock, entropy, authority, .. } = desk.clone();
    let signing = own_signing(&config)?;
    let (client, watched) = sources_client(&config, &signing, &clock, &entropy)?;
    let witnessing = witnesses::known(&config.log, &log)?;
    if let Some(witnessing) = &witnessing {
        witnesses::compare(witnessing, &*store).await?;
        let unreadable = |error| {
            StartError::new(format!(
                "{error}\n  do: find out what was changed (sluis log verify full); a row of that table can be deleted, heads are cosigned anew"
            ))
        };
        if let Some(kept) = store.newest_cosigned().await.map_err(unreadable)? {
            witnessing.resume(&kept, clock.now());
        }
    }
    let gateway = Arc::new(Gateway {
        oin: config.gateway.oin.clone(),
        store: Arc::clone(&store),
        sequencer: sequencer.clone(),
        registry: LiveRegistry::load(Arc::clone(&store)).await.map_err(StartError::new)?,
        authority,
        policy: LivePolicy::new(bundle),
        vault: Vault::new(Arc::clone(&store), sequencer.clone(), Arc::clone(&keys), Arc::clone(&entropy)),
        journal,
        payloads: Payloads::new(Arc::clone(&keys), Arc::clone(&entropy)),
        sources: Arc::new(HttpSources::new(client)),
        health: Health::default(),
        load: Load::new(config.limits.working),
        readiness: Readiness::default(),
        nonces: Nonces::default(),
        rates: Rates::new(Rate { per_second: config.limits.requests_per_second, burst: config.limits.burst }),
        strangers: Rates::new(STRANGERS),
        excesses: Rates::new(EXCESSES),
        registering: Rates::new(REGISTERING),
        registering_about: Rates::new(REGISTERING_ABOUT),
        subject_index: registers::subject_index(&root),
        idempotency: KeyedDigest::new(&root, "sluis/v1/idempotency"),
        doubts: Doubts::default(),
        receipts_waiting: Notify::new(),
        log: log.clone(),
        witnessing,
        gate,
        marks: keys,
        settings: Settings {
            answer_at: config.exchange.answer_at,
            source_time: Duration::from_millis(config.exchange.source_ms),
        },
        clock,
        believed: Arc::clone(&desk.believed),
        entropy,
    });
    let desk = Arc::new(desk);
    desk.journal.keep_by(desk.terms.outlive(&gateway.policy.load_full()).map_err(StartError::new)?);
    let api = Arc::new(api(&config, &gateway, &desk, &signing)?);
    Ok(Built { gateway, desk, log, signing, api, watched, policies: source, config })
}

/// How many overviews, reports and exports a node makes at a time, and of them one organisation: each walks over the log.
const WALKS: (usize, usize) = (6, 2);

fn api(config: &GatewayConfig, gateway: &Arc<Gateway>, desk: &Arc<Desk>, signing: &PrivateJwk) -> Result<Api, StartError> {
    Ok(Api {
        gateway: Arc::clone(gateway),
        desk: Arc::clone(desk),
        responder: Responder::new(SigningKey::from_jwk(signing).map_err(StartError::new)?),
        authorities: config.gateway.authorities.clone(),
        public: Arc::new(public(signing, true)?),
        body_time: Duration::from_millis(config.limits.body_ms),
        places: Arc::new(Semaphore::new(config.limits.in_flight)),
        walks: Places::new(WALKS.0, WALKS.1),
    })
}

fn public(signing: &PrivateJwk, log: bool) -> Result<Public, StartError> {
    let keys = serde_json::to_vec(&serde_json::json!({ "keys": [signing.public()] })).map_err(StartError::new)?;
    Ok(Public { keys, openapi: openapi::json().into_bytes(), log })
}

/// The key that signs calls and answers.
fn own_signing(config: &GatewayConfig) -> Result<PrivateJwk, StartError> {
    let told = |error: StartError| {
        let made = "restore the key from its backup, or give another one, whose public half organisations and connectors must then be told";
        StartError(format!("[keys] signing: {error}\n  do: {made}"))
    };
    read_signing(&config.keys.signing).map_err(told)
}

/// Reads a private JWK.
///
/// # Errors
/// [`StartError`] names the file.
pub fn read_signing(path: &PathBuf) -> Result<PrivateJwk, StartError> {
    let wrong = |reason: &dyn std::fmt::Display| StartError(format!("{}: {reason}", path.display()));
    let json = std::fs::read(path).map(zeroize::Zeroizing::new).map_err(|error| wrong(&error))?;
    PrivateJwk::from_json(&json).map_err(|error| wrong(&error))
}

fn sources_client(
    config: &GatewayConfig,
    signing: &PrivateJwk,
    clock: &Arc<dyn Clock>,
    entropy: &Arc<dyn Entropy>,
) -> Result<(Arc<SigningClient>, Watched), StartError> {
    let key = SigningKey::from_jwk(signing).map_err(StartError::new)?;
    let make = |tls| SigningClient::new(tls, key, SOURCE_TAG, Arc::clone(clock), Arc::clone(entropy));
    Watched::client(&config.sources.identity, &config.sources.servers, make).map_err(StartError::new)
}

/// A gateway whose listeners are bound.
pub struct Bound {
    gateway: Arc<Gateway>,
    desk: Arc<Desk>,
    listeners: Listeners,
    policies: policies::Watch,
    own_keys: OwnKeys,
}

/// Where a gateway listens.
#[derive(Clone, Copy, Debug)]
pub struct Addresses {
    /// The API listener.
    pub api: SocketAddr,
    /// The web listener.
    pub web: SocketAddr,
    /// The operations listener.
    pub operations: SocketAddr,
}

impl Built {
    /// Binds the listeners.
    ///
    /// # Errors
    /// [`StartError`] names the address that is taken.
    pub async fn bind(self) -> Result<Bound, StartError> {
        let public = Arc::new(public(&self.signing, self.config.web.log)?);
        let own_keys = OwnKeys::of(&self.gateway, &self.desk, &self.signing)?;
        let Self { gateway, desk, api, watched, policies, config, .. } = self;
        let listeners = listeners::bind(&config, &api, &gateway, public, watched).await?;
        policies::begin(&gateway, &desk, &policies).await?;
        let policies = policies::Watch::new(policies, Arc::clone(&gateway), Arc::clone(&desk));
        own_keys.tell().await?;
        gateway.readiness.look(&gateway).await;
        Ok(Bound { gateway, desk, listeners, policies, own_keys })
    }
}

impl Bound {
    /// Where it listens.
    pub const fn addresses(&self) -> Addresses {
        self.listeners.addresses
    }

    /// Serves until `shutdown`, then finishes what is in flight.
    pub async fn run(self, shutdown: CancellationToken) {
        let jobs = TaskTracker::new();
        let stop_jobs = CancellationToken::new();
        let kept: jobs::Job = Box::pin(terms::keep(Arc::clone(&self.desk), Arc::clone(&self.gateway)));
        let searched: jobs::Job = Box::pin(log::keep(Arc::clone(&self.desk)));
        let own_keys: jobs::Job = Box::pin(self.own_keys.watch());
        let followed: jobs::Job = Box::pin(self.policies.follow());
        for job in jobs::all(&self.gateway).into_iter().chain([kept, searched, own_keys, followed]) {
            let stop = stop_jobs.clone();
            jobs.spawn(async move {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = job => {}
                }
            });
        }
        let (stop, policies) = (stop_jobs.clone(), self.policies);
        jobs.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = policies.watch() => {}
            }
        });
        self.listeners.run(shutdown).await;
        stop_jobs.cancel();
        jobs.close();
        jobs.wait().await;
        self.desk.search.close().await;
        self.gateway.store.close().await;
    }
}
