//! Content-Digest (RFC 9530 §2): made with SHA-256; read with SHA-256, SHA-512 or both, over the raw bytes of the body.

use super::base64;
use super::digest::{equal, sha256, sha512};
use super::structured::{Value, dictionary};

/// The field value for a body: `sha-256=:…:`.
pub fn content_digest(body: &[u8]) -> String {
    content_digest_of(&sha256(body))
}

/// The field value for a body with this SHA-256 digest.
pub fn content_digest_of(sha256: &[u8; 32]) -> String {
    let mut value = String::with_capacity(56);
    value.push_str("sha-256=:");
    base64::encode_onto(sha256, &mut value);
    value.push(':');
    value
}

/// What a sender states about its body. Each digest it states in an algorithm we know must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentDigest {
    sha256: Option<[u8; 32]>,
    sha512: Option<[u8; 64]>,
}

impl ContentDigest {
    /// Reads the field value.
    ///
    /// # Errors
    /// [`MalformedDigest`] when it is no dictionary of byte sequences, an algorithm comes twice, a length is wrong, or neither `sha-256`
    /// nor `sha-512` is among them.
    pub fn parse(value: &str) -> Result<Self, MalformedDigest> {
        let mut stated = Self { sha256: None, sha512: None };
        for member in dictionary(value).map_err(|_| MalformedDigest)? {
            let Value::Item(item) = &member.value else { return Err(MalformedDigest) };
            let bytes = item.as_byte_sequence().filter(|_| member.parameters.is_empty()).ok_or(MalformedDigest)?;
            match member.key.as_str() {
                "sha-256" => stated.sha256 = Some(bytes.try_into().map_err(|_| MalformedDigest)?),
                "sha-512" => stated.sha512 = Some(bytes.try_into().map_err(|_| MalformedDigest)?),
                // RFC 9530 §2: a recipient may ignore digests; an outdated algorithm beside a sound one does no harm.
                _ => {}
            }
        }
        if stated.sha256.is_none() && stated.sha512.is_none() { Err(MalformedDigest) } else { Ok(stated) }
    }

    /// Whether every digest stated is that of the body.
    pub fn matches(&self, body: &[u8]) -> bool {
        self.sha256.is_none_or(|stated| equal(&stated, &sha256(body)))
            && self.sha512.is_none_or(|stated| equal(&stated, &sha512(body)))
    }

    /// Whether it states this SHA-256 digest and none that could not be compared with it.
    pub fn is_sha256(&self, digest: &[u8; 32]) -> bool {
        self.sha512.is_none() && self.sha256.is_some_and(|stated| equal(&stated, digest))
    }
}

/// Content-Digest cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Content-Digest must hold `sha-256=:…:` or `sha-512=:…:` (RFC 9530), each algorithm once")]
pub struct MalformedDigest;

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"hello": "world"}"#;
    /// RFC 9530 appendix D, over the same body as in RFC 9421 appendix B.
    const SHA256: &str = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:";
    const SHA512: &str = "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:";

    #[test]
    fn refuses_the_malformed() {
        let twice = format!("{SHA256}, {SHA256}");
        let short = "sha-256=:AAAA:";
        let token = "sha-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE";
        let parameter = format!("{SHA256};q=1");
        let swapped = SHA256.replace("256", "512");
        let list = "sha-256=(:AAAA:)";
        for value in ["", "sha-256", "md5=:AAAA:", "sha-256=:!:", short, token, list, &twice, &parameter, &swapped] {
            assert_eq!(ContentDigest::parse(value), Err(MalformedDigest), "{value}");
        }
    }

    #[test]
    fn each_stated_digest_must_hold() {
        let both = ContentDigest::parse(&format!("{SHA256}, {SHA512}")).unwrap();
        assert!(both.matches(BODY));
        assert!(!both.matches(b"{}"));
        let other = content_digest(b"{}");
        assert!(!ContentDigest::parse(&format!("{other}, {SHA512}")).unwrap().matches(BODY));
        assert!(!ContentDigest::parse(&format!("{other}, {SHA512}")).unwrap().matches(b"{}"));
        assert!(ContentDigest::parse(&format!("md5=:AAAA:, {SHA512}")).unwrap().matches(BODY));
    }

    #[test]
    fn makes_what_the_rfc_makes() {
        assert_eq!(content_digest(BODY), SHA256);
    }
}
