//! What the key of one scope does: blind indexes and sealed identities. Destroying it makes both unrecoverable.

use super::{Domain, Pseudonym, Scope};
use crate::crypto::{aead, digest};
use crate::entropy::{self, Entropy, EntropyUnavailable};
use crate::organisation::Oin;
use crate::secret::{Personal, Secret};
use crate::subject::SubjectId;

/// The random key of one scope.
#[derive(Clone, Debug)]
pub struct ScopeKey {
    index: Secret<[u8; 32]>,
    identity: Secret<[u8; 32]>,
}

impl ScopeKey {
    /// Draws the key of a new scope, and seals it under the key store's `wrapping` key of the same name.
    ///
    /// # Errors
    /// [`VaultError::Entropy`].
    pub fn draw(scope: &Scope, wrapping: &Secret<[u8; 32]>, entropy: &dyn Entropy) -> Result<Vec<u8>, VaultError> {
        let key = Secret::new(entropy::random::<32>(entropy)?);
        aead::seal(wrapping, scope.as_str().as_bytes(), key.expose(), entropy).map_err(|_| VaultError::Entropy)
    }

    /// Opens a sealed scope key.
    ///
    /// # Errors
    /// [`VaultError::Unreadable`] when it was not sealed by `wrapping` for this scope.
    pub fn open(scope: &Scope, wrapping: &Secret<[u8; 32]>, sealed: &[u8]) -> Result<Self, VaultError> {
        let opened = aead::open(wrapping, scope.as_str().as_bytes(), sealed).map_err(|_| VaultError::Unreadable)?;
        let key = Secret::new(<[u8; 32]>::try_from(opened.expose().as_slice()).map_err(|_| VaultError::Unreadable)?);
        Ok(Self { index: digest::derive(&key, "sluis/v1/blind-index"), identity: digest::derive(&key, "sluis/v1/identity") })
    }

    /// Finds a person's pseudonym again without storing who it is: HMAC of domain and identifier.
    pub fn blind_index(&self, domain: &Domain, identifier: &Personal<SubjectId>) -> [u8; 32] {
        let mut message = domain.canonical();
        message.extend_from_slice(&identifier.open_personal().canonical());
        let index = digest::hmac_sha256(&self.index, &message);
        zeroize::Zeroize::zeroize(&mut message);
        index
    }

    /// Seals the identifier behind `pseudonym`.
    ///
    /// # Errors
    /// [`VaultError::Entropy`].
    pub fn seal_identity(
        &self,
        pseudonym: Pseudonym,
        identifier: &Personal<SubjectId>,
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, VaultError> {
        let plain = identifier.open_personal().canonical();
        aead::seal(&self.identity, pseudonym.to_string().as_bytes(), &plain, entropy).map_err(|_| VaultError::Entropy)
    }

    /// Opens the identifier behind `pseudonym`.
    ///
    /// # Errors
    /// [`VaultError::Unreadable`] when it was not sealed for this pseudonym under this key.
    pub fn open_identity(&self, pseudonym: Pseudonym, sealed: &[u8]) -> Result<Personal<SubjectId>, VaultError> {
        let plain = aead::open(&self.identity, pseudonym.to_string().as_bytes(), sealed).map_err(|_| VaultError::Unreadable)?;
        parse_canonical(plain.expose()).map(Personal::new).ok_or(VaultError::Unreadable)
    }
}

/// Reads back what [`SubjectId::canonical`] wrote.
fn parse_canonical(bytes: &[u8]) -> Option<SubjectId> {
    let (scheme, rest) = part(bytes)?;
    let (source, rest) = part(rest)?;
    let (value, rest) = part(rest)?;
    if !rest.is_empty() {
        return None;
    }
    match scheme {
        "bsn" => value.parse().ok().map(SubjectId::Bsn),
        "v-number" => value.parse().ok().map(SubjectId::VNumber),
        "local" => Some(SubjectId::Local { source: source.parse::<Oin>().ok()?, value: value.parse().ok()? }),
        _ => None,
    }
}

fn part(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (text, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
    Some((std::str::from_utf8(text).ok()?, rest))
}

/// Why the vault did not do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// No randomness.
    #[error("no randomness for the vault")]
    Entropy,
    /// Not sealed under this key for this use.
    #[error("what the vault holds was not sealed under this key")]
    Unreadable,
}

impl From<EntropyUnavailable> for VaultError {
    fn from(_: EntropyUnavailable) -> Self {
        Self::Entropy
    }
}
