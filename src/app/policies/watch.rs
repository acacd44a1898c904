//! The watch over the policies' files: whenever one changes, what stands there comes in force, if it may.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::follow::follow;
use super::order::{NotInOrder, may_replace};
use super::{EVERY, Source, exchange, go_by};
use crate::actions::{ActionError, Desk};
use crate::exchange::Gateway;

/// Last change and length of each file, by path.
type Seen = Vec<(PathBuf, Option<SystemTime>, u64)>;

/// The watch over the files.
pub(in crate::app) struct Watch {
    source: Source,
    gateway: Arc<Gateway>,
    desk: Arc<Desk>,
    seen: Seen,
    /// What stood there, and what was in force, when the one did not follow the other.
    out_of_order: Option<(Seen, Option<String>)>,
}

impl Watch {
    pub(in crate::app) fn new(source: Source, gateway: Arc<Gateway>, desk: Arc<Desk>) -> Self {
        // What changes between the first reading and this look is seen at the first turn: nothing counts as seen yet.
        Self { source, gateway, desk, seen: Seen::new(), out_of_order: None }
    }

    /// Takes what other nodes put in force, for ever.
    pub(in crate::app) fn follow(&self) -> impl Future<Output = ()> + Send + 'static {
        follow(Arc::clone(&self.gateway), Arc::clone(&self.desk), self.source.clone())
    }

    /// Exchanges the policies whenever a file changes, for ever.
    pub(in crate::app) async fn watch(mut self) {
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
