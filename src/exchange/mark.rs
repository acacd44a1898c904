//! What the gateway remembers of its log outside the database: the newest head that it signed. A database that was put back from an old copy is known
//! by it, and nothing more is signed.

use std::sync::Arc;
use std::time::Duration;

use super::Gateway;
use super::cosigning::contradicts;
use crate::crypto::{digest, hex};
use crate::keystore::KeyStore;
use crate::ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use crate::ledger::note::VerifierKey;
use crate::store::Store;

/// The name of the mark in the key store: another origin is another log.
fn name(origin: &str) -> String {
    let digest = digest::sha256(origin.as_bytes());
    format!("log-head-{}", hex::encode(digest.first_chunk::<8>().unwrap_or(&[0; 8])))
}

/// How often the head is remembered, when it has changed.
const EVERY: Duration = Duration::from_secs(1);

/// Remembers, for ever.
pub(super) async fn remember(gateway: Arc<Gateway>) {
    let (name, mut last) = (name(gateway.log.name().as_str()), None);
    loop {
        tokio::time::sleep(EVERY).await;
        match look(&gateway, &name, last.as_ref()).await {
            Ok(newer) => last = newer.or(last),
            Err(error) => tracing::error!(error, "the head could not be remembered outside the database"),
        }
    }
}

/// Remembers the head when it has changed since `last`, out of which it must have grown.
async fn look(gateway: &Gateway, name: &str, last: Option<&Checkpoint>) -> Result<Option<Checkpoint>, String> {
    let head = gateway.store.safe_head().await.map_err(|error| error.to_string())?;
    if gateway.gate.closed().is_some() || last.map_or(head.size == 0, |last| last.root() == head.root) {
        return Ok(None);
    }
    let contradicted = match last {
        Some(last) => contradicts(&*gateway.store, last).await.map_err(|error| error.to_string())?,
        None => None,
    };
    if let Some(how) = contradicted {
        gateway.gate.close(&format!("this node remembers {how}"));
        return Ok(None);
    }
    let signed = SignedCheckpoint::parse(&head.checkpoint).map_err(|error| error.to_string())?;
    let checkpoint = signed.verify(&gateway.log).map_err(|error| error.to_string())?.clone();
    gateway.marks.remember(name, head.checkpoint.as_bytes()).map_err(|error| error.to_string())?;
    Ok(Some(checkpoint))
}

/// Whether a head of this log is remembered: then there was a store.
///
/// # Errors
/// What cannot be read, in words.
pub fn is_there(keys: &dyn KeyStore, log: &VerifierKey) -> Result<bool, String> {
    keys.remembered(&name(log.name().as_str())).map(|mark| mark.is_some()).map_err(|error| error.to_string())
}

/// How the mark contradicts the store; `None` when there is no mark, or the store's log grew out of it.
///
/// # Errors
/// What cannot be read, in words.
pub async fn contradicted(keys: &dyn KeyStore, store: &dyn Store, log: &VerifierKey) -> Result<Option<String>, String> {
    // The mark is read first: a gateway that runs meanwhile only adds to the store.
    let Some(mark) = keys.remembered(&name(log.name().as_str())).map_err(|error| error.to_string())? else { return Ok(None) };
    let mark = std::str::from_utf8(&mark).ok().and_then(|text| SignedCheckpoint::parse(text).ok());
    let mark = mark.ok_or("the remembered head is no checkpoint")?;
    let head = match mark.verify(log) {
        Ok(head) => head,
        Err(error) => return Err(format!("the remembered head: {error}")),
    };
    let found = contradicts(store, head).await.map_err(|error| error.to_string())?;
    Ok(found.map(|how| format!("the key store remembers {how}")))
}
