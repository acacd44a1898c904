//! The registers without the gateway around them: log, keys and store, and what is done with them. An operator's commands open no more than this, so
//! that an organisation can be suspended and a key revoked while policies, certificates or signing key are broken.

use std::sync::Arc;

use super::at_rest::{AtRest, Opened};
use super::gateway::{Outside, StartError};
use super::witnesses;
use crate::actions::Desk;
use crate::actions::sessions::Entrance;
use crate::actions::terms::Terms;
use crate::config::GatewayConfig;
use crate::consent::Authority;
use crate::crypto::digest::{self, KeyedDigest};
use crate::keystore::{Key, KeyStore};
use crate::ledger::note::{KeyKind, NoteSigner, SigningKey, VerifierKey};
use crate::ledger::token::SearchKey;
use crate::organisation::session::Limits;
use crate::store::journal::Journal;
use crate::store::scribe::{Gate, TreeScribe};
use crate::store::sequencer::Sequencer;
use crate::store::{Store, retention};

const RESTORE: &str = "restore the key from its backup: a log is continued by the key that it was begun with; to begin anew, give another store and another [log] origin";

/// What was opened.
pub(super) struct Registers {
    /// Actions on them.
    pub(super) desk: Desk,
    /// The keys beside the store.
    pub(super) keys: Arc<dyn KeyStore>,
    /// The key that others are derived from.
    pub(super) root: Key,
    /// The log's public key.
    pub(super) log: VerifierKey,
    /// What stops the log for good.
    pub(super) gate: Arc<Gate>,
}

/// Opens the registers of a gateway, which may be running, for what is done to them.
///
/// # Errors
/// [`StartError`] names what is missing or wrong, and where.
pub async fn desk(config: &GatewayConfig, outside: Outside) -> Result<Desk, StartError> {
    Ok(open(config, outside, |store| store).await?.desk)
}

/// Opens them, on the store that `wrap` makes of the configured one.
pub(super) async fn open(
    config: &GatewayConfig,
    outside: Outside,
    wrap: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>,
) -> Result<Registers, StartError> {
    let Outside { clock, entropy } = outside;
    let authority = Arc::new(Authority::try_from(&config.consent).map_err(StartError::new)?);
    let at_rest = AtRest::find(config).await?;
    at_rest.is_durable(config.mode).await?;
    let Opened { root, keys, store, search: finder } = at_rest.open(&entropy).await?;
    let store = wrap(store);
    let scribe = Arc::new(TreeScribe::new(log_signer(config)?));
    scribe.check(&store.head().await.map_err(StartError::new)?).map_err(StartError::new)?;
    let (log, gate) = (scribe.verifier().clone(), scribe.gate());
    let search = SearchKey::new(digest::derive(&root, "sluis/v1/search-tokens"));
    let journal = Arc::new(Journal::new(Arc::clone(&keys), Arc::clone(&entropy), search));
    // Before anything may refuse a store that was put back: what was erased since goes from it too.
    retention::settle(&*store, &journal).await.map_err(StartError::new)?;
    witnesses::remembered(&*keys, &*store, &log).await?;
    let desk = Desk {
        oin: config.gateway.oin.clone(),
        operator: None,
        store: Arc::clone(&store),
        sequencer: Sequencer::start(store, scribe, Arc::clone(&clock)),
        journal,
        clock,
        entropy,
        authority,
        terms: terms(config),
        subject_index: subject_index(&root),
        search: finder,
        believed: Arc::default(),
        cursors: KeyedDigest::new(&root, "sluis/v1/log-cursors"),
        entrance: Arc::new(Entrance { links: KeyedDigest::new(&root, "sluis/v1/sign-in-links"), limits: Limits::default() }),
        earlier_policies: Arc::default(),
    };
    Ok(Registers { desk, keys, root, log, gate })
}

/// How long registers keep what has ended.
pub(super) fn terms(config: &GatewayConfig) -> Terms {
    Terms::of_years(config.retention.consent_years, config.retention.task_years)
}

/// The key under which consents and overrides about a person are found.
pub(super) fn subject_index(root: &Key) -> KeyedDigest {
    KeyedDigest::new(root, "sluis/v1/subject-index")
}

/// The key that signs checkpoints, from its seed of 32 bytes.
pub(super) fn log_signer(config: &GatewayConfig) -> Result<NoteSigner, StartError> {
    let wrong = |reason: &dyn std::fmt::Display| StartError::new(format!("[log] key: {}: {reason}", config.log.key.display()));
    let lost = |reason: &dyn std::fmt::Display| wrong(&format!("{reason}\n  do: {RESTORE}"));
    let seed = std::fs::read(&config.log.key).map_err(|error| lost(&error))?;
    let seed = <[u8; 32]>::try_from(seed).map_err(|_| lost(&"not a seed of 32 bytes"))?;
    let name = config.log.origin.parse().map_err(|error| wrong(&error))?;
    let key = SigningKey::from_seed(name, KeyKind::Note, &crate::secret::Secret::new(seed)).map_err(|error| wrong(&error))?;
    NoteSigner::new(key).map_err(|error| wrong(&error))
}
