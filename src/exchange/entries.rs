//! What the entries of one disclosure have in common.

use std::collections::BTreeMap;

use super::Gateway;
use super::matter::Matter;
use super::plan::Plan;
use super::request::{ActingAs, Grounds, SubjectReference};
use crate::ledger::entry::{
    Actor, Basis, Body, Clear, ConsentReference, Decision, Emergency, EntryKind, Item, Operation, Outcome, Reference, Status,
};
use crate::organisation::Oin;
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
        overridden: plan.cells.iter().any(|cell| cell.overridden_by.is_some() && (cell.form.is_some() || cell.summary)),
        subject: Some(gateway.journal.subject_token(party, &plan.subject)),
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
        processing_activity: Some(format!("urn:sluis:purpose:{}", plan.purpose.id)),
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
    body.overrides = plan
        .person
        .overrides
        .iter()
        .filter(|(_, one)| relied_upon(plan, &one.id))
        .map(|(_, one)| Emergency { id: one.id.clone(), reason: Some(one.harm.clone()), review_by: Some(one.review_due()) })
        .collect();
    Ok(body)
}

fn relied_upon(plan: &Plan, id: &str) -> bool {
    plan.cells.iter().any(|cell| cell.overridden_by.as_deref() == Some(id) && (cell.form.is_some() || cell.summary))
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
        version: None,
        policies: plan.cells.iter().flat_map(|cell| &cell.policies).map(ToString::to_string).collect(),
        facts: facts(plan),
        configuration: BTreeMap::from([("software".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]),
    }
}

/// The facts over all that were given to the engine.
fn facts(plan: &Plan) -> BTreeMap<String, String> {
    let mut facts = BTreeMap::from([
        ("factsRevision".to_owned(), plan.expected.revision.0.to_string()),
        ("recipient".to_owned(), plan.domain.recipient().to_owned()),
        ("sourcesNamed".to_owned(), plan.named.to_string()),
    ]);
    if let Some(case) = &plan.case {
        let attendees: Vec<_> = case.attendees.iter().map(Oin::as_str).collect();
        facts.insert("caseVersion".to_owned(), case.version.to_string());
        facts.insert("caseAttendees".to_owned(), attendees.join(" "));
        facts.insert("caseDirector".to_owned(), case.director.as_ref().map(ToString::to_string).unwrap_or_default());
        facts.insert("caseFamilyInformed".to_owned(), case.family_informed.to_string());
        facts.insert("casePlanMade".to_owned(), case.plan_made.to_string());
    }
    facts
}

/// What was decided per source and category, before anything came.
pub(super) fn decided(plan: &Plan) -> Vec<Item> {
    plan.cells.iter().map(|cell| item(cell, plan)).collect()
}

/// The decision on one combination.
pub(super) fn item(cell: &super::plan::Cell, plan: &Plan) -> Item {
    Item {
        source: cell.source.organisation.oin.clone(),
        category: cell.category,
        asked: plan.asked_form,
        given: None,
        reason: cell.reason.as_deref().map(str::to_owned),
        policies: cell.policies.iter().map(ToString::to_string).collect(),
        fields: std::collections::BTreeSet::new(),
        withheld_fields: std::collections::BTreeSet::new(),
        records: 0,
        regime: None,
        facts: BTreeMap::new(),
        consent: cell.consent.as_ref().map(|(id, version)| ConsentReference { id: id.clone(), version: u64::from(*version) }),
        overridden_by: cell.overridden_by.clone(),
    }
}
