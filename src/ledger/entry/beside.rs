//! What the leaf says of the columns beside a sealed body, so that none of them is changed unseen.

use ring::digest::{Context, SHA256};

use super::clear::Clear;
use crate::ledger::token::SearchToken;
use crate::organisation::Oin;

/// The SHA-256 digest of the columns beside a sealed body. It stands before the ciphertext and is bound to it, and the leaf commits to both: whoever has
/// the store and no key sees that a column was changed, and whoever opens the body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beside([u8; Beside::LENGTH]);

impl Beside {
    /// The length of the digest in bytes.
    pub const LENGTH: usize = 32;

    /// The columns that it is over.
    pub const COLUMNS: [&str; 15] = [
        "kind",
        "time",
        "party",
        "source",
        "recipient",
        "purpose",
        "categories",
        "outcome",
        "overridden",
        "subject_token",
        "actor_token",
        "case_token",
        "trace",
        "key_class",
        "asked",
    ];

    /// The digest of an entry's columns.
    pub fn of(clear: &Clear, key_class: &str, asked: &[Oin]) -> Self {
        let time = clear.time.millis().to_string();
        let categories: Vec<&str> = clear.categories.iter().map(|category| category.code()).collect();
        let asked: Vec<&str> = asked.iter().map(Oin::as_str).collect();
        let (categories, trace, asked) = (categories.join(" "), clear.trace.to_string(), asked.join(" "));
        let oin = |oin: &Option<Oin>| oin.as_ref().map(|oin| oin.as_str().as_bytes().to_vec());
        let token = |token: &Option<SearchToken>| token.as_ref().map(|token| token.bytes().to_vec());
        let text = |text: &str| Some(text.as_bytes().to_vec());
        Self::of_columns([
            text(clear.kind.code()),
            text(&time),
            text(clear.party.as_str()),
            oin(&clear.source),
            oin(&clear.recipient),
            clear.purpose.as_ref().and_then(|purpose| text(purpose.as_str())),
            text(&categories),
            text(clear.outcome.code()),
            text(if clear.overridden { "1" } else { "0" }),
            token(&clear.subject),
            token(&clear.actor),
            token(&clear.case),
            text(&trace),
            text(key_class),
            text(&asked),
        ])
    }

    /// The digest of the columns as they are stored, in the order of [`Self::COLUMNS`]: each as its length (4 bytes, big-endian) and its bytes, an absent
    /// one as the length `0xffffffff`. Instants and flags are decimal numbers; categories, and the sources that were asked, stand in their order with a
    /// space between.
    pub fn of_columns<C: AsRef<[u8]>>(columns: [Option<C>; Self::COLUMNS.len()]) -> Self {
        let mut digest = Context::new(&SHA256);
        for column in columns {
            let value = column.as_ref().map(AsRef::as_ref);
            let length = value.map_or(u32::MAX, |value| u32::try_from(value.len()).unwrap_or(u32::MAX));
            digest.update(&length.to_be_bytes());
            digest.update(value.unwrap_or_default());
        }
        let mut bytes = [0; Self::LENGTH];
        bytes.copy_from_slice(digest.finish().as_ref());
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
