//! What the leaf says of an entry's search tokens: a salted digest, so that tokens and salt can be destroyed and everything else goes on verifying.

use std::fmt;

use aws_lc_rs::digest::{Context, SHA256};

use super::clear::Clear;
use crate::entropy::{Entropy, EntropyUnavailable, random};
use crate::ledger::token::SearchToken;

/// Random bytes of one entry, destroyed with its tokens: without them the digest of two entries about the same person would be the same, and whoever
/// guesses a token could try it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenSalt([u8; TokenSalt::LENGTH]);

impl TokenSalt {
    /// The length in bytes.
    pub const LENGTH: usize = 16;

    /// A new one.
    ///
    /// # Errors
    /// [`EntropyUnavailable`].
    pub fn fresh(entropy: &dyn Entropy) -> Result<Self, EntropyUnavailable> {
        random(entropy).map(Self)
    }

    /// As stored.
    pub const fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// For storing.
    pub const fn bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }
}

impl fmt::Debug for TokenSalt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSalt(…)")
    }
}

/// SHA-256 of the salt and the tokens of subject, actor and case, each 16 bytes behind a 1, or a 0 where there is none. It stays when the tokens go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokensDigest([u8; TokensDigest::LENGTH]);

impl TokensDigest {
    /// The length in bytes.
    pub const LENGTH: usize = 32;

    /// The digest of an entry's tokens.
    pub fn of(salt: &TokenSalt, clear: &Clear) -> Self {
        Self::of_tokens(salt, [clear.subject, clear.actor, clear.case])
    }

    /// The digest of the tokens of subject, actor and case.
    pub fn of_tokens(salt: &TokenSalt, tokens: [Option<SearchToken>; 3]) -> Self {
        let mut context = Context::new(&SHA256);
        context.update(salt.bytes());
        for token in tokens {
            context.update(&[u8::from(token.is_some())]);
            context.update(token.as_ref().map_or(&[], |token| token.bytes().as_slice()));
        }
        let mut bytes = [0; Self::LENGTH];
        bytes.copy_from_slice(context.finish().as_ref());
        Self(bytes)
    }

    /// As stored.
    pub const fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// For storing.
    pub const fn bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }
}
