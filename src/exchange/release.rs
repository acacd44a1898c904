//! A summary that a source's professional released: it passes every later step of the flow, and is one more delivery of its disclosure.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::authenticate::{Authenticated, Caller};
use super::collect::{SourceAnswer, is_about, released};
use super::earlier::Earlier;
use super::matter::Matter;
use super::payloads::Reopened;
use super::plan::Plan;
use super::protected::any_given;
use super::record::{Brought, Together, record_with};
use super::refusal::{ProblemType, Refusal};
use super::{Gateway, Stopped, authorise, minimise, pseudonymise, recheck, seal};
use crate::catalogue::Form;
use crate::catalogue::minimise::prose_paths;
use crate::crypto::{digest, hex};
use crate::ledger::entry::{Actor, Body, Clear, EntryKind, Operation, Outcome, Reference, Status};
use crate::source::{RecordsAnswer, SourceItem};
use crate::store::{Append, EntryRow, IdempotencyClaim, StoredDisclosure};
use crate::subject::find_bsns;

/// The most releases of one source for one disclosure: more than there are categories that come as a summary.
const MOST_RELEASES: usize = 12;

/// Takes a release of the calling source.
///
/// # Errors
/// [`Refusal`]: `not-found` for a decision that is not open, `not-permitted` for what may not be given (any more).
pub async fn release(gateway: &Gateway, authenticated: &Authenticated, answer: RecordsAnswer) -> Result<(), Refusal> {
    let claim = claim(gateway, authenticated, &answer);
    let source = authenticated.caller().oin();
    if gateway.store.claim(source, &claim.key, gateway.clock.now()).await?.is_some_and(|claim| claim.answered) {
        // Nothing happens twice; the nonce is used up all the same.
        let append = Append { nonce: Some(authenticated.nonce().clone()), ..Append::default() };
        return gateway.sequencer.append(append).await.map(drop).map_err(Into::into);
    }
    if let Some(fault) = fault(&answer) {
        return Err(Refusal::new(ProblemType::NotPermitted, fault));
    }
    for _ in 0..super::ATTEMPTS {
        let stored = open_disclosure(gateway, &answer.decision).await?;
        match attempt(gateway, authenticated, &answer, &stored, claim.clone()).await {
            Ok(()) => return Ok(()),
            Err(Stopped::FactsChanged(_)) => {}
            Err(Stopped::Refused(refusal)) => return Err(refusal),
        }
    }
    Err(Refusal::new(ProblemType::StateConflict, "the facts keep changing; try again").retry_after(Duration::from_secs(1)))
}

/// The same release sent twice is one.
fn claim(gateway: &Gateway, authenticated: &Authenticated, answer: &RecordsAnswer) -> IdempotencyClaim {
    let ids = answer.items.iter().map(|item| item.id.as_str()).collect::<Vec<_>>().join(" ");
    let key = digest::sha256(format!("{} {ids}", answer.decision).as_bytes());
    IdempotencyClaim {
        organisation: authenticated.caller().oin().clone(),
        key: format!("release.{}", hex::encode(&key)),
        body: gateway.idempotency.of(&authenticated.request().body),
        disclosure: answer.decision.clone(),
        stale_before: gateway.clock.now(),
        replaces: None,
    }
}

/// Only summaries come this way, and none that holds a citizen number: the source checks that too, and names besides.
fn fault(answer: &RecordsAnswer) -> Option<&'static str> {
    if answer.items.is_empty() || answer.items.iter().any(|item| item.form != Form::Summary) {
        return Some("a release holds one or more summaries");
    }
    answer.items.iter().any(tells_bsn).then_some("a summary holds a citizen number (BSN)")
}

fn tells_bsn(item: &SourceItem) -> bool {
    fn any_text(value: &Value, check: &impl Fn(&str) -> bool) -> bool {
        match value {
            Value::String(text) => check(text),
            Value::Array(items) => items.iter().any(|item| any_text(item, check)),
            Value::Object(members) => members.values().any(|member| any_text(member, check)),
            _ => false,
        }
    }
    !prose_paths(item.category, item.form).is_empty() && any_text(&item.data, &|text: &str| !find_bsns(text).is_empty())
}

async fn open_disclosure(gateway: &Gateway, id: &str) -> Result<StoredDisclosure, Refusal> {
    let now = gateway.clock.now();
    let stored = gateway.store.disclosure(id, now).await?;
    let open = stored.filter(|stored| now < stored.row.open_until);
    open.ok_or_else(|| Refusal::new(ProblemType::NotFound, "no such decision, or its deadline has passed"))
}

async fn attempt(
    gateway: &Gateway,
    authenticated: &Authenticated,
    answer: &RecordsAnswer,
    stored: &StoredDisclosure,
    claim: IdempotencyClaim,
) -> Result<(), Stopped> {
    let not_permitted = || Refusal::new(ProblemType::NotPermitted, "this may not be given (any more)");
    let kept = gateway.payloads.open(&stored.row)?;
    if let Some(purpose) = gateway.policy.load_full().purpose(&kept.request.purpose) {
        gateway.lock_is_open(purpose)?;
    }
    let mut matter = matter(gateway, stored, &kept)?;
    let plan = authorise::plan(gateway, &mut matter, Caller::still_takes_part).await;
    // A case that is over, or that the recipient has left, is no business of the source's: nothing may be given in it.
    let plan = plan.map_err(|refusal| if refusal.kind == ProblemType::NotFound { not_permitted() } else { refusal })?;
    if !is_about(answer, &matter, &plan) || !matter.calls.contains_key(authenticated.caller().oin()) {
        return Err(not_permitted().into());
    }
    let earlier = Earlier::of(stored, &kept);
    if earlier.releases_of(authenticated.caller().oin()) >= MOST_RELEASES {
        let detail =
            "this source has released as much for this disclosure as one may: put what is left into one summary per category";
        return Err(Refusal::new(ProblemType::QuotaExceeded, detail).into());
    }
    let same_verdict = plan.verdict(&matter, gateway.clock.now()) == kept.verdict
        && plan.bundle.hash() == stored.row.bundle
        && !any_given(gateway, earlier.apart()).await?;
    matter.earlier = Some(earlier);
    let together = Together {
        entries: vec![decision(gateway, authenticated, (&matter, &plan), answer)?],
        nonce: Some(authenticated.nonce().clone()),
        idempotency: Some(claim),
        release: Some(Brought {
            source: authenticated.caller().oin().clone(),
            keyid: authenticated.caller().credentials().keyid.clone(),
            // What was sealed under another verdict is not picked up beside this: the next pick-up makes it anew.
            keeps_answer: same_verdict,
        }),
    };
    let source = Arc::clone(authenticated.caller().member());
    let collected = released(matter, Arc::new(plan), SourceAnswer { source, items: answer.items.clone() });
    let rechecked = recheck::recheck(gateway, collected).await?;
    if rechecked.is_empty() {
        return Err(not_permitted().into());
    }
    let minimised = minimise::minimise(gateway, rechecked);
    if minimised.is_empty() {
        return Err(not_permitted().into());
    }
    let sealed = seal::seal(gateway, pseudonymise::pseudonymise(gateway, minimised).await?)?;
    record_with(gateway, sealed, together).await.map(drop)
}

/// The matter of the request that the release answers.
fn matter(gateway: &Gateway, stored: &StoredDisclosure, kept: &Reopened) -> Result<Matter, Stopped> {
    let registry = gateway.registry.current();
    let recipient = registry.member(&stored.row.recipient).filter(|member| member.is_active()).cloned();
    let recipient = recipient.ok_or_else(|| Refusal::new(ProblemType::NotPermitted, "the recipient takes no part any more"))?;
    Ok(Matter {
        id: kept.id,
        trace: kept.trace,
        caller: Caller::of_kept(recipient, kept.credentials.clone()),
        request: Arc::clone(&kept.request),
        request_digest: kept.request_digest,
        body: kept.body.clone(),
        client: crate::ledger::entry::Client::default(),
        arrived: stored.row.created,
        asked_at: tokio::time::Instant::now(),
        nonce: None,
        calls: kept.calls.clone(),
        idempotency: None,
        withheld: Vec::new(),
        earlier: None,
    })
}

/// The source's side of the decision to release.
fn decision(
    gateway: &Gateway,
    authenticated: &Authenticated,
    (matter, plan): (&Matter, &Plan),
    answer: &RecordsAnswer,
) -> Result<EntryRow, Stopped> {
    let source = authenticated.caller().oin().clone();
    let now = gateway.clock.now();
    let operation = Operation {
        trace_id: matter.trace,
        span_id: gateway.journal.span()?,
        parent_span_id: None,
        name: "release".to_owned(),
        status: Status::Unset,
        started_at: authenticated.request().arrived,
        ended_at: Some(now),
        processing_activity: None,
        foreign: None,
    };
    let mut body = Body::new(EntryKind::ReleaseDecision, now, source.clone(), operation);
    body.disclosure = Some(answer.decision.clone());
    body.disclosing = Some(source.clone());
    body.receiving = Some(matter.caller.oin().clone());
    body.client = Some(super::gateway::client(authenticated));
    let professional = answer.items.iter().find_map(|item| item.facts.professional.clone());
    body.actor = professional.as_ref().map(|reference| Actor {
        reference: reference.clone(),
        role: Some("source-professional".to_owned()),
        on_behalf_of: None,
        organisation: Some(source.clone()),
        acting_as: None,
    });
    body.references = [Reference { object: "disclosure".to_owned(), id: answer.decision.clone() }].into();
    let clear = Clear {
        kind: EntryKind::ReleaseDecision,
        time: now,
        party: source.clone(),
        source: Some(source.clone()),
        recipient: Some(matter.caller.oin().clone()),
        purpose: Some(matter.request.purpose.clone()),
        categories: answer.items.iter().map(|item| item.category).collect(),
        outcome: Outcome::Approved,
        overridden: false,
        subject: Some(gateway.journal.subject_token(&source, &plan.subject)),
        actor: professional.map(|reference| gateway.journal.actor_token(&source, &reference)),
        case: matter.request.case.as_ref().map(|case| gateway.journal.case_token(&source, case)),
        trace: matter.trace,
    };
    Ok(gateway.journal.write(clear, body, None, crate::store::journal::DEFAULT_YEARS)?.row)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Broken on purpose to see it fail: by `holds_bsn`, which looks for numbers that stand by themselves, as it was.
    #[test]
    fn the_gateway_finds_in_a_summary_what_its_source_should_have_found() {
        let tells = |text: &str| {
            let item: SourceItem =
                serde_json::from_value(json!({"id": "a", "category": "diagnosis", "form": "summary", "regime": "wgbo",
                "recordedAt": "2026-11-01", "nature": "fact", "data": {"summary": text}}))
                .expect("an item");
            tells_bsn(&item)
        };
        for text in ["999990019", "nr. 999  990 / 019.", "\u{ff19}9999 0019", "1999990019", "9999\u{200b}90019"] {
            assert!(tells(text), "{text}");
        }
        assert!(!tells("on 12-11-2026 at 14:30, three times"));
    }
}
