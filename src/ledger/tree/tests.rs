//! Against a recursion written straight from RFC 6962, and against its known roots. (Against other implementations: `tests/vectors`.)

use super::*;

/// The leaves and roots that Certificate Transparency implementations test with.
const LEAVES: [&[u8]; 8] = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
];
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn hex(hash: NodeHash) -> String {
    hash.bytes().map(|byte| format!("{byte:02x}")).concat()
}

fn leaves(count: u64) -> Vec<NodeHash> {
    (0..count).map(|index| leaf_hash(&index.to_be_bytes())).collect()
}

fn usize_of(number: u64) -> usize {
    usize::try_from(number).expect("small")
}

/// MTH of RFC 6962 section 2.1.
fn naive_root(leaves: &[NodeHash]) -> NodeHash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            node_hash(&naive_root(left), &naive_root(right))
        }
    }
}

/// PATH of RFC 6962 section 2.1.1.
fn naive_path(index: usize, leaves: &[NodeHash]) -> Vec<NodeHash> {
    if leaves.len() <= 1 {
        return Vec::new();
    }
    let half = leaves.len().next_power_of_two() / 2;
    let (left, right) = leaves.split_at(half);
    let (mut path, sibling) =
        if index < half { (naive_path(index, left), right) } else { (naive_path(index - half, right), left) };
    path.push(naive_root(sibling));
    path
}

/// SUBPROOF of RFC 6962 section 2.1.2.
fn naive_subproof(old: usize, leaves: &[NodeHash], whole: bool) -> Vec<NodeHash> {
    if old == leaves.len() {
        return if whole { Vec::new() } else { vec![naive_root(leaves)] };
    }
    let half = leaves.len().next_power_of_two() / 2;
    let (left, right) = leaves.split_at(half);
    let (mut proof, sibling) =
        if old <= half { (naive_subproof(old, left, whole), right) } else { (naive_subproof(old - half, right, false), left) };
    proof.push(naive_root(sibling));
    proof
}

/// Numbers that are the same in every run, spread well.
struct Sequence(u64);

impl Sequence {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// Only the tiles that were announced, so that a plan that forgets one fails.
fn only(tiles: &Tiles, planned: impl IntoIterator<Item = TileId>) -> Tiles {
    let kept = planned
        .into_iter()
        .map(|id| Tile { id, bytes: tiles.tile(id).expect("stored")[..32 * usize::from(id.width())].to_vec() });
    kept.collect()
}

#[test]
fn the_known_roots_come_out() {
    let mut edge = RightEdge::empty();
    assert_eq!(hex(edge.root()), ROOTS[0]);
    for (leaf, root) in LEAVES.iter().zip(&ROOTS[1..]) {
        let appended = edge.append(&[leaf_hash(leaf)]).expect("room");
        assert_eq!(hex(appended.root()), *root);
        assert_eq!(hex(edge.root()), *root);
    }
}

#[test]
fn altered_inclusion_proofs_are_rejected() {
    let all = leaves(13);
    let (leaf, root) = (all[6], naive_root(&all));
    let proof = naive_path(6, &all);
    assert_eq!(verify_inclusion(&leaf, 6, 13, &proof, &root), Ok(()));
    assert_eq!(verify_inclusion(&all[7], 6, 13, &proof, &root), Err(ProofRejected::Root));
    assert_eq!(verify_inclusion(&leaf, 7, 13, &proof, &root), Err(ProofRejected::Root));
    assert_eq!(verify_inclusion(&leaf, 13, 13, &proof, &root), Err(ProofRejected::OutOfRange));
    assert_eq!(verify_inclusion(&leaf, 0, 0, &[], &root), Err(ProofRejected::OutOfRange));
    assert_eq!(verify_inclusion(&leaf, 6, 13, &proof, &all[0]), Err(ProofRejected::Root));
    assert_eq!(verify_inclusion(&leaf, 6, 13, &proof[1..], &root), Err(ProofRejected::Length));
    assert_eq!(verify_inclusion(&leaf, 6, 40, &proof, &root), Err(ProofRejected::Length));
    let longer = [proof.as_slice(), &[root]].concat();
    assert_eq!(verify_inclusion(&leaf, 6, 13, &longer, &root), Err(ProofRejected::Length));
    for place in 0..proof.len() {
        let mut altered = proof.clone();
        altered[place] = all[0];
        assert_eq!(verify_inclusion(&leaf, 6, 13, &altered, &root), Err(ProofRejected::Root));
    }
}

#[test]
fn altered_consistency_proofs_are_rejected() {
    let all = leaves(21);
    for old in [1_u64, 4, 6, 7, 8, 13, 16, 20] {
        let (old_root, root) = (naive_root(&all[..usize_of(old)]), naive_root(&all));
        let proof = naive_subproof(usize_of(old), &all, true);
        let check = |old, old_root: &NodeHash, new, proof: &[NodeHash]| verify_consistency((old, old_root), (new, &root), proof);
        assert_eq!(check(old, &old_root, 21, &proof), Ok(()), "{old}");
        assert_eq!(check(old, &all[0], 21, &proof).is_err(), old != 1, "{old}: another old root");
        assert_eq!(check(22, &old_root, 21, &proof), Err(ProofRejected::OutOfRange));
        assert_eq!(check(21, &old_root, 21, &[]), Err(ProofRejected::Root));
        assert_eq!(check(21, &root, 21, &proof), Err(ProofRejected::Length));
        assert_eq!(check(0, &old_root, 21, &[]), Err(ProofRejected::Root));
        assert_eq!(check(0, &empty_root(), 21, &proof), Err(ProofRejected::Length));
        assert_eq!(check(old, &old_root, 21, &[]), Err(ProofRejected::Length));
        assert!(check(old, &old_root, 21, &proof[1..]).is_err());
        assert_eq!(check(old, &old_root, 21, &[proof.as_slice(), &[root]].concat()), Err(ProofRejected::Length));
        for place in 0..proof.len() {
            let mut altered = proof.clone();
            altered[place] = all[3];
            assert!(check(old, &old_root, 21, &altered).is_err(), "{old}: hash {place}");
        }
    }
    assert_eq!(verify_consistency((0, &empty_root()), (21, &naive_root(&all)), &[]), Ok(()));
}

#[test]
fn every_small_tree_has_the_root_and_proofs_of_the_rfc() {
    let all = leaves(600);
    let (mut edge, mut tiles, mut random) = (RightEdge::empty(), Tiles::default(), Sequence(1));
    for size in 1..=600_u64 {
        let present = &all[..usize_of(size)];
        let appended = edge.append(&all[usize_of(size - 1)..usize_of(size)]).expect("room");
        appended.tiles().iter().cloned().for_each(|tile| tiles.insert(tile));
        let expected = naive_root(present);
        assert_eq!(appended.root(), expected, "{size}");
        assert_eq!(root(size, &only(&tiles, root_tiles(size))).expect("complete"), expected);
        assert_eq!(appended.inclusion(size - 1).expect("new"), naive_path(usize_of(size - 1), present));
        let some: Vec<u64> = if size <= 70 { (0..size).collect() } else { (0..4).map(|_| random.below(size)).collect() };
        for index in some {
            let proof = inclusion(index, size, &only(&tiles, inclusion_tiles(index, size).expect("within"))).expect("complete");
            assert_eq!(proof, naive_path(usize_of(index), present), "{index} in {size}");
            assert_eq!(verify_inclusion(&all[usize_of(index)], index, size, &proof, &expected), Ok(()));
            let (old, planned) = (index + 1, consistency_tiles(index + 1, size).expect("within"));
            let proof = consistency(old, size, &only(&tiles, planned)).expect("complete");
            assert_eq!(proof, naive_subproof(usize_of(old), present, true), "{old} to {size}");
            let old_root = naive_root(&all[..usize_of(old)]);
            assert_eq!(verify_consistency((old, &old_root), (size, &expected), &proof), Ok(()));
        }
    }
}

#[test]
fn a_log_grown_in_batches_past_65536_keeps_its_root_tiles_and_proofs() {
    let all = leaves(66_300);
    let (mut edge, mut tiles, mut random) = (RightEdge::empty(), Tiles::default(), Sequence(7));
    let (mut older, mut batches) = ((0, empty_root()), 0);
    while edge.size() < 66_000 {
        let (first, before) = (edge.size(), edge.clone());
        // A few steps as large as a whole rebuild takes them, the others as batches come.
        let count = if batches % 40 == 0 { 1500 } else { 1 + random.below(256) };
        let count = count.min(66_300 - first);
        let new = &all[usize_of(first)..usize_of(first + count)];
        let appended = edge.append(new).expect("room");
        appended.tiles().iter().cloned().for_each(|tile| tiles.insert(tile));
        assert_eq!((appended.first(), appended.size()), (first, first + count));
        assert_eq!(before.size(), first, "the copy that a failed commit goes back to");
        for index in [first, first + random.below(count), first + count - 1] {
            let proof = appended.inclusion(index).expect("of this batch");
            assert_eq!(verify_inclusion(&all[usize_of(index)], index, appended.size(), &proof, &appended.root()), Ok(()));
        }
        assert!(appended.inclusion(appended.size()).is_err());
        assert!(first == 0 || appended.inclusion(first - 1).is_err());
        batches += 1;
        if batches % 25 != 0 && !(65_300..66_000).contains(&first) {
            continue;
        }
        let size = appended.size();
        assert_eq!(appended.root(), naive_root(&all[..usize_of(size)]), "{size}");
        let mut loaded = RightEdge::load(size, &only(&tiles, root_tiles(size))).expect("complete");
        assert_eq!(loaded.root(), appended.root());
        if size < 66_000 {
            let next = &all[usize_of(size)..=usize_of(size)];
            assert_eq!(loaded.append(next).expect("room").root(), edge.clone().append(next).expect("room").root());
        }
        let index = random.below(size);
        let proof = inclusion(index, size, &only(&tiles, inclusion_tiles(index, size).expect("within"))).expect("complete");
        assert_eq!(verify_inclusion(&all[usize_of(index)], index, size, &proof, &appended.root()), Ok(()));
        let planned = consistency_tiles(older.0, size).expect("within");
        let proof = consistency(older.0, size, &only(&tiles, planned)).expect("complete");
        assert_eq!(verify_consistency((older.0, &older.1), (size, &appended.root()), &proof), Ok(()));
        // The widest tiles still serve an older, smaller tree.
        assert_eq!(root(older.0, &tiles).expect("complete"), older.1);
        older = (size, appended.root());
    }
}

#[test]
fn damaged_or_missing_tiles_are_said_to_be_so() {
    let mut edge = RightEdge::empty();
    let appended = edge.append(&leaves(300)).expect("room");
    let tiles: Tiles = appended.tiles().iter().cloned().collect();
    assert!(matches!(root(301, &tiles), Err(TreeError::Truncated(id)) if id.path() == "tile/0/001.p/45"));
    assert!(matches!(RightEdge::load(70_000, &tiles), Err(TreeError::Unreadable { id, .. }) if id.path() == "tile/0/273.p/112"));
    assert!(matches!(inclusion(300, 300, &tiles), Err(TreeError::OutOfRange(_))));
    assert!(matches!(consistency(301, 300, &tiles), Err(TreeError::OutOfRange(_))));
    assert!(matches!(root(u64::MAX, &tiles), Err(TreeError::OutOfRange(_))));
    assert!(inclusion(0, u64::MAX, &tiles).is_err());
}

/// Each tile as a whole and in part, and each bit of those that prove it.
#[test]
fn only_tiles_that_lead_to_the_root_are_proved() {
    let mut random = Sequence(11);
    for size in [1, 255, 256, 257, 600, 65_536, 66_000] {
        let appended = RightEdge::empty().append(&leaves(size)).expect("room");
        let tiles: Tiles = appended.tiles().iter().cloned().collect();
        let of_interest =
            appended.tiles().iter().filter(|tile| tile.id.level() > 0 || tile.id.index() % 80 < 2 || !tile.id.is_full());
        for Tile { id, bytes } in of_interest {
            let part = TileId::new(id.level(), id.index(), 1 + u16::try_from(random.below(id.width().into())).expect("small"));
            let part = part.expect("a tile");
            let needed = only(&tiles, proved_tiles(part, size));
            assert_eq!(proved(*id, size, appended.root(), &needed).expect("sound"), *bytes);
            let expected = &bytes[..32 * usize::from(part.width())];
            assert_eq!(proved(part, size, appended.root(), &needed).expect("sound"), expected);
            assert!(matches!(proved(part, size, empty_root(), &needed), Err(TreeError::Altered(_))));
            for tile in proved_tiles(part, size) {
                let (mut altered, mut torn) = (Tiles::default(), Tiles::default());
                for other in proved_tiles(part, size) {
                    let bytes = needed.tile(other).expect("there").into_owned();
                    let (mut flipped, mut cut) = (bytes.clone(), bytes);
                    if other == tile {
                        flipped[usize_of(random.below(32 * u64::from(tile.width())))] ^= 1;
                        cut.truncate(cut.len() - 1);
                    }
                    altered.insert(Tile { id: other, bytes: flipped });
                    torn.insert(Tile { id: other, bytes: cut });
                }
                assert!(
                    matches!(proved(part, size, appended.root(), &altered), Err(TreeError::Altered(_))),
                    "{tile} for {part} of {size}"
                );
                assert!(matches!(proved(part, size, appended.root(), &torn), Err(TreeError::Truncated(at)) if at == tile));
            }
        }
    }
    assert!(matches!(
        proved(TileId::new(0, 1, 1).expect("a tile"), 256, empty_root(), &Tiles::default()),
        Err(TreeError::OutOfRange(_))
    ));
}

#[test]
fn a_tree_of_70000_has_the_tiles_of_the_specification() {
    let mut edge = RightEdge::empty();
    let appended = edge.append(&leaves(70_000)).expect("room");
    let count =
        |level, full| appended.tiles().iter().filter(|tile| tile.id.level() == level && tile.id.is_full() == full).count();
    assert_eq!([count(0, true), count(0, false), count(1, true), count(1, false), count(2, false)], [273, 1, 1, 1, 1]);
    let partial: Vec<String> = TileId::right_edge(70_000).map(TileId::path).collect();
    assert_eq!(partial, ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]);
    assert!(appended.tiles().iter().all(|tile| tile.bytes.len() == 32 * usize::from(tile.id.width())));
    let at_256: Vec<String> = edge_tiles(256);
    assert_eq!(at_256, ["tile/0/000", "tile/1/000.p/1"]);
}

fn edge_tiles(size: u64) -> Vec<String> {
    RightEdge::empty().append(&leaves(size)).expect("room").tiles().iter().map(|tile| tile.id.path()).collect()
}

#[test]
fn only_canonical_tile_paths_are_read() {
    let tile = |level, index, width| TileId::new(level, index, width).expect("valid");
    for (path, meant) in [
        ("tile/0/x001/x234/067", TilePath::Hashes(tile(0, 1_234_067, 256))),
        ("tile/63/000.p/255", TilePath::Hashes(tile(63, 0, 255))),
        ("tile/0/x001/234.p/5", TilePath::Hashes(tile(0, 1234, 5))),
        ("tile/entries/x001/234.p/5", TilePath::Entries(tile(0, 1234, 5))),
    ] {
        assert_eq!(TilePath::parse(path), Ok(meant));
        let (TilePath::Hashes(id) | TilePath::Entries(id)) = meant;
        assert!([id.path(), id.entries_path()].contains(&path.to_owned()));
    }
    for path in [
        "",
        "tile/0",
        "tile/0/",
        "tile/64/000",
        "tile/00/000",
        "tile/+1/000",
        "tile/0/1",
        "tile/0/0001",
        "tile/0/x000/001",
        "tile/0/x001/x234",
        "tile/0/001/234",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/05",
        "tile/0/000.p/",
        "tile/0/000.p/1.p/1",
        "tile/0/-01",
        "tile/0/00é",
        "tile//000",
        "/tile/0/000",
        "tile/entries/000/",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        "tile/entry/000",
    ] {
        assert_eq!(TilePath::parse(path), Err(InvalidTile), "{path}");
    }
}

#[test]
fn only_tiles_of_the_signed_tree_are_in_it() {
    let within = |path: &str, size| match TilePath::parse(path).expect("valid") {
        TilePath::Hashes(id) | TilePath::Entries(id) => id.is_in(size),
    };
    assert!(within("tile/0/273.p/112", 70_000) && within("tile/0/273.p/1", 70_000) && within("tile/1/000", 70_000));
    assert!(!within("tile/0/273.p/113", 70_000) && !within("tile/0/274.p/1", 70_000) && !within("tile/2/000.p/2", 70_000));
    assert!(!within("tile/63/000.p/1", u64::MAX) && !within("tile/0/000.p/1", 0));
    assert!(!TileId::new(0, u64::MAX, 256).expect("valid").is_in(u64::MAX));
}

#[test]
fn bundles_of_entries_come_back_and_cut_ones_do_not() {
    let leaves: [&[u8]; 3] = [b"one", b"", &[7; 97]];
    let bytes = bundle(&leaves).expect("short");
    assert_eq!(bytes[..5], *b"\x00\x03one");
    assert_eq!(unbundle(&bytes).expect("whole"), leaves);
    assert_eq!(unbundle(&bytes[..bytes.len() - 1]), Err(BundleError));
    assert_eq!(unbundle(&[0]), Err(BundleError));
    assert_eq!(bundle(&[vec![0; 65_536]]), Err(BundleError));
}
