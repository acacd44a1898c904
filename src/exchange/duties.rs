//! What a delivery leaves to be known and done: on which consents it rested, and that its recipient is to tell the subject (informatieplicht).

use std::collections::{BTreeMap, BTreeSet};

use super::seal::SealedParts;
use super::{Gateway, Stopped};
use crate::catalogue::Category;
use crate::notice::{Task, TaskKind, TaskState, notification_due};
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
        if let Some(consent) = &item.permitted.consent {
            by_consent.entry(consent.clone()).or_default().insert(item.permitted.cell.category);
        }
    }
    let mut changes = reliances(gateway, parts, by_consent);
    let recipient = parts.matter.caller.organisation();
    let now = gateway.clock.now();
    let task = Task {
        id: gateway.new_id().map_err(JournalError::from)?.to_string(),
        version: 1,
        kind: TaskKind::SubjectNotification,
        owner: recipient.oin.clone(),
        owner_kind: recipient.kind,
        about: parts.matter.id.to_string(),
        purpose: Some(parts.plan.purpose.id.clone()),
        categories: parts.items.iter().map(|item| item.permitted.cell.category).collect(),
        not_by: None,
        created_at: now,
        due: notification_due(recipient.kind, now, parts.plan.purpose.retention.notify_subject_by_days),
        state: TaskState::Due,
        answers: Vec::new(),
    };
    changes.push(Change::Task(Box::new(task)));
    Ok(changes)
}

/// The rows that say on which consents what is given now rests.
pub(super) fn reliances(gateway: &Gateway, parts: &SealedParts, by_consent: BTreeMap<String, BTreeSet<Category>>) -> Vec<Change> {
    let now = gateway.clock.now();
    let row = |(consent, categories): (String, BTreeSet<Category>)| {
        Change::Reliance(Reliance {
            consent,
            disclosure: parts.matter.id.to_string(),
            recipient: parts.matter.caller.oin().clone(),
            categories,
            first: now,
            last: now,
        })
    };
    by_consent.into_iter().map(row).collect()
}
