//! Roots, proofs, tiles and checkpoints against `tlog_tiles`, an independent implementation.

use sluis::entropy::{SystemEntropy, random};
use sluis::ledger::checkpoint::Checkpoint;
use sluis::ledger::tree::{
    NodeHash, RightEdge, Tile, TileId, TilePath, Tiles, consistency, inclusion, leaf_hash, root, verify_consistency,
    verify_inclusion,
};
use tlog_tiles::tlog as oracle;

/// As large as a tree with a third level of tiles.
const MOST: u64 = 65_700;

/// A number below `bound`.
fn below(bound: u64) -> u64 {
    u64::from_be_bytes(random(&SystemEntropy::default()).expect("randomness")) % bound
}

fn usize_of(number: u64) -> usize {
    usize::try_from(number).expect("small")
}

fn theirs(hash: &NodeHash) -> oracle::Hash {
    oracle::Hash(*hash.bytes())
}

fn ours(hashes: &[oracle::Hash]) -> Vec<NodeHash> {
    hashes.iter().map(|hash| NodeHash::new(hash.0)).collect()
}

/// Their storage: every hash of the tree, in the order in which it became known.
struct Stored(Vec<oracle::Hash>);

impl oracle::HashReader for Stored {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<oracle::Hash>, oracle::Error> {
        Ok(indexes.iter().map(|index| self.0[usize_of(*index)]).collect())
    }
}

/// The same leaves in both.
fn grown() -> (Stored, Tiles) {
    let (mut stored, mut edge, mut tiles) = (Stored(Vec::new()), RightEdge::empty(), Tiles::default());
    while edge.size() < MOST {
        let count = (1 + below(500)).min(MOST - edge.size());
        let leaves: Vec<NodeHash> = (edge.size()..edge.size() + count).map(|index| leaf_hash(&index.to_be_bytes())).collect();
        for (index, leaf) in (edge.size()..).zip(&leaves) {
            assert_eq!(oracle::record_hash(&index.to_be_bytes()), theirs(leaf));
            let hashes = oracle::stored_hashes_for_record_hash(index, theirs(leaf), &stored).expect("stored");
            stored.0.extend(hashes);
        }
        edge.append(&leaves).expect("room").tiles().iter().cloned().for_each(|tile| tiles.insert(tile));
    }
    (stored, tiles)
}

/// What one makes the other verifies, in trees of all sizes up to the third level of tiles and around every step to another.
#[test]
fn each_verifies_the_roots_and_proofs_of_the_other() {
    let (stored, tiles) = grown();
    let steps = [1, 2, 255, 256, 257, 511, 512, 513, 65_279, 65_280, 65_281, 65_535, 65_536, 65_537, MOST];
    let sizes: Vec<u64> = steps.into_iter().chain(3..70).chain((0..120).map(|_| 1 + below(MOST))).collect();
    for size in sizes {
        let head = root(size, &tiles).expect("complete");
        assert_eq!(oracle::tree_hash(size, &stored).expect("stored"), theirs(&head), "{size}");
        for index in [0, size - 1, below(size), below(size)] {
            let leaf = leaf_hash(&index.to_be_bytes());
            let proof = inclusion(index, size, &tiles).expect("complete");
            let record = oracle::prove_record(size, index, &stored).expect("stored");
            assert_eq!(ours(&record), proof, "{index} in {size}");
            assert_eq!(verify_inclusion(&leaf, index, size, &ours(&record), &head), Ok(()));
            let made: oracle::RecordProof = proof.iter().map(theirs).collect();
            oracle::check_record(&made, size, theirs(&head), index, theirs(&leaf)).expect("verified by them");

            let (old, old_root) = (index + 1, root(index + 1, &tiles).expect("complete"));
            let proof = consistency(old, size, &tiles).expect("complete");
            let tree = oracle::prove_tree(size, old, &stored).expect("stored");
            assert_eq!(ours(&tree), proof, "{old} to {size}");
            assert_eq!(verify_consistency((old, &old_root), (size, &head), &ours(&tree)), Ok(()));
            let made: oracle::TreeProof = proof.iter().map(theirs).collect();
            oracle::check_tree(&made, size, theirs(&head), old, theirs(&old_root)).expect("verified by them");
            altered_alike(&made, (size, &head), (old, &old_root));
        }
    }
}

/// A proof of which a hash is another, missing or too many is refused by both.
fn altered_alike(proof: &[oracle::Hash], new: (u64, &NodeHash), old: (u64, &NodeHash)) {
    let mut altered = proof.to_vec();
    match below(3) {
        0 if !altered.is_empty() => altered[usize_of(below(proof.len() as u64))].0[7] ^= 1,
        1 if !altered.is_empty() => drop(altered.pop()),
        _ => altered.push(theirs(old.1)),
    }
    let refused = verify_consistency(old, new, &ours(&altered)).is_err();
    assert!(refused, "{} to {}", old.0, new.0);
    assert!(oracle::check_tree(&altered, new.0, theirs(new.1), old.0, theirs(old.1)).is_err());
}

/// The bytes of every tile, and which tiles there are, when a tree grows from one size to another.
#[test]
fn the_same_tiles_are_published() {
    let (stored, _) = grown();
    let mut sizes = vec![0, 1, 255, 256, 257, 65_535, 65_536, 65_537, MOST];
    sizes.extend((0..30).map(|_| below(MOST)));
    sizes.sort_unstable();
    let mut edge = RightEdge::empty();
    for pair in sizes.windows(2).filter(|pair| pair[0] < pair[1]) {
        let leaves: Vec<NodeHash> = (pair[0]..pair[1]).map(|index| leaf_hash(&index.to_be_bytes())).collect();
        let appended = edge.append(&leaves).expect("room");
        let mut published: Vec<(u8, u64, u32, Vec<u8>)> = tlog_tiles::Tile::new_tiles(8, pair[0], pair[1])
            .iter()
            .map(|tile| (tile.level(), tile.level_index(), tile.width(), tile.read_data(&stored).expect("stored")))
            .collect();
        let mut changed: Vec<_> = appended
            .tiles()
            .iter()
            .map(|Tile { id, bytes }| (id.level(), id.index(), id.width().into(), bytes.clone()))
            .collect();
        published.sort_unstable();
        changed.sort_unstable();
        assert!(changed == published, "from {} to {}", pair[0], pair[1]);
    }
}

/// Theirs have the height behind `tile/`, and `data` where C2SP has `entries`.
#[test]
fn paths_name_the_same_tiles() {
    for _ in 0..2000 {
        let level = u8::try_from(below(64)).expect("small");
        let index = below(u64::MAX) >> below(64);
        let width = 1 + u16::try_from(below(256)).expect("small");
        let id = TileId::new(level, index, width).expect("a tile");
        let tile = tlog_tiles::Tile::new(8, level, index, width.into(), false);
        assert_eq!(id.path().replacen("tile/", "tile/8/", 1), tile.path());
        let data = tlog_tiles::Tile::new(8, 0, index, width.into(), true);
        assert_eq!(id.entries_path().replacen("tile/entries/", "tile/8/data/", 1), data.path());
        // One character of the path is another, or gone.
        let (mut path, at) = (id.path(), usize_of(below(id.path().len() as u64)));
        path.replace_range(at..=at, ["", "0", "1", "x", "/", ".", "p", "9"][usize_of(below(8))]);
        // They panic on a width of nothing and on a level beyond 63.
        let level = path.split('/').nth(1).and_then(|level| level.parse::<u8>().ok());
        if path.starts_with("tile/") && !path.contains(".p/0") && level.is_none_or(|level| level < 64) {
            let read = TilePath::parse(&path).ok();
            let expected = tlog_tiles::Tile::from_path(&path.replacen("tile/", "tile/8/", 1)).ok().map(|tile| {
                let width = u16::try_from(tile.width()).expect("small");
                TilePath::Hashes(TileId::new(tile.level(), tile.level_index(), width).expect("a tile"))
            });
            assert_eq!(read, expected, "{path}");
        }
    }
}

/// Texts of checkpoints, right ones and such in which something was changed, mean the same or nothing to both.
#[test]
fn checkpoints_mean_the_same() {
    const PIECES: [&str; 14] = ["", "\n", "\n\n", "0", "00", "1", "-", "+", " ", "=", "A", "é", "\t", "extension\n"];
    let (mut read, mut refused) = (0, 0);
    for _ in 0..4000 {
        let hash = NodeHash::new(random(&SystemEntropy::default()).expect("randomness"));
        let size = below(1 << 63) >> below(64);
        let mut text = format!("sluis.example/log\n{size}\n{hash}\n");
        if below(8) == 0 {
            text.push_str("one\ntwo\n");
        }
        if below(8) != 0 {
            let at = usize_of(below(text.len() as u64 + 1));
            let end = (at + usize_of(below(3))).min(text.len());
            text.replace_range(at..end, PIECES[usize_of(below(14))]);
        }
        let (here, there) = (Checkpoint::parse(&text), tlog_tiles::Checkpoint::from_bytes(text.as_bytes()));
        match (here, there) {
            (Ok(here), Ok(there)) => {
                assert_eq!(here.to_string().as_bytes(), there.to_bytes());
                assert_eq!((here.origin(), here.size(), theirs(&here.root())), (there.origin(), there.size(), *there.hash()));
                read += 1;
            }
            (Err(_), Err(_)) => refused += 1,
            // Ours counts to 2⁶³ - 1, theirs to 2⁶⁴ - 1.
            (Err(_), Ok(there)) if there.size() >> 63 == 1 => refused += 1,
            (here, there) => panic!("{text:?}: {here:?}, {there:?}"),
        }
    }
    assert!(read > 400 && refused > 400, "{read} read, {refused} refused");
}
