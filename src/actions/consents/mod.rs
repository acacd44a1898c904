//! The consent register: append-only events, the current state derived. Only a source records consents, and only for its own data: a consent opens
//! what its source must keep secret, so a recipient's word that there is one permits nothing (invariant 4).

mod draft;
mod events;
mod reading;
mod record;
mod refused;
mod rules;
mod scope;
mod view;

pub use draft::{Draft, Opening};
pub use events::Ending;
pub use reading::{Unread, draft, ending, query};
pub use record::Recording;
pub(in crate::actions) use refused::SINCE;
pub use view::{ConsentSummary, ConsentView, EventView, IncidentView};

use std::collections::BTreeSet;

use super::once::Once;
use super::{ActionError, Desk};
use crate::consent::ConsentRecord;
use crate::consent::record::ConsentEvent;
use crate::crypto::base64;
use crate::ledger::entry::{self, Actor, Body, Clear, EntryKind, Reference};
use crate::ledger::token::SearchToken;
use crate::organisation::Oin;
use crate::secret::Personal;
use crate::store::StoreError;
use crate::store::duties::{KeptConsent, Reliance};
use crate::subject::SubjectId;

/// How far a clock of a source may be ahead.
const AHEAD: std::time::Duration = std::time::Duration::from_mins(1);

impl Desk {
    /// A consent that `recorder` recorded; another's is not found.
    ///
    /// # Errors
    /// [`ActionError::NotFound`], or the store's.
    pub async fn consent(&self, recorder: &Oin, id: &str) -> Result<ConsentView, ActionError> {
        let kept = self.own_consent(recorder, id).await?;
        let relied = self.relied(id).await?;
        let overruled_by = self.overruled_by(&kept).await?;
        ConsentView::of(&kept, relied.as_deref(), overruled_by, self.clock.now()).ok_or(ActionError::NotFound)
    }

    /// What rested on a consent; `None` when the list of it cannot be relied upon. That holds up nobody who ends a consent, or is to answer.
    pub(in crate::actions) async fn relied(&self, consent: &str) -> Result<Option<Vec<Reliance>>, ActionError> {
        match self.store.reliances(consent).await {
            Ok(relied) => Ok(Some(relied)),
            Err(error @ StoreError::Corrupt { .. }) => {
                tracing::error!(%error, consent, "ALARM: what rested on a consent cannot be read; its end is told to everybody whom it names");
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    pub(in crate::actions) async fn own_consent(&self, recorder: &Oin, id: &str) -> Result<KeptConsent, ActionError> {
        let kept = self.store.consent(id).await?;
        let own = kept.filter(|kept| kept.current().is_some_and(|record| record.recorder == *recorder));
        own.ok_or(ActionError::NotFound)
    }

    /// The same for whoever asks to see it. Looking is logged (invariant 9).
    ///
    /// # Errors
    /// [`ActionError::NotFound`], or the store's.
    pub async fn view_consent(&self, recorder: &Oin, id: &str, once: Once) -> Result<ConsentView, ActionError> {
        let view = self.consent(recorder, id).await?;
        let subject = self.own_consent(recorder, id).await?.current().and_then(subject_token);
        let consent = BTreeSet::from([Reference { object: "consent".to_owned(), id: id.to_owned() }]);
        self.looked_at(recorder, ("consent", 1), (subject, consent), once).await?;
        Ok(view)
    }

    /// The consents that `recorder` recorded, those behind `after`, by id. Looking is logged (invariant 9).
    ///
    /// # Errors
    /// [`ActionError`].
    pub async fn consents(
        &self,
        recorder: &Oin,
        after: &str,
        limit: u32,
        once: Once,
    ) -> Result<Vec<ConsentSummary>, ActionError> {
        let now = self.clock.now();
        let records = self.store.consents_of(recorder, after, limit).await?;
        self.looked_at(recorder, ("consents", records.len()), (None, BTreeSet::new()), once).await?;
        Ok(records.iter().map(|record| ConsentSummary::of(record, now)).collect())
    }

    async fn looked_at(
        &self,
        recorder: &Oin,
        (view, count): (&str, usize),
        (subject, references): (Option<SearchToken>, BTreeSet<Reference>),
        once: Once,
    ) -> Result<(), ActionError> {
        let (mut clear, mut body) = self.draft(EntryKind::ConsentEvent, recorder, "consents looked at")?;
        clear.subject = subject;
        body.references = references;
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        body.look = Some(entry::Look { view: view.to_owned(), count, ..entry::Look::default() });
        self.commit_once(vec![self.entry((clear, body))?], Vec::new(), once).await
    }

    /// The consents about `subject` that `recorder` recorded. Looking is logged (invariant 9).
    ///
    /// # Errors
    /// [`ActionError`].
    pub async fn consents_about(
        &self,
        recorder: &Oin,
        subject: &Personal<SubjectId>,
        by: &str,
        once: Once,
    ) -> Result<Vec<ConsentSummary>, ActionError> {
        let facts = self.store.person_facts(self.subject_index(subject)).await?;
        let now = self.clock.now();
        let own = facts.consents.iter().filter(|record| record.recorder == *recorder);
        let found: Vec<_> = own.map(|record| ConsentSummary::of(record, now)).collect();
        let (mut clear, mut body) = self.draft(EntryKind::ConsentEvent, recorder, "consents looked up")?;
        clear.subject = Some(self.journal.subject_token(recorder, subject));
        self.acted(&mut clear, &mut body, recorder, by);
        let count = u64::try_from(found.len()).unwrap_or(u64::MAX);
        body.look = Some(entry::Look { view: "consents".to_owned(), count, ..entry::Look::default() });
        self.commit_once(vec![self.entry((clear, body))?], Vec::new(), once).await?;
        Ok(found)
    }

    /// Notes who of `organisation` acts.
    pub(in crate::actions) fn acted(&self, clear: &mut Clear, body: &mut Body, organisation: &Oin, by: &str) {
        clear.actor = Some(self.journal.actor_token(organisation, by));
        body.actor = Some(Actor {
            reference: by.to_owned(),
            role: None,
            on_behalf_of: None,
            organisation: Some(organisation.clone()),
            acting_as: None,
        });
    }

    /// The entry about the event that led to this version of a consent, on its recorder's side.
    pub(in crate::actions) fn consent_entry(&self, record: &ConsentRecord) -> Result<(Clear, Body), ActionError> {
        let event = if record.hold.is_some() { "held" } else { record.state.code() };
        let (mut clear, mut body) = self.draft(EntryKind::ConsentEvent, &record.recorder, &format!("consent {event}"))?;
        clear.source = record.sources.iter().next().cloned();
        clear.subject = subject_token(record);
        clear.categories.clone_from(&record.categories);
        self.acted(&mut clear, &mut body, &record.recorder, &record.recorded_by);
        body.references =
            BTreeSet::from([Reference { object: "consent".to_owned(), id: format!("{}/{}", record.id, record.version) }]);
        let ConsentEvent { at, recorded_at, reason } = &record.event;
        let mut change = entry::Change { event: event.to_owned(), reason: reason.clone(), ..entry::Change::default() };
        change.after.insert("at".to_owned(), at.to_string());
        change.after.insert("recordedAt".to_owned(), recorded_at.to_string());
        body.change = Some(change);
        Ok((clear, body))
    }
}

/// The subject's search token, as a record keeps it.
fn token_text(token: SearchToken) -> String {
    base64::encode_url(token.bytes())
}

fn subject_token(record: &ConsentRecord) -> Option<SearchToken> {
    base64::decode_url_array(&record.subject).ok().map(SearchToken::from_bytes)
}
