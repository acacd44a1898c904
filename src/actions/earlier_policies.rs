//! The versions of the policies that were in force: an explanation is told by the one that decided.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::policy::Bundle;
use crate::store::{Store, StoreError};

/// How many are kept in memory: reading one costs as much as a start.
const KEPT: usize = 8;

/// This program does not read the texts.
#[derive(Clone, Copy)]
struct Unreadable;

/// Those that were looked at last, by hash.
type Kept = BTreeMap<String, Result<Arc<Bundle>, Unreadable>>;

/// The versions that decided once.
#[derive(Default)]
pub struct EarlierPolicies {
    kept: Mutex<Kept>,
    reading: tokio::sync::Mutex<()>,
}

impl EarlierPolicies {
    /// The version with this hash; `None` when the store does not have its texts, they are not those, or this program no longer reads them. One is
    /// read at a time.
    pub(super) async fn of(&self, store: &dyn Store, hash: &str) -> Result<Option<Arc<Bundle>>, StoreError> {
        if let Some(known) = self.known(hash) {
            return Ok(known.ok());
        }
        let _one_at_a_time = self.reading.lock().await;
        if let Some(known) = self.known(hash) {
            return Ok(known.ok());
        }
        let Some(texts) = store.policy_texts(hash).await? else { return Ok(None) };
        let named = hash.to_owned();
        let read = tokio::task::spawn_blocking(move || Bundle::of_archive(&texts, &named).map_err(|error| error.to_string()));
        let read = read.await.map_err(|error| error.to_string()).and_then(|read| read);
        if let Err(error) = &read {
            tracing::warn!(hash, error, "what these policies decided can no longer be explained in words");
        }
        let bundle = read.map(Arc::new).map_err(|_| Unreadable);
        self.keep(hash, bundle.clone());
        Ok(bundle.ok())
    }

    fn known(&self, hash: &str) -> Option<Result<Arc<Bundle>, Unreadable>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).get(hash).cloned()
    }

    fn keep(&self, hash: &str, bundle: Result<Arc<Bundle>, Unreadable>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.pop_first();
        }
        kept.insert(hash.to_owned(), bundle);
    }
}
