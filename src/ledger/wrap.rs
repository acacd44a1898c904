//! Wrapping entry keys: destroying a wrapping key makes all entries under it unreadable.

use std::fmt;

use aws_lc_rs::aead::{Aad, NONCE_LEN, Nonce};
use zeroize::Zeroizing;

use super::seal::{EntryKey, OpenError, SealError, cipher};
use crate::entropy::{Entropy, random};
use crate::secret::Secret;

/// An entry key under a wrapping key: `nonce (12) ‖ ciphertext (32) ‖ tag (16)`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct WrappedKey([u8; WrappedKey::LENGTH]);

impl WrappedKey {
    /// Its length in bytes.
    pub const LENGTH: usize = NONCE_LEN + 32 + 16;

    /// As stored.
    pub const fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// For storing.
    pub const fn bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }
}

impl fmt::Debug for WrappedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WrappedKey(…)")
    }
}

/// Wraps an entry key (AES-256-GCM, random nonce: one wrapping key serves a retention class for a month, far below the 2³² that a random nonce
/// allows). `associated` binds the wrapped key to its place; it must not hold the index, which is not known yet. The leaf's bytes serve well.
///
/// # Errors
/// [`SealError`] when there is no randomness for the nonce, or the cipher refuses.
pub fn wrap(
    entry_key: &EntryKey,
    wrapping_key: &Secret<[u8; 32]>,
    associated: &[u8],
    entropy: &dyn Entropy,
) -> Result<WrappedKey, SealError> {
    let nonce: [u8; NONCE_LEN] = random(entropy)?;
    let mut sealed = Zeroizing::new(*entry_key.expose());
    let cipher = cipher(wrapping_key.expose())?;
    let nonce_used = Nonce::assume_unique_for_key(nonce);
    let tag = cipher.seal_in_place_separate_tag(nonce_used, Aad::from(associated), sealed.as_mut_slice())?;
    let wrapped = [nonce.as_slice(), sealed.as_slice(), tag.as_ref()].concat();
    wrapped.try_into().map(WrappedKey).map_err(|_| SealError::Cipher)
}

/// Unwraps an entry key.
///
/// # Errors
/// [`OpenError::Key`] when wrapping key or associated data are not those it was wrapped with.
pub fn unwrap(wrapped: &WrappedKey, wrapping_key: &Secret<[u8; 32]>, associated: &[u8]) -> Result<EntryKey, OpenError> {
    let (nonce, sealed) = wrapped.0.split_first_chunk::<NONCE_LEN>().ok_or(OpenError::Key)?;
    let mut key = Zeroizing::new(sealed.to_vec());
    let cipher = cipher(wrapping_key.expose()).map_err(|_| OpenError::Key)?;
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let opened = cipher.open_in_place(nonce, Aad::from(associated), &mut key).map_err(|_| OpenError::Key)?;
    let bytes: [u8; 32] = (&*opened).try_into().map_err(|_| OpenError::Key)?;
    Ok(EntryKey::new(Secret::new(bytes)))
}

#[cfg(test)]
mod tests;
