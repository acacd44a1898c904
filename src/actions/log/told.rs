//! What of an opened body is told to its party. The body says everything for who answers for the gateway; one side of a disclosure must not learn from its own log
//! what the other side's decisions are about.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalogue::Form;
use crate::ledger::entry::{Body, Clear, Decision, EntryKind, Item};
use crate::organisation::Oin;
use crate::store::search::{is_of_recipient, seconds};

/// Among a decision's facts: whether the recipient named the sources.
const NAMED: &str = "sourcesNamed";

/// The facts of a decision that do not depend on the person.
const STATIC: [&str; 4] = ["recipient", "recipientKind", "askerKind", NAMED];

/// What the outcome of a decision on a person is to who must not know it.
const UNTOLD: &str = "not-told";

/// The body as its party may see it: a recipient what its answer tells (invariant 8), a source what concerns its own items. Every other entry was written
/// for its party alone.
pub(super) fn told(clear: &Clear, body: Body, gateway: &Oin) -> Body {
    let mut body = in_seconds(body);
    if is_of_recipient(clear) {
        to_recipient(body, gateway)
    } else if body.disclosing.as_ref() == Some(&clear.party) {
        to_source(body)
    } else {
        if clear.kind == EntryKind::WithdrawalNotice {
            // A recipient knows disclosures, not the consents that they rest on.
            body.references.retain(|reference| reference.object != "consent");
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Category;
    use crate::clock::Timestamp;
    use crate::ledger::entry::{ConsentReference, Considered, Emergency, Operation, Outcome, SpanId, Status, TraceId};
    use crate::organisation::Kind;

    fn oin(number: u8) -> Oin {
        format!("000000990000000{number:02}000").parse().expect("an OIN")
    }

    fn item(given: Option<Form>) -> Item {
        Item {
            source: oin(2),
            category: Category::Measures,
            asked: Form::Exact,
            given,
            reason: Some("consent-missing".to_owned()),
            considered: Some(Considered {
                at: Timestamp::from_seconds(0),
                source_kind: Kind::Police,
                finest: Form::Exact,
                permitted: BTreeSet::new(),
                consent: None,
                derogation: Some("o1".to_owned()),
                stated: true,
                protected_from_recipient: true,
            }),
            policies: BTreeSet::from(["p1".into()]),
            fields: BTreeSet::from(["level".to_owned()]),
            withheld_fields: BTreeSet::from(["place".to_owned()]),
            records: 1,
            regime: Some("wpg".to_owned()),
            facts: BTreeMap::from([("secretAddress".to_owned(), "true".to_owned())]),
            consent: Some(ConsentReference { id: "c8".to_owned(), version: 1 }),
            overridden_by: Some("o1".to_owned()),
            nearby: Some(ConsentReference { id: "c7".to_owned(), version: 1 }),
        }
    }

    /// An entry on the side of `party`, of something that 2 gave to 1 on an override.
    fn entry(kind: EntryKind, party: u8, named: bool) -> (Clear, Body) {
        let (at, trace_id) = (Timestamp::from_millis(1_234), TraceId::from_bytes([1; 16]).expect("a trace"));
        let span_id = SpanId::from_bytes([1; 8]).expect("a span");
        let operation = Operation {
            trace_id,
            span_id,
            parent_span_id: None,
            name: "test".to_owned(),
            status: Status::Unset,
            started_at: at,
            ended_at: Some(at),
            processing_activity: None,
            foreign: None,
        };
        let mut body = Body::new(kind, at, oin(party), operation);
        body.receiving = Some(oin(1));
        body.disclosing = (party == 2).then(|| oin(2));
        body.asked = BTreeMap::from([(oin(2), BTreeMap::new())]);
        body.overrides = vec![Emergency { id: "o1".to_owned(), reason: None, review_by: None }];
        body.items = vec![item(Some(Form::Reduced)), item(Some(Form::Exact)), item(None)];
        let facts = [
            ("consent c9 1", "{}"),
            ("factsRevision", "7"),
            ("recipientKind", "police"),
            (NAMED, if named { "true" } else { "false" }),
        ];
        body.decision = Some(Decision {
            outcome: "withhold".to_owned(),
            bundle: "b".to_owned(),
            version: None,
            policies: BTreeSet::from(["p1".into()]),
            facts: facts.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            configuration: BTreeMap::new(),
        });
        let clear = Clear {
            kind,
            time: at,
            party: oin(party),
            source: (party == 2).then(|| oin(2)),
            recipient: Some(oin(1)),
            purpose: None,
            categories: BTreeSet::new(),
            outcome: Outcome::Given,
            overridden: true,
            subject: None,
            actor: None,
            case: None,
            trace: trace_id,
        };
        (clear, body)
    }

    /// Broken on purpose to see it fail: each line of `to_recipient`, `given`, `without_person` and `in_seconds` left out, one at a time.
    #[test]
    fn a_recipient_is_told_what_was_given_and_nothing_of_why() {
        for kind in [EntryKind::Ask, EntryKind::Disclosure, EntryKind::Redelivery, EntryKind::Undelivered] {
            let (clear, body) = entry(kind, 1, false);
            let body = told(&clear, body, &oin(9));
            let sources: Vec<_> = body.items.iter().map(|item| (item.source.clone(), item.given)).collect();
            assert_eq!(
                sources,
                [(oin(9), Some(Form::Reduced)), (oin(2), Some(Form::Exact))],
                "coarse forms by kind, and only what was given"
            );
            assert_eq!(body.items[0].facts, BTreeMap::from([("sourceKind".to_owned(), "police".to_owned())]));
            let second = Timestamp::from_seconds(1);
            assert_eq!((body.occurred_at, body.operation.started_at, body.operation.ended_at), (second, second, Some(second)));
            let text = serde_json::to_string(&body).expect("JSON");
            for word in [
                "consent-missing",
                "o1",
                "p1",
                "c7",
                "c8",
                "c9",
                "factsRevision",
                "secretAddress",
                "place",
                "withhold\"",
                "protected",
            ] {
                assert!(!text.contains(word), "{kind}: {word} in {text}");
            }
            assert!(body.asked.is_empty() && text.contains("recipientKind") && text.contains("level"), "{text}");
        }
        let (clear, body) = entry(EntryKind::Disclosure, 1, true);
        assert!(told(&clear, body, &oin(9)).items.iter().all(|item| item.source == oin(2)), "sources that it named itself");
    }

    /// Broken on purpose to see it fail: `to_source` giving the body as it is; each line of `without_person`.
    #[test]
    fn a_source_is_told_all_of_its_items_and_nothing_of_others() {
        for kind in [EntryKind::Contribution, EntryKind::Undelivered] {
            let (clear, body) = entry(kind, 2, false);
            let told = told(&clear, body.clone(), &oin(9));
            assert!(told.items == body.items && told.overrides == body.overrides);
            let decision = told.decision.expect("a decision");
            assert_eq!(decision.facts.keys().collect::<Vec<_>>(), ["recipientKind", NAMED]);
            assert!(decision.policies.is_empty());
        }
    }
}
