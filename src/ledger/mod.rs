//! The disclosure log: entries, Merkle tree, checkpoints, receipts. Pure, no storage.
//!
//! [`entry`] says what an entry holds, [`seal`] turns its body into a ciphertext and a public leaf, [`tree`] hashes leaves, [`checkpoint`]
//! signs the head, [`receipt`] proves one disclosure to the organisation that got it. Formats are those of C2SP, to the letter.

pub mod audit;
pub mod checkpoint;
pub mod cosignature;
pub mod embargo;
pub mod entry;
pub mod note;
pub mod padding;
pub mod proof;
pub mod quorum;
pub mod receipt;
pub mod seal;
pub mod statement;
pub mod token;
pub mod tree;
pub mod witness;
pub mod wrap;
