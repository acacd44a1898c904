//! What a start does with the policies that it has read, beside those that are in force.

use std::sync::Arc;

use super::order::{NotInOrder, may_replace};
use super::{Source, go_by, taken};
use crate::actions::Desk;
use crate::app::gateway::StartError;
use crate::exchange::Gateway;
use crate::policy::Bundle;
use crate::store::Store;

/// What a start does with the policies that it has read.
pub(in crate::app) enum Begins {
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
pub(in crate::app) async fn begins(
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

/// Records what this node has read as in force, unless it stands there already. Before that it serves nobody. Where that does not follow what is in force,
/// it goes by what is.
///
/// # Errors
/// [`StartError`]: what it has read does not follow what is in force, or that it is cannot be recorded.
pub(in crate::app) async fn begin(gateway: &Gateway, desk: &Desk, source: &Source) -> Result<(), StartError> {
    let bundle = gateway.policy.load_full();
    let registry = gateway.registry.refresh().await.map_err(StartError::new)?;
    let in_force = registry.policy.as_deref();
    match begins(&*gateway.store, source, &bundle, in_force).await? {
        Begins::InForce => {}
        Begins::Replacing => {
            desk.policies_in_force(&bundle, in_force, registry.revision).await.map_err(StartError::new)?;
            tracing::info!(bundle = bundle.hash(), version = bundle.version(), "policies in force");
        }
        Begins::ByThoseInForce { taken, why } => {
            let (bundle, version) = (taken.hash().to_owned(), taken.version().map(str::to_owned));
            go_by(gateway, desk, taken).map_err(StartError::new)?;
            tracing::warn!(
                bundle,
                version,
                why,
                "the policies of this node do not follow those in force, which are taken from the store"
            );
            gateway.policy.report(Some(why));
        }
    }
    Ok(())
}
