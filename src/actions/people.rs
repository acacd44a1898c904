//! Enrolling the professionals and privacy officers of an organisation, so that two keys are two persons, and none of them the source's own invention.

use super::credentials::invalid;
use super::{ActionError, Desk};
use crate::clock::Timestamp;
use crate::consent::professional::{canonical_reference, canonical_registration, is_reference, is_registration};
use crate::crypto::keys::{Jwk, VerifyingKey};
use crate::crypto::{base64, digest};
use crate::organisation::Oin;
use crate::organisation::keys::{PublishedKey, Validity};
use crate::organisation::people::{Person, PersonalKey, Role};
use crate::store::{CredentialChange, Registration};

impl Desk {
    /// The enrolment of somebody of `organisation` by a public key (JWK, Ed25519) whose `kid` is the reference.
    ///
    /// # Errors
    /// [`ActionError::Invalid`]: not such a key, or a reference or registration that cannot be one.
    pub fn personal_key(
        &self,
        organisation: &Oin,
        jwk: &[u8],
        registration: &str,
        validity: Validity,
    ) -> Result<PublishedKey, ActionError> {
        let jwk = Jwk::from_json(jwk).map_err(invalid)?;
        let verifying = VerifyingKey::from_jwk(&jwk).map_err(invalid)?;
        let members = serde_json::to_value(&jwk).map_err(invalid)?;
        let member = |name: &str| members.get(name).and_then(|value| value.as_str()).unwrap_or_default().to_owned();
        if member("crv") != "Ed25519" {
            return Err(invalid("a person's key is an Ed25519 key"));
        }
        let kid = member("kid");
        if !is_reference(&kid) {
            return Err(invalid("the key's `kid` must be the person's reference: 1 to 64 visible ASCII characters"));
        }
        if !is_registration(registration) {
            return Err(invalid("a registration is 1 to 64 letters, digits, spaces and punctuation of ASCII"));
        }
        let x = member("x");
        let public = base64::decode_url(&x).map_err(invalid)?;
        let registration = self.registration_digest(organisation, registration);
        let key = PersonalKey { kty: member("kty"), crv: member("crv"), x, kid, registration };
        Ok(PublishedKey {
            keyid: base64::encode_url(&digest::sha256(&public)),
            alg: verifying.algorithm().name().to_owned(),
            jwk: serde_json::to_string(&key).map_err(invalid)?,
            validity,
        })
    }

    /// Enrols somebody of a known organisation.
    ///
    /// # Errors
    /// [`ActionError::Invalid`] when somebody is enrolled with this reference, registration or key, however it is written.
    pub async fn enrol(&self, organisation: &Oin, role: Role, key: PublishedKey) -> Result<(), ActionError> {
        let new: PersonalKey = serde_json::from_str(&key.jwk).map_err(invalid)?;
        let now = self.clock.now();
        if self.is_of_an_organisation(&key.jwk).await? {
            return Err(invalid(
                "this is the signing key of an organisation: whoever runs its systems has it; a person has a key of her own",
            ));
        }
        let registration = self.registration(organisation).await?;
        for other in people(&registration).filter(|other| !other.validity.revoked && now < other.validity.until) {
            let taken = if canonical_reference(&other.key.kid) == canonical_reference(&new.kid) {
                "reference"
            } else if other.key.registration == new.registration {
                "registration"
            } else {
                continue;
            };
            let other = format!("{} {}", other.role.code(), other.keyid);
            return Err(invalid(format!(
                "{other} of {organisation} has this {taken}: revoke that first (`sluis keys revoke --keyid`)"
            )));
        }
        let organisation_of = organisation.clone();
        self.publish_credential(organisation, CredentialChange::Person { organisation: organisation_of, role, key }).await
    }

    /// Whether an organisation signs its requests with this key.
    async fn is_of_an_organisation(&self, key: &str) -> Result<bool, ActionError> {
        let registered = self.store.registered().await?;
        let mut signing = registered.organisations.values().flat_map(|registration| &registration.signing);
        Ok(signing.any(|one| is_same_key(&one.jwk, key)))
    }

    /// Whether somebody of any organisation is or was enrolled with this key.
    pub(super) async fn is_of_a_person(&self, key: &str) -> Result<bool, ActionError> {
        let registered = self.store.registered().await?;
        let mut people = registered.organisations.values().flat_map(|registration| &registration.people);
        Ok(people.any(|(_, one)| is_same_key(&one.jwk, key)))
    }

    /// Those of an organisation whose enrolment counts now.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn enrolled(&self, organisation: &Oin, role: Role) -> Result<Vec<Person>, ActionError> {
        let now = self.clock.now();
        Ok(counting(&self.registration(organisation).await?, role, now).collect())
    }

    /// A keyed digest of a registration, however it is written.
    pub(super) fn registration_digest(&self, organisation: &Oin, registration: &str) -> String {
        // No reference has this prefix: no two kinds of value share a token.
        let value = format!("\u{0}registration\u{0}{}", canonical_registration(registration));
        base64::encode_url(self.journal.actor_token(organisation, &value).bytes())
    }
}

/// Whether two JWKs are of one Ed25519 key.
fn is_same_key(left: &str, right: &str) -> bool {
    let public = |jwk: &str| base64::decode_url(serde_json::from_str::<serde_json::Value>(jwk).ok()?.get("x")?.as_str()?).ok();
    public(left).is_some_and(|left| public(right) == Some(left))
}

/// Those whose enrolment in this role counts at `now`.
pub(super) fn counting(registration: &Registration, role: Role, now: Timestamp) -> impl Iterator<Item = Person> {
    all_counting(registration, now).filter(move |person| person.role == role)
}

/// Those whose enrolment counts at `now`.
pub(super) fn all_counting(registration: &Registration, now: Timestamp) -> impl Iterator<Item = Person> {
    people(registration).filter(move |person| person.validity.holds(now))
}

/// The people of an organisation. One whose key cannot be read is nobody.
fn people(registration: &Registration) -> impl Iterator<Item = Person> {
    registration.people.iter().filter_map(|(role, key)| {
        let personal = serde_json::from_str(&key.jwk).ok()?;
        Some(Person { role: *role, keyid: key.keyid.clone(), key: personal, validity: key.validity })
    })
}
