//! The sender's half of ECDH-ES (RFC 7518 §4.6) on AWS-LC: an ephemeral key for one message, agreed with the recipient's static one.

use aws_lc_rs::agreement::{self, ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, X25519};
use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::crypto::base64;
use crate::crypto::keys::{KeyError, PublicKey};

/// A recipient's public key, ready for agreement.
pub(super) struct Peer(UnparsedPublicKey<Box<[u8]>>);

/// What one agreement gives: the derived key and the ephemeral public key to send along.
pub(super) struct Agreed {
    pub(super) key: Zeroizing<[u8; 32]>,
    pub(super) ephemeral: Ephemeral,
}

/// A public key in the `epk` header member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kty", deny_unknown_fields)]
pub(super) enum Ephemeral {
    #[serde(rename = "EC")]
    Ec { crv: EcCurve, x: String, y: String },
    #[serde(rename = "OKP")]
    Okp { crv: OkpCurve, x: String },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum EcCurve {
    #[serde(rename = "P-256")]
    P256,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum OkpCurve {
    X25519,
}

impl Peer {
    /// Takes a P-256 or X25519 key; agrees once for trial, which is refused for a point off the curve or of small order.
    pub(super) fn new(key: &PublicKey) -> Result<Self, KeyError> {
        let peer = match key {
            PublicKey::P256(point) => Self(UnparsedPublicKey::new(&ECDH_P256, Box::from(&point[..]))),
            PublicKey::X25519(x) => Self(UnparsedPublicKey::new(&X25519, Box::from(&x[..]))),
            PublicKey::Ed25519(_) | PublicKey::Rsa { .. } => return Err(KeyError::WrongType),
        };
        peer.agree("trial").map(|_| peer).map_err(|_| KeyError::Invalid)
    }

    /// Agrees on a fresh key for `algorithm_id`: the content encryption for `ECDH-ES`, the `alg` with key wrap.
    pub(super) fn agree(&self, algorithm_id: &str) -> Result<Agreed, aws_lc_rs::error::Unspecified> {
        let private = EphemeralPrivateKey::generate(self.0.algorithm(), &SystemRandom::new())?;
        let ephemeral = Ephemeral::of(private.compute_public_key()?.as_ref()).ok_or(aws_lc_rs::error::Unspecified)?;
        let derive = |secret: &[u8]| Ok(concat_kdf(secret, algorithm_id, b"", b"", 256));
        let key = agreement::agree_ephemeral(private, &self.0, aws_lc_rs::error::Unspecified, derive)?;
        Ok(Agreed { key, ephemeral })
    }
}

impl Ephemeral {
    fn of(public: &[u8]) -> Option<Self> {
        if let Ok(x) = <&[u8; 32]>::try_from(public) {
            return Some(Self::Okp { crv: OkpCurve::X25519, x: base64::encode_url(x) });
        }
        let (x, y) = public.strip_prefix(&[4])?.split_at_checked(32).filter(|(_, y)| y.len() == 32)?;
        Some(Self::Ec { crv: EcCurve::P256, x: base64::encode_url(x), y: base64::encode_url(y) })
    }

    /// Whether it can be agreed upon with `key`: the same curve, coordinates of 32 bytes in strict base 64.
    pub(super) fn fits(&self, key: &PublicKey) -> bool {
        let whole = |text: &str| base64::decode_url_array::<32>(text).is_ok();
        match (self, key) {
            (Self::Ec { x, y, .. }, PublicKey::P256(_)) => whole(x) && whole(y),
            (Self::Okp { x, .. }, PublicKey::X25519(_)) => whole(x),
            _ => false,
        }
    }
}

/// Concat KDF with SHA-256 (RFC 7518 §4.6.2, NIST SP 800-56A §5.8.1) for keys of at most 256 bits, that is one round. A key of fewer bits
/// is the first part of the result.
fn concat_kdf(secret: &[u8], algorithm_id: &str, party_u: &[u8], party_v: &[u8], bits: u32) -> Zeroizing<[u8; 32]> {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&1_u32.to_be_bytes());
    context.update(secret);
    for part in [algorithm_id.as_bytes(), party_u, party_v] {
        context.update(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        context.update(part);
    }
    context.update(&bits.to_be_bytes());
    let mut key = Zeroizing::new([0; 32]);
    key.copy_from_slice(context.finish().as_ref());
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7518 appendix C: the shared secret, then 128 bits for A128GCM with apu Alice and apv Bob.
    #[test]
    fn derives_as_rfc_7518_appendix_c() {
        let secret = [
            158, 86, 217, 29, 129, 113, 53, 211, 114, 131, 66, 131, 191, 132, 38, 156, 251, 49, 110, 163, 218, 128, 106, 72, 246,
            218, 167, 121, 140, 254, 144, 196,
        ];
        let key = concat_kdf(&secret, "A128GCM", b"Alice", b"Bob", 128);
        assert_eq!(base64::encode_url(&key[..16]), "VqqN6vgjbSBcIijNcacQGg");
    }

    #[test]
    fn refuses_points_off_the_curve_and_of_small_order() {
        let mut point = [7; 65];
        point[0] = 4;
        assert_eq!(Peer::new(&PublicKey::P256(point)).err(), Some(KeyError::Invalid));
        assert_eq!(Peer::new(&PublicKey::X25519([0; 32])).err(), Some(KeyError::Invalid));
        let mut one = [0; 32];
        one[0] = 1;
        assert_eq!(Peer::new(&PublicKey::X25519(one)).err(), Some(KeyError::Invalid));
        assert_eq!(Peer::new(&PublicKey::Ed25519([9; 32])).err(), Some(KeyError::WrongType));
    }
}
