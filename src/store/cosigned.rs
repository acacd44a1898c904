//! Checkpoints that a quorum of witnesses cosigned. Kept apart from the head: no decision depends on them, and each is verified when it is used.

use async_trait::async_trait;

use super::StoreError;
use crate::clock::Timestamp;
use crate::ledger::checkpoint::SignedCheckpoint;

/// What a store keeps of witnesses' cosignatures.
#[async_trait]
pub trait Cosigned: Send + Sync {
    /// Keeps a checkpoint with its cosignatures, durably; of one size the last.
    async fn keep_cosigned(&self, checkpoint: &SignedCheckpoint, at: Timestamp) -> Result<(), StoreError>;

    /// The smallest kept one whose log holds the entry with this index; not verified.
    async fn cosigned_behind(&self, index: u64) -> Result<Option<SignedCheckpoint>, StoreError>;

    /// The largest kept one; not verified.
    async fn newest_cosigned(&self) -> Result<Option<SignedCheckpoint>, StoreError>;
}
