//! Roots and proofs from stored tiles. Which tiles are needed is known beforehand, so a caller with asynchronous storage fetches them first and
//! hands them over as [`Tiles`].

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::hash::{NodeHash, empty_root, node_hash};
use super::range::{self, OutOfRange};
use super::tile::{self, Tile, TileId};

/// Where tiles come from.
pub trait TileSource {
    /// Why a tile cannot be read.
    type Error: std::error::Error + Send + Sync + 'static;

    /// The bytes of the tile: at least `32 × width` of them. More are ignored, so the widest version of the tile will do.
    ///
    /// # Errors
    /// When the tile is not there or cannot be read.
    fn tile(&self, id: TileId) -> Result<Cow<'_, [u8]>, Self::Error>;
}

/// Tiles in memory, the widest of each place.
#[derive(Clone, Debug, Default)]
pub struct Tiles(BTreeMap<(u8, u64), Vec<u8>>);

impl Tiles {
    /// Keeps a tile, unless a wider one of the same place is there.
    pub fn insert(&mut self, tile: Tile) {
        let kept = self.0.entry((tile.id.level(), tile.id.index())).or_default();
        if kept.len() < tile.bytes.len() {
            *kept = tile.bytes;
        }
    }
}

impl FromIterator<Tile> for Tiles {
    fn from_iter<I: IntoIterator<Item = Tile>>(tiles: I) -> Self {
        let mut kept = Self::default();
        tiles.into_iter().for_each(|tile| kept.insert(tile));
        kept
    }
}

impl TileSource for Tiles {
    type Error = MissingTile;

    fn tile(&self, id: TileId) -> Result<Cow<'_, [u8]>, MissingTile> {
        self.0.get(&(id.level(), id.index())).map(|bytes| Cow::Borrowed(bytes.as_slice())).ok_or(MissingTile(id))
    }
}

/// A tile that a proof needs was not handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is missing")]
pub struct MissingTile(pub TileId);

/// A root or proof cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum TreeError<E: std::error::Error + 'static> {
    /// The tree has no such position.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
    /// A tile could not be read.
    #[error("cannot read {id}")]
    Unreadable {
        /// The tile.
        id: TileId,
        /// Why.
        source: E,
    },
    /// A stored tile holds fewer hashes than the tree's size asks for: the log's store is damaged.
    #[error("{0} is shorter than the size of the tree asks for: restore the log from a replica or backup")]
    Truncated(TileId),
    /// A stored tile does not lead to the root of the tree: it was altered, or one above it.
    #[error("{0} does not lead to the root of the tree: restore the log from a replica or backup")]
    Altered(TileId),
}

/// The root of the first `size` leaves.
///
/// # Errors
/// [`TreeError`] when a tile of [`root_tiles`] cannot be read or is too short.
pub fn root<S: TileSource>(size: u64, source: &S) -> Result<NodeHash, TreeError<S::Error>> {
    if size > range::MAX_SIZE {
        return Err(OutOfRange { position: size, size: range::MAX_SIZE }.into());
    }
    if size == 0 { Ok(empty_root()) } else { hash_of(0..size, size, source) }
}

/// The tiles that [`root`] reads.
pub fn root_tiles(size: u64) -> BTreeSet<TileId> {
    TileId::right_edge(size).collect()
}

/// The inclusion proof of leaf `index` in the tree of `size`, from the leaf's sibling up.
///
/// # Errors
/// [`TreeError`] when `index` is not below `size`, or a tile of [`inclusion_tiles`] cannot be read or is too short.
pub fn inclusion<S: TileSource>(index: u64, size: u64, source: &S) -> Result<Vec<NodeHash>, TreeError<S::Error>> {
    let ranges = range::inclusion(index, size)?;
    ranges.into_iter().map(|range| hash_of(range, size, source)).collect()
}

/// The tiles that [`inclusion`] reads.
///
/// # Errors
/// [`OutOfRange`] when `index` is not below `size`.
pub fn inclusion_tiles(index: u64, size: u64) -> Result<BTreeSet<TileId>, OutOfRange> {
    Ok(tiles_of(&range::inclusion(index, size)?, size))
}

/// The proof that the tree of `old` leaves is a prefix of that of `new`; empty when `old` is 0 or `new`.
///
/// # Errors
/// [`TreeError`] when `old` is above `new`, or a tile of [`consistency_tiles`] cannot be read or is too short.
pub fn consistency<S: TileSource>(old: u64, new: u64, source: &S) -> Result<Vec<NodeHash>, TreeError<S::Error>> {
    let ranges = range::consistency(old, new)?;
    ranges.into_iter().map(|range| hash_of(range, new, source)).collect()
}

/// The tiles that [`consistency`] reads.
///
/// # Errors
/// [`OutOfRange`] when `old` is above `new`.
pub fn consistency_tiles(old: u64, new: u64) -> Result<BTreeSet<TileId>, OutOfRange> {
    Ok(tiles_of(&range::consistency(old, new)?, new))
}

fn tiles_of(ranges: &[Range<u64>], size: u64) -> BTreeSet<TileId> {
    let nodes = ranges.iter().cloned().flat_map(range::perfect);
    nodes.map(|node| TileId::holding(node, size).0).collect()
}

/// The hash of a range of a proof, which is never empty.
fn hash_of<S: TileSource>(range: Range<u64>, size: u64, source: &S) -> Result<NodeHash, TreeError<S::Error>> {
    let outside = OutOfRange { position: range.start, size };
    let mut hashes = Vec::new();
    for node in range::perfect(range) {
        let (tile, span) = TileId::holding(node, size);
        let row = read(source, tile)?;
        let covered = row.get(span.start..span.start + (1 << span.height)).ok_or(TreeError::Truncated(tile))?;
        hashes.push(perfect_root(covered.to_vec()).ok_or(TreeError::Truncated(tile))?);
    }
    fold(&hashes).ok_or_else(|| outside.into())
}

/// A tile's hashes from the source.
pub(super) fn read<S: TileSource>(source: &S, id: TileId) -> Result<Vec<NodeHash>, TreeError<S::Error>> {
    let bytes = source.tile(id).map_err(|source| TreeError::Unreadable { id, source })?;
    tile::hashes(&bytes, id.width().into()).ok_or(TreeError::Truncated(id))
}

/// The root over a power of two of hashes; `None` when there is none.
pub(super) fn perfect_root(mut row: Vec<NodeHash>) -> Option<NodeHash> {
    while row.len() > 1 {
        let (pairs, _) = row.as_chunks::<2>();
        row = pairs.iter().map(|[left, right]| node_hash(left, right)).collect();
    }
    row.first().copied()
}

/// The hash over perfect subtrees that get smaller to the right (RFC 6962 section 2.1); `None` when there is none.
pub(super) fn fold(perfect: &[NodeHash]) -> Option<NodeHash> {
    perfect.iter().copied().rev().reduce(|right, left| node_hash(&left, &right))
}
