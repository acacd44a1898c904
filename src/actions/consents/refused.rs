//! A consent that was given before a no does not undo it, whenever it is recorded and whatever it says that it takes the place of.

use std::collections::BTreeSet;

use super::Draft;
use super::draft::Opening;
use super::rules::fault;
use crate::actions::{ActionError, Desk};
use crate::clock::Timestamp;
use crate::consent::{ConsentRecord, ConsentState, governing};
use crate::json::Fault;
use crate::store::SubjectIndex;
use crate::store::duties::KeptConsent;

/// What is expected instead.
pub(in crate::actions) const SINCE: &str = "not before the person refused or withdrew what it covers (see `overruledBy` and the consents about this \
     person): a consent that was given before a no never takes its place; have it given anew, or leave out what was refused";

impl Desk {
    /// Refuses a consent to something to which `recorder` has recorded a no since it was given.
    pub(super) async fn not_refused_since(&self, draft: &Draft, record: &ConsentRecord) -> Result<(), ActionError> {
        let about = self.subject_index(&draft.subject);
        if draft.opening == Opening::Given && self.refused_since(about, record, draft.given_at()).await? {
            let pointer = if draft.at == draft.given_at() { "/at" } else { "/grantors" };
            let fault: Fault = fault(pointer.to_owned(), SINCE);
            return Err(ActionError::Faults(vec![fault]));
        }
        Ok(())
    }

    /// Whether the same recorder has recorded a no to something that `record` covers, said after `given`.
    pub(in crate::actions) async fn refused_since(
        &self,
        about: SubjectIndex,
        record: &ConsentRecord,
        given: Timestamp,
    ) -> Result<bool, ActionError> {
        let facts = self.store.person_facts(about).await?;
        Ok(facts
            .consents
            .iter()
            .any(|other| other.recorder == record.recorder && says_no_since(other, given) && other.overlaps(record)))
    }
}

impl Desk {
    /// Which other consents speak where one that is given names something.
    pub(super) async fn overruled_by(&self, kept: &KeptConsent) -> Result<BTreeSet<String>, ActionError> {
        let now = self.clock.now();
        let Some(record) = kept.current().filter(|record| record.state_at(now) == ConsentState::Given) else {
            return Ok(BTreeSet::new());
        };
        let facts = self.store.person_facts(kept.subject).await?;
        let mut others = BTreeSet::new();
        for (source, recipient) in record.sources.iter().flat_map(|one| record.recipients.iter().map(move |other| (one, other))) {
            for (purpose, category) in
                record.purposes.iter().flat_map(|one| record.categories.iter().map(move |other| (one, *other)))
            {
                let speaks = governing(&facts.consents, source, recipient, purpose, category, now);
                others.extend(
                    speaks
                        .filter(|speaks| speaks.id != record.id && speaks.recorder == record.recorder)
                        .map(|one| one.id.clone()),
                );
            }
        }
        Ok(others)
    }
}

fn says_no_since(record: &ConsentRecord, given: Timestamp) -> bool {
    let no = matches!(record.state, ConsentState::Refused | ConsentState::Withdrawn | ConsentState::Invalidated);
    no && record.event.at > given
}
