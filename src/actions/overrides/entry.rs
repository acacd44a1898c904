//! The log entry of an override, or of its end: what it opens to whom, on which ground, and who stands for it, with the signatures.

use std::collections::{BTreeMap, BTreeSet};

use super::Step;
use crate::actions::{ActionError, Desk};
use crate::consent::Override;
use crate::crypto::{base64, digest};
use crate::ledger::entry::{Actor, Body, Change, Clear, Client, Emergency, EntryKind, Outcome, Reference, Signed};
use crate::notice::Answered;
use crate::organisation::Oin;
use crate::secret::Personal;
use crate::source::overrides::{OverrideMessage, SignedStep, revoke_statement};
use crate::subject::SubjectId;

impl Desk {
    pub(super) fn override_entry(
        &self,
        step: &Step,
        subject: &Personal<SubjectId>,
        message: &OverrideMessage,
        client: Client,
    ) -> Result<(Clear, Body), ActionError> {
        let (event, outcome, record) = match step {
            Step::Made(record) => ("made", Outcome::Approved, record),
            Step::Ended(_, record) => ("ended", Outcome::Done, record),
        };
        let source = &record.source;
        let signed = signed(step, message);
        let (mut clear, mut body) = self.override_draft(record, event, outcome)?;
        clear.subject = Some(self.journal.subject_token(source, subject));
        body.client = Some(client);
        // Who took the step: of an end not who made it.
        if let Some(first) = signed.first() {
            clear.actor = Some(self.journal.actor_token(source, &first.professional));
            body.actor = Some(actor(&first.professional, source));
        }
        let review_by = matches!(step, Step::Made(_)).then(|| super::rules::review_due(message, record));
        let review_by = review_by.filter(|_| !record.four_eyes());
        body.overrides = vec![Emergency { id: record.id.clone(), reason: Some(record.harm.clone()), review_by }];
        let second = record.approved_by.iter().map(|second| second.reference.clone());
        body.change = Some(Change {
            event: event.to_owned(),
            after: opened(record),
            approved_by: second.filter(|_| event == "made").collect(),
            ..Change::default()
        });
        body.signed = signed;
        Ok((clear, body))
    }

    /// The entry about the end of an override that its review found not to be justified.
    pub(in crate::actions) fn override_refuted(
        &self,
        record: &Override,
        answer: &Answered,
    ) -> Result<(Clear, Body), ActionError> {
        let (mut clear, mut body) = self.override_draft(record, "ended", Outcome::Done)?;
        self.acted(&mut clear, &mut body, &record.source, &answer.by);
        body.overrides = vec![Emergency { id: record.id.clone(), reason: Some(record.harm.clone()), review_by: None }];
        let reason = answer.basis.clone();
        body.change = Some(Change { event: "ended".to_owned(), after: opened(record), reason, ..Change::default() });
        Ok((clear, body))
    }

    fn override_draft(&self, record: &Override, event: &str, outcome: Outcome) -> Result<(Clear, Body), ActionError> {
        let source = &record.source;
        let (mut clear, mut body) = self.draft(EntryKind::Override, source, &format!("override {event}"))?;
        clear.source = Some(source.clone());
        clear.purpose = Some(record.purpose.clone());
        clear.categories.clone_from(&record.categories);
        clear.outcome = outcome;
        clear.overridden = true;
        body.disclosing = Some(source.clone());
        body.purpose = Some(record.purpose.clone());
        body.references = BTreeSet::from([Reference { object: "override".to_owned(), id: record.id.clone() }]);
        Ok((clear, body))
    }
}

fn actor(reference: &str, source: &Oin) -> Actor {
    Actor {
        reference: reference.to_owned(),
        role: Some("source-professional".to_owned()),
        on_behalf_of: None,
        organisation: Some(source.clone()),
        acting_as: None,
    }
}

/// What it opens: codes and organisations, no words about persons.
fn opened(record: &Override) -> BTreeMap<String, String> {
    let recipients: Vec<&str> = record.recipients.iter().map(Oin::as_str).collect();
    let forms: Vec<&str> = record.forms.iter().map(|form| form.code()).collect();
    [
        ("recipients", recipients.join(" ")),
        ("ground", record.ground.code().to_owned()),
        ("forms", forms.join(" ")),
        ("notAfter", record.ends_at().to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// The steps that the entry rests on, each as it was signed.
fn signed(step: &Step, message: &OverrideMessage) -> Vec<Signed> {
    let content = &message.content;
    match step {
        Step::Made(_) => {
            let created = &message.created;
            let statement = content.create_statement(&message.id, &created.professional, created.signed_at);
            let approved = message.approved.as_ref().map(|approved| {
                let statement = content.approve_statement(&message.id, &approved.professional, approved.signed_at);
                evidence("override-approve", approved, &statement)
            });
            [evidence("override-create", created, &statement)].into_iter().chain(approved).collect()
        }
        Step::Ended(..) => {
            let ended = message.revoked.iter().map(|revoked| {
                let statement = revoke_statement(&message.id, &revoked.professional, revoked.signed_at);
                evidence("override-revoke", revoked, &statement)
            });
            ended.collect()
        }
    }
}

fn evidence(step: &str, signed: &SignedStep, statement: &[u8]) -> Signed {
    Signed {
        step: step.to_owned(),
        professional: signed.professional.clone(),
        registration: Some(signed.registration.clone()),
        public_key: signed.public_key.clone(),
        signed_at: signed.signed_at,
        signature: signed.signature.clone(),
        statement: base64::encode_url(&digest::sha256(statement)),
    }
}
