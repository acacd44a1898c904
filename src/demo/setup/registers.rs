//! What the gateway must know before the demo begins: organisations with their credentials, and the consents of the synthetic persons.

use std::path::Path;
use std::time::Duration;

use super::files::SetupError;
use super::members::{Member, algorithm, registration};
use super::oin;
use crate::actions::Desk;
use crate::clock::Timestamp;
use crate::consent::minors::{Grantor, GrantorRole};
use crate::consent::record::{ConsentEvent, Evidence, EvidenceKind, Notice};
use crate::consent::{ConsentRecord, ConsentState};
use crate::crypto::hex;
use crate::demo::households::{DemoConsent, DemoConsentState, Household, Person, World};
use crate::demo::organisations::Slug;
use crate::organisation::keys::{PublishedKey, Validity};
use crate::organisation::{Oin, Organisation, Status};
use crate::secret::Personal;
use crate::store::CredentialChange;
use crate::subject::{LocalNumber, SubjectId, age_on};

/// Registers members and consents.
///
/// # Errors
/// [`SetupError`].
pub async fn register(desk: &Desk, members: &[Member], world: &World, now: Timestamp) -> Result<(), SetupError> {
    let operated = desk.operated_by("sluis demo".parse().map_err(failed)?);
    for member in members {
        join(&operated, member, now).await?;
    }
    let consents: Vec<&DemoConsent> = world.consents().collect();
    for (number, consent) in consents.into_iter().enumerate() {
        let (household, person) =
            world.persons().find(|(_, person)| person.id == consent.person).ok_or_else(|| failed("a consent about nobody"))?;
        record(desk, household, person, consent, number).await?;
    }
    Ok(())
}

fn failed(error: impl ToString) -> SetupError {
    SetupError::new(Path::new("registers"), error)
}

async fn join(desk: &Desk, member: &Member, now: Timestamp) -> Result<(), SetupError> {
    let organisation = oin(&member.organisation)?;
    let day = Duration::from_hours(24);
    let validity = Validity { from: now.minus(day), until: now.plus(day * 365), revoked: false };
    let mut credentials: Vec<_> = member
        .certificates
        .iter()
        .map(|&fingerprint| CredentialChange::Certificate { organisation: organisation.clone(), fingerprint, validity })
        .collect();
    for key in &member.signing {
        let key = published(key.public(), algorithm(key)?, validity)?;
        credentials.push(CredentialChange::Signing { organisation: organisation.clone(), key });
    }
    if let Some(key) = &member.encryption {
        let key = published(key.public(), member.organisation.encryption.alg(), validity)?;
        credentials.push(CredentialChange::Encryption { organisation: organisation.clone(), key });
    }
    for (role, key) in &member.people {
        let reference = key.public().id().ok_or_else(|| failed("a key without id"))?.as_str();
        let jwk = serde_json::to_string(key.public()).map_err(failed)?;
        let registration = registration(member.organisation.slug, reference);
        let key = desk.personal_key(&organisation, jwk.as_bytes(), &registration, validity).map_err(failed)?;
        credentials.push(CredentialChange::Person { organisation: organisation.clone(), role: *role, key });
    }
    let organisation = Organisation {
        oin: organisation,
        kind: member.organisation.kind,
        name: member.organisation.name.to_owned(),
        status: Status::Active,
        bsn_authority: member.organisation.bsn_authority,
        connector: member.connector.clone(),
    };
    desk.join(organisation, credentials).await.map_err(failed)
}

fn published(key: &crate::crypto::keys::Jwk, alg: &str, validity: Validity) -> Result<PublishedKey, SetupError> {
    let keyid = key.id().ok_or_else(|| failed("a key without id"))?.as_str().to_owned();
    let jwk = serde_json::to_string(key).map_err(failed)?;
    Ok(PublishedKey { keyid, alg: alg.to_owned(), jwk, validity })
}

/// How the gateway's registers know a person: by citizen number, or by the source's own number.
fn identifier(person: &Person, source: Slug) -> Result<Personal<SubjectId>, SetupError> {
    if let Some(bsn) = &person.bsn {
        return Ok(Personal::new(SubjectId::Bsn(bsn.clone())));
    }
    let value: LocalNumber = person.local_number(source).parse().map_err(failed)?;
    Ok(Personal::new(SubjectId::Local { source: oin(&source.organisation())?, value }))
}

/// A consent as it was given, and, if it was, withdrawn.
async fn record(
    desk: &Desk,
    household: &Household,
    person: &Person,
    consent: &DemoConsent,
    number: usize,
) -> Result<(), SetupError> {
    let source = oin(&consent.source.organisation())?;
    let subject = identifier(person, consent.source)?;
    let state = match consent.state {
        DemoConsentState::Given | DemoConsentState::Withdrawn { .. } => ConsentState::Given,
        DemoConsentState::Refused => ConsentState::Refused,
        DemoConsentState::Expired => ConsentState::Expired,
    };
    let born = person.birth.to_string();
    let age = age_on(&born, &consent.valid_from.date()).ok_or_else(|| failed("a consent given before birth"))?;
    let first = consent_record(household, consent, &source, state, number, age)?;
    let id = first.id.clone();
    desk.record_consent(&source, &subject, first).await.map_err(failed)?;
    if matches!(consent.state, DemoConsentState::Withdrawn { .. }) {
        desk.withdraw_consent(&source, &subject, &id, "withdrawn by the person").await.map_err(failed)?;
    }
    Ok(())
}

fn consent_record(
    household: &Household,
    consent: &DemoConsent,
    source: &Oin,
    state: ConsentState,
    number: usize,
    age: u8,
) -> Result<ConsentRecord, SetupError> {
    let recipients = consent.recipients.iter().map(|slug| oin(&slug.organisation())).collect::<Result<_, _>>()?;
    let purposes = consent.purposes.iter().map(|code| (*code).to_owned().try_into().map_err(failed)).collect::<Result<_, _>>()?;
    let role = if consent.giver == consent.person { GrantorRole::Subject } else { GrantorRole::Parent };
    let evidence = crate::crypto::digest::sha256(format!("form {number} of {}", household.id).as_bytes());
    let sha256 = hex::encode(&evidence);
    Ok(ConsentRecord {
        id: format!("consent-{number:04}"),
        version: 1,
        subject: consent.person.clone(),
        state,
        sources: [source.clone()].into(),
        recipients,
        purposes,
        categories: consent.categories.iter().copied().collect(),
        max_form: consent.max_form,
        valid_from: consent.valid_from,
        not_after: consent.not_after,
        notice: Notice {
            id: "toestemming".to_owned(),
            version: "1".to_owned(),
            language: "nl".to_owned(),
            sha256: sha256.clone(),
        },
        grantors: vec![Grantor {
            role,
            authority_evidence: None,
            method: "in person".to_owned(),
            at: consent.valid_from,
            alleged_perpetrator: false,
        }],
        parents_with_custody: 1,
        capacity_assessed_by: None,
        subject_age: age,
        asked_in_private: consent.asked_alone,
        evidence: Evidence { kind: EvidenceKind::SignedForm, sha256, holder: source.clone() },
        recorder: source.clone(),
        recorded_by: "pro-1".to_owned(),
        hold: None,
        reviewed_by: None,
        event: ConsentEvent { at: consent.valid_from, recorded_at: consent.valid_from, reason: None },
        conditions: None,
        supersedes: None,
        signature: None,
    })
}
