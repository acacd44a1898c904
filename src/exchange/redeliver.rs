//! The same answer again: an idempotent repeat, or a pick-up. Each is a delivery (invariant 3): if a fact has changed, the ciphertext is destroyed
//! and the request collected anew.

use std::sync::Arc;
use std::time::Duration;

use super::authenticate::{Authenticated, Caller};
use super::deliver::Delivered;
use super::earlier::Earlier;
use super::matter::Matter;
use super::payloads::Reopened;
use super::refusal::{ProblemType, Refusal};
use super::refuse::standing;
use super::request::{DisclosureRequest, SubjectReference};
use super::undelivered::Told;
use super::unwitnessed::{self, Concerned};
use super::upgrade::upgraded;
use super::{ATTEMPTS, Gateway, SOON, Stopped, authorise, disclose, entries, witnessed};
use crate::crypto::hex;
use crate::ledger::entry::{Body, Clear, EntryKind, Operation, Outcome, Reference, Status};
use crate::store::journal::DEFAULT_YEARS;
use crate::store::sequencer::AppendError;
use crate::store::{Append, Change, Claim, Conflict, Expected, IdempotencyClaim, StoredDelivery, StoredDisclosure};

/// A claim without answer is taken over after so long.
const STALE: Duration = Duration::from_secs(30);

/// `POST /v1/disclosures`: new, or the same again under an Idempotency-Key.
///
/// # Errors
/// [`Refusal`].
pub async fn disclose_once(
    gateway: &Gateway,
    authenticated: &Authenticated,
    request: DisclosureRequest,
    key: Option<String>,
) -> Result<Delivered, Refusal> {
    let mut matter = gateway.matter(authenticated, request).map_err(Stopped::from).map_err(refusal)?;
    let Some(key) = key else { return disclose(gateway, matter).await };
    // Callers put anything into a key: what is kept is a keyed digest of it.
    let key = hex::encode(&gateway.idempotency.of(key.as_bytes()));
    let organisation = matter.caller.oin().clone();
    let body = gateway.idempotency.of(&matter.body);
    let now = gateway.clock.now();
    let mut replaces = None;
    match gateway.store.claim(&organisation, &key, now).await? {
        Some(claim) if claim.body != body => {
            return Err(Refusal::new(
                ProblemType::IdempotencyConflict,
                "this Idempotency-Key came with another body; use a new key",
            ));
        }
        Some(Claim { answered: true, disclosure, .. }) => {
            if let Some(stored) = gateway.store.disclosure(&disclosure, now).await? {
                // Whoever is suspended meanwhile is refused; what was sealed to it is not destroyed by its asking.
                standing(gateway, authenticated).await?;
                return again(gateway, authenticated, stored, Receipts::AsMade).await;
            }
            replaces = Some(disclosure);
        }
        _ => {}
    }
    let disclosure = matter.id.to_string();
    matter.idempotency = Some(IdempotencyClaim { organisation, key, body, disclosure, stale_before: now.minus(STALE), replaces });
    disclose(gateway, matter).await
}

/// `GET /v1/disclosures/{id}`.
///
/// # Errors
/// `not-found` also for what is another's, or is gone.
pub async fn pick_up(gateway: &Gateway, authenticated: &Authenticated, id: &str) -> Result<Delivered, Refusal> {
    if id.parse::<uuid::Uuid>().is_err() {
        return Err(not_found());
    }
    let stored = gateway.store.disclosure(id, gateway.clock.now()).await?;
    let stored = stored.filter(|stored| stored.row.recipient == *authenticated.caller().oin()).ok_or_else(not_found)?;
    again(gateway, authenticated, stored, Receipts::Cosigned).await
}

/// Which receipts are given again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Receipts {
    /// Those of the first answer: a repeat under an Idempotency-Key gets the same.
    AsMade,
    /// Those under a head that a quorum of witnesses cosigned, where there is one.
    Cosigned,
}

fn not_found() -> Refusal {
    Refusal::new(ProblemType::NotFound, "no such disclosure, not yours, or no longer kept")
}

/// Gives it again, or makes it anew; once more from the start when another delivery came in between.
async fn again(
    gateway: &Gateway,
    authenticated: &Authenticated,
    mut stored: StoredDisclosure,
    receipts: Receipts,
) -> Result<Delivered, Refusal> {
    for _ in 0..ATTEMPTS {
        let kept = gateway.payloads.open(&stored.row).map_err(refusal)?;
        if let Some(purpose) = gateway.policy.load_full().purpose(&kept.request.purpose) {
            gateway.lock_is_open(purpose)?;
        }
        let earlier = Earlier::of(&stored, &kept);
        if let Some((mut deliveries, told)) = as_it_was(gateway, authenticated, &stored, &kept, &earlier).await? {
            let given = (deliveries.as_slice(), told.as_ref());
            witnessed::all(gateway, &kept.request.purpose, given).await.map_err(refusal)?;
            if receipts == Receipts::Cosigned {
                for delivery in &mut deliveries {
                    delivery.receipt = upgraded(gateway, std::mem::take(&mut delivery.receipt)).await;
                }
            }
            if let Some(purpose) = gateway.policy.load_full().purpose(&kept.request.purpose).cloned() {
                gateway.wait_for_answer(&purpose, authenticated.request().arrived_at).await;
            }
            return Ok(Delivered::kept(&stored.row.id, stored.row.open_until, deliveries, gateway.clock.now()));
        }
        let append = Append { changes: earlier.without_answer(&stored.row.id), ..Append::default() };
        match gateway.sequencer.append(append).await {
            Ok(_) => return anew(gateway, authenticated, &stored, &kept).await,
            Err(AppendError::Conflict(Conflict::StateChanged)) => {}
            Err(error) => return Err(error.into()),
        }
        stored = gateway.store.disclosure(&stored.row.id, gateway.clock.now()).await?.ok_or_else(not_found)?;
    }
    Err(Refusal::new(ProblemType::StateConflict, "the facts keep changing; try again").retry_after(SOON))
}

/// What can be given again as it is, and what the log tells of that: the facts are what they were, or the verdict by those of now is. `None` when neither
/// holds.
async fn as_it_was(
    gateway: &Gateway,
    authenticated: &Authenticated,
    stored: &StoredDisclosure,
    kept: &Reopened,
    earlier: &Earlier,
) -> Result<Option<(Vec<StoredDelivery>, Option<Told>)>, Refusal> {
    // An answer that was destroyed before it could be made anew is to be made; one under other policies may not be given.
    if !earlier.holds_answer() || stored.row.bundle != gateway.policy.load_full().hash() {
        return Ok(None);
    }
    let entry = entry(gateway, authenticated, stored, kept).await.map_err(refusal)?;
    let told = Told::by(std::slice::from_ref(&entry), &stored.row.id);
    let reviews = reviews(gateway, stored, kept).map_err(refusal)?;
    let append = Append {
        nonce: Some(authenticated.nonce().clone()),
        expected: Some(stored.row.expected.clone()),
        apart: earlier.apart().to_vec(),
        entries: vec![entry],
        // What is given is what was read, and the log says no more than that: a release that comes in between is none of it.
        changes: [
            Change::Unchanged { disclosure: stored.row.id.clone(), version: stored.row.request.clone() },
            Change::GivenAgain { disclosure: stored.row.id.clone(), consents: kept.relied.clone(), at: gateway.clock.now() },
        ]
        .into_iter()
        .chain(reviews)
        .collect(),
        ..Append::default()
    };
    if !logged(gateway, append.clone(), stored).await? {
        let Some(expected) = same_verdict(gateway, authenticated, stored, kept, earlier).await? else { return Ok(None) };
        if !logged(gateway, Append { expected: Some(expected), ..append }, stored).await? {
            return Ok(None);
        }
    }
    Ok(Some((stored.deliveries.clone(), told)))
}

/// Logs the redelivery; its commit tells whether what it rests on still holds.
async fn logged(gateway: &Gateway, append: Append, stored: &StoredDisclosure) -> Result<bool, Refusal> {
    let told = Told::by(&append.entries, &stored.row.id);
    match gateway.sequencer.append(append).await {
        Ok(_) => Ok(true),
        Err(AppendError::Conflict(Conflict::FactsChanged | Conflict::StateChanged)) => Ok(false),
        Err(error) => {
            gateway.doubts.note(&error, told);
            Err(error.into())
        }
    }
}

/// What the answer can rest on now, when the facts of now lead to the verdict under which it was made.
async fn same_verdict(
    gateway: &Gateway,
    authenticated: &Authenticated,
    stored: &StoredDisclosure,
    kept: &Reopened,
    earlier: &Earlier,
) -> Result<Option<Expected>, Refusal> {
    let mut matter = matter(authenticated, stored, kept, Some(earlier.clone()));
    // Whoever may not ask any more is told so when it is made anew.
    let Ok(plan) = authorise::plan(gateway, &mut matter, Caller::renewed).await else { return Ok(None) };
    let same = plan.verdict(&matter, gateway.clock.now()) == kept.verdict && plan.bundle.hash() == stored.row.bundle;
    Ok(same.then_some(plan.expected))
}

/// The matter of the kept request, asked by who picks it up.
fn matter(authenticated: &Authenticated, stored: &StoredDisclosure, kept: &Reopened, earlier: Option<Earlier>) -> Matter {
    let signed = authenticated.request();
    Matter {
        id: kept.id,
        trace: kept.trace,
        caller: authenticated.caller().clone(),
        request: Arc::clone(&kept.request),
        request_digest: kept.request_digest,
        body: kept.body.clone(),
        client: super::gateway::client(authenticated),
        arrived: stored.row.created,
        asked_at: signed.arrived_at,
        nonce: Some(authenticated.nonce().clone()),
        calls: kept.calls.clone(),
        idempotency: None,
        withheld: Vec::new(),
        earlier,
    }
}

/// Answers the same request under the facts of now.
async fn anew(
    gateway: &Gateway,
    authenticated: &Authenticated,
    stored: &StoredDisclosure,
    kept: &Reopened,
) -> Result<Delivered, Refusal> {
    // Read again: the answer is gone from it.
    let earlier = Earlier::read(gateway, &stored.row.id).await.map_err(refusal)?;
    disclose(gateway, matter(authenticated, stored, kept, Some(earlier))).await
}

fn refusal(stopped: Stopped) -> Refusal {
    match stopped {
        Stopped::Refused(refusal) => refusal,
        Stopped::FactsChanged(_) => Refusal::new(ProblemType::StateConflict, "try again"),
    }
}

/// The reviews of what is given again while the lock is closed.
fn reviews(gateway: &Gateway, stored: &StoredDisclosure, kept: &Reopened) -> Result<Vec<Change>, Stopped> {
    let bundle = gateway.policy.load_full();
    let Some(purpose) = bundle.purpose(&kept.request.purpose) else { return Ok(Vec::new()) };
    let concerned = Concerned {
        disclosure: &stored.row.id,
        categories: &kept.request.categories.iter().copied().collect(),
        asker: (&stored.row.recipient, &kept.request.actor.reference),
        parties: stored.row.expected.recipients.iter().chain([&stored.row.recipient]).chain(kept.calls.keys()).cloned().collect(),
    };
    unwitnessed::reviews(gateway, purpose, concerned)
}

async fn entry(
    gateway: &Gateway,
    authenticated: &Authenticated,
    stored: &StoredDisclosure,
    kept: &Reopened,
) -> Result<crate::store::EntryRow, Stopped> {
    let party = authenticated.caller().oin().clone();
    let now = gateway.clock.now();
    let operation = Operation {
        trace_id: kept.trace,
        span_id: gateway.journal.span()?,
        parent_span_id: None,
        name: "redelivery".to_owned(),
        status: Status::Unset,
        started_at: authenticated.request().arrived,
        ended_at: Some(now),
        processing_activity: None,
        foreign: None,
    };
    let mut body = Body::new(EntryKind::Redelivery, now, party.clone(), operation);
    body.receiving = Some(party.clone());
    body.disclosure = Some(stored.row.id.clone());
    body.client = Some(super::gateway::client(authenticated));
    let of = Reference { object: "disclosure".to_owned(), id: stored.row.id.clone() };
    body.references = entries::of_deliveries(&stored.deliveries).chain([of]).collect();
    body.purpose = Some(kept.request.purpose.clone());
    body.case.clone_from(&kept.request.case);
    if let Some(purpose) = gateway.policy.load_full().purpose(&kept.request.purpose) {
        gateway.note_lock(purpose, &mut body);
    }
    let subject = match &kept.request.subject {
        SubjectReference::Identifier(identifier) => Some(gateway.journal.subject_token(&party, identifier)),
        // Whoever asked by another name stands in the entry of the answer, if that tells of somebody.
        SubjectReference::Pseudonym(_) | SubjectReference::Offer(_) => {
            let log = gateway.store.entries_of(kept.trace).await?;
            let answers =
                log.into_iter().filter(|entry| entry.row.clear.kind == EntryKind::Disclosure).map(|entry| entry.row.clear);
            answers.filter(|clear| clear.party == party).find_map(|clear| clear.subject)
        }
    };
    let clear = Clear {
        kind: EntryKind::Redelivery,
        time: now,
        party: party.clone(),
        source: None,
        recipient: Some(party.clone()),
        purpose: Some(kept.request.purpose.clone()),
        categories: kept.request.categories.iter().copied().collect(),
        outcome: Outcome::Given,
        overridden: false,
        subject,
        actor: Some(gateway.journal.actor_token(&party, &kept.request.actor.reference)),
        case: kept.request.case.as_ref().map(|case| gateway.journal.case_token(&party, case)),
        trace: kept.trace,
    };
    Ok(gateway.journal.write(clear, body, None, DEFAULT_YEARS)?.row)
}
