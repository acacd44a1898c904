//! Publishing and withdrawing certificates and keys, with every check that an operator wants made before it is in the log.

use super::{ActionError, Desk};
use crate::crypto::envelope::EncryptionKey;
use crate::crypto::keys::{Jwk, VerifyingKey};
use crate::organisation::Oin;
use crate::organisation::keys::{PublishedKey, Validity};
use crate::store::sequencer::AppendError;
use crate::store::{Conflict, CredentialChange, Registration};

/// A credential that can be withdrawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A signing or encryption key, by its id.
    Key(String),
    /// A certificate, by the SHA-256 of its DER.
    Certificate([u8; 32]),
}

/// A public signing key as it is registered.
///
/// # Errors
/// [`ActionError::Invalid`]: private, weak, without `kid`, or not for signatures.
pub fn signing_key(jwk: &[u8], validity: Validity) -> Result<PublishedKey, ActionError> {
    let jwk = Jwk::from_json(jwk).map_err(invalid)?;
    let key = VerifyingKey::from_jwk(&jwk).map_err(invalid)?;
    published(&jwk, key.id().as_str(), key.algorithm().name(), validity)
}

/// A public encryption key as it is registered.
///
/// # Errors
/// [`ActionError::Invalid`]: private, weak, without `kid` or `alg`, or not for encryption.
pub fn encryption_key(jwk: &[u8], validity: Validity) -> Result<PublishedKey, ActionError> {
    let jwk = Jwk::from_json(jwk).map_err(invalid)?;
    let key = EncryptionKey::from_jwk(&jwk).map_err(invalid)?;
    published(&jwk, key.id().as_str(), key.algorithm().name(), validity)
}

fn published(jwk: &Jwk, keyid: &str, alg: &str, validity: Validity) -> Result<PublishedKey, ActionError> {
    let jwk = serde_json::to_string(jwk).map_err(invalid)?;
    Ok(PublishedKey { keyid: keyid.to_owned(), alg: alg.to_owned(), jwk, validity })
}

pub(super) fn invalid(reason: impl ToString) -> ActionError {
    ActionError::Invalid(reason.to_string())
}

impl Desk {
    /// Publishes a credential of a known organisation, for a time that makes sense.
    ///
    /// # Errors
    /// [`ActionError::Invalid`] says what to correct.
    pub async fn publish_credential(&self, oin: &Oin, change: CredentialChange) -> Result<(), ActionError> {
        self.registration(oin).await?;
        let validity = match &change {
            CredentialChange::Certificate { validity, .. } => validity,
            CredentialChange::Signing { key, .. }
            | CredentialChange::Encryption { key, .. }
            | CredentialChange::Person { key, .. } => &key.validity,
            CredentialChange::RevokeKey { .. } | CredentialChange::RevokeCertificate { .. } => {
                return Err(invalid("a revocation publishes nothing"));
            }
        };
        if validity.until <= validity.from || validity.until <= self.clock.now() {
            return Err(invalid("the end of the validity must lie after its beginning, and in the future"));
        }
        if let CredentialChange::Signing { key, .. } = &change
            && self.is_of_a_person(&key.jwk).await?
        {
            return Err(invalid("somebody is enrolled with this key: what she signs is hers, and no organisation has it"));
        }
        match self.change_credential(oin, change).await {
            Err(ActionError::Append(AppendError::Conflict(Conflict::StateChanged))) => {
                Err(invalid("this certificate, or a key with this id, is or was published already: a key id is used once"))
            }
            done => done,
        }
    }

    /// Withdraws a credential, for good. Gives the organisation whose it was.
    ///
    /// # Errors
    /// [`ActionError::Invalid`] when nobody has it, or it was withdrawn before.
    pub async fn revoke_credential(&self, credential: Credential) -> Result<Oin, ActionError> {
        let registered = self.store.registered().await?;
        let found = registered
            .organisations
            .into_iter()
            .find_map(|(oin, registration)| Some((oin, standing(&registration, &credential)?)));
        let Some((oin, validity)) = found else {
            return Err(invalid("no organisation has this key or certificate; `sluis keys list` shows them"));
        };
        if validity.revoked {
            return Err(invalid(format!("it was revoked before (organisation {oin})")));
        }
        let change = match credential {
            Credential::Key(keyid) => CredentialChange::RevokeKey { keyid },
            Credential::Certificate(fingerprint) => CredentialChange::RevokeCertificate { fingerprint },
        };
        self.change_credential(&oin, change).await?;
        Ok(oin)
    }
}

fn standing(registration: &Registration, credential: &Credential) -> Option<Validity> {
    match credential {
        Credential::Key(keyid) => {
            let people = registration.people.iter().map(|(_, key)| key);
            let mut keys = registration.signing.iter().chain(&registration.encryption).chain(people);
            keys.find(|key| key.keyid == *keyid).map(|key| key.validity)
        }
        Credential::Certificate(fingerprint) => {
            let found = registration.certificates.iter().find(|certificate| certificate.fingerprint == *fingerprint);
            found.map(|certificate| certificate.validity)
        }
    }
}
