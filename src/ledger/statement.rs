//! What a receipt is about: one delivery to, or contribution by, one organisation.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use uuid::Uuid;

use crate::organisation::Oin;

/// The statement that a leaf commits to (`design.md` §7). Displayed as JCS (RFC 8785) JSON: names in order, no white space, and values that
/// need no escaping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    disclosure: Uuid,
    party: Oin,
    payload: [u8; 32],
    request: [u8; 32],
}

impl Statement {
    /// The statement about what `party` holds itself: `payload` is the sealed JWE text for a recipient, the delivered items for a source;
    /// `request` the body of the recipient's request, or of the gateway's call to the source.
    pub fn about(disclosure: Uuid, party: Oin, payload: &[u8], request: &[u8]) -> Self {
        Self { disclosure, party, payload: sha256(payload), request: sha256(request) }
    }

    /// The same from digests (SHA-256) that were taken earlier.
    pub const fn from_digests(disclosure: Uuid, party: Oin, payload: [u8; 32], request: [u8; 32]) -> Self {
        Self { disclosure, party, payload, request }
    }

    /// The disclosure's id.
    pub const fn disclosure(&self) -> Uuid {
        self.disclosure
    }

    /// Whose receipt it is.
    pub const fn party(&self) -> &Oin {
        &self.party
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (payload, request) = (URL_SAFE_NO_PAD.encode(self.payload), URL_SAFE_NO_PAD.encode(self.request));
        let Self { disclosure, party, .. } = self;
        write!(f, r#"{{"disclosure":"{disclosure}","party":"{party}","payload":"{payload}","request":"{request}"}}"#)
    }
}

impl FromStr for Statement {
    type Err = InvalidStatement;

    /// Reads the canonical JSON, and no other spelling of it.
    fn from_str(text: &str) -> Result<Self, InvalidStatement> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Members {
            disclosure: String,
            party: Oin,
            payload: String,
            request: String,
        }
        let digest = |text: String| URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        let Members { disclosure, party, payload, request } = serde_json::from_str(text).map_err(|_| InvalidStatement)?;
        let disclosure = disclosure.parse().map_err(|_| InvalidStatement)?;
        let (payload, request) = digest(payload).zip(digest(request)).ok_or(InvalidStatement)?;
        let statement = Self { disclosure, party, payload, request };
        if statement.to_string() == text { Ok(statement) } else { Err(InvalidStatement) }
    }
}

/// The text is not a statement in canonical JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a statement in canonical JSON")]
pub struct InvalidStatement;

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut taken = [0; 32];
    taken.copy_from_slice(digest(&SHA256, bytes).as_ref());
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statement_is_the_canonical_json_of_the_design() {
        let party: Oin = "00000099000000001000".parse().expect("valid");
        let id = Uuid::parse_str("01937C6A-0000-7000-8000-00000000ABCD").expect("valid");
        let text = Statement::about(id, party, b"abc", b"").to_string();
        let expected = concat!(
            r#"{"disclosure":"01937c6a-0000-7000-8000-00000000abcd","party":"00000099000000001000","#,
            r#""payload":"ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0","request":"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"}"#
        );
        assert_eq!(text, expected);
        // serde_json sorts object members and writes no white space: for these values that is JCS.
        let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(value.to_string(), text);
    }
    #[test]
    fn only_the_canonical_text_is_read() {
        let statement = Statement::about(Uuid::from_u128(7), "00000099000000001000".parse().expect("valid"), b"abc", b"");
        let text = statement.to_string();
        assert_eq!(text.parse(), Ok(statement));
        let more =
            [text.replace(',', ", "), text.replace('{', r#"{"more":1,"#), text.replace("00000099", "0000009"), String::new()];
        for wrong in more {
            assert_eq!(wrong.parse::<Statement>(), Err(InvalidStatement), "{wrong}");
        }
    }
}
