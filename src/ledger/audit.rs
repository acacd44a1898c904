//! Verification of a whole log by whoever has it at hand: every stored body and column against its leaf, every leaf into the tree, the tree against
//! its tiles and against heads that were signed. Needs no key and believes nothing that is stored. Memory stays flat as the log grows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::entry::{Beside, Erases};
use super::seal::Leaf;
use super::tree::{NodeHash, RightEdge, TILE_WIDTH, Tile, TileId};

/// An entry as it is stored, for verifying.
#[derive(Clone, Debug)]
pub struct StoredLine {
    /// The index under which it is stored.
    pub index: i64,
    /// The leaf.
    pub leaf: Vec<u8>,
    /// The sealed body and the columns beside it; `None` when there is no body.
    pub body: Option<StoredBody>,
    /// What has become of its tokens and its key.
    pub erasable: Erasable,
    /// How many sources that were asked are written beside it.
    pub sources: u64,
}

/// What is looked at of a sealed body, which nobody has to keep for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredBody {
    hash: [u8; 32],
    /// Whether it begins with the digest of the stored columns.
    fits: bool,
}

impl StoredBody {
    /// Of the stored bytes, beside which columns with this digest stand.
    pub fn of(columns: Beside, sealed: &[u8]) -> Self {
        Self { hash: Leaf::hash_of_ciphertext(sealed), fits: Beside::before(sealed) == Some(columns) }
    }
}

/// What of an entry can be erased, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Erasable {
    /// It is there, and the tokens are those of the digest among the columns.
    There,
    /// The tokens are others, or only a part is there.
    Changed,
    /// It is gone, all of it.
    Gone {
        /// The retention class that kept it.
        class: String,
        /// The legal hold that kept it after that.
        held_by: Option<String>,
    },
}

/// The head as it is stored, for verifying.
#[derive(Clone, Debug)]
pub struct StoredHead {
    /// The number of entries.
    pub size: i64,
    /// The root.
    pub root: Vec<u8>,
    /// The signed checkpoint.
    pub checkpoint: String,
}

/// A log that is being verified, entry by entry.
#[derive(Debug)]
pub struct Audit {
    edge: RightEdge,
    wanted: BTreeSet<u64>,
    roots: BTreeMap<u64, NodeHash>,
    tile: Option<Differing>,
    emptied: Option<u64>,
    erases: BTreeSet<Erases>,
    erased: u64,
    sources: u64,
}

/// The first tile that is not what the entries give.
#[derive(Clone, Copy, Debug)]
struct Differing {
    id: TileId,
    /// At level 0: the entry whose hash differs.
    entry: Option<u64>,
}

impl Audit {
    /// Of a log of which the roots at these sizes will be asked for, and whose entries say that all this was erased.
    pub fn new(sizes: impl IntoIterator<Item = u64>, erases: BTreeSet<Erases>) -> Self {
        let (edge, wanted, roots) = (RightEdge::empty(), sizes.into_iter().collect(), BTreeMap::new());
        Self { edge, wanted, roots, tile: None, emptied: None, erases, erased: 0, sources: 0 }
    }

    /// How many of the entries that were taken are erased.
    pub const fn erased(&self) -> u64 {
        self.erased
    }

    /// How many sources are written beside the entries that were taken.
    pub const fn sources(&self) -> u64 {
        self.sources
    }

    /// How many entries were taken.
    pub const fn size(&self) -> u64 {
        self.edge.size()
    }

    /// The root over what was taken.
    pub fn root(&self) -> NodeHash {
        self.edge.root()
    }

    /// The root at one of the sizes that were asked for; `None` for others, and for what lies beyond the end.
    pub fn root_at(&self, size: u64) -> Option<NodeHash> {
        if size == self.size() { Some(self.root()) } else { self.roots.get(&size).copied() }
    }

    /// Takes the next entries; gives the tiles that they completed, to be held against what is stored ([`Self::compare`]).
    ///
    /// # Errors
    /// [`Broken`]: the first entry that is not what it was.
    pub fn take(&mut self, lines: &[StoredLine]) -> Result<Vec<Tile>, Broken> {
        let mut completed = Vec::new();
        let mut hashes: Vec<NodeHash> = Vec::with_capacity(lines.len());
        for line in lines {
            let at = self.size().saturating_add(u64::try_from(hashes.len()).unwrap_or(u64::MAX));
            hashes.push(sound(line, at)?.hash());
            self.erasable(&line.erasable, at)?;
            self.sources = self.sources.saturating_add(line.sources);
            if line.body.is_none() {
                self.emptied.get_or_insert(at);
            }
            if self.wanted.contains(&at.saturating_add(1)) {
                completed.extend(self.append(&std::mem::take(&mut hashes))?);
                self.roots.insert(self.size(), self.root());
            }
        }
        completed.extend(self.append(&hashes)?);
        Ok(completed)
    }

    /// Nothing is erased of which no entry tells. (The hold's column is not under the leaf; but what a hold keeps is past its class's term.)
    fn erasable(&mut self, erasable: &Erasable, at: u64) -> Result<(), Broken> {
        match erasable {
            Erasable::There => return Ok(()),
            Erasable::Changed => return Err(Broken::Columns(at)),
            Erasable::Gone { class, held_by } => {
                let says = |erases| self.erases.contains(&erases);
                let held = held_by.as_ref().is_none_or(|hold| says(Erases::Hold(hold.clone())));
                let by_class = says(Erases::Class(class.clone())) && held;
                if !(by_class || says(Erases::Entry(at))) {
                    return Err(Broken::Erased(at));
                }
            }
        }
        self.erased = self.erased.saturating_add(1);
        Ok(())
    }

    fn append(&mut self, hashes: &[NodeHash]) -> Result<Vec<Tile>, Broken> {
        let appended = self.edge.append(hashes).map_err(|_| Broken::TooLong)?;
        let full = |tile: &&Tile| tile.id.width() == TILE_WIDTH;
        Ok(appended.tiles().iter().filter(full).cloned().collect())
    }

    /// The tiles at the right edge of what was taken, to be held against what is stored.
    pub fn edge(&self) -> Vec<Tile> {
        self.edge.tiles()
    }

    /// Holds a tile as the entries give it against the stored one at its place, which may be wider while a log grows.
    pub fn compare(&mut self, tile: &Tile, stored: Option<&[u8]>) {
        let beginning = stored.and_then(|stored| stored.get(..tile.bytes.len()));
        if beginning == Some(&tile.bytes) || self.tile.is_some() {
            return;
        }
        let pairs = tile.bytes.chunks(32).zip(stored.unwrap_or_default().chunks(32));
        let agreeing = u64::try_from(pairs.take_while(|(own, other)| own == other).count()).unwrap_or(u64::MAX);
        let first = tile.id.index().saturating_mul(TILE_WIDTH.into()).saturating_add(agreeing);
        self.tile = Some(Differing { id: tile.id, entry: (tile.id.level() == 0).then_some(first) });
    }

    /// Holds all that was taken against the head that the log signed.
    ///
    /// # Errors
    /// [`Broken`], with the first place that can be named.
    pub fn finish(&self, size: u64, root: &NodeHash) -> Result<(), Broken> {
        if self.size() < size {
            return Err(Broken::Missing(self.size()));
        }
        if self.size() > size {
            return Err(Broken::Beyond(size));
        }
        let is_signed = self.root() == *root;
        match self.tile {
            // Its leaf stands, and says nothing about the columns any more: whoever took the body could change those.
            None if is_signed => self.emptied.map_or(Ok(()), |at| Err(Broken::Emptied(at))),
            None => Err(Broken::Rewritten),
            // The entries give what was signed: it is the tile that was changed.
            Some(Differing { id, .. }) if is_signed => Err(Broken::Tile(id)),
            Some(Differing { entry: Some(entry), .. }) => Err(Broken::Entry(entry)),
            Some(Differing { id, .. }) => Err(Broken::Tile(id)),
        }
    }
}

/// The leaf of an entry that stands in its place and is what its leaf says.
fn sound(line: &StoredLine, at: u64) -> Result<Leaf, Broken> {
    match u64::try_from(line.index) {
        Ok(index) if index == at => {}
        Ok(index) if index > at => return Err(Broken::Missing(at)),
        _ => return Err(Broken::Invented(line.index)),
    }
    let leaf = Leaf::from_bytes(&line.leaf).map_err(|_| Broken::Entry(at))?;
    match line.body {
        Some(body) if !leaf.is_of(&body.hash) => Err(Broken::Body(at)),
        Some(body) if !body.fits => Err(Broken::Columns(at)),
        _ => Ok(leaf),
    }
}

/// What about a log is not as it was signed, with the first place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// The entry is not there.
    Missing(u64),
    /// There are entries from here on that no signed head covers.
    Beyond(u64),
    /// An entry under an index that it cannot have.
    Invented(i64),
    /// The entry's leaf was changed.
    Entry(u64),
    /// The entry's sealed body is not the one that its leaf commits to.
    Body(u64),
    /// The entry has no sealed body, and no entry is ever without.
    Emptied(u64),
    /// The entry was erased, and no entry says so.
    Erased(u64),
    /// A column beside the sealed body was changed.
    Columns(u64),
    /// A tile was changed.
    Tile(TileId),
    /// A tile that no log of this size has.
    NoTile {
        /// Its level as stored.
        level: i64,
        /// Its index as stored.
        index: i64,
        /// The size of the log.
        size: u64,
    },
    /// Entries and tiles were changed together: what they give was never signed.
    Rewritten,
    /// More entries than a log can have.
    TooLong,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(at) => write!(f, "entry {at} is missing"),
            Self::Beyond(at) => write!(f, "entry {at} and what follows stand in no signed head"),
            Self::Invented(at) => write!(f, "entry {at} was never in the log"),
            Self::Entry(at) => write!(f, "entry {at} was changed: its leaf is not the one in the tree"),
            Self::Body(at) => write!(f, "entry {at} was changed: its sealed body is not the one that its leaf commits to"),
            Self::Emptied(at) => write!(f, "entry {at} has no sealed body: it was taken out"),
            Self::Erased(at) => write!(f, "entry {at} was erased, and no entry of the log says so"),
            Self::Columns(at) => write!(f, "entry {at} was changed: a column beside its sealed body is not what its leaf commits to"),
            Self::Tile(id) => write!(f, "{id} was changed, or is not there"),
            Self::NoTile { level, index, size } => write!(f, "tile {level}/{index}: a log of {size} has none such"),
            Self::Rewritten => f.write_str(
                "entries and tiles agree with each other and not with the signed head: they were changed together\n  do: hold receipts or \
                 earlier heads against the log (--seen) to find from where on",
            ),
            Self::TooLong => f.write_str("there are more entries than a log can have"),
        }
    }
}

impl std::error::Error for Broken {}

#[cfg(test)]
mod tests;
