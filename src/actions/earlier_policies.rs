//! The versions of the policies that were in force: an explanation is told by the one that decided.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::policy::Bundle;
use crate::store::{Store, StoreError};

/// How many are kept in memory: reading one costs as much as a start.
const KEPT: usize = 8;

/// Those that were looked at last.
#[derive(Default)]
pub struct EarlierPolicies(Mutex<BTreeMap<String, Arc<Bundle>>>);

impl EarlierPolicies {
    /// The version with this hash; `None` when the store does not have its texts, they are not those, or this program no longer reads them. One is
    /// read at a time.
    pub(super) async fn of(&self, store: &dyn Store, hash: &str) -> Result<Option<Arc<Bundle>>, StoreError> {
        let mut kept = self.0.lock().await;
        if let Some(bundle) = kept.get(hash) {
            return Ok(Some(Arc::clone(bundle)));
        }
        let Some(texts) = store.policy_texts(hash).await? else { return Ok(None) };
        let named = hash.to_owned();
        let read = tokio::task::spawn_blocking(move || Bundle::of_archive(&texts, &named).map_err(|error| error.to_string()));
        let bundle = match read.await.map_err(|error| error.to_string()).and_then(|read| read) {
            Ok(bundle) => Arc::new(bundle),
            Err(error) => {
                tracing::warn!(hash, error, "what decided then can no longer be explained in words");
                return Ok(None);
            }
        };
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(hash.to_owned(), Arc::clone(&bundle));
        Ok(Some(bundle))
    }
}
