//! Whether the store can be read and written: looked at in the background, so that whoever asks `/readyz` costs the store nothing.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::time::Instant;

use super::Gateway;
use crate::store::StoreError;

/// How long between two looks.
const EVERY: Duration = Duration::from_secs(1);

/// After how long without an outcome the store counts as gone: a look at one that stands still ends later.
const STALE: Duration = Duration::from_secs(12);

/// What was seen last.
#[derive(Debug, Default)]
pub struct Readiness(ArcSwapOption<Look>);

#[derive(Debug)]
struct Look {
    outcome: Result<(), StoreError>,
    at: Instant,
}

impl Readiness {
    /// Whether the store can be used, as far as is known.
    ///
    /// # Errors
    /// [`StoreError`] says why not.
    pub fn now(&self) -> Result<(), StoreError> {
        match self.0.load_full() {
            None => Err(StoreError::Unavailable("it has not been looked at yet".to_owned())),
            Some(look) if look.at.elapsed() > STALE => {
                Err(StoreError::Unavailable(format!("it has not answered for {} s", look.at.elapsed().as_secs())))
            }
            Some(look) => look.outcome.clone(),
        }
    }

    /// Looks.
    pub async fn look(&self, gateway: &Gateway) {
        let outcome = usable(gateway).await;
        self.0.store(Some(Arc::new(Look { outcome, at: Instant::now() })));
    }
}

async fn usable(gateway: &Gateway) -> Result<(), StoreError> {
    // While the standbys are behind, nothing is acknowledged; whether anything may be written at all is looked at all the same.
    let (writes, safe) = tokio::join!(gateway.store.takes_writes(), gateway.store.safe_head());
    writes.and(safe.map(drop))
}

/// Looks, for ever.
pub(super) async fn watch(gateway: Arc<Gateway>) {
    loop {
        tokio::time::sleep(EVERY).await;
        gateway.readiness.look(&gateway).await;
    }
}
