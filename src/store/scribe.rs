//! The log's scribe: keeps the right edge of the tree between commits and signs each new head.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::{Head, Scribe, Sequenced, StoreError};
use crate::ledger::checkpoint::{CheckpointError, SignedCheckpoint};
use crate::ledger::note::{NotSigned, NoteSigner, VerifierKey};
use crate::ledger::seal::Leaf;
use crate::ledger::tree::{self, NodeHash, RightEdge, Tile, TileId, Tiles};

/// Closed for good when a head that this log signed shows that the store is an old copy, or another history: nothing more is signed on it.
#[derive(Debug, Default)]
pub struct Gate(OnceLock<String>);

impl Gate {
    /// Closes it; `how` says what shows it.
    pub fn close(&self, how: &str) {
        if self.0.set(how.to_owned()).is_ok() {
            tracing::error!(how, "ALARM: the log's store contradicts what this log signed: nothing more is signed");
        }
    }

    /// What shows it, when it is closed.
    pub fn closed(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}

/// Numbers leaves and signs checkpoints with the log's key.
pub struct TreeScribe {
    signer: NoteSigner,
    gate: Arc<Gate>,
    edges: Mutex<Edges>,
}

/// The edge behind the last commit, and the one that the commit under way will leave.
#[derive(Default)]
struct Edges {
    known: Option<(NodeHash, RightEdge)>,
    pending: Option<(NodeHash, RightEdge)>,
}

impl TreeScribe {
    /// A scribe that signs with `signer`; its name is the log's origin.
    pub fn new(signer: NoteSigner) -> Self {
        Self { signer, gate: Arc::default(), edges: Mutex::default() }
    }

    /// What stops it for good.
    pub fn gate(&self) -> Arc<Gate> {
        Arc::clone(&self.gate)
    }

    /// The log's public key.
    pub fn verifier(&self) -> &VerifierKey {
        self.signer.verifier()
    }

    /// Checks that `head` is one that this key signed: a store from elsewhere, or one that was tampered with, is not continued.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`]; [`StoreError::Unavailable`] where another key or origin signed it.
    pub fn check(&self, head: &Head) -> Result<(), StoreError> {
        let corrupt = |column| StoreError::Corrupt { table: "head", column, row: head.size.to_string() };
        if head.size == 0 && head.checkpoint.is_empty() {
            return Ok(());
        }
        let signed = SignedCheckpoint::parse(&head.checkpoint).map_err(|_| corrupt("checkpoint"))?;
        let (made, configured) = (signed.checkpoint().origin(), self.verifier().name().as_str());
        if made != configured {
            return Err(StoreError::Unavailable(format!(
                "its log was made under the origin {made}, and [log] origin says {configured}\n  do: give the origin it was made under; \
                 another name is another log, with a store of its own"
            )));
        }
        let checkpoint = match signed.verify(self.verifier()) {
            Err(CheckpointError::NotSigned(NotSigned::Missing)) => {
                return Err(StoreError::Unavailable(
                    "the head of its log carries no signature of [log] key\n  do: restore the key with which this log was begun; if this is that key, \
                     the head was tampered with: restore the store"
                        .to_owned(),
                ));
            }
            checked => checked.map_err(|_| corrupt("checkpoint"))?,
        };
        if checkpoint.size() == head.size && checkpoint.root() == head.root { Ok(()) } else { Err(corrupt("root")) }
    }

    /// Size and root that this scribe saw committed last.
    fn seen(&self) -> Option<(u64, NodeHash)> {
        let edges = self.edges.lock().unwrap_or_else(PoisonError::into_inner);
        edges.known.as_ref().map(|(root, edge)| (edge.size(), *root))
    }

    /// How a log is none that grew out of what this scribe saw committed: the database lost that, as an old copy or a standby that was behind has, be it
    /// that other nodes have gone on behind it meanwhile.
    fn went_back(&self, head: &Head, stored: &Tiles) -> Option<String> {
        let (size, root) = self.seen()?;
        let grew = match head.size.cmp(&size) {
            Ordering::Less => false,
            Ordering::Equal => head.root == root,
            Ordering::Greater => tree::root(size, stored).is_ok_and(|then| then == root),
        };
        (!grew).then(|| {
            format!("its head has {} entries, of which the first {size} are not those that this node saw committed", head.size)
        })
    }

    fn known(&self, head: &Head) -> Option<RightEdge> {
        let edges = self.edges.lock().unwrap_or_else(PoisonError::into_inner);
        let (root, edge) = edges.known.as_ref()?;
        (edge.size() == head.size && *root == head.root).then(|| edge.clone())
    }
}

impl Scribe for TreeScribe {
    fn missing_tiles(&self, head: &Head) -> Vec<TileId> {
        if head.size == 0 || self.known(head).is_some() {
            return Vec::new();
        }
        // What other nodes have put behind what this one saw: both ends are looked at.
        let mut tiles: BTreeSet<TileId> = TileId::right_edge(head.size).collect();
        tiles.extend(self.seen().filter(|(size, _)| *size < head.size).into_iter().flat_map(|(size, _)| tree::root_tiles(size)));
        tiles.into_iter().collect()
    }

    fn sequence(&self, head: &Head, tiles: Vec<Tile>, leaves: &[Leaf]) -> Result<Sequenced, StoreError> {
        let corrupt = |column| StoreError::Corrupt { table: "tile", column, row: head.size.to_string() };
        let mut stored = Tiles::default();
        for tile in tiles {
            stored.insert(tile);
        }
        if let Some(how) = self.went_back(head, &stored) {
            self.gate.close(&how);
        }
        if let Some(how) = self.gate.closed() {
            return Err(StoreError::Unavailable(format!("nothing more is signed: {how}")));
        }
        let mut edge = match self.known(head) {
            Some(edge) => edge,
            None => RightEdge::load(head.size, &stored).map_err(|_| corrupt("hashes"))?,
        };
        if edge.root() != head.root {
            return Err(corrupt("hashes"));
        }
        let hashes: Vec<_> = leaves.iter().map(Leaf::hash).collect();
        let full = |_| StoreError::Unavailable("the log is full".to_owned());
        let appended = edge.append(&hashes).map_err(full)?;
        let paths =
            (appended.first()..appended.size()).map(|index| appended.inclusion(index)).collect::<Result<_, _>>().map_err(full)?;
        let checkpoint = SignedCheckpoint::sign(appended.size(), appended.root(), &self.signer);
        let checkpoint = checkpoint.map_err(|error| StoreError::Unavailable(format!("signing the checkpoint: {error}")))?;
        let sequenced = Sequenced {
            size: appended.size(),
            root: appended.root(),
            checkpoint: Arc::new(checkpoint),
            tiles: appended.tiles().to_vec(),
            paths,
        };
        self.edges.lock().unwrap_or_else(PoisonError::into_inner).pending = Some((sequenced.root, edge));
        Ok(sequenced)
    }

    fn committed(&self, sequenced: &Sequenced) {
        let mut edges = self.edges.lock().unwrap_or_else(PoisonError::into_inner);
        edges.known = edges.pending.take().filter(|(root, edge)| *root == sequenced.root && edge.size() == sequenced.size);
    }
}
