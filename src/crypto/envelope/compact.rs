//! The five parts of a compact JWE (RFC 7516 §3.1), written and read strictly.

use serde::{Deserialize, Serialize};

use super::ecdh_es::Ephemeral;
use super::open::OpenError;
use super::{ContentEncryption, KeyManagement};
use crate::crypto::base64;
use crate::crypto::keys::KeyId;

/// The length of the initialisation vector and of the tag in bytes (RFC 7518 §5.3).
pub(super) const IV_LEN: usize = 12;
pub(super) const TAG_LEN: usize = 16;

/// No header of ours is near it; RSA-OAEP keys do not stand in the header.
const HEADER_LIMIT: usize = 2048;
/// A bound on what a reader must hold: far above any answer of ours.
const TOKEN_LIMIT: usize = 32 * 1024 * 1024;

/// The protected header. Serde refuses members that are not here — `zip`, `crit`, `jku`, `apu` and all others — and repeated ones.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HeaderJson {
    pub(super) alg: KeyManagement,
    pub(super) enc: ContentEncryption,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub(super) kid: Option<KeyId>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub(super) cty: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub(super) disclosure: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub(super) epk: Option<Ephemeral>,
}

/// A member may be absent; null is not a value of it.
fn present<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A message taken apart.
pub(super) struct Compact<'t> {
    pub(super) header: HeaderJson,
    /// The first part as received: the associated data of the content.
    pub(super) header_text: &'t str,
    pub(super) encrypted_key: Vec<u8>,
    pub(super) iv: [u8; IV_LEN],
    /// Ciphertext and tag, as AWS-LC takes them.
    pub(super) content: Vec<u8>,
}

impl<'t> Compact<'t> {
    pub(super) fn parse(token: &'t str) -> Result<Self, OpenError> {
        if token.len() > TOKEN_LIMIT {
            return Err(OpenError::Malformed("longer than 32 MiB"));
        }
        let mut parts = token.split('.');
        let (Some(header_text), Some(key), Some(iv), Some(ciphertext), Some(tag), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(OpenError::Malformed("not five parts"));
        };
        let read = |part: &str, what| base64::decode_url(part).map_err(|_| OpenError::Malformed(what));
        let header = Self::header(header_text)?;
        let encrypted_key = read(key, "the encrypted key is not base64url without padding")?;
        let iv = base64::decode_url_array(iv).map_err(|_| OpenError::Malformed("the initialisation vector is not 12 bytes"))?;
        let tag: [u8; TAG_LEN] = base64::decode_url_array(tag).map_err(|_| OpenError::Malformed("the tag is not 16 bytes"))?;
        let mut content = read(ciphertext, "the ciphertext is not base64url without padding")?;
        content.extend_from_slice(&tag);
        Ok(Self { header, header_text, encrypted_key, iv, content })
    }

    fn header(text: &str) -> Result<HeaderJson, OpenError> {
        if text.len() > HEADER_LIMIT {
            return Err(OpenError::Malformed("the header is longer than 2048 characters"));
        }
        let json = base64::decode_url(text).map_err(|_| OpenError::Malformed("the header is not base64url without padding"))?;
        serde_json::from_slice(&json).map_err(|_| OpenError::Header)
    }
}

/// Writes the five parts. `content` is ciphertext, then tag.
pub(super) fn write(header_text: &str, encrypted_key: &[u8], iv: &[u8; IV_LEN], content: &[u8]) -> String {
    let (ciphertext, tag) = content.split_at(content.len().saturating_sub(TAG_LEN));
    let bytes = encrypted_key.len() + IV_LEN + content.len();
    let mut token = String::with_capacity(header_text.len() + bytes.div_ceil(3) * 4 + 16);
    token.push_str(header_text);
    for part in [encrypted_key, iv, ciphertext, tag] {
        token.push('.');
        base64::encode_url_onto(part, &mut token);
    }
    token
}
