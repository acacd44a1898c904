//! The policies' files: read at the start, watched while the gateway runs, and exchanged without a request noticing.
//!
//! A version that cannot be used leaves the one in force where it is, and is reported until it is mended.

mod follow;
mod order;
mod start;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub(super) use self::start::{Begins, begin, begins};
pub(super) use self::watch::Watch;

use super::gateway::StartError;
use crate::actions::{ActionError, Desk};
use crate::config::{GatewayConfig, PolicySection};
use crate::exchange::Gateway;
use crate::exchange::registry::Registry;
use crate::policy::manifest::Approver;
use crate::policy::{Bundle, LoadError};
use crate::store::Store;

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(2);

/// Where the policies come from.
#[derive(Clone, Debug)]
pub(super) struct Source {
    folder: Option<PathBuf>,
    /// Who approves; without any, the files count as they are (development).
    approvers: Vec<Approver>,
}

impl Source {
    pub(super) fn of(section: &PolicySection) -> Result<Self, StartError> {
        Ok(Self { folder: section.folder.clone(), approvers: section.approvers().map_err(StartError::new)? })
    }

    /// A version that another node has put in force, read from the store's archive.
    fn taken(&self, archive: &[u8], hash: &str) -> Result<Bundle, LoadError> {
        if self.approvers.is_empty() {
            Bundle::of_archive(archive, hash)
        } else {
            Bundle::of_archive_approved(archive, hash, &self.approvers)
        }
    }

    pub(super) fn load(&self) -> Result<Bundle, LoadError> {
        match &self.folder {
            None => Bundle::embedded(),
            Some(folder) if self.approvers.is_empty() => Bundle::load(folder),
            Some(folder) => Bundle::load_approved(folder, &self.approvers),
        }
    }
}

/// The policies of a gateway as its files are now.
///
/// # Errors
/// [`StartError`] names what is wrong, and where.
pub fn load(config: &GatewayConfig) -> Result<Bundle, StartError> {
    Source::of(&config.policy)?.load().map_err(StartError::new)
}

/// Decides by `bundle` from the entry on that says so: every disclosure is recorded strictly before it or after it, under the policies of then.
///
/// # Errors
/// [`ActionError`]: the entry is not in the log, or nobody knows. The store then says which are in force, and both are at hand.
pub async fn put_in_force(gateway: &Gateway, desk: &Desk, bundle: Arc<Bundle>) -> Result<(), ActionError> {
    let registry = gateway.registry.refresh().await?;
    exchange(gateway, desk, bundle, &registry).await
}

/// In the place of those that `registry` says are in force.
async fn exchange(gateway: &Gateway, desk: &Desk, bundle: Arc<Bundle>, registry: &Registry) -> Result<(), ActionError> {
    gateway.policy.announce(Arc::clone(&bundle));
    let before = registry.policy.as_deref();
    desk.policies_in_force(&bundle, before, registry.revision).await?;
    tracing::info!(bundle = bundle.hash(), version = bundle.version(), before, "policies in force");
    go_by(gateway, desk, bundle).map_err(ActionError::Invalid)
}

/// From now on this node goes by these, its journal too, which keeps entries for as long as they say.
fn go_by(gateway: &Gateway, desk: &Desk, bundle: Arc<Bundle>) -> Result<(), String> {
    let terms = desk.terms.outlive(&bundle).map_err(|error| error.to_string())?;
    gateway.policy.exchange(bundle, || desk.journal.keep_by(terms));
    Ok(())
}

/// The version with this hash from the store, when its texts are what this node goes by.
async fn taken(store: &dyn Store, hash: &str, source: Source) -> Result<Bundle, String> {
    let texts = store.policy_texts(hash).await.map_err(|error| error.to_string())?;
    let texts = texts.ok_or("the store does not have their texts")?;
    let named = hash.to_owned();
    let read = tokio::task::spawn_blocking(move || source.taken(&texts, &named)).await;
    read.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
}
