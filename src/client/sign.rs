//! Signing without sending, for other clients.

use std::sync::Arc;

use super::{Kit, KitError};
use crate::clock::Clock;
use crate::crypto::keys::SigningKey;
use crate::entropy::Entropy;
use crate::exchange::authenticate::REQUEST_TAG;
use crate::http::client::Signer;

/// What signs an organisation's requests.
///
/// # Errors
/// [`KitError`], when the kit has no usable signing key.
pub fn signer(kit: &Kit, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Result<Signer, KitError> {
    let key = SigningKey::from_jwk(&kit.signing_key()?).map_err(KitError::new)?;
    Ok(Signer::new(key, REQUEST_TAG, clock, entropy))
}
