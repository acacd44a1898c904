//! What the leaf says of the columns beside a sealed body, so that none of them is changed unseen.

use ring::digest::{SHA256, digest};

use super::clear::Clear;
use crate::crypto::hex;
use crate::ledger::token::SearchToken;
use crate::organisation::Oin;

/// The SHA-256 digest of the columns beside a sealed body. It stands before the ciphertext and is bound to it, and the leaf commits to both: whoever has
/// the store and no key sees that a column was changed, and whoever opens the body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beside([u8; Beside::LENGTH]);

impl Beside {
    /// The length of the digest in bytes.
    pub const LENGTH: usize = 32;

    /// The digest of an entry's columns.
    pub fn of(clear: &Clear, key_class: &str, asked: &[Oin]) -> Self {
        let token = |token: &Option<SearchToken>| token.as_ref().map(|token| hex::encode(token.bytes())).unwrap_or_default();
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
            token(&clear.subject),
            token(&clear.actor),
            token(&clear.case),
            clear.trace.to_string(),
            key_class,
            asked.join(" "),
        ]);
        Self::of_columns(&columns.to_string())
    }

    /// The digest of the columns as canonical JSON (RFC 8785): an array of kind, time (milliseconds), party, source, recipient, purpose, categories, outcome,
    /// overridden (0 or 1), the tokens of subject, actor and case (hexadecimal, empty where there is none), trace, key class, and the sources that were
    /// asked; categories and sources in their order with a space between.
    pub fn of_columns(canonical_json: &str) -> Self {
        let mut bytes = [0; Self::LENGTH];
        bytes.copy_from_slice(digest(&SHA256, canonical_json.as_bytes()).as_ref());
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
