//! The Merkle tree of RFC 6962 over SHA-256, its C2SP tiles, and the proofs made and checked from them.

mod edge;
mod hash;
mod prove;
mod proved;
mod range;
mod tile;
mod verify;

#[cfg(test)]
mod tests;

pub use edge::{Appended, RightEdge};
pub use hash::{NodeHash, empty_root, leaf_hash, node_hash};
pub use prove::{
    MissingTile, TileSource, Tiles, TreeError, consistency, consistency_tiles, inclusion, inclusion_tiles, root, root_tiles,
};
pub use proved::{proved, proved_tiles};
pub use range::{MAX_SIZE, OutOfRange};
pub use tile::{BundleError, InvalidTile, TILE_WIDTH, Tile, TileId, TilePath, bundle, unbundle};
pub use verify::{ProofRejected, verify_consistency, verify_inclusion};
