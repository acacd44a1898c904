//! The bearer token of the local API: only its digest is kept, in the file and in memory.

use std::path::{Path, PathBuf};

use crate::crypto::{base64, hex};
use crate::entropy::{Entropy, EntropyUnavailable, random};
use crate::secret::Secret;
use crate::source::digest::sha256;

/// The SHA-256 of a token of 256 random bits.
#[derive(Clone)]
pub struct LocalToken([u8; 32]);

impl LocalToken {
    /// Draws a token: the text for the professional's program, and the digest whose [`Self::to_line`] goes into the file.
    ///
    /// # Errors
    /// [`EntropyUnavailable`].
    pub fn issue(entropy: &dyn Entropy) -> Result<(Secret<String>, Self), EntropyUnavailable> {
        let token = base64::encode_url(&random::<32>(entropy)?);
        let digest = Self(sha256(token.as_bytes()));
        Ok((Secret::new(token), digest))
    }

    /// Reads the file.
    ///
    /// # Errors
    /// [`TokenError`] when it cannot be read or is not one line `sha256:` with 64 hex digits.
    pub fn load(path: &Path) -> Result<Self, TokenError> {
        let text = std::fs::read_to_string(path).map_err(|source| TokenError::Unreadable { path: path.to_owned(), source })?;
        Self::parse(&text).ok_or_else(|| TokenError::Malformed { path: path.to_owned() })
    }

    /// Reads the line of the file; `None` when it is anything else.
    pub fn parse(text: &str) -> Option<Self> {
        text.trim().strip_prefix("sha256:").and_then(hex::decode_array).map(Self)
    }

    /// The line for the file.
    pub fn to_line(&self) -> String {
        format!("sha256:{}\n", hex::encode(&self.0))
    }

    /// Compares in constant time: of digests, and without an early end.
    pub fn matches(&self, presented: &str) -> bool {
        let presented = sha256(presented.as_bytes());
        self.0.iter().zip(presented).fold(0, |difference, (left, right)| difference | (left ^ right)) == 0
    }
}

impl std::fmt::Debug for LocalToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LocalToken(…)")
    }
}

/// The token file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// It cannot be read.
    #[error("cannot read the token file {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not the line that is expected.
    #[error("the token file {path} must hold one line: sha256: and the 64 hex digits of the token's SHA-256")]
    Malformed {
        /// The file.
        path: PathBuf,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn only_the_issued_token_matches() {
        let (token, digest) = LocalToken::issue(&SystemEntropy::default()).unwrap();
        let read = LocalToken::parse(&digest.to_line()).unwrap();
        assert!(read.matches(token.expose()));
        assert!(!read.matches(""));
        assert!(!read.matches(&token.expose()[1..]));
        assert!(!digest.to_line().contains(token.expose().as_str()));
        for wrong in ["", "sha256:", "sha256:zz", token.expose(), &digest.to_line().replace("sha256", "md5")] {
            assert!(LocalToken::parse(wrong).is_none(), "{wrong}");
        }
        assert!(LocalToken::parse(&format!("sha256:{}", "+1".repeat(32))).is_none());
    }
}
