//! What the registry knows of an organisation's credentials: certificates, signing keys, encryption keys, each with its validity, so that
//! keys rotate with overlap. No private keys.

use crate::clock::Timestamp;

/// From when until when a credential counts, and whether it was withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// From this instant on.
    pub from: Timestamp,
    /// Up to, not including, this instant.
    pub until: Timestamp,
    /// Withdrawn: counts no more, whatever the dates say.
    pub revoked: bool,
}

impl Validity {
    /// Whether the credential counts at `now`.
    pub fn holds(&self, now: Timestamp) -> bool {
        !self.revoked && self.from <= now && now < self.until
    }
}

/// A TLS client certificate of an organisation, known by the SHA-256 of its DER.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// SHA-256 of the leaf's DER.
    pub fingerprint: [u8; 32],
    /// Its validity in the registry (beside the dates in the certificate itself).
    pub validity: Validity,
}

/// A published key of an organisation: the public JWK as registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedKey {
    /// The key id, unique in the registry: `^[A-Za-z0-9._:-]{1,64}$`.
    pub keyid: String,
    /// For signatures the RFC 9421 algorithm, for encryption the JWE `alg`.
    pub alg: String,
    /// The public JWK (RFC 7517) as JSON.
    pub jwk: String,
    /// Its validity.
    pub validity: Validity,
}
