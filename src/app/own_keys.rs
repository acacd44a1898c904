//! Tells the log of the keys that the gateway itself works with, each once: what was told is remembered in the key store. After a crash in between one is
//! told twice rather than never.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::gateway::StartError;
use crate::actions::Desk;
use crate::actions::own_keys::{KeyUse, OwnKey};
use crate::crypto::keys::PrivateJwk;
use crate::crypto::{digest, hex};
use crate::exchange::Gateway;
use crate::keystore::KeyStore;

/// The name under which the key store remembers what was told.
const TOLD: &str = "own-keys";

/// How the names of keys begin that wrap keys of entries: by retention class and month, or for a legal hold.
const WRAPPING: [&str; 2] = ["entries-", "hold-"];

/// How often is looked for wrapping keys that are used for the first time.
const EVERY: Duration = Duration::from_mins(1);

/// What tells the log of its gateway's keys.
pub(super) struct OwnKeys {
    keys: Arc<dyn KeyStore>,
    desk: Arc<Desk>,
    /// The keys that are known from the start on.
    configured: BTreeSet<OwnKey>,
}

impl OwnKeys {
    /// Of this gateway, which signs with `signing`.
    pub(super) fn of(gateway: &Gateway, desk: &Arc<Desk>, signing: &PrivateJwk) -> Result<Self, StartError> {
        let public = serde_json::to_vec(signing.public()).map_err(StartError::new)?;
        let thumb = hex::encode(&digest::sha256(&public));
        let mut configured = BTreeSet::from([
            OwnKey { key_use: KeyUse::Log, id: gateway.log.to_string() },
            OwnKey { key_use: KeyUse::Messages, id: format!("sha256:{thumb}") },
        ]);
        let witnesses = gateway.witnessing.iter().flat_map(|witnessing| witnessing.policy.witnesses());
        configured.extend(witnesses.map(|witness| OwnKey { key_use: KeyUse::Witness, id: witness.key.to_string() }));
        Ok(Self { keys: Arc::clone(&gateway.marks), desk: Arc::clone(desk), configured })
    }

    /// Tells of those that were never told of.
    ///
    /// # Errors
    /// [`StartError`]: they are not in the log, so that nothing should be done with them.
    pub(super) async fn tell(&self) -> Result<(), StartError> {
        let mut told = self.told()?;
        let mut used = self.configured.clone();
        for prefix in WRAPPING {
            let made = self.keys.names(prefix).map_err(StartError::new)?.there;
            used.extend(made.into_iter().map(|id| OwnKey { key_use: KeyUse::Wrapping, id }));
        }
        used.retain(|key| !told.contains(&line(key)));
        if used.is_empty() {
            return Ok(());
        }
        let wrong = |error: &dyn std::fmt::Display| {
            StartError::new(format!("keys in use for the first time are not in the log: {error}"))
        };
        self.desk.own_keys_in_use(&used).await.map_err(|error| wrong(&error))?;
        told.extend(used.iter().map(line));
        let told = serde_json::to_vec(&told).map_err(StartError::new)?;
        self.keys.remember(TOLD, &told).map_err(|error| wrong(&error))
    }

    /// Tells of new ones, for ever.
    pub(super) async fn watch(self) {
        loop {
            tokio::time::sleep(EVERY).await;
            if let Err(error) = self.tell().await {
                tracing::warn!(%error, "the gateway's own keys could not be logged; trying again");
            }
        }
    }

    fn told(&self) -> Result<BTreeSet<String>, StartError> {
        let wrong = |error: &dyn std::fmt::Display| StartError::new(format!("[keys] store: {TOLD}: {error}"));
        let told = self.keys.remembered(TOLD).map_err(|error| wrong(&error))?;
        told.map_or_else(|| Ok(BTreeSet::new()), |told| serde_json::from_slice(&told).map_err(|error| wrong(&error)))
    }
}

fn line(key: &OwnKey) -> String {
    format!("{} {}", key.key_use.code(), key.id)
}
