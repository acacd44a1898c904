//! Sealing a message to a registered key.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

use super::compact::{self, HeaderJson, IV_LEN, TAG_LEN};
use super::ecdh_es::{Agreed, Ephemeral, Peer};
use super::{ContentEncryption, Context, KeyManagement};
use crate::crypto::base64;
use crate::crypto::jose::{self, ContentKey, RsaRecipient};
use crate::crypto::keys::{Jwk, KeyError, KeyId, KeyUse, PublicKey, check_rsa};
use crate::entropy::{Entropy, EntropyUnavailable, random};

/// How a content key is brought to one recipient; the seam behind which josekit stays.
pub(super) trait KeyTransport: Send + Sync {
    fn transport(&self, entropy: &dyn Entropy) -> Result<Transported, SealError>;
}

/// A content key and what must travel for the recipient to have it too.
pub(super) struct Transported {
    pub(super) key: ContentKey,
    pub(super) encrypted_key: Vec<u8>,
    pub(super) ephemeral: Option<Ephemeral>,
}

/// A recipient's public encryption key, read once; cheap to clone.
#[derive(Clone)]
pub struct EncryptionKey {
    id: KeyId,
    algorithm: KeyManagement,
    transport: Arc<dyn KeyTransport>,
}

impl EncryptionKey {
    /// Reads the key and checks it. Do this once and keep the result.
    ///
    /// # Errors
    /// [`KeyError`]: no `kid` or no `alg` (`ECDH-ES`, `ECDH-ES+A256KW`, `RSA-OAEP-256`); an `alg` that does not fit; not for encryption; RSA
    /// under 2048 bits; a point off its curve or of small order.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, KeyError> {
        let id = jwk.id().cloned().ok_or(KeyError::NoKeyId)?;
        let algorithm = KeyManagement::of(jwk.algorithm())?;
        jwk.check(KeyUse::Enc, algorithm.jwk_algorithm(), &["deriveKey", "deriveBits", "encrypt", "wrapKey"])?;
        Ok(Self { id, algorithm, transport: transport(algorithm, jwk.key())? })
    }

    /// Its name, which goes into the `kid` of every message.
    pub const fn id(&self) -> &KeyId {
        &self.id
    }

    /// How content keys reach its owner.
    pub const fn algorithm(&self) -> KeyManagement {
        self.algorithm
    }
}

/// The way to a recipient, its public numbers checked.
pub(super) fn transport(algorithm: KeyManagement, key: &PublicKey) -> Result<Arc<dyn KeyTransport>, KeyError> {
    Ok(match (algorithm, key) {
        (KeyManagement::RsaOaep256, PublicKey::Rsa { n, e }) => Arc::new(rsa_recipient(n, e)?),
        (KeyManagement::EcdhEs, PublicKey::P256(_) | PublicKey::X25519(_)) => Arc::new(Direct(Peer::new(key)?)),
        (KeyManagement::EcdhEsA256Kw, PublicKey::P256(_) | PublicKey::X25519(_)) => Arc::new(Wrapped(Peer::new(key)?)),
        _ => return Err(KeyError::WrongAlgorithm),
    })
}

impl fmt::Debug for EncryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptionKey").field("id", &self.id).field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// Seals `plaintext` to `recipient` as a compact JWE. The protected header holds `alg`, `enc`, `kid`, `cty`, `disclosure` and, with ECDH-ES,
/// `epk`; nothing else. The length of the plaintext shows: pad before sealing where it tells something.
///
/// # Errors
/// [`SealError`] when there is no randomness or the key cannot be used after all.
pub fn seal(
    plaintext: &[u8],
    recipient: &EncryptionKey,
    context: Context<'_>,
    entropy: &dyn Entropy,
) -> Result<String, SealError> {
    let transported = recipient.transport.transport(entropy)?;
    let header = HeaderJson {
        alg: recipient.algorithm,
        enc: ContentEncryption::A256GCM,
        kid: Some(recipient.id.clone()),
        cty: Some(context.content_type.to_owned()),
        disclosure: Some(context.disclosure.to_owned()),
        epk: transported.ephemeral,
    };
    let header = base64::encode_url(&serde_json::to_vec(&header).map_err(|_| SealError::Refused)?);
    let iv = random::<IV_LEN>(entropy)?;
    let encrypted = encrypt(&transported.key, iv, header.as_bytes(), plaintext)?;
    Ok(compact::write(&header, &transported.encrypted_key, &iv, &encrypted))
}

fn encrypt(key: &ContentKey, iv: [u8; IV_LEN], associated: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
    let key = UnboundKey::new(&AES_256_GCM, &**key).map(LessSafeKey::new).map_err(|_| SealError::Refused)?;
    let mut content = Zeroizing::new(Vec::with_capacity(plaintext.len().saturating_add(TAG_LEN)));
    content.extend_from_slice(plaintext);
    let nonce = Nonce::assume_unique_for_key(iv);
    key.seal_in_place_append_tag(nonce, Aad::from(associated), &mut *content).map_err(|_| SealError::Refused)?;
    Ok(std::mem::take(&mut *content))
}

/// `ECDH-ES`: the agreed key is the content key.
struct Direct(Peer);

impl KeyTransport for Direct {
    fn transport(&self, _: &dyn Entropy) -> Result<Transported, SealError> {
        let Agreed { key, ephemeral } = self.0.agree("A256GCM").map_err(|_| SealError::Refused)?;
        Ok(Transported { key, encrypted_key: Vec::new(), ephemeral: Some(ephemeral) })
    }
}

/// `ECDH-ES+A256KW`: the agreed key wraps a random one.
struct Wrapped(Peer);

impl KeyTransport for Wrapped {
    fn transport(&self, entropy: &dyn Entropy) -> Result<Transported, SealError> {
        let agreed = self.0.agree(KeyManagement::EcdhEsA256Kw.name()).map_err(|_| SealError::Refused)?;
        let key = Zeroizing::new(random::<32>(entropy)?);
        let encrypted_key = jose::wrap(&agreed.key, &key).map_err(|_| SealError::Refused)?;
        Ok(Transported { key, encrypted_key, ephemeral: Some(agreed.ephemeral) })
    }
}

impl KeyTransport for RsaRecipient {
    fn transport(&self, entropy: &dyn Entropy) -> Result<Transported, SealError> {
        let key = Zeroizing::new(random::<32>(entropy)?);
        let encrypted_key = self.encrypt(&key).map_err(|_| SealError::Refused)?;
        Ok(Transported { key, encrypted_key, ephemeral: None })
    }
}

/// Only the numbers go to josekit: names and uses are ours to check.
fn rsa_recipient(n: &[u8], e: &[u8]) -> Result<RsaRecipient, KeyError> {
    check_rsa(n, e)?;
    let json = format!(r#"{{"kty":"RSA","n":"{}","e":"{}"}}"#, base64::encode_url(n), base64::encode_url(e));
    RsaRecipient::from_json(json.as_bytes()).map_err(|_| KeyError::Invalid)
}

/// Nothing was sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// No randomness for key or nonce.
    #[error(transparent)]
    Entropy(#[from] EntropyUnavailable),
    /// The key or the length was refused by the cryptography beneath.
    #[error("the recipient's key or the length of the message was refused")]
    Refused,
}
