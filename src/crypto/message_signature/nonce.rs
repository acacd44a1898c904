//! The nonce of a signature: makes two otherwise equal requests differ, and lets one be taken only once.

use std::fmt;
use std::str::FromStr;

use crate::crypto::base64;
use crate::entropy::{Entropy, EntropyUnavailable, random};

/// 22 to 64 characters of base64url: at least 128 bits.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Nonce(String);

impl Nonce {
    /// A random one, of 144 bits.
    ///
    /// # Errors
    /// [`EntropyUnavailable`].
    pub fn random(entropy: &dyn Entropy) -> Result<Self, EntropyUnavailable> {
        random::<18>(entropy).map(|bytes| Self(base64::encode_url(&bytes)))
    }

    /// Its characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Nonce {
    type Err = InvalidNonce;

    fn from_str(text: &str) -> Result<Self, InvalidNonce> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let valid = (22..=64).contains(&text.len()) && text.bytes().all(allowed);
        if valid { Ok(Self(text.to_owned())) } else { Err(InvalidNonce) }
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text is not a nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a nonce is 22 to 64 base64url characters")]
pub struct InvalidNonce;
