//! Whom an organisation has had enrolled: the professionals whose own signatures the gateway takes, and the privacy officers who review overrides.

use serde::{Deserialize, Serialize};

use super::keys::Validity;

/// As what somebody is enrolled. One person has one role: nobody reviews what she does herself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Makes, approves and ends overrides.
    Professional,
    /// Reviews overrides that one professional made alone (FG).
    PrivacyOfficer,
}

impl Role {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Professional, Self::PrivacyOfficer];

    /// The code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Professional => "professional",
            Self::PrivacyOfficer => "privacy-officer",
        }
    }

    /// The role with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.code() == code)
    }
}

/// Somebody's public key as it is registered: the members of a JWK (RFC 8037), and a keyed digest of the registration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonalKey {
    /// `OKP`.
    pub kty: String,
    /// `Ed25519`.
    pub crv: String,
    /// The public key, base64url without padding.
    pub x: String,
    /// The person, by the organisation's own reference.
    pub kid: String,
    /// A keyed digest of the registration (BIG, SKJ, service number) as its register writes it: the number itself is kept nowhere.
    pub registration: String,
}

/// Somebody who is enrolled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// As what.
    pub role: Role,
    /// The id of the enrolment.
    pub keyid: String,
    /// Reference, key and registration.
    pub key: PersonalKey,
    /// From when until when.
    pub validity: Validity,
}
