//! What the leaf says of the columns beside a sealed body, so that none of them is changed unseen.

use aws_lc_rs::digest::{SHA256, digest};

use super::clear::Clear;
use super::erases::Erases;
use super::tokens::TokensDigest;
use crate::crypto::hex;
use crate::organisation::Oin;

/// The SHA-256 digest of the columns beside a sealed body. It stands before the ciphertext and is bound to it, and the leaf commits to both: whoever has
/// the store and no key sees that a column was changed, and whoever opens the body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beside([u8; Beside::LENGTH]);

/// The columns beside a sealed body.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'a> {
    /// Those by which officers search. Of its tokens only the digest counts.
    pub clear: &'a Clear,
    /// The digest of the tokens.
    pub tokens: &'a TokensDigest,
    /// Retention class and month.
    pub key_class: &'a str,
    /// The sources that were asked, in their order.
    pub asked: &'a [Oin],
    /// What an erasure erases of the log.
    pub erases: Option<&'a Erases>,
}

impl Beside {
    /// The length of the digest in bytes.
    pub const LENGTH: usize = 32;

    /// The digest of an entry's columns.
    pub fn of(columns: Columns<'_>) -> Self {
        let Columns { clear, tokens, key_class, asked, erases } = columns;
        let categories: Vec<&str> = clear.categories.iter().map(|category| category.code()).collect();
        let asked: Vec<&str> = asked.iter().map(Oin::as_str).collect();
        let columns = serde_json::json!([
            clear.kind.code(),
            clear.time.millis(),
            clear.party,
            clear.source,
            clear.recipient,
            clear.purpose,
            categories.join(" "),
            clear.outcome.code(),
            u8::from(clear.overridden),
            hex::encode(tokens.bytes()),
            clear.trace.to_string(),
            key_class,
            asked.join(" "),
            erases,
        ]);
        Self::of_columns(columns.to_string().as_bytes())
    }

    /// The digest of the columns as canonical JSON (RFC 8785): an array of kind, time (milliseconds), party, source, recipient, purpose, categories, outcome,
    /// overridden (0 or 1), the digest of the tokens (hexadecimal), trace, key class, the sources that were asked, and what the entry erases (or null);
    /// categories and sources in their order with a space between.
    pub fn of_columns(canonical_json: &[u8]) -> Self {
        let mut bytes = [0; Self::LENGTH];
        bytes.copy_from_slice(digest(&SHA256, canonical_json).as_ref());
        Self(bytes)
    }

    /// The digest that stands before a stored ciphertext; `None` where it is too short to have one.
    pub fn before(stored: &[u8]) -> Option<Self> {
        stored.first_chunk().copied().map(Self)
    }

    /// Its bytes.
    pub const fn bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }
}
