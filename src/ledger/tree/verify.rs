//! Checking proofs, with nothing but hashes in hand (RFC 9162 sections 2.1.3.2 and 2.1.4.2).

use super::hash::{NodeHash, empty_root, node_hash};

/// A proof does not prove what it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofRejected {
    /// The index lies outside the tree, or the older tree is the larger one.
    #[error("the position lies outside the tree")]
    OutOfRange,
    /// There are more or fewer hashes than the position asks for.
    #[error("the proof has too many or too few hashes for this position")]
    Length,
    /// The hashes lead to another root.
    #[error("the proof leads to another root hash")]
    Root,
}

/// Checks that the leaf with this hash is at `index` in the tree of `size` with this `root`.
///
/// # Errors
/// [`ProofRejected`] when it is not proved.
pub fn verify_inclusion(
    leaf: &NodeHash,
    index: u64,
    size: u64,
    proof: &[NodeHash],
    root: &NodeHash,
) -> Result<(), ProofRejected> {
    if index >= size {
        return Err(ProofRejected::OutOfRange);
    }
    let mut path = Path { node: index, last: size - 1 };
    let mut hash = *leaf;
    for sibling in proof {
        hash = match path.step()? {
            Side::Left => node_hash(sibling, &hash),
            Side::Right => node_hash(&hash, sibling),
        };
    }
    path.finish(hash == *root)
}

/// Checks that the tree of `old_size` with `old_root` is a prefix of that of `new_size` with `new_root`. A tree without leaves is a prefix of
/// every tree; between equal sizes the roots must be equal; neither takes a proof.
///
/// # Errors
/// [`ProofRejected`] when it is not proved.
pub fn verify_consistency(
    (old_size, old_root): (u64, &NodeHash),
    (new_size, new_root): (u64, &NodeHash),
    proof: &[NodeHash],
) -> Result<(), ProofRejected> {
    if old_size > new_size {
        return Err(ProofRejected::OutOfRange);
    }
    if old_size == 0 || old_size == new_size {
        let same = old_size != new_size || old_root == new_root;
        let known = old_size != 0 || *old_root == empty_root();
        return if proof.is_empty() { equal(same && known) } else { Err(ProofRejected::Length) };
    }
    // Where the old tree is itself a perfect subtree, its root is the first hash and is left out of the proof.
    let (first, rest) =
        if old_size.is_power_of_two() { (old_root, proof) } else { proof.split_first().ok_or(ProofRejected::Length)? };
    let shift = (old_size - 1).trailing_ones();
    let mut path = Path { node: (old_size - 1) >> shift, last: (new_size - 1) >> shift };
    let (mut old, mut new) = (*first, *first);
    for hash in rest {
        match path.step()? {
            Side::Left => {
                old = node_hash(hash, &old);
                new = node_hash(hash, &new);
            }
            Side::Right => new = node_hash(&new, hash),
        }
    }
    path.finish(old == *old_root && new == *new_root)
}

/// The way from a node up to the root: `fn` and `sn` of RFC 9162.
struct Path {
    node: u64,
    last: u64,
}

/// On which side of the current hash the next hash of the proof stands.
enum Side {
    Left,
    Right,
}

impl Path {
    fn step(&mut self) -> Result<Side, ProofRejected> {
        if self.last == 0 {
            return Err(ProofRejected::Length);
        }
        let side = if self.node & 1 == 1 || self.node == self.last {
            // On the right border the levels at which the node has no sibling are skipped. (The node is not 0: it is odd, or equals `last`.)
            let skipped = self.node.trailing_zeros();
            self.node >>= skipped;
            self.last >>= skipped;
            Side::Left
        } else {
            Side::Right
        };
        self.node >>= 1;
        self.last >>= 1;
        Ok(side)
    }

    fn finish(self, matches: bool) -> Result<(), ProofRejected> {
        if self.last == 0 { equal(matches) } else { Err(ProofRejected::Length) }
    }
}

fn equal(matches: bool) -> Result<(), ProofRejected> {
    matches.then_some(()).ok_or(ProofRejected::Root)
}
