//! The one consent that governs a disclosure: never a merge of several.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::{ConsentRecord, ConsentState};
use crate::catalogue::{Category, PurposeCode};
use crate::clock::Timestamp;
use crate::organisation::Oin;

/// The newest version of each record, by id.
type Newest<'r> = BTreeMap<&'r str, &'r ConsentRecord>;

/// The governing record among all of one subject for this source, recipient, purpose and category, or none.
///
/// Of each id only the newest version speaks. Records that are only requested, not yet in force or (given) past their term say
/// nothing. A consent whose recorder has recorded another in its place is over: it says nothing any more, about any combination,
/// whatever became of the other one, unless that is still only requested. A refusal or withdrawal stands before every consent,
/// however narrow that is, but one that was given after it and in answer to it (`supersedes`), as long as that is in force. Of the rest governs the most specific (fewest
/// purposes × recipients × sources × categories), then the most restrictive (refused, withdrawn or invalidated before expired
/// before given), then the newest.
pub fn governing<'r>(
    records: &'r [ConsentRecord],
    source: &Oin,
    recipient: &Oin,
    purpose: &PurposeCode,
    category: Category,
    now: Timestamp,
) -> Option<&'r ConsentRecord> {
    let newest = newest(records);
    let concerning = newest.values().copied().filter(|record| record.concerns(source, recipient, purpose, category));
    let speaking: Vec<&ConsentRecord> =
        concerning.filter(|record| speaks(record, now) && !is_replaced(record, &newest)).collect();
    let nos = || speaking.iter().copied().filter(|record| is_of_person(record.state));
    let stands = |record: &&ConsentRecord| record.state != ConsentState::Given || nos().all(|no| lifts(record, no, &newest));
    let standing: Vec<&ConsentRecord> = speaking.iter().copied().filter(stands).collect();
    let yes = || standing.iter().copied().filter(|record| record.state == ConsentState::Given);
    let lifted = |record: &ConsentRecord| {
        let replaced = yes().any(|given| followed(given, &newest).contains(record.id.as_str()));
        replaced || (is_of_person(record.state) && yes().next().is_some())
    };
    standing.iter().copied().filter(|record| !lifted(record)).min_by_key(|record| {
        (breadth(record), restriction(record.state), Reverse(record.event.recorded_at), Reverse(record.id.as_str()))
    })
}

/// The consents that were given and that `no`, which their recorder records now or has just recorded, ends wholly or in part: also those that have
/// expired meanwhile, for what was disclosed on them since.
pub fn ended_by<'r>(records: &'r [ConsentRecord], no: &ConsentRecord) -> Vec<&'r ConsentRecord> {
    let newest = newest(records);
    let was_given = |record: &&ConsentRecord| matches!(record.state, ConsentState::Given | ConsentState::Expired);
    let given = newest.values().copied().filter(was_given).filter(|record| record.id != no.id);
    let own = given.filter(|record| record.recorder == no.recorder && record.overlaps(no) && !is_replaced(record, &newest));
    own.filter(|record| is_of_person(no.state) && !lifts(record, no, &newest)).collect()
}

/// Whether a consent lifts a refusal or withdrawal: given after it, and in answer to it. It takes the place of that no, by itself or by those whose place it
/// took, or of a later one that is about all that this one is about: whoever answered that answered this too. What was agreed to before a no, beside it, or
/// in answer to another one is ended by it (`evidence/policy-consent.md` §6: what is ambiguous is a no).
fn lifts(record: &ConsentRecord, no: &ConsentRecord, newest: &Newest<'_>) -> bool {
    let said = |one: &ConsentRecord| (one.event.at, one.event.recorded_at);
    let is_later = said(no) > (record.given_at(), record.event.recorded_at);
    let includes = |one: &&ConsentRecord| is_of_person(one.state) && said(one) >= said(no) && one.covers(no);
    let answered = |id: &&str| *id == no.id || newest.get(*id).is_some_and(includes);
    !is_later && followed(record, newest).iter().any(answered)
}

/// What the person herself said; what a professional found invalid is no word of hers, and ends itself alone.
const fn is_of_person(state: ConsentState) -> bool {
    matches!(state, ConsentState::Refused | ConsentState::Withdrawn)
}

/// Of the consents in force for data of this source the one that comes nearest to a disclosure for which none governs: to tell why
/// it does not cover that, never to give anything.
pub fn nearest<'r>(
    records: &'r [ConsentRecord],
    source: &Oin,
    recipients: &BTreeSet<Oin>,
    purpose: &PurposeCode,
    category: Category,
    now: Timestamp,
) -> Option<&'r ConsentRecord> {
    let newest = newest(records);
    let given = newest.values().copied().filter(|record| record.state == ConsentState::Given && record.sources.contains(source));
    let in_force = given.filter(|record| {
        let mut nos = newest.values().filter(|other| is_of_person(other.state) && other.overlaps(record));
        speaks(record, now) && !is_replaced(record, &newest) && nos.all(|no| lifts(record, no, &newest))
    });
    let named = |record: &ConsentRecord| recipients.intersection(&record.recipients).count();
    // Another consent speaks in the place of one that covers all of it: that one tells why.
    let others = recipients.iter().filter(|recipient| *recipient != source);
    let named_all = |record: &ConsentRecord| others.clone().all(|recipient| record.recipients.contains(recipient));
    let covers =
        |record: &ConsentRecord| named_all(record) && record.purposes.contains(purpose) && record.categories.contains(&category);
    in_force.filter(|record| named(record) > 0 && !covers(record)).max_by_key(|record| {
        (record.categories.contains(&category), record.purposes.contains(purpose), named(record), record.event.recorded_at)
    })
}

fn newest(records: &[ConsentRecord]) -> Newest<'_> {
    let mut newest: Newest<'_> = BTreeMap::new();
    for record in records {
        let kept = newest.entry(&record.id).or_insert(record);
        if kept.version < record.version {
            *kept = record;
        }
    }
    newest
}

/// A refusal or withdrawal speaks as long as nothing takes its place; a consent only within its term.
fn speaks(record: &ConsentRecord, now: Timestamp) -> bool {
    match record.state {
        ConsentState::Requested => false,
        ConsentState::Refused | ConsentState::Withdrawn | ConsentState::Invalidated => true,
        ConsentState::Given | ConsentState::Expired => record.valid_from <= now && now < record.not_after,
    }
}

/// Whether this consent is over because its recorder has recorded another in its place. That a person has answered anew is not undone by the end
/// of that answer: she was told that it takes the place of this one.
fn is_replaced(record: &ConsentRecord, newest: &Newest<'_>) -> bool {
    let replaces = |other: &&ConsentRecord| {
        other.supersedes.as_deref() == Some(record.id.as_str())
            && other.recorder == record.recorder
            && other.state != ConsentState::Requested
    };
    !says_no(record.state) && newest.values().any(replaces)
}

/// The ids of the records that a consent follows: the one whose place it took, the one before that, and so on.
fn followed<'r>(record: &'r ConsentRecord, newest: &Newest<'r>) -> BTreeSet<&'r str> {
    let mut ids = BTreeSet::new();
    let mut at = Some(record).filter(|record| !says_no(record.state));
    while let Some(before) = at.and_then(|record| newest.get(record.supersedes.as_deref()?)) {
        if before.recorder != record.recorder || !ids.insert(before.id.as_str()) {
            break;
        }
        at = Some(before);
    }
    ids
}

const fn says_no(state: ConsentState) -> bool {
    matches!(state, ConsentState::Refused | ConsentState::Withdrawn | ConsentState::Invalidated)
}

fn breadth(record: &ConsentRecord) -> u64 {
    let sizes = [record.purposes.len(), record.recipients.len(), record.sources.len(), record.categories.len()];
    sizes.iter().fold(1, |product: u64, size| product.saturating_mul(u64::try_from(*size).unwrap_or(u64::MAX)))
}

const fn restriction(state: ConsentState) -> u8 {
    match state {
        ConsentState::Refused | ConsentState::Withdrawn | ConsentState::Invalidated => 0,
        ConsentState::Expired | ConsentState::Requested => 1,
        ConsentState::Given => 2,
    }
}

#[cfg(test)]
pub(crate) mod tests;
