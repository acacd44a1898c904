//! What a delivery leaves to be known and done: on which consents and overrides it rested, and that its recipients, of a team every attendee,
//! are to tell the subject (informatieplicht).

use std::collections::{BTreeMap, BTreeSet};

use super::case::recipients;
use super::seal::SealedParts;
use super::{Gateway, Stopped};
use crate::catalogue::Category;
use crate::notice::{Task, TaskKind, TaskState, notification_due};
use crate::organisation::Oin;
use crate::store::Change;
use crate::store::duties::Reliance;
use crate::store::journal::JournalError;

/// The rows to be written with the delivery; none when it gives nothing.
pub(super) fn of(gateway: &Gateway, parts: &SealedParts) -> Result<Vec<Change>, Stopped> {
    if parts.items.is_empty() {
        return Ok(Vec::new());
    }
    let mut by_consent: BTreeMap<String, BTreeSet<Category>> = BTreeMap::new();
    for item in &parts.items {
        for ground in item.permitted.cell.relies_on() {
            by_consent.entry(ground).or_default().insert(item.permitted.cell.category);
        }
    }
    let mut changes = reliances(gateway, parts, by_consent);
    for recipient in recipients(&parts.matter, parts.plan.case.as_deref()) {
        changes.push(Change::Task(Box::new(notification(gateway, parts, recipient)?)));
    }
    Ok(changes)
}

/// That `recipient` is to tell the subject.
fn notification(gateway: &Gateway, parts: &SealedParts, recipient: Oin) -> Result<Task, Stopped> {
    let now = gateway.clock.now();
    let registry = gateway.registry.current();
    let member = registry.member(&recipient).ok_or_else(|| Stopped::internal("a recipient that is not registered"))?;
    let kind = member.organisation.kind;
    Ok(Task {
        id: gateway.new_id().map_err(JournalError::from)?.to_string(),
        version: 1,
        kind: TaskKind::SubjectNotification,
        owner: recipient,
        owner_kind: kind,
        about: parts.matter.id.to_string(),
        follows: None,
        purpose: Some(parts.plan.purpose.id.clone()),
        categories: parts.items.iter().map(|item| item.permitted.cell.category).collect(),
        not_by: None,
        created_at: now,
        due: notification_due(kind, now, parts.plan.purpose.retention.notify_subject_by_days),
        state: TaskState::Due,
        answers: Vec::new(),
    })
}

/// The rows that say on which consents what is given now rests.
pub(super) fn reliances(gateway: &Gateway, parts: &SealedParts, by_consent: BTreeMap<String, BTreeSet<Category>>) -> Vec<Change> {
    let recipients = recipients(&parts.matter, parts.plan.case.as_deref());
    let now = gateway.clock.now();
    let row = |(consent, categories): (String, BTreeSet<Category>)| {
        Change::Reliance(Reliance {
            consent,
            disclosure: parts.matter.id.to_string(),
            recipients: recipients.clone(),
            categories,
            first: now,
            last: now,
        })
    };
    by_consent.into_iter().map(row).collect()
}
