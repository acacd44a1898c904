//! What ends a consent: withdrawal, refusal, invalidation. In force from the commit on; whoever received something that rested on it gets a
//! notice in the same transaction.

use std::collections::{BTreeMap, BTreeSet};

use super::{AHEAD, subject_token};
use crate::actions::once::Once;
use crate::actions::{ActionError, Desk};
use crate::catalogue::Category;
use crate::clock::Timestamp;
use crate::consent::record::ConsentEvent;
use crate::consent::{ConsentRecord, ConsentState, ended_by};
use crate::ledger::entry::{self, EntryKind, Reference};
use crate::notice::{Task, TaskKind, TaskState, withdrawal_due};
use crate::organisation::{Kind, Oin};
use crate::store::duties::{KeptConsent, Reliance};
use crate::store::sequencer::AppendError;
use crate::store::{Change, Conflict, EntryRow, StoreError, SubjectIndex};

/// The end of a consent as its recorder reports it.
#[derive(Clone, Debug)]
pub struct Ending {
    /// When it happened: recorded late, it counts as an incident for every disclosure since.
    pub at: Timestamp,
    /// The professional who records it.
    pub recorded_by: String,
    /// Why.
    pub reason: Option<String>,
}

impl Desk {
    /// Ends the consent `id` of `recorder`: `to` is withdrawn, refused or invalidated.
    ///
    /// # Errors
    /// [`ActionError::NotFound`] for another's; [`ActionError::State`] when it has ended already; [`ActionError::Member`]; the store's.
    pub async fn end_consent(
        &self,
        recorder: &Oin,
        id: &str,
        to: ConsentState,
        ending: Ending,
        once: Once,
    ) -> Result<(), ActionError> {
        loop {
            let kept = self.own_consent(recorder, id).await?;
            let next = self.after(&kept, to, &ending)?;
            match self.end(&kept, next, once.clone()).await {
                // Something more was given on it, or another event came first. One disclosure comes between only once, and each takes its asker
                // a signed request and its source an answer: a turn here is shorter.
                Err(ActionError::Append(AppendError::Conflict(Conflict::StateChanged))) => {}
                done => return done,
            }
        }
    }

    fn after(&self, kept: &KeptConsent, to: ConsentState, ending: &Ending) -> Result<ConsentRecord, ActionError> {
        let now = self.clock.now();
        let current = kept.current().ok_or(ActionError::NotFound)?;
        let from = current.state;
        let possible = match to {
            ConsentState::Withdrawn => {
                matches!(from, ConsentState::Given | ConsentState::Expired | ConsentState::Requested)
            }
            ConsentState::Refused => from == ConsentState::Requested,
            ConsentState::Invalidated => matches!(from, ConsentState::Given | ConsentState::Expired | ConsentState::Requested),
            _ => false,
        };
        if !possible {
            return Err(ActionError::State(format!("the consent is {}: it cannot become {}", from.code(), to.code())));
        }
        let member = |pointer, expected: &str| Err(ActionError::Member { pointer, expected: expected.to_owned() });
        if ending.at > now.plus(AHEAD) {
            return member("/at", "an instant that has passed");
        }
        if to == ConsentState::Invalidated && ending.reason.is_none() {
            return member("/reason", "required: why the consent was never valid");
        }
        let begun = begun(kept).unwrap_or(current.event.at);
        if to != ConsentState::Invalidated && ending.at < begun {
            return member(
                "/at",
                &format!("not before {begun}, when it was asked or given: what was never valid is invalidated"),
            );
        }
        // What was never valid was not when it was given either: whatever was disclosed on it is an incident.
        let at = if to == ConsentState::Invalidated { begun } else { ending.at };
        let event = ConsentEvent { at: at.min(now), recorded_at: now, reason: ending.reason.clone() };
        let mut next = current.next(to, event);
        next.recorded_by.clone_from(&ending.recorded_by);
        Ok(next)
    }

    async fn end(&self, kept: &KeptConsent, record: ConsentRecord, once: Once) -> Result<(), ActionError> {
        let (entries, changes) = self.ends(kept.subject, record).await?;
        self.commit_once(entries, changes, once).await
    }

    /// What is written when this record ends a consent or refuses: its event, the notices of its recipients, what was given since as an incident; and
    /// the same for every other consent of its recorder that a no ends with it.
    pub(super) async fn ends(
        &self,
        about: SubjectIndex,
        record: ConsentRecord,
    ) -> Result<(Vec<EntryRow>, Vec<Change>), ActionError> {
        let beside = self.all_about(about).await?;
        let (mut entries, mut changes, mut received) = (Vec::new(), Vec::new(), Received::new());
        for other in ended_by(&beside, &record) {
            if record.covers(other) {
                let at = record.event.at.max(other.given_at());
                let reason = Some(format!("ended with {}", record.id));
                let mut next = other.next(ConsentState::Withdrawn, ConsentEvent { at, reason, ..record.event.clone() });
                next.recorded_by.clone_from(&record.recorded_by);
                self.end_one(about, next, Received::new(), (&mut entries, &mut changes)).await?;
            } else {
                let in_part = self.ended_in_part(other, &record, (&mut entries, &mut changes)).await?;
                for (recipient, categories) in in_part {
                    received.entry(recipient).or_default().extend(categories);
                }
            }
        }
        self.end_one(about, record, received, (&mut entries, &mut changes)).await?;
        Ok((entries, changes))
    }

    /// Who received what on a consent that `no` ends in part, of what both are about.
    async fn ended_in_part(
        &self,
        other: &ConsentRecord,
        no: &ConsentRecord,
        (entries, changes): (&mut Vec<EntryRow>, &mut Vec<Change>),
    ) -> Result<Received, ActionError> {
        let relied = self.relied(&other.id).await?;
        let (all, guard) = receivers(other, relied.as_deref());
        changes.extend(guard);
        let Some(relied) = relied else {
            let of_both = |categories: BTreeSet<Category>| categories.intersection(&no.categories).copied().collect();
            let named = all.into_iter().filter(|(recipient, _)| no.recipients.contains(recipient));
            return Ok(named.map(|(recipient, categories)| (recipient, of_both(categories))).collect());
        };
        let in_part: Vec<Reliance> = relied.iter().filter_map(|relied| in_part(relied, no)).collect();
        if no.event.at < no.event.recorded_at {
            let since: Vec<&Reliance> = in_part.iter().filter(|one| one.last >= no.event.at).collect();
            entries.extend(self.incident(no, &since)?);
        }
        Ok(received_of(&in_part))
    }

    /// Every consent about a person; none where they cannot be read: nothing is given on any then, and her word is recorded all the same.
    async fn all_about(&self, about: SubjectIndex) -> Result<Vec<ConsentRecord>, ActionError> {
        match self.store.person_facts(about).await {
            Ok(facts) => Ok(facts.consents),
            Err(error @ StoreError::Corrupt { .. }) => {
                tracing::error!(%error, "ALARM: what else is recorded about a person cannot be read; her no ends one consent alone");
                Ok(Vec::new())
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn end_one(
        &self,
        about: SubjectIndex,
        record: ConsentRecord,
        besides: Received,
        (entries, changes): (&mut Vec<EntryRow>, &mut Vec<Change>),
    ) -> Result<(), ActionError> {
        entries.push(self.entry(self.consent_entry(&record)?)?);
        let (told, tasks) = self.told_of_the_end(&record, besides).await?;
        entries.extend(told);
        changes.extend(tasks);
        let since = record.event.at;
        if since < record.event.recorded_at
            && let Some(relied) = self.relied(&record.id).await?
        {
            let given: Vec<&Reliance> = relied.iter().filter(|one| one.last >= since).collect();
            let disclosures = given.iter().map(|one| one.disclosure.clone()).collect();
            changes.push(Change::GivenSince { consent: record.id.clone(), since, disclosures });
            entries.extend(self.incident(&record, &given)?);
        }
        changes.push(Change::Consent(about, Box::new(record)));
        Ok(())
    }

    /// A notice for whoever received something that rested on a consent, and that nobody else has; `besides`: what they received on others that end
    /// in part with it.
    pub(in crate::actions) async fn told_of_the_end(
        &self,
        record: &ConsentRecord,
        besides: Received,
    ) -> Result<(Vec<EntryRow>, Vec<Change>), ActionError> {
        let relied = self.relied(&record.id).await?;
        let (mut received, guard) = receivers(record, relied.as_deref());
        let (mut entries, mut changes) = (Vec::new(), Vec::from_iter(guard));
        for (recipient, categories) in besides {
            received.entry(recipient).or_default().extend(categories);
        }
        for (recipient, categories) in received {
            let task = self.withdrawal_notice(record, &recipient, categories).await?;
            entries.push(self.notice_entry(&task, "sent")?);
            changes.push(Change::Task(Box::new(task)));
        }
        Ok((entries, changes))
    }

    /// What a recipient is to answer.
    async fn withdrawal_notice(
        &self,
        record: &ConsentRecord,
        recipient: &Oin,
        categories: BTreeSet<Category>,
    ) -> Result<Task, ActionError> {
        let registered = self.store.registered().await?.organisations.remove(recipient);
        Ok(Task {
            id: self.new_id()?,
            version: 1,
            kind: TaskKind::WithdrawalNotice,
            owner: recipient.clone(),
            owner_kind: registered.map_or(Kind::DataSubject, |registration| registration.organisation.kind),
            about: record.id.clone(),
            follows: None,
            purpose: None,
            categories,
            not_by: None,
            created_at: record.event.recorded_at,
            due: withdrawal_due(record.event.recorded_at),
            state: TaskState::Due,
            answers: Vec::new(),
        })
    }

    /// The entry about a withdrawal notice, on its recipient's side.
    fn notice_entry(&self, task: &Task, event: &str) -> Result<EntryRow, ActionError> {
        let (mut clear, mut body) =
            self.draft(EntryKind::WithdrawalNotice, &task.owner, &format!("withdrawal notice {event}"))?;
        clear.recipient = Some(task.owner.clone());
        clear.categories.clone_from(&task.categories);
        body.receiving = Some(task.owner.clone());
        body.references = BTreeSet::from([
            Reference { object: "notice".to_owned(), id: task.id.clone() },
            Reference { object: "consent".to_owned(), id: task.about.clone() },
        ]);
        body.change = Some(entry::Change { event: event.to_owned(), ..entry::Change::default() });
        self.entry((clear, body))
    }

    /// The entry that tells of every disclosure between a withdrawal and its late recording; `None` when there was none.
    fn incident(&self, record: &ConsentRecord, since: &[&Reliance]) -> Result<Option<EntryRow>, ActionError> {
        if since.is_empty() {
            return Ok(None);
        }
        let (mut clear, mut body) = self.draft(EntryKind::ConsentEvent, &record.recorder, "disclosed after withdrawal")?;
        clear.subject = subject_token(record);
        clear.categories = since.iter().flat_map(|one| one.categories.clone()).collect();
        let disclosures = since.iter().map(|one| Reference { object: "disclosure".to_owned(), id: one.disclosure.clone() });
        let consent = Reference { object: "consent".to_owned(), id: format!("{}/{}", record.id, record.version) };
        body.references = disclosures.chain([consent]).collect();
        body.change = Some(entry::Change { event: "incident".to_owned(), ..entry::Change::default() });
        self.entry((clear, body)).map(Some)
    }
}

/// When a consent was asked or given.
fn begun(kept: &KeptConsent) -> Option<Timestamp> {
    kept.versions.iter().map(|version| version.event.at.min(version.event.recorded_at)).min()
}

/// What of a disclosure that rested on one consent a no to something else is about.
fn in_part(relied: &Reliance, no: &ConsentRecord) -> Option<Reliance> {
    let recipients: BTreeSet<_> = relied.recipients.intersection(&no.recipients).cloned().collect();
    let categories: BTreeSet<_> = relied.categories.intersection(&no.categories).copied().collect();
    let is_concerned = !recipients.is_empty() && !categories.is_empty();
    is_concerned.then(|| Reliance { recipients, categories, ..relied.clone() })
}

/// What each recipient received.
pub(in crate::actions) type Received = BTreeMap<Oin, BTreeSet<Category>>;

/// Who received what on a consent, and that it was nobody else when that is committed. Where nobody knows, everybody is told who can have.
fn receivers(record: &ConsentRecord, relied: Option<&[Reliance]>) -> (Received, Option<Change>) {
    let Some(relied) = relied else {
        let named = record.recipients.iter().map(|recipient| (recipient.clone(), record.categories.clone()));
        return (named.collect(), None);
    };
    let received = received_of(relied);
    let recipients = received.keys().cloned().collect();
    (received, Some(Change::ReceivedBy { consent: record.id.clone(), recipients }))
}

fn received_of(relied: &[Reliance]) -> Received {
    let mut received = Received::new();
    for one in relied {
        for recipient in &one.recipients {
            received.entry(recipient.clone()).or_default().extend(&one.categories);
        }
    }
    received
}
