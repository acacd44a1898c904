//! Keys of notes: names, verifier keys (vkeys) and signers (C2SP signed-note).

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::entropy::{Entropy, EntropyUnavailable, random};
use crate::secret::Secret;

/// The name of a key, for a log also its origin: 1 to 255 bytes without white space, plus sign or control characters; by custom a URL without
/// scheme, such as `sluis.example/log`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

impl KeyName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyName {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let forbidden = |c: char| c.is_whitespace() || c.is_control() || c == '+';
        let valid = (1..=255).contains(&text.len()) && !text.contains(forbidden);
        valid.then(|| Self(text.to_owned())).ok_or(InvalidKey::Name)
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a key signs: the type byte of signed-note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// `0x01`: Ed25519 over the note's text; a log's key.
    Note,
    /// `0x04`: timestamped Ed25519 over a checkpoint (tlog-cosignature); a witness's key.
    Cosignature,
}

impl KeyKind {
    const fn byte(self) -> u8 {
        match self {
            Self::Note => 0x01,
            Self::Cosignature => 0x04,
        }
    }

    const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0x01 => Some(Self::Note),
            0x04 => Some(Self::Cosignature),
            _ => None,
        }
    }
}

/// A public key with its name and kind; displayed and parsed as a vkey, `<name>+<key id>+<base64>`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct VerifierKey {
    name: KeyName,
    kind: KeyKind,
    public: [u8; 32],
    id: [u8; 4],
}

impl VerifierKey {
    /// From its parts; `public` as RFC 8032 encodes it.
    pub fn new(name: KeyName, kind: KeyKind, public: [u8; 32]) -> Self {
        let input = [name.as_str().as_bytes(), b"\n", &[kind.byte()], &public].concat();
        let id = digest(&SHA256, &input).as_ref().first_chunk().copied().unwrap_or_default();
        Self { name, kind, public, id }
    }

    /// Whose key it is.
    pub const fn name(&self) -> &KeyName {
        &self.name
    }

    /// What it signs.
    pub const fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The key id: the first four bytes of SHA-256(name ‖ newline ‖ type ‖ public key).
    pub const fn id(&self) -> [u8; 4] {
        self.id
    }

    /// The 32 bytes of the Ed25519 public key.
    pub const fn public(&self) -> &[u8; 32] {
        &self.public
    }

    /// Whether `signature` is this key's over exactly these bytes.
    pub(in crate::ledger) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.public).verify(message, signature).is_ok()
    }
}

impl FromStr for VerifierKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(material)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(InvalidKey::Syntax);
        };
        let material = STANDARD.decode(material).map_err(|_| InvalidKey::Syntax)?;
        let (&kind, public) = material.split_first().ok_or(InvalidKey::Syntax)?;
        let kind = KeyKind::from_byte(kind).ok_or(InvalidKey::Kind)?;
        let key = Self::new(name.parse()?, kind, public.try_into().map_err(|_| InvalidKey::Syntax)?);
        if id == hex(key.id) { Ok(key) } else { Err(InvalidKey::Id) }
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let material = [&[self.kind.byte()], self.public.as_slice()].concat();
        write!(f, "{}+{}+{}", self.name, hex(self.id), STANDARD.encode(material))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn hex(id: [u8; 4]) -> String {
    format!("{:08x}", u32::from_be_bytes(id))
}

/// A private key with its name and kind. Says nothing of the key in its `Debug`.
pub struct SigningKey {
    verifier: VerifierKey,
    pair: Ed25519KeyPair,
}

impl SigningKey {
    /// From the 32-byte seed (RFC 8032 private key).
    ///
    /// # Errors
    /// [`InvalidKey::Private`] when the cipher library refuses it.
    pub fn from_seed(name: KeyName, kind: KeyKind, seed: &Secret<[u8; 32]>) -> Result<Self, InvalidKey> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.expose()).map_err(|_| InvalidKey::Private)?;
        Self::from_pair(name, kind, pair)
    }

    /// From a PKCS#8 document (RFC 5958, version 1 or 2; where the public key is there it must fit the private one).
    ///
    /// # Errors
    /// [`InvalidKey::Private`] when it is not an Ed25519 key in PKCS#8.
    pub fn from_pkcs8(name: KeyName, kind: KeyKind, document: &Secret<Vec<u8>>) -> Result<Self, InvalidKey> {
        let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(document.expose()).map_err(|_| InvalidKey::Private)?;
        Self::from_pair(name, kind, pair)
    }

    fn from_pair(name: KeyName, kind: KeyKind, pair: Ed25519KeyPair) -> Result<Self, InvalidKey> {
        let public = pair.public_key().as_ref().try_into().map_err(|_| InvalidKey::Private)?;
        Ok(Self { verifier: VerifierKey::new(name, kind, public), pair })
    }

    /// The public side.
    pub const fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The 64-byte signature over exactly these bytes.
    pub(in crate::ledger) fn sign_bytes(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, …)", self.verifier.name)
    }
}

/// A fresh seed for [`SigningKey::from_seed`].
///
/// # Errors
/// [`EntropyUnavailable`] when the system gives no randomness.
pub fn fresh_seed(entropy: &dyn Entropy) -> Result<Secret<[u8; 32]>, EntropyUnavailable> {
    random(entropy).map(Secret::new)
}

/// A key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// Not a vkey.
    #[error("a verifier key is <name>+<key id in 8 hex digits>+<base64 of type and public key>")]
    Syntax,
    /// The name is not allowed.
    #[error("a key name is 1 to 255 bytes without white space, plus sign or control characters")]
    Name,
    /// A type of signature that is not supported.
    #[error("only Ed25519 note keys (type 1) and cosignature keys (type 4) are supported")]
    Kind,
    /// The id is not that of name, type and key: one of them was altered.
    #[error("the key id does not fit name, type and key: copy the verifier key again from its owner")]
    Id,
    /// The private key is refused.
    #[error("not an Ed25519 private key (PKCS#8, or a seed of 32 bytes)")]
    Private,
    /// The key is of the other kind.
    #[error("a key for notes was given where one for cosignatures is needed, or the other way round")]
    WrongKind,
}
