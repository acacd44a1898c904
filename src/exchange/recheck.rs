//! `Collected` → [`Rechecked`]: each item passes the policies again with the facts that its source states; an absent fact denies.

use std::sync::Arc;

use serde_json::Value;

use super::asking::{Known, RestsOn, question, rests_on};
use super::case::recipient_kind;
use super::collect::{Collected, SourceAnswer};
use super::matter::{Matter, Withheld};
use super::plan::{Cell, Plan};
use super::protected::{Protection, protection};
use super::sound::{is_sound, protects_from_few};
use super::{Gateway, Stopped};
use crate::catalogue::Form;
use crate::catalogue::minimise::may_know_secret_address;
use crate::consent::authority::Regime;
use crate::organisation::Oin;
use crate::policy::{Decision, Facts, Question};
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
    /// Which asked combination it answers, with what was decided on the item itself and on what that rests.
    pub cell: Cell,
    /// The item as the source gave it.
    pub item: SourceItem,
    /// The form that it may be given in: as given, or coarser.
    pub form: Form,
    /// Whether the recipient may know a secret address in it.
    pub shows_secret_address: bool,
    /// The names that the recipient must not have: those of persons from whom someone in the item is protected.
    pub apart: Vec<NameIndex>,
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
    let (mut matter, plan, answers) = collected.into_parts();
    let (mut items, mut all_withheld) = (Vec::new(), Vec::new());
    for answer in answers {
        let (permitted, withheld) = judged(gateway, &matter, &plan, answer).await?;
        items.extend(permitted);
        all_withheld.extend(withheld);
    }
    matter.withheld = all_withheld;
    Ok(Rechecked { matter, plan, items })
}

/// The items of one answer that may be given, and those that may not. What was not asked, or not in that form, is dropped.
async fn judged(
    gateway: &Gateway,
    matter: &Matter,
    plan: &Plan,
    answer: SourceAnswer,
) -> Result<(Vec<PermittedItem>, Vec<Withheld>), Stopped> {
    let (mut items, mut withheld) = (Vec::new(), Vec::new());
    if !protects_from_few(&answer.items) {
        tracing::warn!(source = %answer.source.organisation.oin, "an answer names too many persons from whom someone is protected: dropped");
        return Ok((items, withheld));
    }
    for item in answer.items {
        if !is_sound(&item) {
            tracing::warn!(source = %answer.source.organisation.oin, "an item's id, facts or persons are not of their form: dropped");
            continue;
        }
        let source = &answer.source.organisation.oin;
        let Verdict { cell, form, apart } = match judge(gateway, matter, plan, source, &item).await? {
            Some(Ok(verdict)) => verdict,
            Some(Err(why)) => {
                withheld.push(why);
                continue;
            }
            None => continue,
        };
        if says_nothing(&item, form) && plan.absence_rests_on_person(matter, &cell.source, item.category, form) {
            // Where consent or override decides, absence is not "no" but unavailable.
            continue;
        }
        let shows_secret_address = shows_secret_address(matter, plan, &cell);
        items.push(PermittedItem { cell, item, form, shows_secret_address, apart });
    }
    Ok((items, withheld))
}

/// What was decided on one item that may be given.
pub(super) struct Verdict {
    /// Which asked combination it answers, with what was decided on the item itself and on what that rests.
    pub(super) cell: Cell,
    /// The best form that it may be given in.
    pub(super) form: Form,
    /// The names that the recipient must not have.
    pub(super) apart: Vec<NameIndex>,
}

/// Decides on one item of `source` by its facts; `None` when it was not asked, not in that form, or may not be given.
pub(super) async fn may_give(
    gateway: &Gateway,
    matter: &Matter,
    plan: &Plan,
    source: &Oin,
    item: &SourceItem,
) -> Result<Option<Verdict>, Stopped> {
    Ok(judge(gateway, matter, plan, source, item).await?.and_then(Result::ok))
}

/// Decides; `None` when it was not asked, or not in that form.
async fn judge(
    gateway: &Gateway,
    matter: &Matter,
    plan: &Plan,
    source: &Oin,
    item: &SourceItem,
) -> Result<Option<Result<Verdict, Withheld>>, Stopped> {
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
    let (question, decision) = decide(gateway, matter, plan, cell, item, item.facts.for_policy(from_recipient));
    // By the item's own facts it can rest on something else than was expected before it came.
    let RestsOn { consent, overridden_by } = rests_on(&plan.bundle, &question, &decision);
    let policies = decision.policies().to_vec();
    let cell = Cell { policies, consent, overridden_by, question: Some(question), ..cell.clone() };
    if let Some(form) = decision.form() {
        return Ok(Some(Ok(Verdict { cell, form, apart })));
    }
    let reason = Arc::from(decision.reason().unwrap_or_default());
    Ok(Some(Err(Withheld { cell, reason, facts: item.facts.clone() })))
}

/// Whether the recipient may know a secret address in what answers `cell`.
pub(super) fn shows_secret_address(matter: &Matter, plan: &Plan, cell: &Cell) -> bool {
    may_know_secret_address(&plan.purpose.id, recipient_kind(matter), cell.overridden_by.is_some())
}

/// The best form that the item may be given in, no finer than it is.
fn decide(gateway: &Gateway, matter: &Matter, plan: &Plan, cell: &Cell, item: &SourceItem, facts: Facts) -> (Question, Decision) {
    let regime = Regime::of(&item.regime, &plan.purpose.id);
    let (case, authority) = (plan.case.as_ref(), &*gateway.authority);
    let known = Known { person: &plan.person, case, authority, regime, now: gateway.clock.now() };
    let mut question = question(&plan.purpose, matter, known, &cell.source, cell.category, item.form);
    question.facts = Some(facts);
    let decision = if item.form == Form::Summary { plan.bundle.decide_summary(&question) } else { plan.bundle.decide(&question) };
    (question, decision)
}

/// Whether the item says no more than that there is nothing: a signal `no`, or in any form only empty lists and counts of none.
fn says_nothing(item: &SourceItem, form: Form) -> bool {
    let Some(data) = item.data.as_object() else { return false };
    (form == Form::Signal && data.values().any(|value| value == "no")) || data.values().all(is_nothing)
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(_) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text == "no" || text.trim().is_empty(),
        Value::Array(entries) => entries.iter().all(is_nothing),
        Value::Object(members) => members.values().all(is_nothing),
    }
}
