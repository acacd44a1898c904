//! Tiles that are shown to others: proved to stand in the signed tree, for storage tears and people change it.

use std::collections::BTreeSet;

use super::hash::NodeHash;
use super::prove::{TileSource, TreeError, perfect_root, read, root};
use super::range::OutOfRange;
use super::tile::TileId;

/// The bytes of a tile of the tree of `size`, when all its hashes lead to `expected`, the root of that tree: each full tile to its hash in the tile
/// above, the partial ones to the root.
///
/// # Errors
/// [`TreeError`] when the tree has no such tile, a tile of [`proved_tiles`] cannot be read or is too short, or the hashes lead elsewhere.
pub fn proved<S: TileSource>(id: TileId, size: u64, expected: NodeHash, source: &S) -> Result<Vec<u8>, TreeError<S::Error>> {
    if !id.is_in(size) {
        return Err(OutOfRange { position: id.index(), size }.into());
    }
    let mut below: Option<(TileId, NodeHash)> = None;
    for tile in upwards(id, size) {
        let row = read(source, tile)?;
        if let Some((under, _)) = below.filter(|(under, hash)| row.get(under.place_above()) != Some(hash)) {
            return Err(TreeError::Altered(under));
        }
        // Over the last one, which is partial, there is none that it would be compared with.
        below = perfect_root(row).map(|hash| (tile, hash));
    }
    if root(size, source)? != expected {
        return Err(TreeError::Altered(below.map_or(id, |(top, _)| top)));
    }
    Ok(read(source, id)?.iter().flat_map(NodeHash::bytes).copied().collect())
}

/// The tiles that [`proved`] reads.
pub fn proved_tiles(id: TileId, size: u64) -> BTreeSet<TileId> {
    upwards(id, size).chain(TileId::right_edge(size)).collect()
}

/// The tile as wide as the tree makes it, and those above it up to a partial one, which is at the right edge.
fn upwards(id: TileId, size: u64) -> impl Iterator<Item = TileId> {
    let at = move |level: u8, index| TileId::at(level.into(), index, size);
    std::iter::successors(
        at(id.level(), id.index()),
        move |tile| {
            if tile.is_full() { at(tile.level() + 1, tile.index() >> 8) } else { None }
        },
    )
}
