//! The right edge: all that is needed of a log to append to it.

use std::collections::HashMap;
use std::sync::Arc;

use super::hash::{NodeHash, empty_root, node_hash};
use super::prove::{TileSource, TreeError, fold, read};
use super::range::{self, MAX_SIZE, Node, OutOfRange};
use super::tile::{Tile, TileId};

/// The last, partial tile of every level, with the nodes inside. Appending a leaf costs two hashes on average, whatever the size. Cloning is
/// cheap (shared until changed), so a batch appends to a copy, and the copy replaces the original once the commit is certain.
#[derive(Clone, Debug, Default)]
pub struct RightEdge {
    size: u64,
    levels: Vec<Arc<Subtree>>,
}

impl RightEdge {
    /// The edge of the tree without leaves.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Reads the edge of a tree of `size` from its stored tiles: those of [`TileId::right_edge`]. The caller compares [`Self::root`] with the
    /// signed checkpoint.
    ///
    /// # Errors
    /// [`TreeError`] when the size is beyond [`MAX_SIZE`], a tile cannot be read or is too short.
    pub fn load<S: TileSource>(size: u64, source: &S) -> Result<Self, TreeError<S::Error>> {
        if size > MAX_SIZE {
            return Err(OutOfRange { position: size, size: MAX_SIZE }.into());
        }
        let mut levels = vec![Arc::<Subtree>::default(); level_count(size)];
        for tile in TileId::right_edge(size) {
            let mut subtree = Subtree::default();
            for hash in read(source, tile)? {
                subtree.push(hash);
            }
            if let Some(level) = levels.get_mut(usize::from(tile.level())) {
                *level = Arc::new(subtree);
            }
        }
        Ok(Self { size, levels })
    }

    /// How many leaves the tree has.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree.
    pub fn root(&self) -> NodeHash {
        let nodes: Option<Vec<NodeHash>> = range::perfect(0..self.size).map(|node| self.node(node)).collect();
        nodes.as_deref().and_then(fold).unwrap_or_else(empty_root)
    }

    /// The tiles at the edge: of each level the last, partial one, where there is one.
    pub fn tiles(&self) -> Vec<Tile> {
        (0_u32..).zip(&self.levels).filter_map(|(level, subtree)| subtree.tile((level, self.size >> (8 * level) >> 8))).collect()
    }

    /// Appends leaf hashes, in order.
    ///
    /// # Errors
    /// [`OutOfRange`] when the tree would grow beyond [`MAX_SIZE`]; nothing is appended then.
    pub fn append(&mut self, leaves: &[NodeHash]) -> Result<Appended, OutOfRange> {
        let first = self.size;
        let grown = u64::try_from(leaves.len()).ok().and_then(|count| first.checked_add(count));
        let grown = grown.filter(|&size| size <= MAX_SIZE).ok_or(OutOfRange { position: first, size: MAX_SIZE })?;
        let mut subtrees = HashMap::new();
        for leaf in leaves {
            self.push(*leaf, &mut subtrees);
        }
        let mut tiles: Vec<Tile> = subtrees.iter().filter_map(|(place, subtree)| subtree.tile(*place)).collect();
        for (level, subtree) in (0_u32..).zip(&self.levels) {
            let place = (level, grown >> (8 * level) >> 8);
            if first >> (8 * level) != grown >> (8 * level) {
                tiles.extend(subtree.tile(place));
            }
            subtrees.insert(place, Arc::clone(subtree));
        }
        tiles.sort_unstable_by_key(|tile| tile.id);
        Ok(Appended { first, size: grown, root: self.root(), tiles, subtrees })
    }

    /// Adds one leaf; tiles that it completes go to `completed`, and their root a level up.
    fn push(&mut self, leaf: NodeHash, completed: &mut HashMap<Place, Arc<Subtree>>) {
        let mut carried = Some(leaf);
        for (level, subtree) in (0_u32..).zip(&mut self.levels) {
            let Some(hash) = carried else { break };
            carried = Arc::make_mut(subtree).push(hash);
            if carried.is_some() {
                completed.insert((level, self.size >> (8 * level) >> 8), std::mem::take(subtree));
            }
        }
        if let Some(hash) = carried {
            let mut top = Subtree::default();
            top.push(hash);
            self.levels.push(Arc::new(top));
        }
        self.size += 1;
    }

    fn node(&self, node: Node) -> Option<NodeHash> {
        let level = usize::try_from(node.height / 8).ok()?;
        self.levels.get(level)?.node(node)
    }
}

/// How many levels of tiles a tree of `size` has.
fn level_count(size: u64) -> usize {
    (0..8).take_while(|level| size >> (8 * level) > 0).count()
}

/// Level and index of a tile.
type Place = (u32, u64);

/// What one [`RightEdge::append`] made, with what proofs of the new leaves need, in memory.
#[derive(Clone, Debug)]
pub struct Appended {
    first: u64,
    size: u64,
    root: NodeHash,
    tiles: Vec<Tile>,
    subtrees: HashMap<Place, Arc<Subtree>>,
}

impl Appended {
    /// The index of the first leaf that was appended.
    pub const fn first(&self) -> u64 {
        self.first
    }

    /// The size of the tree afterwards.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree afterwards.
    pub const fn root(&self) -> NodeHash {
        self.root
    }

    /// The tiles that are new or wider than before, by level and index. A store replaces what it has at the same level and index.
    pub fn tiles(&self) -> &[Tile] {
        &self.tiles
    }

    /// The inclusion proof of a leaf of this batch in the tree of [`Self::size`], from memory: no tile is read.
    ///
    /// # Errors
    /// [`OutOfRange`] when `index` is not of this batch.
    pub fn inclusion(&self, index: u64) -> Result<Vec<NodeHash>, OutOfRange> {
        let outside = OutOfRange { position: index, size: self.size };
        if index < self.first {
            return Err(outside);
        }
        let hash = |range| {
            let nodes: Option<Vec<NodeHash>> = range::perfect(range).map(|node| self.node(node)).collect();
            nodes.as_deref().and_then(fold).ok_or(outside)
        };
        range::inclusion(index, self.size)?.into_iter().map(hash).collect()
    }

    fn node(&self, node: Node) -> Option<NodeHash> {
        let place = (node.height / 8, node.index << (node.height % 8) >> 8);
        self.subtrees.get(&place)?.node(node)
    }
}

/// The nodes inside one tile: row 0 are its hashes, row r the perfect subtrees over `2^r` of them. The root of a full tile stands in row 0 of
/// the tile above.
#[derive(Clone, Debug, Default)]
struct Subtree {
    rows: [Vec<NodeHash>; 8],
}

impl Subtree {
    /// Adds a hash on the right; the root when that makes the tile full.
    fn push(&mut self, hash: NodeHash) -> Option<NodeHash> {
        let mut hash = hash;
        for row in &mut self.rows {
            row.push(hash);
            match row.as_slice() {
                [.., left, right] if row.len().is_multiple_of(2) => hash = node_hash(left, right),
                _ => return None,
            }
        }
        Some(hash)
    }

    /// The node with these coordinates, when it lies in this tile.
    fn node(&self, node: Node) -> Option<NodeHash> {
        let row = node.height % 8;
        let position = node.index & (0xff >> row);
        self.rows.get(usize::try_from(row).ok()?)?.get(usize::try_from(position).ok()?).copied()
    }

    /// Its bytes as a tile; `None` when it is empty.
    fn tile(&self, (level, index): Place) -> Option<Tile> {
        let hashes = self.rows.first()?;
        let id = TileId::new(u8::try_from(level).ok()?, index, u16::try_from(hashes.len()).ok()?).ok()?;
        let bytes = hashes.iter().flat_map(NodeHash::bytes).copied().collect();
        Some(Tile { id, bytes })
    }
}
