//! What privacy officers hold back from reports to subjects.

use async_trait::async_trait;

use super::StoreError;
use crate::clock::Timestamp;
use crate::ledger::embargo::Embargo;
use crate::organisation::Oin;

/// The most embargoes of one organisation that stand at a time. Each report and each overview opens all of them.
pub const MOST_STANDING: usize = 1000;

/// What a store keeps of embargoes.
#[async_trait]
pub trait Embargoes: Send + Sync {
    /// Every embargo of an organisation in its newest version, oldest first.
    ///
    /// # Errors
    /// [`StoreError`]: also when one is missing, is not sealed to its place, or says other than its row. Then nothing may be told.
    async fn embargoes(&self, party: &Oin) -> Result<Vec<Embargo>, StoreError>;

    /// The ids of at most `limit` embargoes, of whichever organisation, that were lifted or ended by `before`.
    ///
    /// # Errors
    /// As [`Self::embargoes`].
    async fn ended_embargoes(&self, before: Timestamp, limit: u32) -> Result<Vec<String>, StoreError>;
}
