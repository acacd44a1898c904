//! Consent events: each a new version of its record, in force for every disclosure that is recorded after it.

use std::collections::BTreeSet;

use super::{ActionError, Desk};
use crate::consent::{ConsentRecord, ConsentState};
use crate::ledger::entry::{self, EntryKind, Reference};
use crate::organisation::Oin;
use crate::secret::Personal;
use crate::store::Change;
use crate::subject::SubjectId;

impl Desk {
    /// Records a version of a consent: version 1 is its first, each later one follows the one before.
    ///
    /// # Errors
    /// [`ActionError`]; a version that does not follow is a conflict.
    pub async fn record_consent(
        &self,
        recorded_by: &Oin,
        subject: &Personal<SubjectId>,
        record: ConsentRecord,
    ) -> Result<(), ActionError> {
        if record.sources.is_empty() || record.recipients.is_empty() || record.purposes.is_empty() || record.categories.is_empty()
        {
            return Err(ActionError::Invalid(
                "a consent names sources, recipients, purposes and categories; there are no wildcards".to_owned(),
            ));
        }
        let event = record.state.code();
        let (mut clear, mut body) = self.draft(EntryKind::ConsentEvent, recorded_by, &format!("consent {event}"))?;
        clear.subject = Some(self.journal.subject_token(recorded_by, subject));
        clear.categories.clone_from(&record.categories);
        body.references =
            BTreeSet::from([Reference { object: "consent".to_owned(), id: format!("{}/{}", record.id, record.version) }]);
        body.change =
            Some(entry::Change { event: event.to_owned(), reason: record.event.reason.clone(), ..entry::Change::default() });
        let change = Change::Consent(self.subject_index(subject), Box::new(record));
        self.commit(clear, &body, vec![change]).await
    }

    /// Withdraws a consent: from this commit on nothing rests on it.
    ///
    /// # Errors
    /// [`ActionError::Invalid`] when there is no such consent in force about this person.
    pub async fn withdraw_consent(
        &self,
        recorded_by: &Oin,
        subject: &Personal<SubjectId>,
        id: &str,
        reason: &str,
    ) -> Result<(), ActionError> {
        let facts = self.store.person_facts(self.subject_index(subject)).await?;
        let current = facts.consents.into_iter().find(|consent| consent.id == id && consent.state == ConsentState::Given);
        let mut record = current.ok_or_else(|| ActionError::Invalid("no such consent is in force".to_owned()))?;
        record.version = record.version.saturating_add(1);
        record.state = ConsentState::Withdrawn;
        let now = self.clock.now();
        record.event.at = now;
        record.event.recorded_at = now;
        record.event.reason = Some(reason.to_owned());
        self.record_consent(recorded_by, subject, record).await
    }
}
