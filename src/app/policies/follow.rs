//! Following what other nodes put in force.

use std::sync::Arc;

use super::{EVERY, Source, go_by, taken};
use crate::actions::Desk;
use crate::exchange::Gateway;

/// Takes what another node has put in force from the store, whenever that is not what this one has: its own files may follow later, or be of another folder. Its
/// hash stands in the head, whose code vouches for it, and its texts must have that hash.
pub(super) async fn follow(gateway: Arc<Gateway>, desk: Arc<Desk>, source: Source) {
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
