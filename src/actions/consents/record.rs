//! Recording a consent.

use std::collections::BTreeMap;

use super::draft::{Draft, Opening};
use super::{rules, token_text};
use crate::actions::once::Once;
use crate::actions::{ActionError, Desk};
use crate::clock::Timestamp;
use crate::consent::authority::Hold;
use crate::consent::record::ConsentEvent;
use crate::consent::{ConsentRecord, ConsentState};
use crate::json::Fault;
use crate::notice::{Task, TaskKind, TaskState};
use crate::organisation::{Kind, Oin, Organisation};
use crate::policy::Bundle;
use crate::store::sequencer::AppendError;
use crate::store::{Change, Conflict, SubjectIndex};

/// Who records, and what is known here.
#[derive(Clone, Copy)]
pub struct Recording<'a> {
    /// The source that records.
    pub recorder: &'a Organisation,
    /// Everybody who takes part.
    pub known: &'a BTreeMap<Oin, Kind>,
    /// The policies in force.
    pub bundle: &'a Bundle,
}

impl Desk {
    /// Takes a consent that a source records under `id`: in force from this commit on, or held for the source's professional, who then has a
    /// task.
    ///
    /// # Errors
    /// [`ActionError::Faults`] with every fault; [`ActionError`].
    pub async fn accept_consent(&self, id: &str, draft: Draft, recording: Recording<'_>, once: Once) -> Result<(), ActionError> {
        let now = self.clock.now();
        let hold = rules::check(&draft, &recording, &self.authority, now).map_err(ActionError::Faults)?;
        self.supersedes_own(&draft, &recording.recorder.oin).await?;
        let subject = draft.subject.clone();
        let mut record = record(id, draft.clone(), &recording.recorder.oin, hold, now);
        self.not_refused_since(&draft, &record).await?;
        record.subject = token_text(self.journal.subject_token(&record.recorder, &subject));
        let entry = self.entry(self.consent_entry(&record)?)?;
        if record.state == ConsentState::Refused {
            return self.refuse(self.subject_index(&subject), &record, once).await;
        }
        let mut changes = Vec::new();
        if hold.is_some() {
            changes.push(Change::Task(Box::new(self.consent_review(&record, recording.recorder)?)));
        }
        changes.push(Change::Consent(self.subject_index(&subject), Box::new(record)));
        self.commit_once(vec![entry], changes, once).await
    }

    /// A refusal ends what was agreed to before: that and its notices are in the same commit.
    async fn refuse(&self, about: SubjectIndex, record: &ConsentRecord, once: Once) -> Result<(), ActionError> {
        loop {
            let (entries, changes) = self.ends(about, record.clone()).await?;
            match self.commit_once(entries, changes, once.clone()).await {
                // Something was given meanwhile on what it ends: as in `end_consent`.
                Err(ActionError::Append(AppendError::Conflict(Conflict::StateChanged))) => {}
                done => return done,
            }
        }
    }

    /// A consent takes the place only of one of the same recorder about the same person.
    async fn supersedes_own(&self, draft: &Draft, recorder: &Oin) -> Result<(), ActionError> {
        let Some(earlier) = &draft.supersedes else { return Ok(()) };
        let kept = self.store.consent(earlier).await?;
        let same = |kept: &crate::store::duties::KeptConsent| {
            kept.subject == self.subject_index(&draft.subject)
                && kept.current().is_some_and(|record| record.recorder == *recorder)
        };
        if kept.as_ref().is_some_and(same) {
            return Ok(());
        }
        let expected = "the id of a consent about the same person that you recorded".to_owned();
        Err(ActionError::Faults(vec![Fault { pointer: "/supersedes".to_owned(), expected }]))
    }

    /// A held consent is decided on within the time of a withdrawal notice: nothing rests on it meanwhile.
    fn consent_review(&self, record: &ConsentRecord, owner: &Organisation) -> Result<Task, ActionError> {
        Ok(Task {
            id: self.new_id()?,
            version: 1,
            kind: TaskKind::ConsentReview,
            owner: owner.oin.clone(),
            owner_kind: owner.kind,
            about: record.id.clone(),
            follows: None,
            purpose: None,
            categories: record.categories.clone(),
            not_by: Some(record.recorded_by.clone()),
            created_at: record.event.recorded_at,
            due: crate::notice::withdrawal_due(record.event.recorded_at),
            state: TaskState::Due,
            answers: Vec::new(),
        })
    }
}

fn record(id: &str, draft: Draft, recorder: &Oin, hold: Option<Hold>, now: Timestamp) -> ConsentRecord {
    let state = match (draft.opening, hold) {
        (Opening::Given, None) => ConsentState::Given,
        (Opening::Given, Some(_)) | (Opening::Requested, _) => ConsentState::Requested,
        (Opening::Refused, _) => ConsentState::Refused,
    };
    ConsentRecord {
        id: id.to_owned(),
        version: 1,
        subject: String::new(),
        state,
        sources: draft.sources.into_iter().collect(),
        recipients: draft.recipients.into_iter().collect(),
        purposes: draft.purposes.into_iter().collect(),
        categories: draft.categories.into_iter().collect(),
        max_form: draft.max_form,
        valid_from: draft.valid_from.unwrap_or(now).max(now),
        not_after: draft.not_after,
        notice: draft.notice,
        grantors: draft.grantors,
        parents_with_custody: draft.parents_with_custody,
        capacity_assessed_by: draft.capacity_assessed_by,
        subject_age: draft.subject_age,
        asked_in_private: draft.asked_in_private,
        evidence: draft.evidence,
        recorder: recorder.clone(),
        recorded_by: draft.recorded_by,
        hold,
        reviewed_by: None,
        event: ConsentEvent { at: draft.at.min(now), recorded_at: now, reason: draft.reason },
        conditions: draft.conditions,
        supersedes: draft.supersedes,
        signature: None,
    }
}
