//! AES-256-GCM for data at rest: a fresh random 96-bit nonce in front, associated data always stated.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

use crate::entropy::{Entropy, EntropyUnavailable, random};
use crate::secret::Secret;

/// How much longer the sealed text is than the plain one: nonce and tag, in bytes.
pub const OVERHEAD: usize = NONCE_LEN + 16;

/// Seals `plaintext` as `nonce (12) ‖ ciphertext ‖ tag (16)`. `context` is the associated data: it names the place the result belongs
/// to (table, column, row), so that it opens nowhere else. With random nonces one key must seal fewer than 2³² messages
/// (NIST SP 800-38D §8.3).
///
/// # Errors
/// [`SealError`] when there is no randomness, or the plaintext is longer than GCM allows (64 GiB).
pub fn seal(key: &Secret<[u8; 32]>, context: &[u8], plaintext: &[u8], entropy: &dyn Entropy) -> Result<Vec<u8>, SealError> {
    let nonce = random::<NONCE_LEN>(entropy)?;
    let key = bound(key).ok_or(SealError::TooLong)?;
    let mut sealed = Vec::with_capacity(plaintext.len().saturating_add(OVERHEAD));
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(plaintext);
    let Some((_, text)) = sealed.split_at_mut_checked(NONCE_LEN) else { return Err(SealError::TooLong) };
    let tag = key.seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context), text);
    let Ok(tag) = tag else {
        zeroize::Zeroize::zeroize(&mut sealed);
        return Err(SealError::TooLong);
    };
    sealed.extend_from_slice(tag.as_ref());
    Ok(sealed)
}

/// Opens what [`seal`] made with the same key and context.
///
/// # Errors
/// [`OpenError`] for anything else; it does not say what differs.
pub fn open(key: &Secret<[u8; 32]>, context: &[u8], sealed: &[u8]) -> Result<Secret<Vec<u8>>, OpenError> {
    let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(OpenError)?;
    let key = bound(key).ok_or(OpenError)?;
    let mut buffer = Zeroizing::new(text.to_vec());
    let opened = key.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(context), &mut buffer);
    let length = opened.map_err(|_| OpenError)?.len();
    buffer.truncate(length);
    Ok(Secret::new(std::mem::take(&mut *buffer)))
}

/// A key of any length can be tried; 32 bytes always fit.
fn bound(key: &Secret<[u8; 32]>) -> Option<LessSafeKey> {
    UnboundKey::new(&AES_256_GCM, key.expose()).ok().map(LessSafeKey::new)
}

/// Sealing did not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// No randomness for the nonce.
    #[error(transparent)]
    Entropy(#[from] EntropyUnavailable),
    /// AES-GCM refused the length.
    #[error("the plaintext is longer than AES-GCM allows")]
    TooLong,
}

/// Not sealed with this key and context, or changed since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not sealed with this key and context, or changed since")]
pub struct OpenError;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    struct Dry;

    impl Entropy for Dry {
        fn fill(&self, _: &mut [u8]) -> Result<(), EntropyUnavailable> {
            Err(EntropyUnavailable)
        }
    }

    fn key(byte: u8) -> Secret<[u8; 32]> {
        Secret::new([byte; 32])
    }

    #[test]
    fn opens_only_with_its_key_context_and_bytes() {
        let sealed = seal(&key(1), b"table/column/1", b"text", &SystemEntropy::default()).unwrap();
        assert_eq!(open(&key(2), b"table/column/1", &sealed).unwrap_err(), OpenError);
        assert_eq!(open(&key(1), b"table/column/2", &sealed).unwrap_err(), OpenError);
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(open(&key(1), b"table/column/1", &changed).is_err(), "byte {index}");
            assert!(open(&key(1), b"table/column/1", &sealed[..index]).is_err(), "cut at {index}");
        }
        assert_eq!(open(&key(1), b"table/column/1", &sealed).unwrap().expose(), b"text");
    }

    #[test]
    fn the_same_text_never_looks_the_same() {
        let entropy = SystemEntropy::default();
        let (one, two) = (seal(&key(1), b"", b"", &entropy).unwrap(), seal(&key(1), b"", b"", &entropy).unwrap());
        assert_eq!((one.len(), two.len()), (OVERHEAD, OVERHEAD));
        assert_ne!(one, two);
    }

    #[test]
    fn without_randomness_nothing_is_sealed() {
        assert_eq!(seal(&key(1), b"", b"x", &Dry), Err(SealError::Entropy(EntropyUnavailable)));
    }
}
