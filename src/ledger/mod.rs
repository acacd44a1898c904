//! The disclosure log: entries, Merkle tree, checkpoints, receipts. Pure, no storage.
