//! Search tokens: an officer finds the entries about one subject, actor or case without the log holding who they are.

use std::fmt;

use aws_lc_rs::hmac;

use crate::organisation::Oin;
use crate::secret::Secret;

/// What a token stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenField {
    /// The data subject (betrokkene).
    Subject,
    /// The person who acted.
    Actor,
    /// The case.
    Case,
}

impl TokenField {
    const fn code(self) -> u8 {
        match self {
            Self::Subject => 1,
            Self::Actor => 2,
            Self::Case => 3,
        }
    }
}

/// A token: 16 bytes. Equal values of one field give equal tokens within one organisation, and unrelated ones elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SearchToken([u8; 16]);

impl SearchToken {
    /// As stored.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// For storing and searching.
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for SearchToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SearchToken(…)")
    }
}

/// The root secret of all tokens of a gateway.
#[derive(Clone, Debug)]
pub struct SearchKey(Secret<[u8; 32]>);

impl SearchKey {
    /// Takes the secret in.
    pub const fn new(root: Secret<[u8; 32]>) -> Self {
        Self(root)
    }

    /// The token of `value` (for a subject its canonical bytes) in this organisation's part of the log: HMAC-SHA256, cut to 16 bytes.
    pub fn token(&self, party: &Oin, field: TokenField, value: &[u8]) -> SearchToken {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, self.0.expose()));
        // Label, OIN and field have fixed lengths, so that no two inputs run together.
        context.update(b"sluis search token v1");
        context.update(party.as_str().as_bytes());
        context.update(&[field.code()]);
        context.update(value);
        let tag = context.sign();
        SearchToken(tag.as_ref().first_chunk().copied().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn tokens_join_up_only_within_an_organisation_and_field() {
        let key = SearchKey::new(Secret::new([7; 32]));
        let parties: [Oin; 2] = ["00000099000000001000", "00000099000000002000"].map(|oin| oin.parse().expect("valid"));
        let token = |party: usize, field, value: &[u8]| key.token(&parties[party], field, value);
        assert_eq!(token(0, TokenField::Subject, b"a"), token(0, TokenField::Subject, b"a"));
        let others = [
            token(0, TokenField::Subject, b"a"),
            token(0, TokenField::Subject, b"b"),
            token(0, TokenField::Actor, b"a"),
            token(0, TokenField::Case, b"a"),
            token(1, TokenField::Subject, b"a"),
            SearchKey::new(Secret::new([8; 32])).token(&parties[0], TokenField::Subject, b"a"),
        ];
        assert_eq!(others.iter().collect::<BTreeSet<_>>().len(), others.len());
        assert_eq!(format!("{:?}", others[0]), "SearchToken(…)");
    }
}
