//! Overrides (doorbreking, `domain.md` §7) as sources report them. The gateway checks the
//! professionals' signatures by the keys that the source states: who they are, and that they are two, the source vouches for with its own signature.

use std::collections::BTreeSet;

use ring::signature::{ED25519, UnparsedPublicKey};

use super::{ActionError, Desk};
use crate::catalogue::Form;
use crate::consent::derogation::{ConsentSought, Ground, InvalidOverride, Professional};
use crate::consent::{Override, within_ceiling};
use crate::crypto::base64;
use crate::ledger::entry::{Actor, Emergency, EntryKind, Outcome, Reference};
use crate::organisation::Oin;
use crate::secret::Personal;
use crate::source::overrides::{self as wire, OverrideMessage, OverrideStanding, SignedStep, revoke_statement};
use crate::store::sequencer::AppendError;
use crate::store::{Append, Change, Conflict, NonceClaim};
use crate::subject::SubjectId;

impl Desk {
    /// Takes an override that `source` reports, or its end, with the nonce of its request. The same report twice is one.
    ///
    /// # Errors
    /// [`ActionError::Member`] says what is missing, and where: a field, a signature, the second person, a lawful term.
    pub async fn accept_override(
        &self,
        source: &Oin,
        message: &OverrideMessage,
        emergency: bool,
        nonce: NonceClaim,
    ) -> Result<(), ActionError> {
        let subject = message.content.subject.parse(source).map(Personal::new);
        let subject = subject.ok_or_else(|| member("/content/subject", "an identifier"))?;
        let current = self.known_override(source, &subject, &message.id).await?;
        let (version, record, event) = match (message.standing, current) {
            (OverrideStanding::Active, Some(_)) => return self.changes_nothing(nonce).await,
            (OverrideStanding::Active, None) => (1, self.new_override(source, message, emergency)?, "made"),
            (OverrideStanding::Revoked, Some((_, record))) if record.ended_at.is_some() => {
                return self.changes_nothing(nonce).await;
            }
            (OverrideStanding::Revoked, Some((version, record))) => {
                (version.saturating_add(1), self.ended(record, message)?, "ended")
            }
            (OverrideStanding::Revoked, None) => return Err(member("/id", "an override in force that this source made")),
        };
        match self.keep_override(source, &subject, version, record, (event, nonce.clone())).await {
            // Another node took the same report first.
            Err(ActionError::Append(AppendError::Conflict(Conflict::StateChanged))) => self.changes_nothing(nonce).await,
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

    fn new_override(&self, source: &Oin, message: &OverrideMessage, emergency: bool) -> Result<Override, ActionError> {
        let content = &message.content;
        let created = content.create_statement(&message.created.professional, message.created.signed_at);
        verify("/created/signature", &message.created, &created)?;
        if let Some(approved) = &message.approved {
            verify(
                "/approved/signature",
                approved,
                &content.approve_statement(&message.id, &approved.professional, approved.signed_at),
            )?;
            if approved.public_key == message.created.public_key {
                return Err(member("/approved/publicKey", "another key than that of the one who made it"));
            }
        }
        let finest = content
            .forms
            .iter()
            .copied()
            .fold(Form::Signal, |finest, form| if within_ceiling(form, finest) { finest } else { form });
        let record = Override {
            id: message.id.clone(),
            subject: String::new(),
            source: source.clone(),
            recipients: BTreeSet::from([content.recipient.clone()]),
            purpose: content.purpose.clone(),
            categories: content.categories.iter().copied().collect(),
            max_form: finest,
            ground: ground(content.ground),
            professional: Professional { reference: message.created.professional.clone(), registration: None },
            approved_by: message
                .approved
                .as_ref()
                .map(|step| Professional { reference: step.professional.clone(), registration: None }),
            harm: content.harm.clone(),
            harm_to: content.harm_to.clone(),
            consent_sought: self.consent_sought(&content.consent),
            alternatives: content.alternatives.clone(),
            necessity: content.why_least.clone(),
            consulted: content.colleague.clone(),
            made_at: self.clock.now(),
            not_after: content.expires_at,
            ended_at: None,
        };
        record.check(emergency).map_err(|error| member(place(error), error))?;
        Ok(record)
    }

    fn consent_sought(&self, sought: &wire::ConsentSought) -> ConsentSought {
        match sought {
            wire::ConsentSought::Yes { on, result } => {
                let at = crate::clock::Timestamp::parse(&format!("{on}T00:00:00Z")).unwrap_or_else(|_| self.clock.now());
                ConsentSought::Sought { at, result: result.clone() }
            }
            wire::ConsentSought::No { why } => ConsentSought::NotSought { reason: why.clone() },
        }
    }

    fn ended(&self, mut record: Override, message: &OverrideMessage) -> Result<Override, ActionError> {
        let revoked =
            message.revoked.as_ref().ok_or_else(|| member("/revoked", "required to end an override: the signed step"))?;
        verify("/revoked/signature", revoked, &revoke_statement(&message.id, &revoked.professional, revoked.signed_at))?;
        record.ended_at = Some(self.clock.now());
        Ok(record)
    }

    async fn keep_override(
        &self,
        source: &Oin,
        subject: &Personal<SubjectId>,
        version: u32,
        record: Override,
        (event, nonce): (&str, NonceClaim),
    ) -> Result<(), ActionError> {
        let (mut clear, mut body) = self.draft(EntryKind::Override, source, &format!("override {event}"))?;
        clear.source = Some(source.clone());
        clear.purpose = Some(record.purpose.clone());
        clear.categories.clone_from(&record.categories);
        clear.outcome = if event == "made" { Outcome::Approved } else { Outcome::Done };
        clear.overridden = true;
        clear.subject = Some(self.journal.subject_token(source, subject));
        clear.actor = Some(self.journal.actor_token(source, &record.professional.reference));
        body.disclosing = Some(source.clone());
        body.purpose = Some(record.purpose.clone());
        body.actor = Some(Actor {
            reference: record.professional.reference.clone(),
            role: Some("source-professional".to_owned()),
            on_behalf_of: None,
            organisation: Some(source.clone()),
            acting_as: None,
        });
        body.overrides =
            vec![Emergency { id: record.id.clone(), reason: Some(record.harm.clone()), review_by: Some(record.review_due()) }];
        body.references = BTreeSet::from([Reference { object: "override".to_owned(), id: record.id.clone() }]);
        let mut changes = Vec::new();
        if event == "made" && !record.four_eyes() {
            changes.push(Change::Task(Box::new(self.override_review(&record).await?)));
        }
        changes.push(Change::Override(self.subject_index(subject), version, Box::new(record)));
        self.commit_asked(clear, &body, changes, Some(nonce)).await
    }
}

fn member(pointer: &'static str, expected: impl ToString) -> ActionError {
    ActionError::Member { pointer, expected: expected.to_string() }
}

/// Where in the message the fault of a record lies.
fn place(fault: InvalidOverride) -> &'static str {
    match fault {
        InvalidOverride::Missing(name) => match name {
            "professional" => "/created/professional",
            "harm" => "/content/harm",
            "harmTo" => "/content/harmTo",
            "consentSought" => "/content/consent",
            "alternatives" => "/content/alternatives",
            "necessity" => "/content/whyLeast",
            "consulted" => "/content/colleague",
            _ => "/content",
        },
        InvalidOverride::Empty(name) => match name {
            "categories" => "/content/categories",
            _ => "/content/recipient",
        },
        InvalidOverride::Term => "/content/expiresAt",
        InvalidOverride::FourEyes => "/approved",
    }
}

/// The professional's signature over the canonical statement.
fn verify(pointer: &'static str, step: &SignedStep, statement: &[u8]) -> Result<(), ActionError> {
    let invalid = || member(pointer, "a signature by publicKey over the canonical JSON of the step and the whole content");
    let key: [u8; 32] = base64::decode_url_array(&step.public_key).map_err(|_| invalid())?;
    let signature: [u8; 64] = base64::decode_url_array(&step.signature).map_err(|_| invalid())?;
    UnparsedPublicKey::new(&ED25519, key).verify(statement, &signature).map_err(|_| invalid())
}

const fn ground(ground: wire::OverrideGround) -> Ground {
    match ground {
        wire::OverrideGround::ConflictVanPlichten => Ground::ConflictOfDuties,
        wire::OverrideGround::Wmo526 => Ground::Wmo526,
        wire::OverrideGround::Wmo411 => Ground::Wmo411,
        wire::OverrideGround::Wpg19 => Ground::Wpg19,
        wire::OverrideGround::Noodsituatie => Ground::Emergency,
    }
}
