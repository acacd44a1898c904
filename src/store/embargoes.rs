//! What privacy officers hold back from reports to subjects.

use async_trait::async_trait;

use super::StoreError;
use crate::ledger::embargo::Embargo;
use crate::organisation::Oin;

/// What a store keeps of embargoes.
#[async_trait]
pub trait Embargoes: Send + Sync {
    /// Every embargo of an organisation in its newest version, oldest first.
    ///
    /// # Errors
    /// [`StoreError`]: also when one is missing, is not sealed to its place, or says other than its row. Then nothing may be told.
    async fn embargoes(&self, party: &Oin) -> Result<Vec<Embargo>, StoreError>;
}
