//! A professional's own key at work: signs what she decides. For the command line and for screens of the source's own.

use std::sync::Arc;

use super::professionals::Signed;
use crate::clock::Clock;
use crate::crypto::base64;
use crate::crypto::keys::{SignError, SigningKey};

/// A professional with her key.
pub struct Hand {
    reference: String,
    key: SigningKey,
    clock: Arc<dyn Clock>,
}

impl Hand {
    /// The professional known to the connector as `reference`, with her Ed25519 key.
    pub const fn new(reference: String, key: SigningKey, clock: Arc<dyn Clock>) -> Self {
        Self { reference, key, clock }
    }

    /// Her reference.
    pub fn reference(&self) -> &str {
        &self.reference
    }

    /// Signs the statement that `of` makes of who signs and when.
    ///
    /// # Errors
    /// [`SignError`].
    pub fn sign(&self, of: impl FnOnce(&Signed) -> Vec<u8>) -> Result<Signed, SignError> {
        let mut signed = Signed { professional: self.reference.clone(), signed_at: self.clock.now(), signature: String::new() };
        signed.signature = base64::encode_url(&self.key.sign(&of(&signed))?);
        Ok(signed)
    }
}
