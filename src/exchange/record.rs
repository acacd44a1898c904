//! `Sealed` → [`Recorded`]: facts re-read, then *disclosure* and *contribution* entries, the sealed delivery and the sources' receipts, all in one
//! transaction.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::contribution::{by_source, contribution, given};
use super::earlier::{self, Earlier, Judged, Release, Released};
use super::entries;
use super::matter::Matter;
use super::payloads::Beside;
use super::plan::Plan;
use super::request::SubjectReference;
use super::seal::{Obligations, Sealed, SealedParts};
use super::undelivered::Told;
use super::{Gateway, Stopped, duties, unwitnessed};
use crate::clock::Timestamp;
use crate::ledger::entry::{self, Body, Clear, EntryKind, Item, Outcome};
use crate::ledger::seal::Leaf;
use crate::ledger::statement::Statement;
use crate::organisation::Oin;
use crate::store::sequencer::AppendError;
use crate::store::{
    Append, Change, Conflict, DeliveryRow, DisclosureRow, EntryRow, IdempotencyClaim, NameIndex, NonceClaim, Receipting,
    StoredDelivery,
};

/// A delivery that is in the log.
#[derive(Debug)]
pub struct Recorded {
    pub(super) matter: Matter,
    pub(super) plan: Arc<Plan>,
    /// Earlier deliveries that are given again with it, oldest first.
    pub(super) earlier: Vec<StoredDelivery>,
    pub(super) jwe: String,
    pub(super) receipt: String,
    /// What the log tells of it.
    pub(super) told: Option<Told>,
}

/// What is committed together with a delivery.
#[derive(Debug, Default)]
pub(super) struct Together {
    /// Further entries.
    pub(super) entries: Vec<EntryRow>,
    /// The nonce of the request that brought it, if that is not the matter's own.
    pub(super) nonce: Option<NonceClaim>,
    /// A claim made and answered at once.
    pub(super) idempotency: Option<IdempotencyClaim>,
    /// The release that it is: picked up later, not given in the answer to this request.
    pub(super) release: Option<Brought>,
}

/// A release that a source brings.
#[derive(Debug)]
pub(super) struct Brought {
    /// Who brings it.
    pub(super) source: Oin,
    /// The key by which it is signed.
    pub(super) keyid: String,
    /// Whether the answer given before rests on the same facts, and stays.
    pub(super) keeps_answer: bool,
}

/// Appends.
///
/// # Errors
/// [`Stopped`]: a fact that has changed sends the request back to authorise.
pub async fn record(gateway: &Gateway, sealed: Sealed) -> Result<Recorded, Stopped> {
    record_with(gateway, sealed, Together::default()).await
}

/// Appends, and more in the same transaction.
pub(super) async fn record_with(gateway: &Gateway, sealed: Sealed, mut together: Together) -> Result<Recorded, Stopped> {
    let parts = sealed.into_parts();
    let judged = earlier::judge(gateway, &parts.matter, &parts.plan).await?;
    let nonce = together.nonce.take();
    let idempotency = together.idempotency.take();
    let is_release = together.release.is_some();
    let Draft { entries, mut changes, apart, receipting, leaf } = draft(gateway, &parts, &judged, together).await?;
    if let Some(claim) = parts.matter.idempotency.as_ref().or(idempotency.as_ref()) {
        let IdempotencyClaim { organisation, key, disclosure, .. } = claim.clone();
        changes.push(Change::Answered { organisation, key, disclosure });
    }
    let SealedParts { mut matter, plan, jwe, .. } = parts;
    let nonce = matter.nonce.take().or(nonce);
    let earlier = judged.deliveries(&matter);
    let told = Told::by(&entries, &matter.id.to_string());
    let expected = Some(plan.expected.clone());
    let append = Append { nonce, idempotency, expected, apart, entries, changes, ..Append::default() };
    match gateway.sequencer.append(append).await {
        Ok(committed) => {
            let receipt = committed.receipt(&receipting, &leaf).ok_or_else(|| Stopped::internal("a commit without a proof"))?;
            gateway.receipts_waiting.notify_one();
            Ok(Recorded { matter, plan, earlier, jwe, receipt, told })
        }
        Err(error) => {
            if !is_release {
                gateway.doubts.note(&error, told);
            }
            if matter.earlier.is_some() && error == AppendError::Conflict(Conflict::StateChanged) {
                // Another delivery of the same disclosure came in between: this one starts over with it.
                matter.earlier = Some(Earlier::read(gateway, &matter.id.to_string()).await?);
                return Err(Stopped::FactsChanged(Box::new(matter)));
            }
            Err(Stopped::of_append(error, matter))
        }
    }
}

/// What is appended of a delivery; its own entry is the first.
struct Draft {
    entries: Vec<EntryRow>,
    changes: Vec<Change>,
    apart: Vec<NameIndex>,
    receipting: Receipting,
    leaf: Leaf,
}

async fn draft(gateway: &Gateway, parts: &SealedParts, judged: &Judged, together: Together) -> Result<Draft, Stopped> {
    let release = together.release.as_ref();
    let (first, receipting) = delivered(gateway, parts)?;
    let leaf = first.leaf;
    let mut entries = vec![first];
    let mut changes = judged.changes(&parts.matter, release.is_some_and(|release| release.keeps_answer));
    let apart = apart(parts, judged, release);
    let released = released(parts, judged, &leaf, release);
    let row = disclosure_row(gateway, parts, (released, apart.clone(), relied(parts, judged, release)))?;
    if let SubjectReference::Offer(offer) = &parts.matter.request.subject {
        changes.push(Change::OfferCollected { offer: offer.to_string(), until: row.expires });
    }
    changes.push(Change::Disclosure(Box::new(row)));
    changes.push(Change::Delivery(DeliveryRow {
        disclosure: parts.matter.id.to_string(),
        sealed: parts.jwe.clone(),
        receipt: receipting.clone(),
    }));
    changes.extend(duties::of(gateway, parts)?);
    changes.extend(unwitnessed::of(gateway, &parts.matter, &parts.plan)?);
    if release.is_none() {
        changes.extend(duties::reliances(gateway, parts, judged.relied.clone()));
    }
    for (source, items) in by_source(&parts.items) {
        let (row, change) = contribution(gateway, parts, &source, &items, entries.len())?;
        entries.push(row);
        changes.push(change);
    }
    let told = judged.entries(gateway, &parts.matter, &parts.plan, release.is_none()).await?;
    entries.extend(together.entries);
    entries.extend(told);
    Ok(Draft { entries, changes, apart, receipting, leaf })
}

/// The entry of the delivery itself, and how its receipt is made.
fn delivered(gateway: &Gateway, parts: &SealedParts) -> Result<(EntryRow, Receipting), Stopped> {
    let statement = Statement::from_digests(
        parts.matter.id,
        parts.matter.caller.oin().clone(),
        crate::crypto::digest::sha256(parts.jwe.as_bytes()),
        parts.matter.request_digest,
    );
    let years = parts.plan.purpose.retention.log_years;
    let body = disclosure_body(gateway, parts, &statement)?;
    let clear = Clear { overridden: !body.overrides.is_empty(), ..disclosure_clear(gateway, parts) };
    let written = gateway.journal.write(clear, body, Some(&statement), years)?;
    Ok((written.row, Receipting { entry: 0, party_key: written.party_key }))
}

/// The names that the recipient must not have for any of the deliveries that there are from now on.
fn apart(parts: &SealedParts, judged: &Judged, brought: Option<&Brought>) -> Vec<NameIndex> {
    let answer = parts.matter.earlier.as_ref().filter(|_| brought.is_some_and(|brought| brought.keeps_answer));
    let answer = answer.map(Earlier::apart).unwrap_or_default();
    let new = parts.items.iter().flat_map(|item| &item.permitted.apart);
    let all: BTreeSet<_> = answer.iter().chain(&judged.apart).chain(new).cloned().collect();
    all.into_iter().collect()
}

/// The releases that are kept with the disclosure from now on.
fn released(parts: &SealedParts, judged: &Judged, leaf: &Leaf, brought: Option<&Brought>) -> Vec<Released> {
    let new = brought.map(|Brought { source, keyid, .. }| {
        let release = Release { source, keyid, leaf, jwe: &parts.jwe, kid: &parts.kid };
        Released::of(release, &parts.plan, &parts.items)
    });
    judged.stay.iter().cloned().chain(new).collect()
}

/// The consents and overrides on which the deliveries rest that there are from now on; `None` where that is not known of the answer that stays.
fn relied(parts: &SealedParts, judged: &Judged, brought: Option<&Brought>) -> Option<BTreeSet<String>> {
    let stays = brought.is_some_and(|brought| brought.keeps_answer);
    let answer = match parts.matter.earlier.as_ref().filter(|_| stays) {
        Some(earlier) => earlier.relied()?.clone(),
        None => BTreeSet::new(),
    };
    let new = parts.items.iter().flat_map(|item| item.permitted.cell.relies_on());
    Some(answer.into_iter().chain(judged.relied.keys().cloned()).chain(new).collect())
}

fn disclosure_clear(gateway: &Gateway, parts: &SealedParts) -> Clear {
    let outcome = if parts.items.is_empty() { Outcome::Nothing } else { Outcome::Given };
    let mut clear = entries::clear(gateway, &parts.matter, &parts.plan, EntryKind::Disclosure, outcome);
    let mut sources = parts.plan.sources();
    if let (Some(only), None) = (sources.next(), sources.next()) {
        clear.source = Some(only.organisation.oin.clone());
    }
    clear
}

fn disclosure_body(gateway: &Gateway, parts: &SealedParts, statement: &Statement) -> Result<Body, Stopped> {
    let mut body = entries::body(gateway, &parts.matter, &parts.plan, EntryKind::Disclosure)?;
    // Nobody is called by the name in an offer of which nothing is given.
    body.subject = (!parts.items.is_empty() || !parts.matter.request.is_of_offer()).then(|| parts.subject.clone());
    body.statement = Some(statement.to_string());
    body.obligations = Some(logged_obligations(&parts.obligations));
    body.operation.ended_at = Some(gateway.clock.now());
    let mut items: Vec<Item> = parts.items.iter().map(|item| given(&parts.plan, item)).collect();
    body.overrides = entries::overrides(&parts.plan, &items);
    let answered = |cell: &super::plan::Cell| {
        parts.items.iter().any(|item| {
            item.permitted.cell.category == cell.category
                && item.permitted.cell.source.organisation.oin == cell.source.organisation.oin
        })
    };
    let withheld = &parts.matter.withheld;
    let is_of = |cell: &super::plan::Cell, other: &super::plan::Cell| {
        cell.category == other.category && cell.source.organisation.oin == other.source.organisation.oin
    };
    let silent = |cell: &&super::plan::Cell| !answered(cell) && !withheld.iter().any(|one| is_of(cell, &one.cell));
    items.extend(withheld.iter().map(|one| entries::withheld(one, &parts.plan)));
    items.extend(parts.plan.cells.iter().filter(silent).map(|cell| entries::item(cell, &parts.plan)));
    body.items = items;
    Ok(body)
}

fn logged_obligations(obligations: &Obligations) -> entry::Obligations {
    let instant = |day: &str| Timestamp::parse(&format!("{day}T00:00:00Z")).ok();
    entry::Obligations {
        retain_until: instant(&obligations.retain_until),
        onward_disclosure: obligations.onward_disclosure,
        notify_subject_by: instant(&obligations.notify_subject_by),
    }
}

/// What is kept so that the disclosure can be picked up, added to, or made anew.
fn disclosure_row(
    gateway: &Gateway,
    parts: &SealedParts,
    (released, apart, relied): (Vec<Released>, Vec<NameIndex>, Option<BTreeSet<String>>),
) -> Result<DisclosureRow, Stopped> {
    let SealedParts { matter, plan, .. } = parts;
    let open_until = plan.open_until(matter);
    let expires = open_until.plus(plan.purpose.retention.payload);
    let beside = Beside { verdict: plan.verdict(matter, gateway.clock.now()), released, apart, relied };
    let (payload_class, request) = gateway.payloads.seal(matter, beside, expires)?;
    Ok(DisclosureRow {
        id: matter.id.to_string(),
        recipient: matter.caller.oin().clone(),
        created: matter.arrived,
        open_until,
        expires,
        expected: plan.expected.clone(),
        bundle: plan.bundle.hash().to_owned(),
        request,
        payload_class,
        idempotency_key: matter.idempotency.as_ref().map(|claim| claim.key.clone()),
    })
}
