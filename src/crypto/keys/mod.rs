//! Keys: JWK (RFC 7517) in and out, parsed once; signing and verifying with the three algorithms of the wire.

mod generate;
mod jwk;
mod jwk_json;
mod signing;
mod verifying;
mod weak;

#[cfg(test)]
pub(crate) mod tests;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use generate::{EncryptionKeyKind, GenerateError, generate_encryption_key, generate_signing_key};
pub use jwk::{Jwk, JwkAlgorithm, KeyUse, PrivateJwk, PublicKey};
pub use signing::{SignError, SigningKey};
pub use verifying::{BadSignature, VerifyingKey};

/// The name of a key: `^[A-Za-z0-9._:-]{1,64}$`, for look-ups only.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyId(String);

impl KeyId {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyId {
    type Err = InvalidKeyId;

    fn from_str(text: &str) -> Result<Self, InvalidKeyId> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for KeyId {
    type Error = InvalidKeyId;

    fn try_from(text: String) -> Result<Self, InvalidKeyId> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'-');
        let valid = (1..=64).contains(&text.len()) && text.bytes().all(allowed);
        if valid { Ok(Self(text)) } else { Err(InvalidKeyId) }
    }
}

impl From<KeyId> for String {
    fn from(id: KeyId) -> Self {
        id.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The text cannot name a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key id is 1 to 64 of A-Z, a-z, 0-9, `.`, `_`, `:` and `-`")]
pub struct InvalidKeyId;

/// A signature algorithm, by its name in the HTTP Signature Algorithms registry (RFC 9421 §6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// `EdDSA` over edwards25519 (RFC 8032).
    Ed25519,
    /// ECDSA over P-256 with SHA-256; the signature is r ‖ s, 64 bytes.
    EcdsaP256Sha256,
    /// RSASSA-PSS with SHA-512, a salt of 64 bytes and at least 2048 bits.
    RsaPssSha512,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ed25519, Self::EcdsaP256Sha256, Self::RsaPssSha512];

    /// The registered name, as in the `alg` parameter of a signature.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::EcdsaP256Sha256 => "ecdsa-p256-sha256",
            Self::RsaPssSha512 => "rsa-pss-sha512",
        }
    }

    /// The algorithm with this registered name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == name)
    }

    /// The `alg` of a JWK for it (RFC 7518 §3.1, RFC 8037 §3.1).
    pub const fn jwk_algorithm(self) -> JwkAlgorithm {
        match self {
            Self::Ed25519 => JwkAlgorithm::EdDsa,
            Self::EcdsaP256Sha256 => JwkAlgorithm::Es256,
            Self::RsaPssSha512 => JwkAlgorithm::Ps512,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Refuses RSA keys that are too short, even, or known to be factored easily.
pub(crate) fn check_rsa(n: &[u8], e: &[u8]) -> Result<(), KeyError> {
    if weak::is_weak_rsa(n, e) { Err(KeyError::Weak) } else { Ok(()) }
}

/// A key that cannot be used. Never says anything about its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not a JWK, or with members we do not know.
    #[error("not a JSON Web Key of kty OKP, EC or RSA with only the members kid, use, alg, key_ops, ext and those of its type")]
    Malformed,
    /// A member that its type needs is absent, or one that it cannot have is present.
    #[error("the key lacks the member `{0}`, has it without need, or its value cannot be read")]
    Member(&'static str),
    /// A private key was given for a public one.
    #[error("this is a private key; give the public one, and consider the private one lost")]
    PrivateGiven,
    /// A public key was given for a private one.
    #[error("this is a public key; the private one is needed")]
    PublicGiven,
    /// A curve or key type that this use does not have.
    #[error("a key of this type or curve cannot be used here")]
    WrongType,
    /// `use` or `key_ops` forbids this use.
    #[error("`use` or `key_ops` of the key does not allow this")]
    WrongUse,
    /// `alg` is absent where it must be stated, unknown, or does not fit the key or its use.
    #[error("`alg` is absent, unknown, or does not fit the key")]
    WrongAlgorithm,
    /// No `kid`.
    #[error("the key has no `kid`")]
    NoKeyId,
    /// Too short, of small order, or known to be factored easily.
    #[error("the key is too weak")]
    Weak,
    /// The numbers are no valid key.
    #[error("the key is not valid: a point off its curve, or parts that do not belong together")]
    Invalid,
}
