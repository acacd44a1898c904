//! Verifying with a public key that was read once.

use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PSS_2048_8192_SHA512, RsaPublicKeyComponents, VerificationAlgorithm,
};

use super::jwk::{Jwk, KeyUse, PublicKey};
use super::{Algorithm, KeyError, KeyId, weak};

/// A public key that verifies signatures of one algorithm.
#[derive(Clone)]
pub struct VerifyingKey {
    id: KeyId,
    algorithm: Algorithm,
    key: Key,
}

#[derive(Clone)]
enum Key {
    Curve(ParsedPublicKey),
    Rsa(RsaPublicKeyComponents<Box<[u8]>>),
}

impl VerifyingKey {
    /// Reads the key and checks it. Do this once and keep the result.
    ///
    /// # Errors
    /// [`KeyError`]: no `kid`; not for signatures; another `alg` than that of its type; RSA under 2048 bits; a point off its curve or of
    /// small order.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        let id = jwk.id().cloned().ok_or(KeyError::NoKeyId)?;
        let (algorithm, key) = match jwk.key() {
            PublicKey::Ed25519(x) if weak::is_small_order(x) => return Err(KeyError::Weak),
            PublicKey::Ed25519(x) => (Algorithm::Ed25519, Key::Curve(parsed(&ED25519, x)?)),
            PublicKey::P256(point) => (Algorithm::EcdsaP256Sha256, Key::Curve(parsed(&ECDSA_P256_SHA256_FIXED, point)?)),
            PublicKey::Rsa { n, e } if weak::is_weak_rsa(n, e) => return Err(KeyError::Weak),
            PublicKey::Rsa { n, e } => {
                let (n, e) = (n.clone().into_boxed_slice(), e.clone().into_boxed_slice());
                (Algorithm::RsaPssSha512, Key::Rsa(RsaPublicKeyComponents { n, e }))
            }
            PublicKey::X25519(_) => return Err(KeyError::WrongType),
        };
        jwk.check(KeyUse::Sig, algorithm.jwk_algorithm(), &["verify", "sign"])?;
        Ok(Self { id, algorithm, key })
    }

    /// Its name.
    pub const fn id(&self) -> &KeyId {
        &self.id
    }

    /// The only algorithm it verifies.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether `signature` is this key's over `message`. ECDSA signatures are r ‖ s.
    ///
    /// # Errors
    /// [`BadSignature`]; why is not said.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        let verified = match &self.key {
            Key::Curve(key) => key.verify_sig(message, signature),
            Key::Rsa(key) => key.verify(&RSA_PSS_2048_8192_SHA512, message, signature),
        };
        verified.map_err(|_| BadSignature)
    }
}

/// Fails for a P-256 point off its curve; of an Ed25519 key that is seen when it verifies.
fn parsed(algorithm: &'static dyn VerificationAlgorithm, key: &[u8]) -> Result<ParsedPublicKey, KeyError> {
    ParsedPublicKey::new(algorithm, key).map_err(|_| KeyError::Invalid)
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey").field("id", &self.id).field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// The signature is not this key's over this message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature is not this key's over this message")]
pub struct BadSignature;
