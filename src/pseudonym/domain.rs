//! The domain within which a person has one name: recipient (an organisation, a case's team or its director), case and purpose.

use std::fmt;

use crate::catalogue::PurposeCode;
use crate::crypto::{digest, hex};
use crate::organisation::Oin;

/// Who receives, in which case, for which purpose. Two domains never show the same pseudonym for one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    /// An OIN, [`TEAM`] or [`DIRECTOR`]: those two only together with a case.
    recipient: String,
    case: Option<String>,
    purpose: PurposeCode,
}

/// Stands for a case's expertise team, shared by its attendees; no OIN is spelled so.
const TEAM: &str = "expertise-team";
/// Stands for a case's director.
const DIRECTOR: &str = "case-director";

impl Domain {
    /// Of one organisation, in a case or outside any.
    pub fn of_organisation(recipient: &Oin, case: Option<String>, purpose: PurposeCode) -> Self {
        Self { recipient: recipient.to_string(), case, purpose }
    }

    /// Of a case's expertise team.
    pub fn of_team(case: String, purpose: PurposeCode) -> Self {
        Self { recipient: TEAM.to_owned(), case: Some(case), purpose }
    }

    /// Of a case's director.
    pub fn of_director(case: String, purpose: PurposeCode) -> Self {
        Self { recipient: DIRECTOR.to_owned(), case: Some(case), purpose }
    }

    /// Who receives: an OIN, `expertise-team` or `case-director`.
    pub fn recipient(&self) -> &str {
        &self.recipient
    }

    /// Version, recipient, case and purpose, each with its length before it: no two domains share these bytes.
    pub fn canonical(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(96);
        for part in ["sluis/domain/v1", self.recipient.as_str(), self.case.as_deref().unwrap_or(""), self.purpose.as_str()] {
            bytes.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes
    }

    /// The scope whose key serves this domain: the case's, or without a case one for this domain alone.
    pub fn scope(&self) -> Scope {
        let (prefix, digest) = match &self.case {
            Some(case) => ("case", digest::sha256(case.as_bytes())),
            None => ("domain", digest::sha256(&self.canonical())),
        };
        let short = digest.first_chunk::<16>().copied().unwrap_or_default();
        Scope(format!("{prefix}-{}", hex::encode(&short)))
    }
}

/// The name of a scope key, in the database and in the key store: `case-…` or `domain-…` with 32 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope(String);

impl Scope {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
