//! Sealing an entry: a ciphertext for those who hold its key, and a public leaf that says nothing to anyone else.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::{hkdf, hmac};
use zeroize::Zeroizing;

use super::entry::Beside;
use super::padding::PaddedBody;
use super::statement::Statement;
use super::tree::{NodeHash, leaf_hash};
use crate::entropy::{Entropy, EntropyUnavailable, random};
use crate::secret::Secret;

/// The version of the leaf and of everything derived for it.
const VERSION: u8 = 0x01;
const SALT: &[u8] = b"sluis ledger entry v1";

/// A public leaf: `0x01 ‖ HMAC(k_mac, body) ‖ SHA-256(ciphertext) ‖ HMAC(k_party, statement)`, both HMACs with SHA-256. An entry without
/// statement has the HMAC of the empty text there, which no statement is. The ciphertext begins with the digest of the columns beside it ([`Beside`]).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Leaf([u8; Leaf::LENGTH]);

impl Leaf {
    /// The length of a leaf in bytes.
    pub const LENGTH: usize = 97;

    /// A leaf from its bytes, as stored or received.
    ///
    /// # Errors
    /// [`InvalidLeaf`] when there are not 97 or the version is not 1.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidLeaf> {
        let bytes: [u8; Self::LENGTH] = bytes.try_into().map_err(|_| InvalidLeaf)?;
        bytes.starts_with(&[VERSION]).then_some(Self(bytes)).ok_or(InvalidLeaf)
    }

    /// Its 97 bytes.
    pub const fn bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    /// Its hash in the tree.
    pub fn hash(&self) -> NodeHash {
        leaf_hash(&self.0)
    }

    /// Whether this is the ciphertext that the leaf commits to: lets anyone check the whole store without reading any of it.
    pub fn holds(&self, ciphertext: &[u8]) -> bool {
        self.is_of(&Self::hash_of_ciphertext(ciphertext))
    }

    /// What the leaf commits to of a ciphertext: its SHA-256.
    pub fn hash_of_ciphertext(ciphertext: &[u8]) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, ciphertext).as_ref());
        hash
    }

    /// Whether it commits to the ciphertext with this hash.
    pub fn is_of(&self, hash: &[u8; 32]) -> bool {
        hash.as_slice() == self.part(1)
    }

    /// Whether the leaf commits to this statement, under the party's key.
    pub fn commits_to(&self, statement: &Statement, key: &PartyKey) -> bool {
        hmac::verify(&mac_key(key.expose()), statement.to_string().as_bytes(), self.part(2)).is_ok()
    }

    /// One of the three 32-byte parts after the version.
    fn part(&self, number: usize) -> &[u8] {
        self.0.get(1 + 32 * number..33 + 32 * number).unwrap_or_default()
    }
}

impl AsRef<[u8]> for Leaf {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Leaf({})", self.hash())
    }
}

/// The bytes are no leaf of this log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a leaf is 97 bytes, the first of them 1")]
pub struct InvalidLeaf;

/// The fresh key of one entry. Destroying it makes the body unreadable for ever; leaf and receipts go on verifying.
#[derive(Clone, Debug)]
pub struct EntryKey(Secret<[u8; 32]>);

impl EntryKey {
    /// Takes in the 32 bytes that were unwrapped.
    pub const fn new(key: Secret<[u8; 32]>) -> Self {
        Self(key)
    }

    /// The 32 bytes, for wrapping.
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }

    /// The key that opens the statement's part of the leaf, for the receipt.
    ///
    /// # Errors
    /// [`SealError::Cipher`]: it cannot be derived.
    pub fn party_key(&self) -> Result<PartyKey, SealError> {
        Ok(PartyKey(derive(&self.extract(), b"party")?))
    }

    fn extract(&self) -> hkdf::Prk {
        hkdf::Salt::new(hkdf::HKDF_SHA256, SALT).extract(self.expose())
    }
}

/// The key with which an organisation checks that a leaf is about its statement. It opens nothing else, and stands in the receipt.
#[derive(Clone, Debug)]
pub struct PartyKey(Secret<[u8; 32]>);

impl PartyKey {
    /// Takes in the 32 bytes of a receipt.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    /// The 32 bytes, for the receipt.
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

/// An entry as it is stored.
#[derive(Clone, Debug)]
pub struct SealedEntry {
    /// The public leaf.
    pub leaf: Leaf,
    /// What stands beside it, then the sealed body: AES-256-GCM, tag at the end.
    pub ciphertext: Vec<u8>,
    /// The entry's key, to be wrapped.
    pub entry_key: EntryKey,
    /// The key for the receipt; the same as [`EntryKey::party_key`].
    pub party_key: PartyKey,
}

/// Seals a body under a fresh key.
///
/// # Errors
/// [`SealError`] when there is no randomness for the key, or the cipher refuses.
pub fn seal(
    body: &PaddedBody,
    beside: Beside,
    statement: Option<&Statement>,
    entropy: &dyn Entropy,
) -> Result<SealedEntry, SealError> {
    let entry_key = EntryKey(Secret::new(random(entropy)?));
    let keys = entry_key.extract();
    let party_key = PartyKey(derive(&keys, b"party")?);
    let body_mac = hmac::sign(&mac_key(derive(&keys, b"mac")?.expose()), body.bytes());
    let mut ciphertext = Vec::with_capacity(Beside::LENGTH + body.bytes().len() + AES_256_GCM.tag_len());
    ciphertext.extend_from_slice(beside.bytes());
    ciphertext.extend_from_slice(body.bytes());
    let cipher = cipher(derive(&keys, b"enc")?.expose())?;
    let plaintext = ciphertext.get_mut(Beside::LENGTH..).ok_or(SealError::Cipher)?;
    let tag = cipher.seal_in_place_separate_tag(single_use_nonce(), bound(beside), plaintext)?;
    ciphertext.extend_from_slice(tag.as_ref());
    let statement = statement.map(Statement::to_string).unwrap_or_default();
    let statement_mac = hmac::sign(&mac_key(party_key.expose()), statement.as_bytes());
    let ciphertext_digest = digest(&SHA256, &ciphertext);
    let parts = [&[VERSION], body_mac.as_ref(), ciphertext_digest.as_ref(), statement_mac.as_ref()];
    let leaf = Leaf::from_bytes(&parts.concat()).map_err(|_| SealError::Cipher)?;
    Ok(SealedEntry { leaf, ciphertext, entry_key, party_key })
}

/// Opens an entry's body, and checks that it, its ciphertext and what stands beside it are what the leaf commits to. (GCM alone commits to neither key nor plaintext:
/// one ciphertext can open to two bodies under two keys; the HMAC over the body rules that out.)
///
/// # Errors
/// [`OpenError`]: which check failed.
pub fn open(entry_key: &EntryKey, leaf: &Leaf, beside: Beside, ciphertext: &[u8]) -> Result<PaddedBody, OpenError> {
    if !leaf.holds(ciphertext) {
        return Err(OpenError::Ciphertext);
    }
    let Some((written, ciphertext)) = ciphertext.split_at_checked(Beside::LENGTH) else { return Err(OpenError::Ciphertext) };
    if written != beside.bytes() {
        return Err(OpenError::Beside);
    }
    let keys = entry_key.extract();
    let of_body = |label| derive(&keys, label).map_err(|_| OpenError::Key);
    let cipher = cipher(of_body(b"enc")?.expose()).map_err(|_| OpenError::Key)?;
    let mut plaintext = Zeroizing::new(ciphertext.to_vec());
    let opened = cipher.open_in_place(single_use_nonce(), bound(beside), &mut plaintext).map_err(|_| OpenError::Key)?;
    hmac::verify(&mac_key(of_body(b"mac")?.expose()), opened, leaf.part(0)).map_err(|_| OpenError::Body)?;
    let length = opened.len();
    plaintext.truncate(length);
    PaddedBody::from_bytes(plaintext).map_err(|_| OpenError::Body)
}

/// What is sealed with a body and not secret: the version, and the columns beside it.
fn bound(beside: Beside) -> Aad<[u8; 1 + Beside::LENGTH]> {
    let mut bytes = [VERSION; 1 + Beside::LENGTH];
    if let Some((_, rest)) = bytes.split_first_mut() {
        rest.copy_from_slice(beside.bytes());
    }
    Aad::from(bytes)
}

/// The nonce of an entry's cipher key. That key is derived from a fresh entry key and seals one message ever, so a constant nonce is never
/// used twice with it.
fn single_use_nonce() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}

pub(super) fn cipher(key: &[u8; 32]) -> Result<LessSafeKey, Unspecified> {
    UnboundKey::new(&AES_256_GCM, key).map(LessSafeKey::new)
}

fn mac_key(key: &[u8; 32]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, key)
}

/// HKDF-Expand (RFC 5869) to 32 bytes under a label.
fn derive(keys: &hkdf::Prk, label: &[u8]) -> Result<Secret<[u8; 32]>, Unspecified> {
    let mut derived = Zeroizing::new([0; 32]);
    keys.expand(&[label], hkdf::HKDF_SHA256)?.fill(derived.as_mut_slice())?;
    Ok(Secret::new(*derived))
}

/// An entry cannot be sealed or a key not wrapped: nothing may be released on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyUnavailable),
    /// The cipher refused.
    #[error("the cipher refused to seal the log entry")]
    Cipher,
}

impl From<Unspecified> for SealError {
    fn from(_: Unspecified) -> Self {
        Self::Cipher
    }
}

/// A sealed entry or wrapped key does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The ciphertext is not the one that the leaf commits to.
    #[error("the stored ciphertext is not the one that the log's leaf commits to: the store was altered or damaged")]
    Ciphertext,
    /// The columns beside the body are not those that it was sealed with.
    #[error("a column beside the log entry's sealed body is not what it was sealed with: the store was altered or damaged")]
    Beside,
    /// The key does not open it.
    #[error("the key does not open this: another key, another entry, or altered bytes")]
    Key,
    /// It opens, but to another body than the leaf commits to.
    #[error("the opened body is not the one that the log's leaf commits to")]
    Body,
}

#[cfg(test)]
mod tests;
