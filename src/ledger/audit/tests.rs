use super::*;
use crate::entropy::SystemEntropy;
use crate::ledger::padding::PaddedBody;
use crate::ledger::seal::{SealedEntry, seal};

fn beside() -> Beside {
    Beside::before(&[7; 32]).expect("a digest")
}

fn sealed() -> SealedEntry {
    seal(&PaddedBody::pad(b"body").expect("short"), beside(), None, &SystemEntropy::default()).expect("sealed")
}

fn line(index: i64, sealed: &SealedEntry) -> StoredLine {
    let (leaf, body) = (sealed.leaf.bytes().to_vec(), Some(StoredBody::of(beside(), &sealed.ciphertext)));
    StoredLine { index, leaf, body, erasable: Erasable::There, sources: 0 }
}

fn lines(count: i64) -> Vec<StoredLine> {
    (0..count).map(|index| line(index, &sealed())).collect()
}

/// The tiles of a log and its root.
fn tree(lines: &[StoredLine]) -> (Vec<Tile>, NodeHash) {
    let mut edge = RightEdge::empty();
    let mut tiles = Vec::new();
    for line in lines {
        let hash = Leaf::from_bytes(&line.leaf).expect("a leaf").hash();
        tiles.extend(edge.append(&[hash]).expect("appended").tiles().to_vec());
    }
    (tiles, edge.root())
}

/// Audits stored lines against stored tiles and a signed root, in pages.
fn audit(lines: &[StoredLine], tiles: &[Tile], size: u64, root: &NodeHash) -> Result<(), Broken> {
    let stored = |id: TileId| {
        let here = tiles.iter().filter(|tile| (tile.id.level(), tile.id.index()) == (id.level(), id.index()));
        here.max_by_key(|tile| tile.bytes.len()).map(|tile| tile.bytes.clone())
    };
    let mut audit = Audit::new([], BTreeSet::new());
    for page in lines.chunks(100) {
        for tile in audit.take(page)? {
            audit.compare(&tile, stored(tile.id).as_deref());
        }
    }
    for tile in audit.edge() {
        audit.compare(&tile, stored(tile.id).as_deref());
    }
    audit.finish(size, root)
}

/// Broken on purpose to see it fail: without `holds`, without the columns, without `compare`, without each arm of `finish`.
#[test]
fn the_first_entry_that_is_not_what_it_was_is_named() {
    let sound = lines(600);
    let (tiles, root) = tree(&sound);
    assert_eq!(audit(&sound, &tiles, 600, &root), Ok(()));
    let changed = |change: &dyn Fn(&mut Vec<StoredLine>)| {
        let mut lines = sound.clone();
        change(&mut lines);
        audit(&lines, &tiles, 600, &root)
    };
    assert_eq!(changed(&|lines| lines[300].leaf[50] ^= 1), Err(Broken::Body(300)), "body and leaf differ");
    assert_eq!(changed(&|lines| lines[300].leaf[5] ^= 1), Err(Broken::Entry(300)), "what the leaf says of the opened body");
    assert_eq!(changed(&|lines| lines[300].leaf[0] ^= 1), Err(Broken::Entry(300)), "no leaf");
    let with = |byte: Option<usize>, columns: Beside| {
        let mut ciphertexts: Vec<SealedEntry> = (0..600).map(|_| sealed()).collect();
        let mut lines: Vec<StoredLine> = (0..).zip(&ciphertexts).map(|(index, sealed)| line(index, sealed)).collect();
        let (tiles, root) = tree(&lines);
        if let Some(byte) = byte {
            ciphertexts[300].ciphertext[byte] ^= 1;
        }
        lines[300].body = Some(StoredBody::of(columns, &ciphertexts[300].ciphertext));
        audit(&lines, &tiles, 600, &root)
    };
    assert_eq!(with(None, beside()), Ok(()));
    assert_eq!(with(Some(0), beside()), Err(Broken::Body(300)));
    assert_eq!(with(Some(200), beside()), Err(Broken::Body(300)));
    assert_eq!(with(None, Beside::before(&[8; 32]).expect("a digest")), Err(Broken::Columns(300)));
    assert_eq!(changed(&|lines| drop(lines.remove(300))), Err(Broken::Missing(300)));
    assert_eq!(changed(&|lines| lines.truncate(599)), Err(Broken::Missing(599)));
    assert_eq!(changed(&|lines| lines[599].index = 600), Err(Broken::Missing(599)), "moved");
    assert_eq!(changed(&|lines| lines.insert(0, StoredLine { index: -1, ..lines[0].clone() })), Err(Broken::Invented(-1)));
    assert_eq!(changed(&|lines| lines.push(StoredLine { index: 600, ..lines[0].clone() })), Err(Broken::Beyond(600)));
    let swap = |lines: &mut Vec<StoredLine>| {
        lines.swap(300, 301);
        (lines[300].index, lines[301].index) = (300, 301);
    };
    assert_eq!(changed(&swap), Err(Broken::Entry(300)));
    assert_eq!(changed(&|lines| lines[300].body = None), Err(Broken::Emptied(300)), "taken out");
}

#[test]
fn a_changed_tile_is_named_and_a_rewritten_log_is_noticed() {
    let sound = lines(600);
    let (tiles, root) = tree(&sound);
    for place in 0..tiles.len() {
        let widest = |tile: &Tile| {
            tiles.iter().all(|other| {
                (other.id.level(), other.id.index()) != (tile.id.level(), tile.id.index())
                    || other.bytes.len() <= tile.bytes.len()
            })
        };
        if !widest(&tiles[place]) {
            continue;
        }
        let mut torn = tiles.clone();
        torn[place].bytes[3] ^= 1;
        assert_eq!(audit(&sound, &torn, 600, &root), Err(Broken::Tile(tiles[place].id)));
    }
    let (first, rest) = tiles.split_first().expect("tiles");
    let lost: Vec<Tile> = rest.iter().filter(|tile| (tile.id.level(), tile.id.index()) != (0, 1)).cloned().collect();
    assert!(matches!(audit(&sound, &lost, 600, &root), Err(Broken::Tile(id)) if (id.level(), id.index()) == (0, 1)), "{first:?}");
    let other = lines(600);
    assert_eq!(audit(&other, &tree(&other).0, 600, &root), Err(Broken::Rewritten));
}

/// Broken on purpose to see it fail: `root_at` giving the root at the end of the page.
#[test]
fn the_root_at_every_size_that_was_asked_for_is_known() {
    let lines = lines(300);
    let sizes = [0, 1, 99, 100, 101, 256, 299, 300, 301];
    let mut audit = Audit::new(sizes, BTreeSet::new());
    for page in lines.chunks(100) {
        audit.take(page).expect("sound");
    }
    for size in sizes.into_iter().filter(|size| (1..=300).contains(size)) {
        let expected = tree(&lines[..usize::try_from(size).expect("small")]).1;
        assert_eq!(audit.root_at(size), Some(expected), "{size}");
    }
    assert_eq!((audit.root_at(301), audit.root_at(2)), (None, None));
}
