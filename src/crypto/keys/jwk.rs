//! JSON Web Keys (RFC 7517, RFC 7518 §6, RFC 8037). Public and private ones are two types, so that a private one is never published.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use super::jwk_json::JwkJson;
use super::{KeyError, KeyId};
use crate::crypto::base64;
use crate::crypto::digest::sha256;
use crate::secret::Secret;

/// A public key with what its owner says about it.
#[derive(Clone, PartialEq, Eq)]
pub struct Jwk {
    pub(super) id: Option<KeyId>,
    pub(super) usage: Option<KeyUse>,
    pub(super) algorithm: Option<JwkAlgorithm>,
    pub(super) operations: Option<Vec<String>>,
    pub(super) key: PublicKey,
}

/// The public numbers, each of its exact length.
#[derive(Clone, PartialEq, Eq)]
pub enum PublicKey {
    /// `OKP`, `Ed25519`: the encoded point.
    Ed25519([u8; 32]),
    /// `OKP`, `X25519`: the u-coordinate.
    X25519([u8; 32]),
    /// `EC`, `P-256`: the uncompressed point `04 ‖ x ‖ y`.
    P256([u8; 65]),
    /// `RSA`: modulus and exponent, big-endian, without leading zeros.
    Rsa {
        /// The modulus.
        n: Vec<u8>,
        /// The public exponent.
        e: Vec<u8>,
    },
}

/// What a key is for (RFC 7517 §4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyUse {
    /// Signatures.
    Sig,
    /// Encryption.
    Enc,
}

/// The one algorithm a key is for (RFC 7517 §4.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum JwkAlgorithm {
    /// `EdDSA`; RFC 9864 calls it `Ed25519`.
    #[serde(rename = "EdDSA", alias = "Ed25519")]
    EdDsa,
    /// `ES256`.
    #[serde(rename = "ES256")]
    Es256,
    /// `PS512`.
    #[serde(rename = "PS512")]
    Ps512,
    /// `ECDH-ES`: the agreed key encrypts the content.
    #[serde(rename = "ECDH-ES")]
    EcdhEs,
    /// `ECDH-ES+A256KW`: the agreed key wraps the content key.
    #[serde(rename = "ECDH-ES+A256KW")]
    EcdhEsA256Kw,
    /// `RSA-OAEP-256`.
    #[serde(rename = "RSA-OAEP-256")]
    RsaOaep256,
}

impl Jwk {
    /// Reads one public JWK.
    ///
    /// # Errors
    /// [`KeyError`]; a private key is refused, so that it never enters a registry.
    pub fn from_json(json: &[u8]) -> Result<Self, KeyError> {
        serde_json::from_slice::<JwkJson>(json).map_err(|_| KeyError::Malformed)?.into_public()
    }

    /// Its `kid`.
    pub const fn id(&self) -> Option<&KeyId> {
        self.id.as_ref()
    }

    /// Its `use`.
    pub const fn usage(&self) -> Option<KeyUse> {
        self.usage
    }

    /// Its `alg`.
    pub const fn algorithm(&self) -> Option<JwkAlgorithm> {
        self.algorithm
    }

    /// Its numbers.
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The SHA-256 thumbprint in URL base 64 (RFC 7638): the same for every spelling of the key.
    pub fn thumbprint(&self) -> String {
        let url = |bytes: &[u8]| base64::encode_url(bytes);
        let canonical = match &self.key {
            PublicKey::Ed25519(x) => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, url(x)),
            PublicKey::X25519(x) => format!(r#"{{"crv":"X25519","kty":"OKP","x":"{}"}}"#, url(x)),
            PublicKey::P256(point) => {
                let (x, y) = coordinates(point);
                format!(r#"{{"crv":"P-256","kty":"EC","x":"{}","y":"{}"}}"#, url(&x), url(&y))
            }
            PublicKey::Rsa { n, e } => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, url(e), url(n)),
        };
        base64::encode_url(&sha256(canonical.as_bytes()))
    }

    /// Whether `use`, `alg` and `key_ops`, where stated, allow a use.
    pub(crate) fn check(&self, usage: KeyUse, algorithm: JwkAlgorithm, operations: &[&str]) -> Result<(), KeyError> {
        let listed = |stated: &Vec<String>| stated.iter().any(|operation| operations.contains(&operation.as_str()));
        if self.usage.is_some_and(|stated| stated != usage) || !self.operations.as_ref().is_none_or(listed) {
            return Err(KeyError::WrongUse);
        }
        if self.algorithm.is_some_and(|stated| stated != algorithm) {
            return Err(KeyError::WrongAlgorithm);
        }
        Ok(())
    }

    /// The same key under another name, for one use and algorithm.
    pub(super) fn named(mut self, id: KeyId, usage: KeyUse, algorithm: JwkAlgorithm) -> Self {
        (self.id, self.usage, self.algorithm) = (Some(id), Some(usage), Some(algorithm));
        self
    }
}

/// The two coordinates of an uncompressed point.
pub(crate) fn coordinates(point: &[u8; 65]) -> ([u8; 32], [u8; 32]) {
    let (mut x, mut y) = ([0; 32], [0; 32]);
    let (_, both) = point.split_at(1);
    let (left, right) = both.split_at(32);
    x.copy_from_slice(left);
    y.copy_from_slice(right);
    (x, y)
}

impl Serialize for Jwk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        JwkJson::of_public(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Jwk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        JwkJson::deserialize(deserializer)?.into_public().map_err(serde::de::Error::custom)
    }
}

impl fmt::Debug for Jwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Jwk")
            .field("kid", &self.id)
            .field("alg", &self.algorithm)
            .field("thumbprint", &self.thumbprint())
            .finish_non_exhaustive()
    }
}

/// A private key with its public half. It cannot be serialised by accident: only [`PrivateJwk::to_json`] writes it out.
#[derive(Clone)]
pub struct PrivateJwk {
    pub(super) public: Jwk,
    pub(super) private: PrivateKey,
}

/// The private numbers.
#[derive(Clone)]
pub(crate) enum PrivateKey {
    /// Seed or scalar of an `OKP` or `EC` key.
    Scalar(Secret<[u8; 32]>),
    /// The seven private numbers of an RSA key less n and e.
    Rsa(Box<RsaPrivate>),
}

/// RFC 7518 §6.3.2: all members are required here, though the RFC requires `d` only.
#[derive(Clone)]
pub(crate) struct RsaPrivate {
    pub(crate) d: Secret<Vec<u8>>,
    pub(crate) p: Secret<Vec<u8>>,
    pub(crate) q: Secret<Vec<u8>>,
    pub(crate) dp: Secret<Vec<u8>>,
    pub(crate) dq: Secret<Vec<u8>>,
    pub(crate) qi: Secret<Vec<u8>>,
}

impl PrivateJwk {
    /// Reads one private JWK.
    ///
    /// # Errors
    /// [`KeyError`]; a public key is refused.
    pub fn from_json(json: &[u8]) -> Result<Self, KeyError> {
        serde_json::from_slice::<JwkJson>(json).map_err(|_| KeyError::Malformed)?.into_private()
    }

    /// The JWK with its private members, for the key file of its owner.
    pub fn to_json(&self) -> Zeroizing<String> {
        // A struct of strings always serialises; an empty text would be refused when it is read.
        Zeroizing::new(serde_json::to_string(&JwkJson::of_private(self)).unwrap_or_default())
    }

    /// The public half, to publish.
    pub const fn public(&self) -> &Jwk {
        &self.public
    }

    /// Its `kid`.
    pub const fn id(&self) -> Option<&KeyId> {
        self.public.id()
    }

    pub(crate) const fn private(&self) -> &PrivateKey {
        &self.private
    }

    /// The numbers alone, for a library with ideas of its own about the other members.
    pub(crate) fn bare(&self) -> Self {
        let key = self.public.key.clone();
        let public = Jwk { id: None, usage: None, algorithm: None, operations: None, key };
        Self { public, private: self.private.clone() }
    }

    /// The same key under another name, for one use and algorithm.
    pub(super) fn named(mut self, id: KeyId, usage: KeyUse, algorithm: JwkAlgorithm) -> Self {
        self.public = self.public.named(id, usage, algorithm);
        self
    }
}

impl fmt::Debug for PrivateJwk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateJwk").field("public", &self.public).finish_non_exhaustive()
    }
}
