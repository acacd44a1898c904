//! Making keys. OpenSSL makes them (through `jose.rs`) and draws its own randomness: it makes all kinds, in the form of JWKs.

use super::{Algorithm, JwkAlgorithm, KeyError, KeyId, KeyUse, PrivateJwk};
use crate::crypto::jose::{self, Shape};

/// What encryption key to make; it fixes the JWK's `alg`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncryptionKeyKind {
    /// P-256, `ECDH-ES`.
    P256,
    /// P-256, `ECDH-ES+A256KW`.
    P256A256Kw,
    /// X25519, `ECDH-ES`.
    X25519,
    /// X25519, `ECDH-ES+A256KW`.
    X25519A256Kw,
    /// RSA of 3072 bits, `RSA-OAEP-256`.
    Rsa3072,
}

/// A new private key for signatures, `use` and `alg` filled in. RSA keys have 3072 bits and take about a second.
///
/// # Errors
/// [`GenerateError`] when OpenSSL does not make one.
pub fn generate_signing_key(algorithm: Algorithm, id: KeyId) -> Result<PrivateJwk, GenerateError> {
    let shape = match algorithm {
        Algorithm::Ed25519 => Shape::Ed25519,
        Algorithm::EcdsaP256Sha256 => Shape::P256,
        Algorithm::RsaPssSha512 => Shape::Rsa3072,
    };
    Ok(make(shape)?.named(id, KeyUse::Sig, algorithm.jwk_algorithm()))
}

/// A new private key for encryption, `use` and `alg` filled in.
///
/// # Errors
/// [`GenerateError`] when OpenSSL does not make one.
pub fn generate_encryption_key(kind: EncryptionKeyKind, id: KeyId) -> Result<PrivateJwk, GenerateError> {
    let (shape, algorithm) = match kind {
        EncryptionKeyKind::P256 => (Shape::P256, JwkAlgorithm::EcdhEs),
        EncryptionKeyKind::P256A256Kw => (Shape::P256, JwkAlgorithm::EcdhEsA256Kw),
        EncryptionKeyKind::X25519 => (Shape::X25519, JwkAlgorithm::EcdhEs),
        EncryptionKeyKind::X25519A256Kw => (Shape::X25519, JwkAlgorithm::EcdhEsA256Kw),
        EncryptionKeyKind::Rsa3072 => (Shape::Rsa3072, JwkAlgorithm::RsaOaep256),
    };
    Ok(make(shape)?.named(id, KeyUse::Enc, algorithm))
}

fn make(shape: Shape) -> Result<PrivateJwk, GenerateError> {
    let json = jose::generate(shape).map_err(|_| GenerateError::Failed)?;
    Ok(PrivateJwk::from_json(json.as_bytes())?)
}

/// No key was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GenerateError {
    /// OpenSSL gave none.
    #[error("OpenSSL made no key")]
    Failed,
    /// OpenSSL gave one that we would not accept.
    #[error("OpenSSL made a key that we refuse: {0}")]
    Refused(#[from] KeyError),
}
