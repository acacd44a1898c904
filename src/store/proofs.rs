//! Roots and proofs of the log at any size that it had, from the stored tiles.

use std::collections::BTreeSet;

use super::{Store, StoreError};
use crate::ledger::tree::{self, MissingTile, NodeHash, OutOfRange, Tile, TileId, Tiles, TreeError};

/// The root of the first `size` leaves.
///
/// # Errors
/// [`ProofError`].
pub async fn root(store: &dyn Store, size: u64) -> Result<NodeHash, ProofError> {
    let tiles = read(store, tree::root_tiles(size)).await?;
    Ok(tree::root(size, &tiles)?)
}

/// The inclusion proof of leaf `index` in the log as it was with `size` leaves, from the leaf's sibling up (RFC 6962, section 2.1.1).
///
/// # Errors
/// [`ProofError`].
pub async fn inclusion(store: &dyn Store, index: u64, size: u64) -> Result<Vec<NodeHash>, ProofError> {
    let tiles = read(store, tree::inclusion_tiles(index, size)?).await?;
    Ok(tree::inclusion(index, size, &tiles)?)
}

/// The proof that the log of `old` leaves is a prefix of that of `new` (RFC 6962, section 2.1.2); empty when `old` is 0 or `new`.
///
/// # Errors
/// [`ProofError`].
pub async fn consistency(store: &dyn Store, old: u64, new: u64) -> Result<Vec<NodeHash>, ProofError> {
    let tiles = read(store, tree::consistency_tiles(old, new)?).await?;
    Ok(tree::consistency(old, new, &tiles)?)
}

async fn read(store: &dyn Store, wanted: BTreeSet<TileId>) -> Result<Tiles, ProofError> {
    let mut tiles = Tiles::default();
    for id in wanted {
        if let Some(bytes) = store.tile(id.level(), id.index()).await? {
            tiles.insert(Tile { id, bytes });
        }
    }
    Ok(tiles)
}

/// A root or proof cannot be given.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The log never had such a size or position.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
    /// A tile is not there, or too short.
    #[error(transparent)]
    Tiles(#[from] TreeError<MissingTile>),
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}
