//! How a node knows whether what it read is still so.

use crate::ledger::seal::Leaf;

/// Grows with each write on which a decision can depend; two equal revisions mean equal facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Revision(pub i64);

impl Revision {
    /// That of no facts: what was read of several revisions is compared by its digest.
    pub const MIXED: Self = Self(-1);

    /// The revision behind a write of which this leaf tells. How large the step is, is the leaf's: when a database lost its newest writes (a standby that
    /// was behind, an old copy), those that follow give it no revision that it had before.
    #[must_use]
    pub fn moved_by(self, leaf: &Leaf) -> Self {
        let hash = leaf.hash();
        let step = hash.bytes().first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
        Self(self.0.saturating_add(1).saturating_add(i64::from(step)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_histories_do_not_reach_the_same_revision() {
        let leaf = |byte| {
            let mut bytes = [byte; Leaf::LENGTH];
            bytes[0] = 1;
            Leaf::from_bytes(&bytes).expect("a leaf")
        };
        let shared = Revision(7);
        assert!(shared.moved_by(&leaf(1)) > shared);
        assert_ne!(shared.moved_by(&leaf(3)), shared.moved_by(&leaf(2)), "one was lost, another took its place");
        assert_eq!(Revision(i64::MAX).moved_by(&leaf(1)), Revision(i64::MAX), "and there is no way round");
    }
}
