//! Base64url without padding (RFC 4648 §5), and random ids in it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::entropy::{Entropy, EntropyUnavailable, random};

/// `bytes` in base64url without padding.
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Exactly `N` bytes from base64url without padding; `None` when the text is anything else.
pub fn from_base64url<const N: usize>(text: &str) -> Option<[u8; N]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

/// 128 random bits, base64url: 22 characters.
///
/// # Errors
/// [`EntropyUnavailable`].
pub fn random_id(entropy: &dyn Entropy) -> Result<String, EntropyUnavailable> {
    random::<16>(entropy).map(|bytes| base64url(&bytes))
}
