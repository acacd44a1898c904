//! What the entries of one disclosure have in common.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Gateway;
use super::matter::{Matter, Withheld};
use super::plan::Plan;
use super::request::{ActingAs, Grounds, SubjectReference};
use crate::catalogue::Form;
use crate::consent::{ConsentFact, Override};
use crate::ledger::entry::{
    Actor, Basis, Body, Clear, ConsentReference, Considered, Decision, Emergency, EntryKind, Item, Operation, Outcome, Reference,
    Status,
};
use crate::ledger::proof::TlogProof;
use crate::policy::Question;
use crate::store::StoredDelivery;
use crate::store::journal::JournalError;

/// The clear columns of an entry on the recipient's side.
pub(super) fn clear(gateway: &Gateway, matter: &Matter, plan: &Plan, kind: EntryKind, outcome: Outcome) -> Clear {
    let party = matter.caller.oin();
    Clear {
        kind,
        time: gateway.clock.now(),
        party: party.clone(),
        source: None,
        recipient: Some(party.clone()),
        purpose: Some(plan.purpose.id.clone()),
        categories: matter.request.categories.iter().copied().collect(),
        outcome,
        overridden: relied_upon(plan).next().is_some(),
        // Whom an offer is about, its collector learns by what it is given; a search of its own log would tell otherwise.
        subject: (outcome == Outcome::Given || !matter.request.is_of_offer())
            .then(|| gateway.journal.subject_token(party, &plan.subject)),
        actor: Some(gateway.journal.actor_token(party, &matter.request.actor.reference)),
        case: matter.request.case.as_ref().map(|case| gateway.journal.case_token(party, case)),
        trace: matter.trace,
    }
}

/// The body of an entry on the recipient's side.
pub(super) fn body(gateway: &Gateway, matter: &Matter, plan: &Plan, kind: EntryKind) -> Result<Body, JournalError> {
    let request = &matter.request;
    let operation = Operation {
        trace_id: matter.trace,
        span_id: gateway.journal.span()?,
        parent_span_id: None,
        name: format!("{kind} {}", plan.purpose.id),
        status: Status::Unset,
        started_at: matter.arrived,
        ended_at: None,
        processing_activity: None,
        foreign: None,
    };
    let mut body = Body::new(kind, gateway.clock.now(), matter.caller.oin().clone(), operation);
    body.disclosure = Some(matter.id.to_string());
    body.receiving = Some(matter.caller.oin().clone());
    body.actor = Some(Actor {
        reference: request.actor.reference.clone(),
        role: Some(request.actor.role.clone()),
        on_behalf_of: request.actor.on_behalf_of.clone(),
        organisation: Some(matter.caller.oin().clone()),
        acting_as: request.acting_as.map(|acting_as| match acting_as {
            ActingAs::ExpertiseTeam => "expertise-team".to_owned(),
            ActingAs::CaseDirector => "case-director".to_owned(),
        }),
    });
    body.client = Some(matter.client.clone());
    body.purpose = Some(plan.purpose.id.clone());
    body.case.clone_from(&request.case);
    if let SubjectReference::Offer(offer) = &request.subject {
        body.references = [Reference { object: "offer".to_owned(), id: offer.to_string() }].into();
    }
    body.basis = Some(Basis {
        legal: plan.purpose.legal_bases.iter().cloned().collect(),
        necessity: Some(request.necessity.clone()),
        claims: claims(&request.grounds),
    });
    body.decision = Some(decision(plan));
    body.overrides = emergencies(plan, &relied_upon(plan).collect());
    gateway.note_lock(&plan.purpose, &mut body);
    Ok(body)
}

/// The entries under which these deliveries stand in the log, as their receipts say.
pub(super) fn of_deliveries(deliveries: &[StoredDelivery]) -> impl Iterator<Item = Reference> {
    let proofs = deliveries.iter().filter_map(|delivery| TlogProof::parse(&delivery.receipt).ok());
    proofs.map(|proof| Reference::entry(proof.index))
}

/// The overrides on which something may be asked.
fn relied_upon(plan: &Plan) -> impl Iterator<Item = &str> {
    plan.cells.iter().filter(|cell| cell.form.is_some() || cell.summary).filter_map(|cell| cell.overridden_by.as_deref())
}

/// The overrides on which these items rest, of those that were given.
pub(super) fn overrides(plan: &Plan, items: &[Item]) -> Vec<Emergency> {
    emergencies(plan, &items.iter().filter_map(|item| item.overridden_by.as_deref()).collect())
}

fn emergencies(plan: &Plan, ids: &BTreeSet<&str>) -> Vec<Emergency> {
    let named = plan.person.overrides.iter().map(|(_, one)| one).filter(|one| ids.contains(one.id.as_str()));
    let emergency =
        |one: &Override| Emergency { id: one.id.clone(), reason: Some(one.harm.clone()), review_by: Some(one.review_due()) };
    named.map(emergency).collect()
}

fn claims(grounds: &Grounds) -> BTreeMap<String, String> {
    let emergency = grounds.emergency.then(|| ("emergency".to_owned(), "true".to_owned()));
    let named =
        [("decision-id", &grounds.decision_id), ("court-order-id", &grounds.court_order_id), ("severity", &grounds.severity)];
    let named = named.into_iter().filter_map(|(name, value)| value.clone().map(|value| (name.to_owned(), value)));
    emergency.into_iter().chain(named).collect()
}

/// The decision over all: which bundle, which policies, which facts.
fn decision(plan: &Plan) -> Decision {
    let permitted = plan.cells.iter().any(|cell| cell.form.is_some() || cell.summary);
    Decision {
        outcome: if permitted { "permit" } else { "withhold" }.to_owned(),
        bundle: plan.bundle.hash().to_owned(),
        version: plan.bundle.version().map(str::to_owned),
        policies: plan.cells.iter().flat_map(|cell| &cell.policies).map(Arc::clone).collect(),
        facts: facts(plan),
        configuration: BTreeMap::from([("software".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]),
    }
}

/// What the policies were given that more than one decision has in common: each consent, override and case once, under its reference.
fn facts(plan: &Plan) -> BTreeMap<String, String> {
    let mut facts = BTreeMap::from([
        ("factsRevision".to_owned(), plan.expected.revision.0.to_string()),
        ("recipient".to_owned(), plan.domain.recipient().to_owned()),
        ("sourcesNamed".to_owned(), plan.named.to_string()),
    ]);
    let text = |fact: serde_json::Result<String>| fact.unwrap_or_default();
    for question in plan.cells.iter().filter_map(|cell| cell.question.as_ref()) {
        facts.entry("recipientKind".to_owned()).or_insert_with(|| question.recipient.kind.code().to_owned());
        facts.entry("askerKind".to_owned()).or_insert_with(|| question.asker.code().to_owned());
        if let Some(consent) = &question.consent {
            facts
                .entry(format!("consent {} {}", consent.id, consent.version))
                .or_insert_with(|| text(serde_json::to_string(&**consent)));
        }
        if let Some(derogation) = &question.derogation {
            facts.entry(format!("override {}", derogation.id)).or_insert_with(|| text(serde_json::to_string(&**derogation)));
        }
        if let Some(case) = &question.case {
            facts.entry("case".to_owned()).or_insert_with(|| text(serde_json::to_string(&**case)));
        }
    }
    facts
}

fn considered(cell: &super::plan::Cell, question: &Question) -> Considered {
    let reference = |consent: &Arc<ConsentFact>| ConsentReference { id: consent.id.clone(), version: u64::from(consent.version) };
    Considered {
        at: question.now,
        source_kind: question.source.kind,
        finest: question.finest,
        permitted: cell.form.into_iter().chain(cell.summary.then_some(Form::Summary)).collect(),
        consent: question.consent.as_ref().map(reference),
        derogation: question.derogation.as_ref().map(|one| one.id.clone()),
        stated: question.facts.is_some(),
        protected_from_recipient: question.facts.is_some_and(|facts| facts.protected_from_recipient),
    }
}

/// One item that a source gave and the policies withheld.
pub(super) fn withheld(withheld: &Withheld, plan: &Plan) -> Item {
    let mut line = item(&withheld.cell, plan);
    line.reason = Some(withheld.reason.to_string());
    line.facts = super::contribution::facts(&withheld.facts);
    if let Some(considered) = &mut line.considered {
        considered.permitted.clear();
    }
    line
}

/// What was decided per source and category, before anything came.
pub(super) fn decided(plan: &Plan) -> Vec<Item> {
    plan.cells.iter().map(|cell| item(cell, plan)).collect()
}

fn reference((id, version): &(String, u32)) -> ConsentReference {
    ConsentReference { id: id.clone(), version: u64::from(*version) }
}

/// The decision on one combination.
pub(super) fn item(cell: &super::plan::Cell, plan: &Plan) -> Item {
    Item {
        source: cell.source.organisation.oin.clone(),
        category: cell.category,
        asked: plan.asked_form,
        considered: cell.question.as_ref().map(|question| considered(cell, question)),
        given: None,
        reason: cell.reason.as_deref().map(str::to_owned),
        policies: cell.policies.iter().cloned().collect(),
        fields: BTreeSet::new(),
        withheld_fields: BTreeSet::new(),
        records: 0,
        regime: None,
        facts: BTreeMap::new(),
        consent: cell.consent.as_ref().map(reference),
        overridden_by: cell.overridden_by.clone(),
        nearby: cell.nearby.as_ref().map(reference),
    }
}
