//! Overrides (doorbreking, `domain.md` §7) as sources report them. The gateway takes signatures only of professionals of the source whom its operator
//! has enrolled: two keys are two persons. Both stand in the log, so that neither can deny it.

mod entry;
mod rules;

use std::collections::BTreeMap;

use self::rules::member;
use super::{ActionError, Desk};
use crate::catalogue::Purpose;
use crate::clock::Timestamp;
use crate::consent::Override;
use crate::consent::derogation::ConsentSought;
use crate::crypto::base64;
use crate::json::Fault;
use crate::ledger::entry::Client;
use crate::organisation::people::{Person, Role};
use crate::organisation::{Kind, Oin, Organisation};
use crate::policy::Bundle;
use crate::secret::Personal;
use crate::source::overrides::{self as wire, OverrideMessage, OverrideStanding, SignedStep};
use crate::store::sequencer::AppendError;
use crate::store::{Append, Change, Conflict, NonceClaim};
use crate::subject::SubjectId;

/// Who reports an override, how that was proved, and what is known here.
pub struct Reporting<'a> {
    /// The source.
    pub source: &'a Organisation,
    /// Everybody who takes part, with the kind.
    pub known: &'a BTreeMap<Oin, Kind>,
    /// The purpose that it is for, as the policies in force have it.
    pub purpose: &'a Purpose,
    /// Those policies.
    pub bundle: &'a Bundle,
    /// How the source proved who it is: with its signature over the whole report.
    pub client: Client,
    /// The nonce of its request.
    pub nonce: NonceClaim,
}

const ENROLLED: &str =
    "a professional of the source, enrolled at the gateway (`sluis keys enrol`) with this reference, registration and key";

/// What happens to an override.
enum Step {
    Made(Box<Override>),
    Ended(u32, Box<Override>),
}

impl Desk {
    /// Takes an override that a source reports, or its end, with the nonce of its request. The same report twice is one.
    ///
    /// # Errors
    /// [`ActionError::Faults`] says all that is wrong with one that is new, and where; [`ActionError::Member`] what is wrong with its end.
    pub async fn accept_override(&self, message: &OverrideMessage, reporting: Reporting<'_>) -> Result<(), ActionError> {
        let source = &reporting.source.oin;
        let subject = message.content.subject.parse(source).map(Personal::new);
        let subject = subject.ok_or_else(|| member("/content/subject", "an identifier"))?;
        let current = self.known_override(source, &subject, &message.id).await?;
        let people = self.enrolled(source, Role::Professional).await?;
        let step = match (message.standing, current) {
            (OverrideStanding::Active, None) => Step::Made(Box::new(self.new_override(message, &reporting, &people)?)),
            (OverrideStanding::Revoked, Some((version, record))) if record.ended_at.is_none() => {
                self.ending(message, &record, &people)?;
                let record = Override { ended_at: Some(self.clock.now()), ..record };
                Step::Ended(version.saturating_add(1), Box::new(record))
            }
            (OverrideStanding::Active, Some((_, known))) if !known.is_as(&record(message, source, known.made_at)?) => {
                return Err(taken());
            }
            (_, Some(_)) => return self.changes_nothing(reporting.nonce).await,
            (OverrideStanding::Revoked, None) => return Err(member("/id", "an override in force that this source made")),
        };
        let nonce = reporting.nonce.clone();
        match self.keep_override(&subject, step, message, reporting).await {
            // Another node took the same report first, or the id is another's: of another source, or about another person.
            Err(ActionError::Append(AppendError::Conflict(Conflict::StateChanged))) => {
                let current = self.known_override(source, &subject, &message.id).await?;
                let (_, known) = current.ok_or_else(taken)?;
                let same = match message.standing {
                    OverrideStanding::Active => known.is_as(&record(message, source, known.made_at)?),
                    OverrideStanding::Revoked => known.ended_at.is_some(),
                };
                if same { self.changes_nothing(nonce).await } else { Err(taken()) }
            }
            done => done,
        }
    }

    /// A report that is known already is no new entry, but its nonce is used up all the same.
    async fn changes_nothing(&self, nonce: NonceClaim) -> Result<(), ActionError> {
        self.sequencer.append(Append { nonce: Some(nonce), ..Append::default() }).await?;
        Ok(())
    }

    async fn known_override(
        &self,
        source: &Oin,
        subject: &Personal<SubjectId>,
        id: &str,
    ) -> Result<Option<(u32, Override)>, ActionError> {
        let facts = self.store.person_facts(self.subject_index(subject)).await?;
        Ok(facts.overrides.into_iter().find(|(_, known)| known.id == id && known.source == *source))
    }

    fn new_override(
        &self,
        message: &OverrideMessage,
        reporting: &Reporting<'_>,
        people: &[Person],
    ) -> Result<Override, ActionError> {
        let record = record(message, &reporting.source.oin, self.clock.now())?;
        let mut faults = rules::faults(message, &record, reporting);
        for (name, step) in [("created", Some(&message.created)), ("approved", message.approved.as_ref())] {
            let member = step.and_then(|step| self.stranger(&reporting.source.oin, step, people));
            faults.extend(member.map(|member| Fault { pointer: format!("/{name}/{member}"), expected: ENROLLED.to_owned() }));
        }
        if faults.is_empty() { Ok(record) } else { Err(ActionError::Faults(faults)) }
    }

    /// The end of an override: by a professional of the source, after it was made.
    fn ending(&self, message: &OverrideMessage, record: &Override, people: &[Person]) -> Result<(), ActionError> {
        let revoked = rules::ending(message, self.clock.now())?;
        match self.stranger(&record.source, revoked, people) {
            None => Ok(()),
            Some("professional") => Err(member("/revoked/professional", ENROLLED)),
            Some("registration") => Err(member("/revoked/registration", ENROLLED)),
            Some(_) => Err(member("/revoked/publicKey", ENROLLED)),
        }
    }

    /// By which member a step is none of an enrolled professional.
    fn stranger(&self, source: &Oin, step: &SignedStep, people: &[Person]) -> Option<&'static str> {
        let key = base64::decode_url(&step.public_key).ok();
        let known = people.iter().find(|person| key.is_some() && base64::decode_url(&person.key.x).ok() == key);
        let Some(person) = known else { return Some("publicKey") };
        if person.key.kid != step.professional {
            return Some("professional");
        }
        let registered = self.registration_digest(source, &step.registration) == person.key.registration;
        (!registered).then_some("registration")
    }

    async fn keep_override(
        &self,
        subject: &Personal<SubjectId>,
        step: Step,
        message: &OverrideMessage,
        reporting: Reporting<'_>,
    ) -> Result<(), ActionError> {
        let (clear, body) = self.override_entry(&step, subject, message, reporting.client)?;
        let mut changes = Vec::new();
        let (version, record) = match step {
            Step::Made(record) => (1, record),
            Step::Ended(version, record) => (version, record),
        };
        if version == 1 && !record.four_eyes() {
            let due = rules::review_due(message, &record);
            changes.push(Change::Task(Box::new(self.override_review(&record, reporting.source.kind, due)?)));
        }
        changes.push(Change::Override(self.subject_index(subject), version, record));
        self.commit_asked(clear, body, changes, Some(reporting.nonce)).await
    }
}

/// What is kept of a report: the subject's identifier and the signatures are not.
fn record(message: &OverrideMessage, source: &Oin, now: Timestamp) -> Result<Override, ActionError> {
    let content = &message.content;
    Ok(Override {
        id: message.id.clone(),
        subject: String::new(),
        source: source.clone(),
        recipients: content.recipients.iter().cloned().collect(),
        purpose: content.purpose.clone(),
        categories: content.categories.iter().copied().collect(),
        forms: content.forms.iter().copied().collect(),
        ground: content.ground,
        professional: message.created.by(),
        approved_by: message.approved.as_ref().map(SignedStep::by),
        harm: content.harm.clone(),
        harm_to: content.harm_to.clone(),
        consent_sought: consent_sought(&content.consent, now)?,
        alternatives: content.alternatives.clone(),
        necessity: content.why_least.clone(),
        consulted: content.colleague.clone(),
        made_at: now,
        not_after: content.expires_at,
        ended_at: None,
    })
}

fn taken() -> ActionError {
    ActionError::State("another override has this id, or it has changed meanwhile: nothing was taken; use a new id".to_owned())
}

fn consent_sought(sought: &wire::ConsentSought, now: Timestamp) -> Result<ConsentSought, ActionError> {
    Ok(match sought {
        wire::ConsentSought::Yes { on, result } => {
            let at = Timestamp::parse(&format!("{on}T00:00:00Z")).ok().filter(|at| *at <= now);
            let at = at.ok_or_else(|| member("/content/consent/on", "a day that has begun, YYYY-MM-DD"))?;
            ConsentSought::Sought { at, result: result.clone() }
        }
        wire::ConsentSought::No { why } => ConsentSought::NotSought { reason: why.clone() },
    })
}
