//! The witnesses of the gateway's log: who they are, and whether they, or the key store, know of a later log than the store has.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::gateway::StartError;
use crate::config::LogSection;
use crate::exchange::cosigning::{contradicts, evidence};
use crate::exchange::mark;
use crate::exchange::quorum::Witnessing;
use crate::http::cosigners::HttpCosigners;
use crate::http::tls;
use crate::keystore::KeyStore;
use crate::ledger::note::VerifierKey;
use crate::ledger::quorum::Policy;
use crate::store::Store;

const RESTORE: &str = "the store is an old copy, or another log's: to sign on it would make two histories of one log\n  do: restore the newer store; to begin \
    anew, give another store, other keys and another [log] origin";

/// The witnesses of the configuration, if it names any.
///
/// # Errors
/// [`StartError`] names the file and what is wrong with it.
pub(super) fn known(config: &LogSection, log: &VerifierKey) -> Result<Option<Witnessing>, StartError> {
    let Some(path) = &config.witnesses else { return Ok(None) };
    let policy = read(path)?;
    let wrong = |reason: String| StartError::new(format!("[log] witnesses: {}: {reason}", path.display()));
    if policy.asks_for_none() {
        return Err(wrong("quorum none: leave the setting out where no witness is needed".to_owned()));
    }
    if !policy.logs().is_empty() && !policy.logs().contains(log) {
        return Err(wrong(format!("its log lines do not name this log\n  expected: log {log}")));
    }
    for witness in policy.witnesses() {
        let url = witness.url.as_deref().ok_or_else(|| wrong(format!("witness {}: its address is missing", witness.name)))?;
        match reached(url) {
            Some(Reached::Loopback) => {}
            Some(Reached::Tls) if config.servers.is_some() => {}
            Some(Reached::Tls) => return Err(StartError::new("[log] servers: name the roots of the witnesses' certificates")),
            None => return Err(wrong(format!("witness {}: {url}: https://…, or http:// on loopback", witness.name))),
        }
    }
    let cosigners = Arc::new(HttpCosigners::new(tls::client_unnamed(config.servers.as_ref()).map_err(StartError::new)?));
    let close_after = Duration::from_mins(u64::from(config.close_after_minutes));
    Ok(Some(Witnessing::new(policy, log.clone(), cosigners, close_after)))
}

/// Reads a policy file.
///
/// # Errors
/// [`StartError`] names the file and the line.
pub(super) fn read(path: &Path) -> Result<Policy, StartError> {
    let wrong = |reason: &dyn std::fmt::Display| StartError::new(format!("{}: {reason}", path.display()));
    Policy::parse(&std::fs::read(path).map_err(|error| wrong(&error))?).map_err(|error| wrong(&error))
}

enum Reached {
    Tls,
    Loopback,
}

fn reached(url: &str) -> Option<Reached> {
    let url: http::Uri = url.parse().ok()?;
    let host = url.host()?.trim_start_matches('[').trim_end_matches(']');
    let loopback = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    match url.scheme_str()? {
        "https" => Some(Reached::Tls),
        "http" if loopback => Some(Reached::Loopback),
        _ => None,
    }
}

/// That the log grew out of the head that the key store remembers.
///
/// # Errors
/// [`StartError`].
pub(super) async fn remembered(keys: &dyn KeyStore, store: &dyn Store, log: &VerifierKey) -> Result<(), StartError> {
    match mark::contradicted(keys, store, log).await {
        Ok(None) => Ok(()),
        Ok(Some(how)) => Err(StartError::new(format!("[store] url: {how}: {RESTORE}"))),
        Err(error) => {
            Err(StartError::new(format!("[keys] store: {error}\n  do: restore the folder of the key store from its backup")))
        }
    }
}

/// That there is no head to remember where there is no store.
///
/// # Errors
/// [`StartError`].
pub(super) fn nothing_remembered(keys: &dyn KeyStore, log: &VerifierKey) -> Result<(), StartError> {
    if mark::is_there(keys, log).map_err(|error| StartError::new(format!("[keys] store: {error}")))? {
        return Err(StartError::new(format!(
            "[store] url: it is empty, and the key store remembers a head of this log: {RESTORE}"
        )));
    }
    Ok(())
}

/// That the log grew out of every head that a witness can show; one that does not answer now is compared with when it cosigns.
///
/// # Errors
/// [`StartError`].
pub(super) async fn compare(witnessing: &Witnessing, store: &dyn Store) -> Result<(), StartError> {
    let origin = witnessing.log.name().as_str();
    let asked = witnessing.policy.witnesses().iter().filter_map(|witness| Some((witness, witness.url.as_deref()?)));
    let answers = asked.map(async |(witness, url)| (witness, witnessing.cosigners.latest(url, origin).await));
    for (witness, answer) in futures_util::future::join_all(answers).await {
        let shown = match answer {
            Ok(answer) => evidence(&answer.body, &witnessing.log, &witness.key).filter(|_| answer.status == 200),
            Err(error) => {
                tracing::warn!(witness = witness.name, %error, "a witness does not answer");
                None
            }
        };
        let Some(shown) = shown else { continue };
        if let Some(how) = contradicts(store, &shown).await.map_err(StartError::new)? {
            return Err(StartError::new(format!("[store] url: witness {} shows {how}: {RESTORE}", witness.name)));
        }
    }
    Ok(())
}
