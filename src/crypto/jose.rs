//! The one file that imports josekit, and so OpenSSL: making keys, RSA-OAEP-256, AES key wrap, and the recipient's half of ECDH-ES. Only
//! its low-level parts are used, on bytes we cut ourselves; its readers of whole tokens are lenient (truncated tags, padding, `zip`) and
//! can panic. Every call is [`guarded`] all the same.

use std::panic::{AssertUnwindSafe, catch_unwind};

use josekit::jwe::alg::ecdh_es::EcdhEsJweDecrypter;
use josekit::jwe::alg::rsaes::{RsaesJweDecrypter, RsaesJweEncrypter};
use josekit::jwe::enc::A256GCM;
use josekit::jwe::{A256KW, ECDH_ES, ECDH_ES_A256KW, JweDecrypter, JweEncrypter, JweHeader, RSA_OAEP_256};
use josekit::jwk::Jwk;
use josekit::jwk::alg::ec::EcCurve;
use josekit::jwk::alg::ecx::EcxCurve;
use josekit::jwk::alg::ed::EdCurve;
use zeroize::Zeroizing;

/// A key of 32 bytes for AES-256.
pub(super) type ContentKey = Zeroizing<[u8; 32]>;

/// The bytes of a key of 32 bytes after AES key wrap (RFC 3394).
pub(super) const WRAPPED_KEY_LEN: usize = 40;

/// OpenSSL or josekit refused; why is of no use to anyone and might tell an attacker something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct JoseFailed;

/// What key to make.
#[derive(Clone, Copy)]
pub(super) enum Shape {
    Ed25519,
    X25519,
    P256,
    Rsa3072,
}

/// A new private JWK, as JSON.
pub(super) fn generate(shape: Shape) -> Result<Zeroizing<String>, JoseFailed> {
    guarded(|| {
        let jwk = match shape {
            Shape::Ed25519 => Jwk::generate_ed_key(EdCurve::Ed25519),
            Shape::X25519 => Jwk::generate_ecx_key(EcxCurve::X25519),
            Shape::P256 => Jwk::generate_ec_key(EcCurve::P256),
            Shape::Rsa3072 => Jwk::generate_rsa_key(3072),
        };
        jwk.ok().map(|jwk| Zeroizing::new(jwk.to_string()))
    })
}

/// The public key of an RSA recipient.
pub(super) struct RsaRecipient(RsaesJweEncrypter);

impl RsaRecipient {
    /// Reads a public JWK.
    pub(super) fn from_json(public: &[u8]) -> Result<Self, JoseFailed> {
        guarded(|| RSA_OAEP_256.encrypter_from_jwk(&Jwk::from_bytes(public).ok()?).ok()).map(Self)
    }

    /// The content key under RSA-OAEP with SHA-256 (RFC 7518 §4.3).
    pub(super) fn encrypt(&self, key: &ContentKey) -> Result<Vec<u8>, JoseFailed> {
        guarded(|| self.0.encrypt(&**key, &JweHeader::new(), &mut JweHeader::new()).ok().flatten())
    }
}

/// The content key under AES key wrap with a 256-bit key (RFC 3394).
pub(super) fn wrap(under: &ContentKey, key: &ContentKey) -> Result<Vec<u8>, JoseFailed> {
    guarded(|| {
        let cipher = A256KW.encrypter_from_bytes(under.as_slice()).ok()?;
        let wrapped = cipher.encrypt(&**key, &JweHeader::new(), &mut JweHeader::new()).ok().flatten();
        wrapped.filter(|bytes| bytes.len() == WRAPPED_KEY_LEN)
    })
}

/// The private key of a recipient.
pub(super) enum Recipient {
    Agreement(EcdhEsJweDecrypter),
    Rsa(RsaesJweDecrypter),
}

impl Recipient {
    /// Reads a private JWK for `ECDH-ES`.
    pub(super) fn agreement(private: &[u8]) -> Result<Self, JoseFailed> {
        guarded(|| ECDH_ES.decrypter_from_jwk(&Jwk::from_bytes(private).ok()?).ok()).map(Self::Agreement)
    }

    /// Reads a private JWK for `ECDH-ES+A256KW`.
    pub(super) fn wrapped_agreement(private: &[u8]) -> Result<Self, JoseFailed> {
        guarded(|| ECDH_ES_A256KW.decrypter_from_jwk(&Jwk::from_bytes(private).ok()?).ok()).map(Self::Agreement)
    }

    /// Reads a private JWK for `RSA-OAEP-256`.
    pub(super) fn rsa(private: &[u8]) -> Result<Self, JoseFailed> {
        guarded(|| RSA_OAEP_256.decrypter_from_jwk(&Jwk::from_bytes(private).ok()?).ok()).map(Self::Rsa)
    }

    /// The content key of a message for `A256GCM`. The caller has checked the length of `encrypted_key` (none for `ECDH-ES`,
    /// [`WRAPPED_KEY_LEN`] with key wrap) and the form of the ephemeral key, which is a public JWK as JSON.
    pub(super) fn content_key(&self, encrypted_key: &[u8], ephemeral: Option<&str>) -> Result<ContentKey, JoseFailed> {
        let encrypted_key = (!encrypted_key.is_empty()).then_some(encrypted_key);
        guarded(|| {
            let mut header = JweHeader::new();
            if let Some(json) = ephemeral {
                header.set_claim("epk", Some(serde_json::from_str(json).ok()?)).ok()?;
            }
            let key = match self {
                Self::Agreement(decrypter) => decrypter.decrypt(encrypted_key, &A256GCM, &header),
                Self::Rsa(decrypter) => decrypter.decrypt(encrypted_key, &A256GCM, &header),
            };
            let key = Zeroizing::new(key.ok()?.into_owned());
            <[u8; 32]>::try_from(key.as_slice()).ok().map(Zeroizing::new)
        })
    }
}

/// josekit and the openssl crate have `unwrap`s inside; a panic there is a refusal here.
fn guarded<T>(call: impl FnOnce() -> Option<T>) -> Result<T, JoseFailed> {
    catch_unwind(AssertUnwindSafe(call)).ok().flatten().ok_or(JoseFailed)
}

#[cfg(test)]
mod tests {
    use josekit::jwe::alg::ecdh_es::EcdhEsJweAlgorithm;
    use josekit::jwe::{deserialize_compact, serialize_compact};

    use super::*;
    use crate::crypto::envelope::{Context, DecryptionKey, EncryptionKey, seal};
    use crate::crypto::keys::{EncryptionKeyKind, generate_encryption_key};
    use crate::entropy::SystemEntropy;

    const KINDS: [EncryptionKeyKind; 5] = [
        EncryptionKeyKind::P256,
        EncryptionKeyKind::P256A256Kw,
        EncryptionKeyKind::X25519,
        EncryptionKeyKind::X25519A256Kw,
        EncryptionKeyKind::Rsa3072,
    ];

    /// RFC 3394 §4.6: 256 bits of key data under a 256-bit key.
    #[test]
    fn wraps_as_rfc_3394_does() {
        let under: [u8; 32] = std::array::from_fn(|index| u8::try_from(index).unwrap());
        let mut key = [0; 32];
        for (index, byte) in key.iter_mut().enumerate() {
            *byte = u8::try_from(if index < 16 { index * 0x11 } else { index - 16 }).unwrap();
        }
        let wrapped = wrap(&Zeroizing::new(under), &Zeroizing::new(key)).unwrap();
        let hex = wrapped.iter().fold(String::new(), |text, byte| text + &format!("{byte:02X}"));
        assert_eq!(hex, "28C9F404C4B810F4CBCCB35CFB87F8263F5786E2D80ED326CBC7F0E71A99F43BFB988B9B7A02DD21");
    }

    #[test]
    fn a_panic_inside_is_a_refusal() {
        let quiet = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        let answer = guarded(|| -> Option<()> { panic!("as josekit does") });
        std::panic::set_hook(quiet);
        assert_eq!(answer, Err(JoseFailed));
    }

    fn josekit_algorithm(kind: EncryptionKeyKind) -> EcdhEsJweAlgorithm {
        match kind {
            EncryptionKeyKind::P256 | EncryptionKeyKind::X25519 => ECDH_ES,
            _ => ECDH_ES_A256KW,
        }
    }

    fn for_josekit(json: &str) -> Jwk {
        Jwk::from_bytes(json).unwrap()
    }

    #[test]
    fn josekit_opens_what_we_seal() {
        for kind in KINDS {
            let jwk = generate_encryption_key(kind, "enc-1".parse().unwrap()).unwrap();
            let theirs = for_josekit(&jwk.to_json());
            let key = EncryptionKey::from_jwk(jwk.public()).unwrap();
            let context = Context { content_type: "application/json", disclosure: "1" };
            let token = seal(b"ours", &key, context, &SystemEntropy::default()).unwrap();
            let (plaintext, header) = if kind == EncryptionKeyKind::Rsa3072 {
                deserialize_compact(&token, &RSA_OAEP_256.decrypter_from_jwk(&theirs).unwrap()).unwrap()
            } else {
                deserialize_compact(&token, &josekit_algorithm(kind).decrypter_from_jwk(&theirs).unwrap()).unwrap()
            };
            assert_eq!((plaintext.as_slice(), header.key_id()), (&b"ours"[..], Some("enc-1")), "{kind:?}");
        }
    }

    #[test]
    fn we_open_what_josekit_seals() {
        for kind in KINDS {
            let jwk = generate_encryption_key(kind, "enc-1".parse().unwrap()).unwrap();
            let theirs = for_josekit(&serde_json::to_string(jwk.public()).unwrap());
            let mut header = JweHeader::new();
            header.set_content_encryption("A256GCM");
            let token = if kind == EncryptionKeyKind::Rsa3072 {
                serialize_compact(b"theirs", &header, &RSA_OAEP_256.encrypter_from_jwk(&theirs).unwrap())
            } else {
                serialize_compact(b"theirs", &header, &josekit_algorithm(kind).encrypter_from_jwk(&theirs).unwrap())
            };
            let opened = DecryptionKey::from_jwk(&jwk).unwrap().open(&token.unwrap()).unwrap();
            assert_eq!(opened.plaintext.expose(), b"theirs", "{kind:?}");
        }
    }
}
