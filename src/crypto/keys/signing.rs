//! Signing with a private key that was read once.

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPairComponents, PublicKeyComponents};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PSS_SHA512, RsaKeyPair};

use super::jwk::{Jwk, PrivateJwk, PrivateKey, PublicKey, RsaPrivate};
use super::verifying::VerifyingKey;
use super::{Algorithm, KeyError, KeyId};

/// A private key that signs with one algorithm. ECDSA and RSA-PSS need randomness; AWS-LC takes it from a generator of its own, which the operating system seeds.
pub struct SigningKey {
    public: Jwk,
    verifying: VerifyingKey,
    key: Key,
    random: SystemRandom,
}

enum Key {
    Ed25519(Ed25519KeyPair),
    EcdsaP256(EcdsaKeyPair),
    Rsa(Box<RsaKeyPair>),
}

impl SigningKey {
    /// Reads the key and checks that its halves belong together. Do this once and keep the result.
    ///
    /// # Errors
    /// [`KeyError`], as [`VerifyingKey::from_jwk`], and for halves that do not belong together. RSA: 2048 to 8192 bits.
    pub fn from_jwk(jwk: &PrivateJwk) -> Result<Self, KeyError> {
        let verifying = VerifyingKey::from_jwk(jwk.public())?;
        let random = SystemRandom::new();
        let key = match (jwk.public().key(), jwk.private()) {
            (PublicKey::Ed25519(x), PrivateKey::Scalar(seed)) => {
                Key::Ed25519(Ed25519KeyPair::from_seed_and_public_key(seed.expose(), x).map_err(|_| KeyError::Invalid)?)
            }
            (PublicKey::P256(point), PrivateKey::Scalar(scalar)) => {
                let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
                let pair = EcdsaKeyPair::from_private_key_and_public_key(algorithm, scalar.expose(), point);
                Key::EcdsaP256(pair.map_err(|_| KeyError::Invalid)?)
            }
            (PublicKey::Rsa { n, e }, PrivateKey::Rsa(private)) => Key::Rsa(Box::new(rsa_pair(n, e, private)?)),
            _ => return Err(KeyError::WrongType),
        };
        let signing = Self { public: jwk.public().clone(), verifying, key, random };
        signing.probe()?;
        Ok(signing)
    }

    /// Its name, for the `keyid` parameter.
    pub const fn id(&self) -> &KeyId {
        self.verifying.id()
    }

    /// The only algorithm it signs with.
    pub const fn algorithm(&self) -> Algorithm {
        self.verifying.algorithm()
    }

    /// The public half, to publish.
    pub const fn public(&self) -> &Jwk {
        &self.public
    }

    /// The public half, to verify with.
    pub const fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// Signs. Ed25519: 64 bytes, the same each time; ECDSA: r ‖ s, 64 bytes; RSA-PSS: as long as the modulus.
    ///
    /// # Errors
    /// [`SignError`] when there is no randomness or the RSA key contradicts itself.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        match &self.key {
            Key::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Key::EcdsaP256(pair) => {
                pair.sign(&self.random, message).map(|signature| signature.as_ref().to_vec()).map_err(|_| SignError)
            }
            Key::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let signed = pair.sign(&RSA_PSS_SHA512, &self.random, message, &mut signature);
                signed.map(|()| signature).map_err(|_| SignError)
            }
        }
    }

    /// Not all relations (P-256: d against the point; RSA: dp, dq) are checked when a key is read.
    fn probe(&self) -> Result<(), KeyError> {
        let signature = self.sign(b"probe").map_err(|_| KeyError::Invalid)?;
        self.verifying.verify(b"probe", &signature).map_err(|_| KeyError::Invalid)
    }
}

fn rsa_pair(n: &[u8], e: &[u8], private: &RsaPrivate) -> Result<RsaKeyPair, KeyError> {
    let components = KeyPairComponents {
        public_key: PublicKeyComponents { n, e },
        d: private.d.expose().as_slice(),
        p: private.p.expose().as_slice(),
        q: private.q.expose().as_slice(),
        dP: private.dp.expose().as_slice(),
        dQ: private.dq.expose().as_slice(),
        qInv: private.qi.expose().as_slice(),
    };
    RsaKeyPair::from_components(&components).map_err(|_| KeyError::Invalid)
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("public", &self.public).finish_non_exhaustive()
    }
}

/// No signature could be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("signing failed: no randomness, or the key contradicts itself")]
pub struct SignError;
