//! The digest by which two readings of the facts are compared: equal digests mean that a decision would see the same.

use super::{PersonFacts, Registration};
use crate::case_room::CaseFact;
use aws_lc_rs::digest::{Context, SHA256};

/// A digest of what one organisation is and has registered, its people included.
pub fn registration_digest(registration: &Registration) -> [u8; 32] {
    let mut digest = Context::new(&SHA256);
    let organisation = &registration.organisation;
    for text in [organisation.oin.as_str(), organisation.kind.code(), organisation.connector.as_deref().unwrap_or("")] {
        part(&mut digest, text.as_bytes());
    }
    let suspended = organisation.status == crate::organisation::Status::Suspended;
    part(&mut digest, &[u8::from(suspended), u8::from(organisation.bsn_authority)]);
    for certificate in &registration.certificates {
        part(&mut digest, &certificate.fingerprint);
        validity(&mut digest, certificate.validity);
    }
    for key in registration.signing.iter().chain(&registration.encryption) {
        part(&mut digest, key.keyid.as_bytes());
        part(&mut digest, key.jwk.as_bytes());
        validity(&mut digest, key.validity);
    }
    for (role, key) in &registration.people {
        part(&mut digest, role.code().as_bytes());
        part(&mut digest, key.jwk.as_bytes());
        validity(&mut digest, key.validity);
    }
    finish(digest)
}

/// A digest of the policies in force (by their hash), of the organisations that were judged (each by its [`registration_digest`], absent ones as
/// zeros), of what is recorded about the person, if one is known, and of the case with the kinds of those who attend, if there is one.
pub fn facts_digest(
    registrations: impl Iterator<Item = [u8; 32]>,
    policy: Option<&str>,
    person: Option<&PersonFacts>,
    case: Option<&CaseFact>,
) -> [u8; 32] {
    let mut digest = Context::new(&SHA256);
    part(&mut digest, policy.unwrap_or_default().as_bytes());
    for registration in registrations {
        part(&mut digest, &registration);
    }
    if let Some(case) = case {
        part(&mut digest, b"case");
        part(&mut digest, case.id.as_bytes());
        part(&mut digest, &case.version.to_be_bytes());
        for kind in &case.attendee_kinds {
            part(&mut digest, kind.code().as_bytes());
        }
    }
    let Some(person) = person else { return finish(digest) };
    for consent in &person.consents {
        part(&mut digest, consent.id.as_bytes());
        part(&mut digest, &consent.version.to_be_bytes());
    }
    part(&mut digest, b"overrides");
    for (version, overriding) in &person.overrides {
        part(&mut digest, overriding.id.as_bytes());
        part(&mut digest, &version.to_be_bytes());
    }
    finish(digest)
}

fn validity(digest: &mut Context, validity: crate::organisation::keys::Validity) {
    part(digest, &validity.from.millis().to_be_bytes());
    part(digest, &validity.until.millis().to_be_bytes());
    part(digest, &[u8::from(validity.revoked)]);
}

fn part(digest: &mut Context, bytes: &[u8]) {
    digest.update(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
    digest.update(bytes);
}

fn finish(digest: Context) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.finish().as_ref());
    bytes
}
