//! What must hold of an override when it is reported. Every fault is found, each with its place and what is expected there.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};

use super::Reporting;
use crate::actions::ActionError;
use crate::catalogue::Ground;
use crate::clock::Timestamp;
use crate::consent::Override;
use crate::consent::derogation::{InvalidOverride, LONGEST, REVIEW_WORKING_DAYS, one_suffices};
use crate::crypto::base64;
use crate::json::Fault;
use crate::organisation::{Kind, Oin};
use crate::source::overrides::{OverrideMessage, SignedStep, revoke_statement};

/// How far a professional's clock may be ahead of this one: a minute of the connector's, and a minute of ours.
const AHEAD: Duration = Duration::from_mins(2);

/// Everything that is wrong with a report of a new override.
pub(super) fn faults(message: &OverrideMessage, record: &Override, reporting: &Reporting<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    signatures(message, record.made_at, &mut faults);
    if let Err(fault) = record.check() {
        faults.push(Fault { pointer: place(fault).to_owned(), expected: fault.to_string() });
    }
    let before = faults.len();
    recipients(message, reporting, &mut faults);
    if faults.len() == before {
        categories(message, reporting, &mut faults);
    }
    review(message, record, &mut faults);
    faults
}

pub(super) fn member(pointer: &'static str, expected: impl ToString) -> ActionError {
    ActionError::Member { pointer, expected: expected.to_string() }
}

/// The step by which an override is ended.
///
/// # Errors
/// [`ActionError::Member`].
pub(super) fn ending(message: &OverrideMessage, now: Timestamp) -> Result<&SignedStep, ActionError> {
    let required = || member("/revoked", "required to end an override: the signed step");
    let revoked = message.revoked.as_ref().ok_or_else(required)?;
    let statement = revoke_statement(&message.id, &revoked.professional, revoked.signed_at);
    if !holds(revoked, &statement) {
        return Err(member("/revoked/signature", SIGNATURE));
    }
    let signed_at = revoked.signed_at;
    if signed_at > now.plus(AHEAD) || signed_at < message.created.signed_at {
        return Err(member("/revoked/signedAt", "an instant after it was created that has passed"));
    }
    Ok(revoked)
}

/// When the review of an override that one person made alone is due: as the source told her, and never later than counted from her act, however
/// late that was reported.
pub(super) fn review_due(message: &OverrideMessage, record: &Override) -> Timestamp {
    let counted = latest_review(message).min(record.review_due());
    message.review_due.map_or(counted, |due| due.min(counted))
}

fn latest_review(message: &OverrideMessage) -> Timestamp {
    message.created.signed_at.plus_working_days(REVIEW_WORKING_DAYS)
}

const SIGNATURE: &str = "a signature by publicKey over the canonical JSON of the step and the whole content";

fn signatures(message: &OverrideMessage, now: Timestamp, faults: &mut Vec<Fault>) {
    let (content, created) = (&message.content, &message.created);
    let mut add =
        |pointer: &str, expected: &str| faults.push(Fault { pointer: pointer.to_owned(), expected: expected.to_owned() });
    if !holds(created, &content.create_statement(&message.id, &created.professional, created.signed_at)) {
        add("/created/signature", SIGNATURE);
    }
    if created.signed_at > now.plus(AHEAD) {
        add("/created/signedAt", "an instant that has passed");
    }
    // Not from when it is reported: a step is not kept in a drawer.
    if content.expires_at > created.signed_at.plus(LONGEST) {
        add("/content/expiresAt", "at most 7 days after it was signed");
    }
    let Some(approved) = &message.approved else { return };
    if !holds(approved, &content.approve_statement(&message.id, &approved.professional, approved.signed_at)) {
        add("/approved/signature", SIGNATURE);
    }
    if approved.signed_at > now.plus(AHEAD) || approved.signed_at < created.signed_at {
        add("/approved/signedAt", "an instant after it was created that has passed");
    }
    if approved.public_key == created.public_key {
        add("/approved/publicKey", "another key than that of the one who made it");
    }
}

fn recipients(message: &OverrideMessage, reporting: &Reporting<'_>, faults: &mut Vec<Fault>) {
    let content = &message.content;
    let (source, grounds) = (reporting.source, &reporting.purpose.grounds);
    let others = content.recipients.iter().enumerate().filter(|(_, recipient)| **recipient != source.oin);
    let mut held: Option<BTreeSet<Ground>> = None;
    for (place, recipient) in others {
        let carrying = kind(reporting, recipient).map(|kind| grounds.carrying_to(source.kind, kind));
        let expected = match carrying {
            None => "an organisation that takes part here".to_owned(),
            Some(carrying) if carrying.is_empty() => {
                format!("an organisation to which {} can break confidentiality for {}", source.kind.code(), content.purpose)
            }
            Some(carrying) => {
                held = Some(held.map_or_else(|| carrying.clone(), |held| &held & &carrying));
                continue;
            }
        };
        faults.push(Fault { pointer: format!("/content/recipients/{place}"), expected });
    }
    if let Some(held) = held.filter(|held| !held.contains(&content.ground)) {
        let codes: Vec<&str> = held.iter().map(|ground| ground.code()).collect();
        let which =
            if codes.is_empty() { "none for all of these recipients: name them apart".to_owned() } else { codes.join(" or ") };
        let expected =
            format!("a ground on which {} can break confidentiality for {}: {which}", source.kind.code(), content.purpose);
        faults.push(Fault { pointer: "/content/ground".to_owned(), expected });
    }
}

/// What no override opens is not promised by one: whoever breaks secrecy is told now, and not by an answer that stays away.
fn categories(message: &OverrideMessage, reporting: &Reporting<'_>, faults: &mut Vec<Fault>) {
    let content = &message.content;
    let kinds: BTreeSet<Kind> = content.recipients.iter().filter_map(|recipient| kind(reporting, recipient)).collect();
    for (place, category) in content.categories.iter().enumerate() {
        let opens = |kind: &Kind| {
            let opened = reporting.bundle.opened_by_override(*kind, &content.purpose, reporting.source.kind, *category);
            opened.iter().any(|form| content.forms.contains(&form))
        };
        if !kinds.iter().any(opens) {
            let expected =
                "a category that an override can open to one of these recipients for this purpose, in one of the forms";
            faults.push(Fault { pointer: format!("/content/categories/{place}"), expected: expected.to_owned() });
        }
    }
}

fn kind(reporting: &Reporting<'_>, recipient: &Oin) -> Option<Kind> {
    reporting.known.get(recipient).copied()
}

/// Who made it alone is reviewed, and knows by when.
fn review(message: &OverrideMessage, record: &Override, faults: &mut Vec<Fault>) {
    let latest = latest_review(message);
    let expected = match (record.approved_by.is_some(), message.review_due) {
        (true, Some(_)) => "nothing: two persons stand for it",
        (false, due) if one_suffices(&record.purpose) && due.is_none_or(|due| due > latest) => {
            "by when the privacy officer (FG) reviews it: at most two working days after it was signed"
        }
        _ => return,
    };
    faults.push(Fault { pointer: "/reviewDue".to_owned(), expected: expected.to_owned() });
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
        InvalidOverride::Empty(name) | InvalidOverride::Many(name) => match name {
            "categories" => "/content/categories",
            "forms" => "/content/forms",
            _ => "/content/recipients",
        },
        InvalidOverride::Itself => "/content/recipients",
        InvalidOverride::OwnColleague => "/content/colleague",
        InvalidOverride::Term => "/content/expiresAt",
        InvalidOverride::FourEyes => "/approved",
    }
}

/// Whether the professional's signature is over the canonical statement.
fn holds(step: &SignedStep, statement: &[u8]) -> bool {
    let (Ok(key), Ok(signature)) =
        (base64::decode_url_array::<32>(&step.public_key), base64::decode_url_array::<64>(&step.signature))
    else {
        return false;
    };
    UnparsedPublicKey::new(&ED25519, key).verify(statement, &signature).is_ok()
}
