//! Roots and proofs of every size that the log had, from its stored tiles.

use sluis::ledger::tree::{NodeHash, RightEdge, verify_consistency, verify_inclusion};
use sluis::store::proofs::{self, ProofError};
use sluis::store::{Append, Store};

use super::attack::write;
use super::fixture::{Fixture, NOW, On, oin, on_both};

on_both!(any_entry_is_proved_in_any_size_the_log_had);

/// Appends as many entries, in batches; the root after each of them.
async fn grown(fixture: &Fixture, count: usize) -> (Vec<NodeHash>, Vec<NodeHash>) {
    let store = fixture.node().await;
    let (mut edge, mut leaves, mut roots) = (RightEdge::default(), Vec::new(), vec![RightEdge::default().root()]);
    while leaves.len() < count {
        let entries: Vec<_> = (0..50.min(count - leaves.len())).map(|_| fixture.entry(&oin(1))).collect();
        for entry in &entries {
            leaves.push(entry.leaf.hash());
            roots.push(edge.append(&[entry.leaf.hash()]).expect("appended").root());
        }
        let append = Append { entries, ..Append::default() };
        store.commit(&[append], &*fixture.scribe, NOW).await.expect("committed");
    }
    (leaves, roots)
}

/// Broken on purpose to see it fail: tiles read at the width of the head instead of that of the size.
async fn any_entry_is_proved_in_any_size_the_log_had(on: On) {
    let fixture = Fixture::on(on).await;
    let (leaves, roots) = grown(&fixture, 530).await;
    let store: &dyn Store = &*fixture.node().await;
    let sizes = [0, 1, 2, 255, 256, 257, 511, 512, 513, 530];
    for size in sizes {
        let root = proofs::root(store, size).await.expect("a root");
        assert_eq!(root, roots[usize::try_from(size).expect("small")], "{size}");
        for index in [0, 1, 254, 255, 256, 300, 512, 529].into_iter().filter(|index| *index < size) {
            let path = proofs::inclusion(store, index, size).await.expect("a proof");
            let leaf = leaves[usize::try_from(index).expect("small")];
            verify_inclusion(&leaf, index, size, &path, &root).expect("proved");
        }
        for old in sizes.into_iter().filter(|old| *old <= size) {
            let path = proofs::consistency(store, old, size).await.expect("a proof");
            let before = roots[usize::try_from(old).expect("small")];
            verify_consistency((old, &before), (size, &root), &path).expect("consistent");
        }
    }
    assert!(matches!(proofs::inclusion(store, 530, 530).await, Err(ProofError::OutOfRange(_))));
    write(&fixture, "UPDATE tile SET hashes = substr(hashes, 1, 100) WHERE level = 0 AND idx = 1").await;
    assert!(matches!(proofs::inclusion(store, 300, 530).await, Err(ProofError::Tiles(_))), "a torn tile");
    write(&fixture, "DELETE FROM tile WHERE level = 0 AND idx = 0").await;
    assert!(matches!(proofs::inclusion(store, 3, 530).await, Err(ProofError::Tiles(_))), "a lost tile");
}
