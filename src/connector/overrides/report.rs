//! What the gateway must know of overrides, and whether it does.

use super::OverrideError;
use crate::connector::Connector;
use crate::connector::delivery::{Delivery, override_key};
use crate::connector::store::OverrideRow;
use crate::source::overrides::{OverrideMessage, OverrideStanding};

impl Connector {
    /// What the gateway does not know yet, as bodies of `POST /v1/overrides`. Stays until [`Self::acknowledge_override`].
    ///
    /// # Errors
    /// [`OverrideError::State`].
    pub async fn pending_overrides(&self) -> Result<Vec<OverrideMessage>, OverrideError> {
        let rows = self.state.unreported_overrides(self.outside.clock.now()).await?;
        Ok(rows.into_iter().filter_map(OverrideRow::message).collect())
    }

    /// How far an override's standing is on its way to the gateway: none when there is nothing to send.
    pub fn override_delivery(&self, row: &OverrideRow) -> Option<Delivery> {
        let standing = row.standing().filter(|standing| row.reported != Some(*standing))?;
        match self.deliveries.of(&override_key(&row.id, standing)) {
            refused @ Delivery::Refused { .. } => Some(refused),
            _ if row.record.content.expires_at <= self.outside.clock.now() => None,
            waiting => Some(waiting),
        }
    }

    /// The gateway has taken this standing of the override.
    ///
    /// # Errors
    /// [`OverrideError::NotFound`].
    pub async fn acknowledge_override(&self, id: &str, standing: OverrideStanding) -> Result<(), OverrideError> {
        self.found(id).await?;
        // A late acknowledgement of `active` never hides that the revocation was taken.
        self.state.mark_reported(id, standing).await?;
        Ok(())
    }
}
