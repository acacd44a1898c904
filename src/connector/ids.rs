//! Random ids.

use crate::crypto::base64;
use crate::entropy::{Entropy, EntropyUnavailable, random};

/// 128 random bits, base64url: 22 characters.
///
/// # Errors
/// [`EntropyUnavailable`].
pub fn random_id(entropy: &dyn Entropy) -> Result<String, EntropyUnavailable> {
    random::<16>(entropy).map(|bytes| base64::encode_url(&bytes))
}
