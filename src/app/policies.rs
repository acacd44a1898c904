//! The policies' files: read at the start, watched while the gateway runs, and exchanged without a request noticing.
//!
//! A version that cannot be used leaves the one in force where it is, and is reported until it is mended.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::gateway::StartError;
use crate::actions::{ActionError, Desk};
use crate::catalogue::purpose::FileError;
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

/// Last change and length of each file, by path.
type Seen = Vec<(PathBuf, Option<SystemTime>, u64)>;

/// The watch over the files.
pub(super) struct Watch {
    source: Source,
    gateway: Arc<Gateway>,
    desk: Arc<Desk>,
    seen: Seen,
    /// What stood there, and what was in force, when the one did not follow the other.
    out_of_order: Option<(Seen, Option<String>)>,
}

impl Watch {
    pub(super) fn new(source: Source, gateway: Arc<Gateway>, desk: Arc<Desk>) -> Self {
        // What changes between the first reading and this look is seen at the first turn: nothing counts as seen yet.
        Self { source, gateway, desk, seen: Seen::new(), out_of_order: None }
    }

    /// Records what this node has read as in force, unless it stands there already. Before that it serves nobody. Where that does not follow what is in force,
    /// it goes by what is.
    ///
    /// # Errors
    /// [`StartError`]: what it has read does not follow what is in force, or that it is cannot be recorded.
    pub(super) async fn begin(&self) -> Result<(), StartError> {
        let bundle = self.gateway.policy.load_full();
        let registry = self.gateway.registry.refresh().await.map_err(StartError::new)?;
        let in_force = registry.policy.as_deref();
        match begins(&*self.gateway.store, &self.source, &bundle, in_force).await? {
            Begins::InForce => {}
            Begins::Replacing => {
                self.desk.policies_in_force(&bundle, in_force, registry.revision).await.map_err(StartError::new)?;
                tracing::info!(bundle = bundle.hash(), version = bundle.version(), "policies in force");
            }
            Begins::ByThoseInForce { taken, why } => {
                let (bundle, version) = (taken.hash().to_owned(), taken.version().map(str::to_owned));
                go_by(&self.gateway, &self.desk, taken).map_err(StartError::new)?;
                tracing::warn!(
                    bundle,
                    version,
                    why,
                    "the policies of this node do not follow those in force, which are taken from the store"
                );
                self.gateway.policy.report(Some(why));
            }
        }
        Ok(())
    }

    /// Takes what other nodes put in force, for ever.
    pub(super) fn follow(&self) -> impl Future<Output = ()> + Send + 'static {
        follow(Arc::clone(&self.gateway), Arc::clone(&self.desk), self.source.clone())
    }

    /// Exchanges the policies whenever a file changes, for ever.
    pub(super) async fn watch(mut self) {
        let Some(folder) = self.source.folder.clone() else { return };
        loop {
            tokio::time::sleep(EVERY).await;
            let now = look(&folder);
            let state = (now.clone(), self.gateway.registry.current().policy.clone());
            if now == self.seen || self.out_of_order.as_ref() == Some(&state) {
                continue;
            }
            match self.exchange().await {
                Ok(()) => self.seen = now,
                Err(Refused::Files(error)) => {
                    tracing::error!(%error, "the changed policies are refused; the old ones stay in force");
                    self.gateway.policy.report(Some(error.clone()));
                    // Tried again when they change again.
                    self.seen = now;
                }
                Err(Refused::Entry(error)) => {
                    tracing::error!(%error, "the changed policies are not in force: their entry is not in the log; tried again");
                    self.gateway.policy.report(Some(error.to_string()));
                }
                Err(Refused::Order(error)) => {
                    let told = error.to_string();
                    if self.gateway.policy.refused().as_ref() != Some(&told) {
                        tracing::error!(%error, "the changed policies do not come in force in the place of those that are, which stay; tried again");
                    }
                    self.gateway.policy.report(Some(told));
                    // Another node may put in force what they follow. What could not be read is read again.
                    self.out_of_order = (!matches!(error, NotInOrder::Unread(_))).then_some(state);
                }
            }
        }
    }

    async fn exchange(&self) -> Result<(), Refused> {
        let source = self.source.clone();
        let read = tokio::task::spawn_blocking(move || source.load()).await;
        let bundle = Arc::new(
            read.map_err(|error| Refused::Files(error.to_string()))?.map_err(|error| Refused::Files(error.to_string()))?,
        );
        if self.gateway.policy.load_full().hash() == bundle.hash() {
            self.gateway.policy.report(None);
            return Ok(());
        }
        let registry = self.gateway.registry.refresh().await.map_err(|error| Refused::Entry(error.into()))?;
        if registry.policy.as_deref() == Some(bundle.hash()) {
            // Another node has put it in force, or this one, and did not hear that it had.
            return go_by(&self.gateway, &self.desk, bundle).map_err(Refused::Files);
        }
        may_replace(&*self.gateway.store, &bundle, registry.policy.as_deref()).await.map_err(Refused::Order)?;
        exchange(&self.gateway, &self.desk, bundle, &registry).await.map_err(Refused::Entry)
    }
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

/// Takes what another node has put in force from the store, whenever that is not what this one has: its own files may follow later, or be of another folder. Its
/// hash stands in the head, whose code vouches for it, and its texts must have that hash.
async fn follow(gateway: Arc<Gateway>, desk: Arc<Desk>, source: Source) {
    let mut exchanges = gateway.registry.exchanges();
    loop {
        if let Some(hash) = gateway.registry.current().policy.clone()
            && gateway.policy.in_force(Some(&hash)).is_none()
        {
            let taken = taken(&*gateway.store, &hash, source.clone()).await;
            if gateway.registry.current().policy.as_deref() != Some(&hash) {
                // Meanwhile others came in force.
                continue;
            }
            let version = taken.as_ref().ok().and_then(|bundle| bundle.version().map(str::to_owned));
            match taken.and_then(|bundle| go_by(&gateway, &desk, Arc::new(bundle))) {
                Ok(()) => tracing::info!(bundle = hash, version, "policies in force, by another node"),
                Err(error) => {
                    let told = format!("{hash}, which another node has put in force, cannot be used: {error}");
                    if gateway.policy.unusable().as_ref() != Some(&told) {
                        tracing::error!(
                            hash,
                            error,
                            "the policies that another node has put in force cannot be used: nothing is decided here"
                        );
                    }
                    gateway.policy.report_unusable(Some(told));
                    tokio::time::sleep(EVERY).await;
                    continue;
                }
            }
        } else {
            gateway.policy.report_unusable(None);
        }
        // What two exchanged at the same moment is found out of step after a while.
        if matches!(tokio::time::timeout(EVERY, exchanges.changed()).await, Ok(Err(_))) {
            return;
        }
    }
}

/// Whether `bundle` may come in force in the place of what is: an approved one as [`Bundle::follows`] says; one that nobody approved, of a gateway without
/// approvers, never in the place of an approved one. A gateway that was set up wrongly would otherwise stop all others, which take approved ones only.
async fn may_replace(store: &dyn Store, bundle: &Bundle, in_force: Option<&str>) -> Result<(), NotInOrder> {
    bundle.follows(in_force)?;
    let Some(hash) = in_force.filter(|_| bundle.version().is_none()) else { return Ok(()) };
    let texts = store.policy_texts(hash).await.map_err(|error| NotInOrder::Unread(error.to_string()))?;
    let texts = texts.ok_or_else(|| NotInOrder::Unread("the store does not have their texts".to_owned()))?;
    let is_approved = Bundle::has_manifest(&texts).map_err(|error| NotInOrder::Unread(error.to_string()))?;
    if is_approved { Err(NotInOrder::Unapproved(hash.to_owned())) } else { Ok(()) }
}

/// What a start does with the policies that it has read.
pub(super) enum Begins {
    /// They are in force already.
    InForce,
    /// They come in force, with an entry of their own.
    Replacing,
    /// They do not follow those in force, which this node's own approvers have signed too.
    ByThoseInForce {
        /// Those in force.
        taken: Arc<Bundle>,
        /// Why not its own.
        why: String,
    },
}

/// What a start with `bundle` does; nothing is written.
///
/// # Errors
/// [`StartError`]: it would not start.
pub(super) async fn begins(
    store: &dyn Store,
    source: &Source,
    bundle: &Bundle,
    in_force: Option<&str>,
) -> Result<Begins, StartError> {
    if in_force == Some(bundle.hash()) {
        return Ok(Begins::InForce);
    }
    let Err(refused) = may_replace(store, bundle, in_force).await else { return Ok(Begins::Replacing) };
    let (NotInOrder::Order(why), Some(hash), false) = (&refused, in_force, source.approvers.is_empty()) else {
        return Err(StartError::new(refused));
    };
    match taken(store, hash, source.clone()).await {
        Ok(taken) => Ok(Begins::ByThoseInForce { taken: Arc::new(taken), why: why.to_string() }),
        Err(error) => {
            Err(StartError::new(format!("those in force ({hash}) cannot be used here: {error}\n  and of the folder: {why}")))
        }
    }
}

/// Why policies do not come in force in the place of those that are.
#[derive(Debug, thiserror::Error)]
enum NotInOrder {
    #[error(transparent)]
    Order(#[from] FileError),
    #[error("the policies that are in force cannot be read: {0}")]
    Unread(String),
    #[error(
        "policies that two persons approved are in force ({0}), and this gateway's have no approval\n  do: name the approvers ([[policy.approvers]]) and the folder that they approved ([policy] folder)"
    )]
    Unapproved(String),
}

/// The version with this hash from the store, when its texts are what this node goes by.
async fn taken(store: &dyn Store, hash: &str, source: Source) -> Result<Bundle, String> {
    let texts = store.policy_texts(hash).await.map_err(|error| error.to_string())?;
    let texts = texts.ok_or("the store does not have their texts")?;
    let named = hash.to_owned();
    let read = tokio::task::spawn_blocking(move || source.taken(&texts, &named)).await;
    read.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
}

enum Refused {
    /// The files cannot be used.
    Files(String),
    /// They do not follow those in force.
    Order(NotInOrder),
    /// They do, but that they are in force could not be recorded.
    Entry(ActionError),
}

fn look(folder: &Path) -> Seen {
    let mut seen = Seen::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_dir() {
                folders.push(entry.path());
            } else {
                seen.push((entry.path(), metadata.modified().ok(), metadata.len()));
            }
        }
    }
    seen.sort();
    seen
}
