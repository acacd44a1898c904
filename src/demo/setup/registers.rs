//! What the gateway must know before the demo begins: organisations with their credentials, and the consents of the synthetic persons.

use std::path::Path;
use std::time::Duration;

use super::files::SetupError;
use super::members::{Member, algorithm, registration};
use super::oin;
use crate::actions::consents::{Draft, Ending, Opening, Recording};
use crate::actions::once::Once;
use crate::actions::{ActionError, Desk};
use crate::clock::Timestamp;
use crate::consent::ConsentState;
use crate::consent::minors::{Grantor, GrantorRole};
use crate::consent::record::{Evidence, EvidenceKind, Notice};
use crate::crypto::hex;
use crate::demo::households::{DemoConsent, DemoConsentState, Person, World};
use crate::demo::organisations::Slug;
use crate::organisation::keys::{PublishedKey, Validity};
use crate::organisation::{Oin, Organisation, Status};
use crate::policy::Bundle;
use crate::secret::Personal;
use crate::store::CredentialChange;
use crate::subject::{LocalNumber, SubjectId, age_on};

/// Registers members, and consents for what the policies serve.
///
/// # Errors
/// [`SetupError`].
pub async fn register(desk: &Desk, bundle: &Bundle, members: &[Member], world: &World, now: Timestamp) -> Result<(), SetupError> {
    let operated = desk.operated_by("sluis demo".parse().map_err(failed)?);
    for member in members {
        join(&operated, member, now).await?;
    }
    let organisations = desk.store.registered().await.map_err(failed)?.organisations;
    let known = organisations.iter().map(|(oin, registration)| (oin.clone(), registration.organisation.kind)).collect();
    let day = Duration::from_hours(24);
    for (number, consent) in world.consents().enumerate() {
        let person = world.persons().map(|(_, person)| person).find(|person| person.id == consent.person);
        let person = person.ok_or_else(|| failed("a consent about nobody"))?;
        let source = organisations.get(&oin(&consent.source.organisation())?).ok_or_else(|| failed("a consent at nobody's"))?;
        let recording = Recording { recorder: &source.organisation, known: &known, bundle };
        let consent = recorded_in_time(consent, now.minus(desk.authority.recorded_within).plus(day));
        record(desk, recording, &consent, person, number).await?;
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

/// What was given longer ago than the register takes was given anew when it began, on `earliest`.
fn recorded_in_time(consent: &DemoConsent, earliest: Timestamp) -> DemoConsent {
    let mut consent = consent.clone();
    consent.valid_from = consent.valid_from.max(earliest);
    if let DemoConsentState::Withdrawn { at } = &mut consent.state {
        *at = (*at).max(consent.valid_from);
    }
    consent
}

/// Records a consent as its source brings it, and its withdrawal. What was over before the register began is not brought into it.
async fn record(
    desk: &Desk,
    recording: Recording<'_>,
    consent: &DemoConsent,
    person: &Person,
    number: usize,
) -> Result<(), SetupError> {
    if consent.state == DemoConsentState::Expired {
        return Ok(());
    }
    let id = desk.new_id().map_err(failed)?;
    let source = recording.recorder.oin.clone();
    let draft = draft(consent, person, &source, number)?;
    let recorded_by = draft.recorded_by.clone();
    let refused = |error| refused(&person.id, error);
    desk.accept_consent(&id, draft, recording, Once::default()).await.map_err(refused)?;
    if let DemoConsentState::Withdrawn { at } = consent.state {
        let ending = Ending { at, recorded_by, reason: Some("withdrawn by the person".to_owned()) };
        desk.end_consent(&source, &id, ConsentState::Withdrawn, ending, Once::default()).await.map_err(refused)?;
    }
    Ok(())
}

/// What was not accepted, with every place.
fn refused(person: &str, error: ActionError) -> SetupError {
    match error {
        ActionError::Faults(faults) => {
            let faults: Vec<_> = faults.iter().map(|fault| format!("{}: {}", fault.pointer, fault.expected)).collect();
            failed(format!("a consent of {person}: {}", faults.join("; ")))
        }
        error => failed(error),
    }
}

fn draft(consent: &DemoConsent, person: &Person, source: &Oin, number: usize) -> Result<Draft, SetupError> {
    let recipients = consent.recipients.iter().map(|slug| oin(&slug.organisation())).collect::<Result<_, _>>()?;
    let purposes = consent.purposes.iter().map(|code| (*code).to_owned().try_into().map_err(failed)).collect::<Result<_, _>>()?;
    let evidence = crate::crypto::digest::sha256(format!("form {number} about {}", person.id).as_bytes());
    let sha256 = hex::encode(&evidence);
    let given = consent.valid_from;
    let subject_age = age_on(&person.birth.to_string(), &given.date()).ok_or_else(|| failed("a consent given before birth"))?;
    let own = consent.giver == consent.person;
    // From 12 to 15 the strictest table, which the demo has, asks for the minor and the parents.
    let parents = !own || (12..16).contains(&subject_age);
    let grantor = |role: GrantorRole| Grantor {
        role,
        authority_evidence: (role != GrantorRole::Subject).then(|| "extract of the custody register".to_owned()),
        method: "in person".to_owned(),
        at: given,
        alleged_perpetrator: false,
    };
    let roles = own.then_some(GrantorRole::Subject).into_iter().chain(parents.then_some(GrantorRole::Parent));
    Ok(Draft {
        opening: if consent.state == DemoConsentState::Refused { Opening::Refused } else { Opening::Given },
        subject: identifier(person, consent.source)?,
        without_bsn: person.bsn.is_none(),
        subject_age,
        sources: vec![source.clone()],
        recipients,
        purposes,
        categories: consent.categories.clone(),
        max_form: consent.max_form,
        at: given,
        valid_from: None,
        not_after: consent.not_after,
        notice: Notice {
            id: "toestemming".to_owned(),
            version: "1".to_owned(),
            language: "nl".to_owned(),
            sha256: sha256.clone(),
        },
        grantors: roles.map(grantor).collect(),
        parents_with_custody: 1,
        capacity_assessed_by: None,
        asked_in_private: consent.asked_alone,
        evidence: Evidence { kind: EvidenceKind::SignedForm, sha256, holder: source.clone() },
        recorded_by: "pro-1".to_owned(),
        reason: None,
        conditions: None,
        supersedes: None,
    })
}
