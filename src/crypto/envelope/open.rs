//! Opening a message, for its recipient. The gateway opens none that a caller chose; a client must still assume that it did not come
//! from the gateway.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

use super::compact::Compact;
use super::seal::{KeyTransport, transport};
use super::{Header, KeyManagement};
use crate::crypto::jose::{ContentKey, Recipient, WRAPPED_KEY_LEN};
use crate::crypto::keys::{KeyError, KeyId, KeyUse, PrivateJwk, PublicKey};
use crate::entropy::SystemEntropy;
use crate::secret::Secret;

/// A private encryption key, read once.
pub struct DecryptionKey {
    id: Option<KeyId>,
    algorithm: KeyManagement,
    public: PublicKey,
    recipient: Recipient,
}

/// What a message held.
#[derive(Debug)]
pub struct Opened {
    /// Its protected header.
    pub header: Header,
    /// Its content.
    pub plaintext: Secret<Vec<u8>>,
}

impl DecryptionKey {
    /// Reads the key and checks it.
    ///
    /// # Errors
    /// [`KeyError`]: no `alg`, or one that does not fit; not for encryption; weak or invalid.
    pub fn from_jwk(jwk: &PrivateJwk) -> Result<Self, KeyError> {
        let algorithm = KeyManagement::of(jwk.public().algorithm())?;
        let operations = ["deriveKey", "deriveBits", "decrypt", "unwrapKey"];
        jwk.public().check(KeyUse::Enc, algorithm.jwk_algorithm(), &operations)?;
        let public = jwk.public().key().clone();
        let transport = transport(algorithm, &public)?;
        let json = jwk.bare().to_json();
        let recipient = match algorithm {
            KeyManagement::EcdhEs => Recipient::agreement(json.as_bytes()),
            KeyManagement::EcdhEsA256Kw => Recipient::wrapped_agreement(json.as_bytes()),
            KeyManagement::RsaOaep256 => Recipient::rsa(json.as_bytes()),
        };
        let recipient = recipient.map_err(|_| KeyError::Invalid)?;
        let key = Self { id: jwk.id().cloned(), algorithm, public, recipient };
        key.probe(transport.as_ref()).ok_or(KeyError::Invalid)?;
        Ok(key)
    }

    /// That the halves belong together, which OpenSSL does not check: what is brought to the public one must arrive at the private one.
    fn probe(&self, transport: &dyn KeyTransport) -> Option<()> {
        let sent = transport.transport(&SystemEntropy::default()).ok()?;
        let ephemeral = sent.ephemeral.as_ref().map(serde_json::to_string).transpose().ok()?;
        let received = self.recipient.content_key(&sent.encrypted_key, ephemeral.as_deref()).ok()?;
        (received == sent.key).then_some(())
    }

    /// Opens a compact JWE sealed to this key.
    ///
    /// # Errors
    /// [`OpenError`]: not the strict form that [`super::seal()`] writes, for another key or algorithm, or not decryptable.
    pub fn open(&self, token: &str) -> Result<Opened, OpenError> {
        let message = Compact::parse(token)?;
        let content_key = self.content_key(&message)?;
        let plaintext = decrypt(&content_key, &message)?;
        let header = message.header;
        let header =
            Header { algorithm: header.alg, key_id: header.kid, content_type: header.cty, disclosure: header.disclosure };
        Ok(Opened { header, plaintext })
    }

    fn content_key(&self, message: &Compact<'_>) -> Result<ContentKey, OpenError> {
        let header = &message.header;
        if header.alg != self.algorithm {
            return Err(OpenError::WrongAlgorithm);
        }
        if header.kid.is_some() && self.id.is_some() && header.kid != self.id {
            return Err(OpenError::OtherKey);
        }
        let expected_length = match (&self.public, self.algorithm) {
            (PublicKey::Rsa { n, .. }, _) => n.len(),
            (_, KeyManagement::EcdhEsA256Kw) => WRAPPED_KEY_LEN,
            _ => 0,
        };
        if message.encrypted_key.len() != expected_length {
            return Err(OpenError::Malformed("the encrypted key has the wrong length"));
        }
        let ephemeral = match (&header.epk, self.algorithm) {
            (None, KeyManagement::RsaOaep256) => None,
            (Some(ephemeral), KeyManagement::EcdhEs | KeyManagement::EcdhEsA256Kw) if ephemeral.fits(&self.public) => {
                Some(serde_json::to_string(ephemeral).map_err(|_| OpenError::Header)?)
            }
            _ => return Err(OpenError::Header),
        };
        let key = self.recipient.content_key(&message.encrypted_key, ephemeral.as_deref());
        key.map_err(|_| OpenError::Undecryptable)
    }
}

fn decrypt(key: &ContentKey, message: &Compact<'_>) -> Result<Secret<Vec<u8>>, OpenError> {
    let key = UnboundKey::new(&AES_256_GCM, &**key).map(LessSafeKey::new).map_err(|_| OpenError::Undecryptable)?;
    let mut buffer = Zeroizing::new(message.content.clone());
    let nonce = Nonce::assume_unique_for_key(message.iv);
    let opened = key.open_in_place(nonce, Aad::from(message.header_text.as_bytes()), &mut buffer);
    let length = opened.map_err(|_| OpenError::Undecryptable)?.len();
    buffer.truncate(length);
    Ok(Secret::new(std::mem::take(&mut *buffer)))
}

impl fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecryptionKey").field("id", &self.id).field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// A message that cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Not a compact JWE in strict form.
    #[error("not a compact JWE in strict form: {0}")]
    Malformed(&'static str),
    /// A header we do not take.
    #[error(
        "the header must hold alg (ECDH-ES, ECDH-ES+A256KW, RSA-OAEP-256), enc (A256GCM), a fitting epk with ECDH-ES, and beside \
         them only kid, cty and disclosure, each once"
    )]
    Header,
    /// Sealed by another algorithm than the key is for.
    #[error("the message was sealed by another algorithm than this key is for")]
    WrongAlgorithm,
    /// Sealed to another key.
    #[error("the message names another key")]
    OtherKey,
    /// Sealed to another key after all, or changed on the way.
    #[error("the message was not sealed to this key, or was changed")]
    Undecryptable,
}
