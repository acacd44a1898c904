//! `Collected` → [`Rechecked`]: each item passes the policies again with the facts that its source states; an absent fact denies.

use std::sync::Arc;

use super::asking::{Known, question};
use super::case::recipient_kind;
use super::collect::{Collected, SourceAnswer};
use super::matter::Matter;
use super::plan::{Cell, Plan};
use super::protected::{Protection, protection};
use super::sound::{is_sound, protects_from_few};
use super::{Gateway, Stopped};
use crate::catalogue::Form;
use crate::catalogue::minimise::may_know_secret_address;
use crate::consent::authority::Regime;
use crate::organisation::Oin;
use crate::policy::{Basis, Facts};
use crate::source::SourceItem;
use crate::store::NameIndex;

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
    /// The names that the recipient must not have: those of persons from whom someone in the item is protected.
    pub apart: Vec<NameIndex>,
    /// The consent that it rests on, if any.
    pub consent: Option<String>,
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
    if !protects_from_few(&answer.items) {
        tracing::warn!(source = %answer.source.organisation.oin, "an answer names too many persons from whom someone is protected: dropped");
        return Ok(items);
    }
    for item in answer.items {
        if !is_sound(&item) {
            tracing::warn!(source = %answer.source.organisation.oin, "an item's id, facts or persons are not of their form: dropped");
            continue;
        }
        let source = &answer.source.organisation.oin;
        let Some(Verdict { cell, form, policies, apart, consent }) = may_give(gateway, matter, plan, source, &item).await? else {
            continue;
        };
        if says_no(&item, form) && plan.absence_rests_on_person(matter, &cell.source, item.category) {
            // Where consent or override decides, absence is not "no" but unavailable.
            continue;
        }
        let shows_secret_address = shows_secret_address(matter, plan, &cell);
        items.push(PermittedItem { cell, item, form, policies, shows_secret_address, apart, consent });
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
    /// The names that the recipient must not have.
    pub(super) apart: Vec<NameIndex>,
    /// The consent that it rests on, if any.
    pub(super) consent: Option<String>,
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
    let Protection { from_recipient, apart } = protection(gateway, matter, plan, source, item).await?;
    let decided = decide(gateway, matter, plan, cell, item, item.facts.for_policy(from_recipient));
    Ok(decided.map(|Decided { form, policies, consent }| Verdict { cell: cell.clone(), form, policies, apart, consent }))
}

/// Whether the recipient may know a secret address in what answers `cell`.
pub(super) fn shows_secret_address(matter: &Matter, plan: &Plan, cell: &Cell) -> bool {
    may_know_secret_address(&plan.purpose.id, recipient_kind(matter), cell.overridden_by.is_some())
}

/// What the policies say of an item.
struct Decided {
    form: Form,
    policies: Vec<Arc<str>>,
    consent: Option<String>,
}

/// The best form that the item may be given in, no finer than it is.
fn decide(gateway: &Gateway, matter: &Matter, plan: &Plan, cell: &Cell, item: &SourceItem, facts: Facts) -> Option<Decided> {
    let regime = Regime::of(&item.regime, &plan.purpose.id);
    let (case, authority) = (plan.case.as_ref(), &*gateway.authority);
    let known = Known { person: &plan.person, case, authority, regime, now: gateway.clock.now() };
    let mut question = question(&plan.purpose, matter, known, &cell.source, cell.category, item.form);
    question.facts = Some(facts);
    let decision = if item.form == Form::Summary { plan.bundle.decide_summary(&question) } else { plan.bundle.decide(&question) };
    let form = decision.form()?;
    let by_consent = plan.bundle.basis(&decision) == Some(Basis::Consent);
    let consent = question.consent.filter(|_| by_consent).map(|consent| consent.id.clone());
    Some(Decided { form, policies: decision.policies().to_vec(), consent })
}

fn says_no(item: &SourceItem, form: Form) -> bool {
    form == Form::Signal && item.data.as_object().is_some_and(|data| data.values().any(|value| value == "no"))
}
