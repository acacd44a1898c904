//! Answering the gateway: find the person, apply the ceiling, read, minimise, log, and only then answer.

use super::Connector;
use super::gather::{Gathered, Work};
use super::household::{Household, InvalidSubject, parse_subject};
use super::ids::random_id;
pub use super::outcome::{AccessBody, AskedOutcome, Outcome};
use super::receipts::ItemDigest;
use super::store::{AnswerRow, OverrideRow, SourceError, StateError};
use crate::clock::Timestamp;
use crate::crypto::base64;
use crate::entropy::EntropyUnavailable;
use crate::organisation::Kind;
use crate::source::{RecordsAnswer, RecordsRequest, Wanted};

impl Connector {
    /// Answers a call of the gateway. `call` is the SHA-256 of the call's body, kept for the receipt. An unknown person gives the
    /// same answer as one without records.
    ///
    /// # Errors
    /// [`AnswerError`]: then nothing leaves. In particular when the source's own access log cannot be written.
    pub async fn answer(&self, request: &RecordsRequest, call: [u8; 32]) -> Result<RecordsAnswer, AnswerError> {
        let now = self.outside.clock.now();
        if now > request.deadline {
            return Err(AnswerError::TooLate);
        }
        refuse_malformed(request)?;
        let subject = parse_subject(&request.subject, &self.oin)?;
        let digest = self.state.digest("subject", &subject.canonical());
        let today = now.date();
        let gathered = match self.overrides_in_force(request, digest, now).await? {
            None => Gathered::nothing(request, Outcome::OverrideNotInForce),
            Some(overrides) => {
                let mut reading = self.source.read().await?;
                match Household::find(&self.mapping.person, &mut reading, &subject, &today)? {
                    None => self.gather_unknown(request, &overrides, &today)?,
                    Some(household) => {
                        let work = Work { request, household: &household, today: &today, overrides: &overrides };
                        self.gather(&work, &mut reading)?
                    }
                }
            }
        };
        self.log(request, call, digest, now, &gathered).await?;
        Ok(RecordsAnswer { decision: request.decision.clone(), subject: request.subject.clone(), items: gathered.items })
    }

    /// The named overrides; `None` when one of them is not in force for this subject, purpose and everybody who receives.
    async fn overrides_in_force(
        &self,
        request: &RecordsRequest,
        subject: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<Vec<OverrideRow>>, StateError> {
        let mut found = Vec::new();
        for id in &request.overrides {
            let row = self.state.override_row(id).await?;
            let Some(row) = row.filter(|row| row.in_force(request, &self.oin, subject, now)) else { return Ok(None) };
            found.push(row);
        }
        Ok(Some(found))
    }

    async fn log(
        &self,
        request: &RecordsRequest,
        call: [u8; 32],
        subject: [u8; 32],
        now: Timestamp,
        gathered: &Gathered,
    ) -> Result<(), AnswerError> {
        let body = AccessBody {
            actor: request.actor.clone(),
            attendees: request.attendees.clone(),
            necessity: request.necessity.clone(),
            legal_basis: request.legal_basis.clone(),
            overrides: request.overrides.clone(),
            call: base64::encode_url(&call),
            outcomes: gathered.outcomes.clone(),
            items: gathered.items.iter().map(ItemDigest::of).collect(),
        };
        let row = AnswerRow {
            id: &random_id(&*self.outside.entropy)?,
            at: now,
            decision: &request.decision,
            purpose: request.purpose.as_str(),
            recipient: request.recipient.as_str(),
            subject,
            body: &body,
            inbox: &gathered.entries,
        };
        Ok(self.state.record_answer(row).await?)
    }
}

fn refuse_malformed(request: &RecordsRequest) -> Result<(), AnswerError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if !(1..=64).contains(&request.decision.len()) || !request.decision.bytes().all(allowed) {
        return Err(AnswerError::Decision);
    }
    let clear = match request.recipient_kind {
        Kind::ExpertiseTeam => request.attendees.contains(&request.recipient),
        _ => request.attendees.is_empty(),
    };
    if !clear {
        return Err(AnswerError::Attendees);
    }
    refuse_twice(&request.wanted)
}

fn refuse_twice(wanted: &[Wanted]) -> Result<(), AnswerError> {
    let mut seen = std::collections::BTreeSet::new();
    let all_new = wanted.iter().all(|wanted| seen.insert((wanted.category, wanted.form)));
    if all_new { Ok(()) } else { Err(AnswerError::WantedTwice) }
}

/// The call is not answered; nothing left. Never holds anything about a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// The deadline has passed: nobody waits for the answer.
    #[error("the deadline of the call has passed")]
    TooLate,
    /// The decision's id is kept in the clear, so it must be an id.
    #[error("a decision id is 1 to 64 letters, digits and hyphens")]
    Decision,
    /// Who receives together is not clear.
    #[error("a call for an expertise team names its attendees, the one that asks among them; no other call names any")]
    Attendees,
    /// The subject is malformed.
    #[error(transparent)]
    Subject(#[from] InvalidSubject),
    /// The same category and form twice.
    #[error("a category and form is wanted twice")]
    WantedTwice,
    /// The source's database cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The access log cannot be written.
    #[error(transparent)]
    State(#[from] StateError),
    /// No randomness for item ids.
    #[error(transparent)]
    Entropy(#[from] EntropyUnavailable),
}
