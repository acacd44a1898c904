//! The vectors of transparency-dev/merkle (the reference implementation in Go) for inclusion and consistency proofs.

use serde_json::Value;
use sluis::crypto::base64;
use sluis::ledger::tree::{NodeHash, empty_root, leaf_hash, verify_consistency, verify_inclusion};

use super::text;

/// Source and licence stand in it.
const FIXTURE: &str = include_str!("../fixtures/merkle.json");

/// They refuse every proof from the empty tree. C2SP asks for the opposite: a witness that has seen nothing takes the first head with an empty
/// proof (tlog-witness, `old 0`).
const EXCEPTION: &str = "additional/size1-is-zero-and-size2-is-not-zero";

fn vectors(kind: &str) -> Vec<Value> {
    let fixture: Value = serde_json::from_str(FIXTURE).expect("JSON");
    fixture[kind].as_array().expect("vectors").clone()
}

fn number(vector: &Value, member: &str) -> u64 {
    vector[member].as_u64().expect("a number")
}

/// What is no hash cannot be handed over: a hash that is the same for the same bytes stands in for it.
fn hash(text: &Value) -> NodeHash {
    let bytes = base64::decode(text.as_str().unwrap_or_default()).expect("base64");
    <[u8; 32]>::try_from(bytes.as_slice()).map_or_else(|_| leaf_hash(&bytes), NodeHash::new)
}

/// The same, but what is no hash is none that a root could be.
fn leaf(text: &Value) -> NodeHash {
    let known = base64::decode(text.as_str().unwrap_or_default()).is_ok_and(|bytes| bytes.len() == 32);
    if known { hash(text) } else { leaf_hash(b"no leaf") }
}

fn proof(vector: &Value) -> Vec<NodeHash> {
    vector["proof"].as_array().into_iter().flatten().map(hash).collect()
}

/// Tries all vectors of a kind; how many must hold and how many must not.
fn tried(kind: &str, holds: impl Fn(&Value) -> bool) -> [usize; 2] {
    let mut counts = [0, 0];
    for vector in vectors(kind) {
        let name = text(&vector, "name");
        let wrong = vector["wantErr"].as_bool().expect("wantErr");
        assert_eq!(holds(&vector), !wrong || name == EXCEPTION, "{kind}/{name}");
        counts[usize::from(wrong)] += 1;
    }
    counts
}

#[test]
fn inclusion() {
    let counts = tried("inclusion", |vector| {
        let (leaf, root) = (leaf(&vector["leafHash"]), hash(&vector["root"]));
        verify_inclusion(&leaf, number(vector, "leafIdx"), number(vector, "treeSize"), &proof(vector), &root).is_ok()
    });
    assert_eq!(counts, [6, 92]);
}

/// `additional/roots-do-not-match-and-sizes-are-zero` found that between two empty trees the newer root was not looked at.
#[test]
fn consistency() {
    let counts = tried("consistency", |vector| {
        let (old, new) = (hash(&vector["root1"]), hash(&vector["root2"]));
        let (old, new) = ((number(vector, "size1"), &old), (number(vector, "size2"), &new));
        verify_consistency(old, new, &proof(vector)).is_ok()
    });
    assert_eq!(counts, [6, 92]);
    assert!(verify_consistency((0, &empty_root()), (0, &empty_root()), &[]).is_ok());
}
