//! `Collected` → [`Rechecked`]: each item passes the policies again with the facts that its source states; an absent fact denies.

use std::sync::Arc;

use super::authorise::{Cell, Plan, question};
use super::collect::{Collected, SourceAnswer};
use super::matter::Matter;
use super::sound::is_sound;
use super::{Gateway, Stopped};
use crate::catalogue::Form;
use crate::catalogue::minimise::may_know_secret_address;
use crate::organisation::Oin;
use crate::policy::Facts;
use crate::pseudonym::Domain;
use crate::secret::Personal;
use crate::source::SourceItem;
use crate::store::StoreError;
use crate::subject::SubjectId;

/// Items that may go on, each with the form that it may be given in.
#[derive(Debug)]
pub struct Rechecked {
    matter: Matter,
    plan: Arc<Plan>,
    items: Vec<PermittedItem>,
}

/// One item that may be given.
#[derive(Debug)]
pub struct PermittedItem {
    /// Which asked combination it answers.
    pub cell: Cell,
    /// The item as the source gave it.
    pub item: SourceItem,
    /// The form that it may be given in: as given, or coarser.
    pub form: Form,
    /// The deciding policies.
    pub policies: Vec<Arc<str>>,
    /// Whether the recipient may know a secret address in it.
    pub shows_secret_address: bool,
}

impl Rechecked {
    /// Whether nothing is left to give.
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Takes it apart for the next step.
    pub(super) fn into_parts(self) -> (Matter, Arc<Plan>, Vec<PermittedItem>) {
        (self.matter, self.plan, self.items)
    }
}

/// Decides on each item.
///
/// # Errors
/// [`Stopped`], when the vault cannot say whom the recipient acts for.
pub async fn recheck(gateway: &Gateway, collected: Collected) -> Result<Rechecked, Stopped> {
    let (matter, plan, answers) = collected.into_parts();
    let mut items = Vec::new();
    for answer in answers {
        items.extend(permitted(gateway, &matter, &plan, answer).await?);
    }
    Ok(Rechecked { matter, plan, items })
}

/// The items of one answer that may be given. What was not asked, or not in that form, is dropped.
pub(super) async fn permitted(
    gateway: &Gateway,
    matter: &Matter,
    plan: &Plan,
    answer: SourceAnswer,
) -> Result<Vec<PermittedItem>, Stopped> {
    let mut items = Vec::new();
    for item in answer.items {
        if !is_sound(&item) {
            tracing::warn!(source = %answer.source.organisation.oin, "an item's id, facts or persons are not of their form: dropped");
            continue;
        }
        let source = &answer.source.organisation.oin;
        let Some(Verdict { cell, form, policies }) = may_give(gateway, matter, plan, source, &item).await? else { continue };
        if says_no(&item, form) && plan.absence_rests_on_person(matter, &cell.source, item.category) {
            // Where consent or override decides, absence is not "no" but unavailable.
            continue;
        }
        let shows_secret_address = shows_secret_address(matter, plan, &cell);
        items.push(PermittedItem { cell, form, policies, shows_secret_address, item });
    }
    Ok(items)
}

/// What was decided on one item that may be given.
pub(super) struct Verdict {
    /// Which asked combination it answers.
    pub(super) cell: Cell,
    /// The best form that it may be given in.
    pub(super) form: Form,
    /// The deciding policies.
    pub(super) policies: Vec<Arc<str>>,
}

/// Decides on one item of `source` by its facts; `None` when it was not asked, not in that form, or may not be given.
pub(super) async fn may_give(
    gateway: &Gateway,
    matter: &Matter,
    plan: &Plan,
    source: &Oin,
    item: &SourceItem,
) -> Result<Option<Verdict>, Stopped> {
    let of_source = |cell: &&Cell| cell.source.organisation.oin == *source && cell.category == item.category;
    let asked = plan.cells.iter().find(of_source).filter(|cell| match item.form {
        Form::Summary => cell.summary,
        form => cell.form == Some(form),
    });
    let Some(cell) = asked else {
        tracing::warn!(%source, category = %item.category, form = %item.form, "gave what is not asked: dropped");
        return Ok(None);
    };
    let facts = facts(gateway, matter, plan, source, item).await?;
    let decided = decide(gateway, matter, plan, cell, item, facts);
    Ok(decided.map(|(form, policies)| Verdict { cell: cell.clone(), form, policies }))
}

/// Whether the recipient may know a secret address in what answers `cell`.
pub(super) fn shows_secret_address(matter: &Matter, plan: &Plan, cell: &Cell) -> bool {
    may_know_secret_address(&plan.purpose.id, matter.caller.organisation().kind, cell.overridden_by.is_some())
}

/// The best form that the item may be given in, no finer than it is.
fn decide(
    gateway: &Gateway,
    matter: &Matter,
    plan: &Plan,
    cell: &Cell,
    item: &SourceItem,
    facts: Facts,
) -> Option<(Form, Vec<Arc<str>>)> {
    let now = gateway.clock.now();
    let mut question = question(&plan.purpose, matter, plan.person.as_ref(), &cell.source, cell.category, item.form, now);
    question.facts = Some(facts);
    let decision = if item.form == Form::Summary { plan.bundle.decide_summary(&question) } else { plan.bundle.decide(&question) };
    decision.form().map(|form| (form, decision.policies().to_vec()))
}

fn says_no(item: &SourceItem, form: Form) -> bool {
    form == Form::Signal && item.data.as_object().is_some_and(|data| data.values().any(|value| value == "no"))
}

/// The item's facts, with the one that only the gateway can know: whether the recipient acts for someone from whom a person in the item is
/// protected.
async fn facts(gateway: &Gateway, matter: &Matter, plan: &Plan, source: &Oin, item: &SourceItem) -> Result<Facts, Stopped> {
    // The subject's own protection comes as the person with the letter S.
    let protected_from = item.persons.iter().flat_map(|person| &person.protected_from);
    let opposing: Option<Vec<Personal<SubjectId>>> = protected_from.map(|wire| wire.parse(source).map(Personal::new)).collect();
    // From whom cannot be told: then it may be anybody, the one whom the recipient acts for included.
    let protected_from_recipient = match opposing {
        Some(opposing) => acts_for_any(gateway, matter, plan, &opposing).await?,
        None => true,
    };
    Ok(item.facts.for_policy(protected_from_recipient))
}

/// Whether the recipient acts for one of `persons`: it asks about one now, or has one as its subject, for a purpose that serves the subject.
async fn acts_for_any(gateway: &Gateway, matter: &Matter, plan: &Plan, persons: &[Personal<SubjectId>]) -> Result<bool, Stopped> {
    if persons.is_empty() {
        return Ok(false);
    }
    if plan.purpose.acts_for_subject && plan.subject.as_ref().is_some_and(|subject| persons.contains(subject)) {
        return Ok(true);
    }
    for purpose in plan.bundle.purposes().filter(|purpose| purpose.acts_for_subject) {
        let domain = Domain { recipient: matter.caller.oin().clone(), case: None, purpose: purpose.id.clone() };
        let known = gateway.vault.knows_any(&domain, persons).await.map_err(|error| {
            tracing::error!(%error, "the vault failed");
            Stopped::Refused(StoreError::Unavailable("vault".to_owned()).into())
        })?;
        if known {
            return Ok(true);
        }
    }
    Ok(false)
}
