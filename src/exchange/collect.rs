//! `Announced` → [`Collected`]: each authorised source is asked, in parallel, only for what is authorised, until the deadline. A silent source
//! does not hold up the others.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;

use super::announce::Announced;
use super::case::{recipient_kind, recipients};
use super::load::aside;
use super::matter::Matter;
use super::plan::Plan;
use super::registry::{Member, Registry};
use super::{Gateway, Stopped};
use crate::catalogue::{Category, Form};
use crate::clock::Timestamp;
use crate::crypto::digest;
use crate::crypto::keys::VerifyingKey;
use crate::organisation::{Kind, Oin};
use crate::source::port::{Destination, SourceFailure, SourceKeys};
use crate::source::{ASKS_NO, RecordsAnswer, RecordsRequest, SourceItem, SubjectWire, Wanted};

/// The most items of one source that are looked at; a person has far fewer.
const MOST_ITEMS: usize = 500;

/// What the sources answered, not believed yet.
#[derive(Debug)]
pub struct Collected {
    matter: Matter,
    plan: Arc<Plan>,
    answers: Vec<SourceAnswer>,
}

/// What one source answered.
#[derive(Debug)]
pub struct SourceAnswer {
    /// The source.
    pub source: Arc<Member>,
    /// Its items.
    pub items: Vec<SourceItem>,
}

impl Collected {
    /// Takes it apart for the next step.
    pub(super) fn into_parts(self) -> (Matter, Arc<Plan>, Vec<SourceAnswer>) {
        (self.matter, self.plan, self.answers)
    }
}

/// The signing keys of one source in the registry.
pub(super) struct KeysOf<'a> {
    pub(super) registry: &'a Registry,
    pub(super) source: &'a Oin,
    pub(super) now: Timestamp,
}

impl SourceKeys for KeysOf<'_> {
    fn key(&self, keyid: &str) -> Option<&VerifyingKey> {
        let known = self.registry.key(keyid)?;
        (known.owner == *self.source && known.validity.holds(self.now)).then_some(&known.key)
    }
}

/// Asks the sources.
///
/// # Errors
/// [`Stopped`], when the calls cannot be written.
pub async fn collect(gateway: &Gateway, announced: Announced) -> Result<Collected, Stopped> {
    let (mut matter, plan) = announced.into_parts();
    let time = gateway.source_time(&plan.purpose, matter.asked_at);
    let mut calls = Vec::new();
    for (source, asked) in plan.asked() {
        let member = plan.sources().find(|member| member.organisation.oin == source);
        if let Some(member) = member {
            let wanted = wanted(&plan, &matter, member, &asked);
            let call = call(gateway, &matter, &plan, member, wanted, SubjectWire::of(plan.subject.open_personal()), time)?;
            calls.push((Arc::clone(member), call));
        }
    }
    let digests: Vec<_> = calls.iter().map(|(source, call)| (source.organisation.oin.clone(), digest::sha256(call))).collect();
    let aside = aside();
    let answers = join_all(calls.into_iter().map(|(source, call)| ask(gateway, source, call, &matter, &plan, time))).await;
    drop(aside);
    for ((source, digest), answer) in digests.into_iter().zip(&answers) {
        note_call(&mut matter.calls, source, digest, answer.is_some());
    }
    Ok(Collected { answers: answers.into_iter().flatten().collect(), matter, plan })
}

/// A call that was answered is one that the source knows: what it gives, now or by a later release, is proved to it under the newest such call.
/// One without an answer may never have reached it, and counts only as long as there is no other.
fn note_call(calls: &mut BTreeMap<Oin, [u8; 32]>, source: Oin, digest: [u8; 32], answered: bool) {
    if answered {
        calls.insert(source, digest);
    } else {
        calls.entry(source).or_insert(digest);
    }
}

/// What a source is asked for, as the ask entry says it.
fn wanted(plan: &Plan, matter: &Matter, source: &Member, asked: &BTreeMap<Category, BTreeSet<Form>>) -> Vec<Wanted> {
    let each = asked.iter().flat_map(|(&category, forms)| forms.iter().map(move |&form| (category, form)));
    each.map(|(category, form)| Wanted { category, form, transform: transform(plan, matter, source, category, form) }).collect()
}

/// The paths to keep, and for a signal that may say it, `no`.
fn transform(plan: &Plan, matter: &Matter, source: &Member, category: Category, form: Form) -> Vec<String> {
    let mut paths = plan.purpose.transforms.paths(category, form).to_vec();
    if form == Form::Signal && !plan.absence_rests_on_person(matter, source, category, Form::Signal) {
        paths.push(ASKS_NO.to_owned());
    }
    paths
}

fn call(
    gateway: &Gateway,
    matter: &Matter,
    plan: &Plan,
    source: &Member,
    wanted: Vec<Wanted>,
    subject: SubjectWire,
    time: Duration,
) -> Result<Vec<u8>, Stopped> {
    let overrides = plan.cells.iter().filter(|cell| cell.source.organisation.oin == source.organisation.oin);
    let mut overrides: Vec<_> = overrides.filter_map(|cell| cell.overridden_by.clone()).collect();
    overrides.sort();
    overrides.dedup();
    let kind = recipient_kind(matter);
    let request = RecordsRequest {
        decision: matter.id.to_string(),
        purpose: plan.purpose.id.clone(),
        legal_basis: plan.purpose.legal_bases.clone(),
        recipient: matter.caller.oin().clone(),
        recipient_kind: kind,
        attendees: if kind == Kind::ExpertiseTeam { recipients(matter, plan.case.as_deref()) } else { BTreeSet::new() },
        actor: matter.request.actor.reference.clone(),
        necessity: matter.request.necessity.clone(),
        subject,
        wanted,
        overrides,
        deadline: gateway.clock.now().plus(time),
        release_until: plan.open_until(matter),
    };
    serde_json::to_vec(&request).map_err(|_| Stopped::internal("a call to a source cannot be written"))
}

/// Asks one source; `None` when nothing that counts came.
async fn ask(
    gateway: &Gateway,
    source: Arc<Member>,
    call: Vec<u8>,
    matter: &Matter,
    plan: &Plan,
    time: Duration,
) -> Option<SourceAnswer> {
    let registry = gateway.registry.current();
    let organisation = &source.organisation;
    let keys = KeysOf { registry: &registry, source: &organisation.oin, now: gateway.clock.now() };
    let address = organisation.connector.as_deref()?;
    let destination = Destination { oin: &organisation.oin, address, keys: &keys, time };
    let answered = tokio::time::timeout(time, gateway.sources.records(destination, &call)).await;
    let answered = answered.unwrap_or_else(|_| Err(SourceFailure::Unreachable("not in time".to_owned())));
    match answered {
        Ok(answer) if is_about(&answer, matter, plan) && answer.items.len() <= MOST_ITEMS => {
            // A summary comes by release only, when a professional has decided.
            let items = answer.items.into_iter().filter(|item| item.form != Form::Summary).collect();
            Some(SourceAnswer { source, items })
        }
        Ok(_) => {
            tracing::warn!(source = %organisation.oin, disclosure = %matter.id, "answered about something else, or too much: dropped");
            None
        }
        Err(failure) => {
            tracing::warn!(source = %organisation.oin, disclosure = %matter.id, %failure, "no answer that counts");
            None
        }
    }
}

/// Whether an answer is about this decision and this person.
pub(super) fn is_about(answer: &RecordsAnswer, matter: &Matter, plan: &Plan) -> bool {
    let same_person = SubjectWire::of(plan.subject.open_personal()) == answer.subject;
    same_person && answer.decision == matter.id.to_string()
}

/// A late release: its asking was announced with the request; now the source brings it.
pub(super) fn released(matter: Matter, plan: Arc<Plan>, answer: SourceAnswer) -> Collected {
    Collected { matter, plan, answers: vec![answer] }
}
