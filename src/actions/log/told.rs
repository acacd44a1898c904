//! What of an opened body is told to its party. The body says everything for who answers for the gateway; one side of a disclosure must not learn from its own log
//! what the other side's decisions are about.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalogue::Form;
use crate::ledger::entry::{Body, Clear, Decision, Item};
use crate::organisation::Oin;
use crate::store::search::{is_of_recipient, seconds};

/// Among a decision's facts: whether the recipient named the sources.
const NAMED: &str = "sourcesNamed";

/// The facts of a decision that do not depend on the person.
const STATIC: [&str; 4] = ["recipient", "recipientKind", "askerKind", NAMED];

/// What the outcome of a decision on a person is to who must not know it.
const UNTOLD: &str = "not-told";

/// The body as its party may see it: a recipient what its answer tells (invariant 8), a source what concerns its own items. Every other entry was written
/// about and for its party alone.
pub(super) fn told(clear: &Clear, body: Body, gateway: &Oin) -> Body {
    let body = in_seconds(body);
    if is_of_recipient(clear) {
        to_recipient(body, gateway)
    } else if body.disclosing.as_ref() == Some(&clear.party) {
        to_source(body)
    } else {
        body
    }
}

fn in_seconds(mut body: Body) -> Body {
    body.occurred_at = seconds(body.occurred_at);
    body.operation.started_at = seconds(body.operation.started_at);
    body.operation.ended_at = body.operation.ended_at.map(seconds);
    body
}

/// Nothing but what was given, in the words of the answer: not whom the gateway asked, on what it rests, or why something else is not there.
fn to_recipient(mut body: Body, gateway: &Oin) -> Body {
    let facts = body.decision.as_ref().map(|decision| &decision.facts);
    let named = facts.and_then(|facts| facts.get(NAMED)).is_some_and(|named| named == "true");
    body.asked = BTreeMap::new();
    body.overrides = Vec::new();
    body.items = body.items.into_iter().filter_map(|item| given(item, named, gateway)).collect();
    body.decision = body.decision.map(|decision| Decision { outcome: UNTOLD.to_owned(), ..without_person(decision) });
    body
}

/// A source answers for its own items; the decision over all is about others' too.
fn to_source(mut body: Body) -> Body {
    body.decision = body.decision.map(without_person);
    body
}

fn without_person(mut decision: Decision) -> Decision {
    decision.facts.retain(|fact, _| STATIC.contains(&fact.as_str()));
    decision.policies = BTreeSet::new();
    decision
}

/// An item as the answer tells it. Of the coarser forms it names only the kind of the source, unless the recipient named the sources: the gateway's own number
/// stands for it then, and the kind among the facts.
fn given(item: Item, named: bool, gateway: &Oin) -> Option<Item> {
    let form = item.given?;
    let is_named = named || matches!(form, Form::Exact | Form::Summary);
    let kind = item.considered.as_ref().map(|considered| ("sourceKind".to_owned(), considered.source_kind.code().to_owned()));
    Some(Item {
        source: if is_named { item.source } else { gateway.clone() },
        category: item.category,
        asked: item.asked,
        given: Some(form),
        reason: None,
        considered: None,
        policies: BTreeSet::new(),
        fields: item.fields,
        withheld_fields: BTreeSet::new(),
        records: item.records,
        regime: item.regime,
        facts: kind.filter(|_| !is_named).into_iter().collect(),
        consent: None,
        overridden_by: None,
        nearby: None,
    })
}
