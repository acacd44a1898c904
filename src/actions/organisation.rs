//! Joining, publishing and withdrawing credentials, suspending. Each takes effect with the next request on every node.

use std::collections::{BTreeMap, BTreeSet};

use super::{ActionError, Desk};
use crate::ledger::entry::{self, EntryKind, Reference};
use crate::organisation::people::Role;
use crate::organisation::{Oin, Organisation, Status};
use crate::store::{Change, CredentialChange, Registration, StatusChange};

impl Desk {
    /// An organisation joins with its first credentials, or its entry changes.
    ///
    /// # Errors
    /// [`ActionError`]; a key id that is taken is a conflict.
    pub async fn join(&self, organisation: Organisation, credentials: Vec<CredentialChange>) -> Result<(), ActionError> {
        let oin = organisation.oin.clone();
        let after = BTreeMap::from([
            ("kind".to_owned(), organisation.kind.code().to_owned()),
            ("bsnAuthority".to_owned(), organisation.bsn_authority.to_string()),
            ("credentials".to_owned(), credentials.len().to_string()),
        ]);
        let mut changes = vec![Change::Organisation(Box::new(organisation))];
        changes.extend(credentials.into_iter().map(Change::Credential));
        self.organisation_changed(&oin, "joined", after, changes).await
    }

    /// An organisation that is not known yet joins, without credentials: [`Self::publish_credential`] gives it those.
    ///
    /// # Errors
    /// [`ActionError::Invalid`] when it is known, its name is empty, or its connector is not at an `https://` address.
    pub async fn admit(&self, organisation: Organisation) -> Result<(), ActionError> {
        let invalid = |reason: String| Err(ActionError::Invalid(reason));
        if organisation.name.trim().is_empty() {
            return invalid("an organisation has a name".to_owned());
        }
        if organisation.connector.as_ref().is_some_and(|address| !address.starts_with("https://")) {
            return invalid("the connector's address must begin with https://".to_owned());
        }
        match self.registration(&organisation.oin).await {
            Ok(_) => invalid(format!("organisation {} is known already", organisation.oin)),
            Err(ActionError::Invalid(_)) => self.join(organisation, Vec::new()).await,
            Err(error) => Err(error),
        }
    }

    /// What is registered of an organisation.
    ///
    /// # Errors
    /// [`ActionError::Invalid`] when it is not known.
    pub async fn registration(&self, oin: &Oin) -> Result<Registration, ActionError> {
        let unknown =
            || ActionError::Invalid(format!("there is no organisation with OIN {oin}; `sluis organisation list` shows them"));
        self.store.registered().await?.organisations.remove(oin).ok_or_else(unknown)
    }

    /// Suspends a known organisation that takes part, or readmits one that is suspended.
    ///
    /// # Errors
    /// [`ActionError::Invalid`] when it is not known, or already stands so.
    pub async fn change_status(&self, oin: &Oin, status: Status) -> Result<(), ActionError> {
        if self.registration(oin).await?.organisation.status == status {
            let stands = if status == Status::Suspended { "is suspended already" } else { "takes part: it is not suspended" };
            return Err(ActionError::Invalid(format!("organisation {oin} {stands}")));
        }
        self.set_status(oin, status).await
    }

    /// Suspends an organisation, or ends its suspension.
    ///
    /// # Errors
    /// [`ActionError`].
    pub async fn set_status(&self, oin: &Oin, status: Status) -> Result<(), ActionError> {
        let event = if status == Status::Suspended { "suspended" } else { "readmitted" };
        let change = Change::Status(StatusChange { organisation: oin.clone(), status });
        self.organisation_changed(oin, event, BTreeMap::new(), vec![change]).await
    }

    /// Publishes or withdraws a credential of `oin`.
    ///
    /// # Errors
    /// [`ActionError`]; withdrawing what is not there, or publishing a taken id, is a conflict.
    pub async fn change_credential(&self, oin: &Oin, change: CredentialChange) -> Result<(), ActionError> {
        let (event, id) = match &change {
            CredentialChange::Certificate { fingerprint, .. } => {
                ("certificate-published", crate::crypto::base64::encode_url(fingerprint))
            }
            CredentialChange::Signing { key, .. } => ("signing-key-published", key.keyid.clone()),
            CredentialChange::Encryption { key, .. } => ("encryption-key-published", key.keyid.clone()),
            CredentialChange::Person { role: Role::Professional, key, .. } => ("professional-enrolled", key.keyid.clone()),
            CredentialChange::Person { role: Role::PrivacyOfficer, key, .. } => ("privacy-officer-enrolled", key.keyid.clone()),
            CredentialChange::RevokeKey { keyid } => ("key-revoked", keyid.clone()),
            CredentialChange::RevokeCertificate { fingerprint } => {
                ("certificate-revoked", crate::crypto::base64::encode_url(fingerprint))
            }
        };
        let (clear, mut body) = self.operators_draft(EntryKind::KeyEvent, oin, event)?;
        body.references = BTreeSet::from([Reference { object: "key".to_owned(), id }]);
        body.change = Some(entry::Change { event: event.to_owned(), ..entry::Change::default() });
        self.commit(clear, body, vec![Change::Credential(change)]).await
    }

    async fn organisation_changed(
        &self,
        oin: &Oin,
        event: &str,
        after: BTreeMap<String, String>,
        changes: Vec<Change>,
    ) -> Result<(), ActionError> {
        let (clear, mut body) = self.operators_draft(EntryKind::OrganisationChange, oin, event)?;
        body.references = BTreeSet::from([Reference { object: "organisation".to_owned(), id: oin.to_string() }]);
        body.change = Some(entry::Change { event: event.to_owned(), after, ..entry::Change::default() });
        self.commit(clear, body, changes).await
    }
}
