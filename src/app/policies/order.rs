//! Which policies may come in force in the place of which.

use crate::catalogue::purpose::FileError;
use crate::policy::Bundle;
use crate::store::Store;

/// Whether `bundle` may come in force in the place of what is: an approved one as [`Bundle::follows`] says; one that nobody approved, of a gateway without
/// approvers, never in the place of an approved one. A gateway that was set up wrongly would otherwise stop all others, which take approved ones only.
pub(super) async fn may_replace(store: &dyn Store, bundle: &Bundle, in_force: Option<&str>) -> Result<(), NotInOrder> {
    bundle.follows(in_force)?;
    let Some(hash) = in_force.filter(|_| bundle.version().is_none()) else { return Ok(()) };
    let texts = store.policy_texts(hash).await.map_err(|error| NotInOrder::Unread(error.to_string()))?;
    let texts = texts.ok_or_else(|| NotInOrder::Unread("the store does not have their texts".to_owned()))?;
    let is_approved = Bundle::has_manifest(&texts).map_err(|error| NotInOrder::Unread(error.to_string()))?;
    if is_approved { Err(NotInOrder::Unapproved(hash.to_owned())) } else { Ok(()) }
}

/// Why policies do not come in force in the place of those that are.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotInOrder {
    #[error(transparent)]
    Order(#[from] FileError),
    #[error("the policies that are in force cannot be read: {0}")]
    Unread(String),
    #[error(
        "policies that two persons approved are in force ({0}), and this gateway's have no approval\n  do: name the approvers ([[policy.approvers]]) and the folder that they approved ([policy] folder)"
    )]
    Unapproved(String),
}
