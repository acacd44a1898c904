//! Tiles: names, paths and bytes (C2SP tlog-tiles).

use std::fmt::{self, Write as _};

use super::hash::NodeHash;
use super::range::Node;

/// Hashes in a full tile: a subtree of height 8.
pub const TILE_WIDTH: u16 = 256;

/// The name of a tile: its level, its place in the level, and how many hashes it holds. A narrower tile is a prefix of a wider one at the
/// same place, so a store keeps only the widest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    level: u8,
    index: u64,
    width: u16,
}

impl TileId {
    /// A tile of `width` hashes; level 0 to 63, width 1 to 256.
    ///
    /// # Errors
    /// [`InvalidTile`] when level or width lies outside those bounds.
    pub fn new(level: u8, index: u64, width: u16) -> Result<Self, InvalidTile> {
        let valid = level <= 63 && (1..=TILE_WIDTH).contains(&width);
        valid.then_some(Self { level, index, width }).ok_or(InvalidTile)
    }

    /// The tile that holds a perfect subtree's hashes in a tree of `size`, and where in it the subtree begins.
    pub(super) fn holding(node: Node, size: u64) -> (Self, Span) {
        let level = node.height / 8;
        let first = node.index << (node.height % 8);
        let index = first >> 8;
        let Some(tile) = Self::at(level, index, size) else {
            // A node of the tree lies in a tile of the tree; were it not so, an impossible tile is one that no source can give.
            return (Self { level: 63, index: u64::MAX, width: TILE_WIDTH }, Span { start: 0, height: 0 });
        };
        let start = usize::try_from(first & 0xff).unwrap_or(0);
        (tile, Span { start, height: node.height % 8 })
    }

    /// The tile at this place in a tree of `size`, as wide as that tree makes it; `None` where the tree has none.
    pub(super) fn at(level: u32, index: u64, size: u64) -> Option<Self> {
        let hashes = size.checked_shr(8 * level).unwrap_or(0);
        let rest = hashes.checked_sub(index.checked_mul(256)?)?.min(256);
        Self::new(u8::try_from(level).ok()?, index, u16::try_from(rest).ok()?).ok()
    }

    /// The right-edge tiles of a tree of `size`: the partial tile of each level that has one.
    pub fn right_edge(size: u64) -> impl Iterator<Item = Self> {
        (0..8).filter_map(move |level| Self::at(level, size >> (8 * level) >> 8, size))
    }

    /// The level: 0 holds leaf hashes.
    pub const fn level(self) -> u8 {
        self.level
    }

    /// The place in the level, from 0.
    pub const fn index(self) -> u64 {
        self.index
    }

    /// How many hashes, 1 to 256.
    pub const fn width(self) -> u16 {
        self.width
    }

    /// Whether it holds all 256 hashes, and so never changes again.
    pub const fn is_full(self) -> bool {
        self.width == TILE_WIDTH
    }

    /// Where in the tile above it the hash over this tile stands, once it is full.
    pub(super) fn place_above(self) -> usize {
        usize::try_from(self.index & 0xff).unwrap_or(0)
    }

    /// Whether a tree of `size` holds all of this tile: only such a tile may be served, and never an arbitrary partial one beyond it.
    pub fn is_in(self, size: u64) -> bool {
        Self::at(self.level.into(), self.index, size).is_some_and(|whole| self.width <= whole.width)
    }

    /// Its path, as in `tile/0/x001/234.p/5`.
    pub fn path(self) -> String {
        self.path_under(&self.level.to_string())
    }

    /// The path of the bundle of entries beside a level 0 tile, as in `tile/entries/x001/234.p/5`.
    pub fn entries_path(self) -> String {
        self.path_under("entries")
    }

    fn path_under(self, folder: &str) -> String {
        let mut groups = vec![self.index % 1000];
        let mut rest = self.index / 1000;
        while rest > 0 {
            groups.push(rest % 1000);
            rest /= 1000;
        }
        let mut path = format!("tile/{folder}");
        for (left, group) in groups.iter().enumerate().rev() {
            let mark = if left > 0 { "x" } else { "" };
            // Writing to a String cannot fail.
            let _ = write!(path, "/{mark}{group:03}");
        }
        if !self.is_full() {
            let _ = write!(path, ".p/{}", self.width);
        }
        path
    }
}

/// Which hashes of a tile form a perfect subtree: `2^height` from `start` on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) start: usize,
    pub(super) height: u32,
}

/// A tile with its hashes, 32 bytes each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Its name.
    pub id: TileId,
    /// `32 × width` bytes.
    pub bytes: Vec<u8>,
}

/// What a request path of a tiled log names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TilePath {
    /// A tile of hashes.
    Hashes(TileId),
    /// The bundle of entries beside a level 0 tile.
    Entries(TileId),
}

impl TilePath {
    /// Reads `tile/<L>/<N>[.p/<W>]` or `tile/entries/<N>[.p/<W>]`, only as tlog-tiles spells it: no needless zeros or groups.
    ///
    /// # Errors
    /// [`InvalidTile`] for any other text.
    pub fn parse(path: &str) -> Result<Self, InvalidTile> {
        // The longest path that can be meant: level 63, seven groups, width 255.
        if path.len() > 48 {
            return Err(InvalidTile);
        }
        let (folder, rest) = path.strip_prefix("tile/").and_then(|rest| rest.split_once('/')).ok_or(InvalidTile)?;
        let (groups, width) = match rest.split_once(".p/") {
            None => (rest, TILE_WIDTH),
            Some((groups, width)) => (groups, width.parse().map_err(|_| InvalidTile)?),
        };
        let index = index_of(groups).ok_or(InvalidTile)?;
        let (parsed, canonical) = if folder == "entries" {
            let tile = TileId::new(0, index, width)?;
            (Self::Entries(tile), tile.entries_path())
        } else {
            let tile = TileId::new(folder.parse().map_err(|_| InvalidTile)?, index, width)?;
            (Self::Hashes(tile), tile.path())
        };
        // Every tile has one spelling; whatever else parsed (`+5`, `007`, `.p/256`) is not a path of the log.
        (canonical == path).then_some(parsed).ok_or(InvalidTile)
    }
}

fn index_of(groups: &str) -> Option<u64> {
    groups.split('/').try_fold(0_u64, |index, group| {
        let digits: u64 = group.strip_prefix('x').unwrap_or(group).parse().ok()?;
        index.checked_mul(1000)?.checked_add(digits)
    })
}

/// The text or the numbers name no tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a tile: expected tile/<level 0-63>/<groups of three digits>[.p/<width 1-255>]")]
pub struct InvalidTile;

/// The bytes of a bundle of entries: each leaf with its length before it, in two bytes, big-endian.
///
/// # Errors
/// [`BundleError`] when a leaf is longer than 65,535 bytes.
pub fn bundle<L: AsRef<[u8]>>(leaves: &[L]) -> Result<Vec<u8>, BundleError> {
    let mut bytes = Vec::with_capacity(leaves.len() * 100);
    for leaf in leaves.iter().map(AsRef::as_ref) {
        let length = u16::try_from(leaf.len()).map_err(|_| BundleError)?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(leaf);
    }
    Ok(bytes)
}

/// The leaves in a bundle of entries.
///
/// # Errors
/// [`BundleError`] when the bytes end inside a leaf or its length.
pub fn unbundle(mut bytes: &[u8]) -> Result<Vec<&[u8]>, BundleError> {
    let mut leaves = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk::<2>().ok_or(BundleError)?;
        let (leaf, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into()).ok_or(BundleError)?;
        leaves.push(leaf);
        bytes = rest;
    }
    Ok(leaves)
}

/// A bundle of entries is cut off, or a leaf does not fit one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a bundle of entries is a sequence of leaves, each after its length in two bytes")]
pub struct BundleError;

/// The hashes in a tile's bytes; `None` when there are fewer than `width`.
pub(super) fn hashes(bytes: &[u8], width: usize) -> Option<Vec<NodeHash>> {
    let (chunks, _) = bytes.as_chunks::<32>();
    chunks.get(..width).map(|chunks| chunks.iter().copied().map(NodeHash::new).collect())
}

impl fmt::Display for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path())
    }
}
