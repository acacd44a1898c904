//! Sealing to a recipient: compact JWE (RFC 7516), content always under A256GCM, never compressed. Keys are read once; content is
//! encrypted on AWS-LC, and so is the agreement of ECDH-ES when sealing; the rest is in `jose.rs`.

mod compact;
mod ecdh_es;
mod open;
mod seal;

#[cfg(test)]
mod tests;

pub use open::{DecryptionKey, OpenError, Opened};
pub use seal::{EncryptionKey, SealError, seal};

use serde::{Deserialize, Serialize};

use super::keys::{JwkAlgorithm, KeyError, KeyId};

/// How the content key reaches the recipient (the `alg` of a JWE, RFC 7518 §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeyManagement {
    /// Agreed with an ephemeral key.
    #[serde(rename = "ECDH-ES")]
    EcdhEs,
    /// Random, wrapped under an agreed key.
    #[serde(rename = "ECDH-ES+A256KW")]
    EcdhEsA256Kw,
    /// Random, encrypted with RSA.
    #[serde(rename = "RSA-OAEP-256")]
    RsaOaep256,
}

impl KeyManagement {
    /// The name in `alg`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EcdhEs => "ECDH-ES",
            Self::EcdhEsA256Kw => "ECDH-ES+A256KW",
            Self::RsaOaep256 => "RSA-OAEP-256",
        }
    }

    const fn of(algorithm: Option<JwkAlgorithm>) -> Result<Self, KeyError> {
        match algorithm {
            Some(JwkAlgorithm::EcdhEs) => Ok(Self::EcdhEs),
            Some(JwkAlgorithm::EcdhEsA256Kw) => Ok(Self::EcdhEsA256Kw),
            Some(JwkAlgorithm::RsaOaep256) => Ok(Self::RsaOaep256),
            _ => Err(KeyError::WrongAlgorithm),
        }
    }

    const fn jwk_algorithm(self) -> JwkAlgorithm {
        match self {
            Self::EcdhEs => JwkAlgorithm::EcdhEs,
            Self::EcdhEsA256Kw => JwkAlgorithm::EcdhEsA256Kw,
            Self::RsaOaep256 => JwkAlgorithm::RsaOaep256,
        }
    }
}

/// The content encryptions there are: one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum ContentEncryption {
    A256GCM,
}

/// What the sender states in the clear beside the ciphertext, authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context<'a> {
    /// `cty`: the media type of the plaintext.
    pub content_type: &'a str,
    /// `disclosure`: what the message belongs to; an opaque id, since anyone on the way can read it.
    pub disclosure: &'a str,
}

/// The protected header of a message, as received and authenticated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// How the content key came.
    pub algorithm: KeyManagement,
    /// `kid`: the recipient's key.
    pub key_id: Option<KeyId>,
    /// `cty`.
    pub content_type: Option<String>,
    /// `disclosure`.
    pub disclosure: Option<String>,
}

/// The header of a message that was not opened: what its sender, whoever that is, says about it.
///
/// # Errors
/// [`OpenError`], when it is not a compact JWE in strict form.
pub fn unverified_header(token: &str) -> Result<Header, OpenError> {
    let header = compact::Compact::parse(token)?.header;
    Ok(Header { algorithm: header.alg, key_id: header.kid, content_type: header.cty, disclosure: header.disclosure })
}
