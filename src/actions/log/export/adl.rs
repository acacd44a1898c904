//! Authorization Decision Log (Logius, `specifications.md` at 0511b85, *Interface*): one record for each time that the policies were asked. They are asked
//! before the sources are, about every source's category at once (the *ask* entry), and once more with the facts that the sources stated (the entry of
//! the delivery): each entry tells of its own, so that no decision stands twice. What the gateway refuses by a fixed rule is a decision too.

use serde_json::{Value, json};

use super::{Exported, SUBJECT_TYPE, status, status_name, token};
use crate::clock::Timestamp;
use crate::ledger::entry::{Body, Clear, Considered, EntryKind, Item};

pub(super) fn write(entry: Exported<'_>, out: &mut Vec<u8>) -> u64 {
    let clear = &entry.line.clear;
    let Some(body) = &entry.line.body else { return 0 };
    let decided = decided(clear.kind, body);
    let (event, at, request, response) = match decided.as_slice() {
        [] if is_static_refusal(body) => ("adl.access_evaluation", body.occurred_at, refused_request(clear), refusal(body)),
        [] if is_untold(clear.kind, body) => ("adl.access_evaluations", body.occurred_at, refused_request(clear), Value::Null),
        [] => return 0,
        [(item, considered)] => {
            ("adl.access_evaluation", considered.at, request(clear, body, item, considered), response(item, considered))
        }
        several => ("adl.access_evaluations", last(several), requests(clear, body, several), responses(several)),
    };
    let operation = &body.operation;
    let record = json!({
        "trace_id": operation.trace_id,
        "span_id": operation.span_id,
        "parent_span_id": operation.parent_span_id,
        "event_name": event,
        "timestamp": at.millis().max(0),
        "status": status_name(status(clear, body)),
        "attributes": attributes(entry, body),
        "body": {"adl.core.request": request, "adl.core.response": response},
        "resource": {"service.name": "sluis", "service.version": env!("CARGO_PKG_VERSION"), "sluis.party": clear.party},
    });
    super::line(&without_nulls(record), out)
}

/// The problem that a refusal by a fixed rule ends in (`design.md` §4).
const NOT_PERMITTED: &str = "not-permitted";

type Decided<'a> = (&'a Item, &'a Considered);

/// The decisions that were made with this entry.
fn decided(kind: EntryKind, body: &Body) -> Vec<Decided<'_>> {
    let with_facts = match kind {
        EntryKind::Ask => false,
        EntryKind::Disclosure | EntryKind::Contribution => true,
        _ => return Vec::new(),
    };
    let considered = body.items.iter().filter_map(|item| Some((item, item.considered.as_ref()?)));
    considered.filter(|(_, considered)| considered.stated == with_facts).collect()
}

fn is_static_refusal(body: &Body) -> bool {
    body.refusal.as_ref().is_some_and(|refusal| refusal.problem == NOT_PERMITTED)
}

/// Whether the policies were asked and the party is not told what they said, item by item: a recipient, about what it asked for. The answer stands in the
/// entry, for who answers for the gateway.
fn is_untold(kind: EntryKind, body: &Body) -> bool {
    kind == EntryKind::Ask && body.decision.is_some()
}

fn last(decided: &[Decided<'_>]) -> Timestamp {
    decided.iter().map(|(_, considered)| considered.at).max().unwrap_or(Timestamp::from_millis(0))
}

/// Where what was decided by can be found: references only.
fn attributes(entry: Exported<'_>, body: &Body) -> Value {
    let subject = entry.line.clear.subject.as_ref().map(token);
    let decision = body.decision.as_ref();
    json!({
        "adl.core.response": is_untold(entry.line.clear.kind, body).then(|| in_the_log(entry)).filter(|_| body.items.iter().all(|item| item.considered.is_none())),
        "adl.core.policies": decision.map(|decision| json!({"sluis": decision.bundle})),
        // The entry holds the facts that the policies were given.
        "adl.core.information": decision.map(|_| in_the_log(entry)),
        "adl.core.configuration": decision.map(|decision| json!({"sluis": decision.configuration.get("software")})),
        "dpl.core.data_subject_id": subject,
        "dpl.core.data_subject_id_type": subject.as_ref().map(|_| SUBJECT_TYPE),
    })
}

fn in_the_log(entry: Exported<'_>) -> Value {
    json!({"sluis-log": {"party": entry.line.clear.party, "index": entry.line.index}})
}

/// Who would receive, what for: the same for every combination of a request.
fn asker(clear: &Clear, body: &Body) -> Value {
    let facts = body.decision.as_ref().map(|decision| &decision.facts);
    let fact = |name: &str| facts.and_then(|facts| facts.get(name));
    json!({
        "type": "organisation",
        "id": clear.recipient,
        "properties": {"kind": fact("recipientKind"), "askerKind": fact("askerKind")},
    })
}

fn context(clear: &Clear, considered: &Considered) -> Value {
    json!({"time": considered.at, "purpose": clear.purpose})
}

fn resource(item: &Item, considered: &Considered) -> Value {
    json!({
        "type": item.category,
        "id": format!("{}/{}", item.source, item.category),
        "properties": {"source": item.source, "sourceKind": considered.source_kind},
    })
}

fn request(clear: &Clear, body: &Body, item: &Item, considered: &Considered) -> Value {
    json!({"subject": asker(clear, body), "action": {"name": considered.finest}, "resource": resource(item, considered), "context": context(clear, considered)})
}

fn requests(clear: &Clear, body: &Body, decided: &[Decided<'_>]) -> Value {
    let one = |(item, considered): &Decided<'_>| json!({"action": {"name": considered.finest}, "resource": resource(item, considered), "context": context(clear, considered)});
    json!({"subject": asker(clear, body), "evaluations": decided.iter().map(one).collect::<Vec<_>>()})
}

fn response(item: &Item, considered: &Considered) -> Value {
    json!({
        "decision": !considered.permitted.is_empty(),
        "context": {"permitted": considered.permitted, "policies": item.policies, "reason": item.reason},
    })
}

fn responses(decided: &[Decided<'_>]) -> Value {
    json!({"evaluations": decided.iter().map(|(item, considered)| response(item, considered)).collect::<Vec<_>>()})
}

fn refused_request(clear: &Clear) -> Value {
    json!({
        "subject": {"type": "organisation", "id": clear.recipient},
        "action": {"name": "receive"},
        "resource": {"type": "categories", "id": clear.categories.iter().map(|category| category.code()).collect::<Vec<_>>().join(" ")},
        "context": {"purpose": clear.purpose},
    })
}

fn refusal(body: &Body) -> Value {
    json!({"decision": false, "context": {"reason": body.refusal.as_ref().map(|refusal| &refusal.problem)}})
}

/// A field that is not there is left out: null is no value in this interface.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            members.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name, without_nulls(value))).collect()
        }
        Value::Array(values) => values.into_iter().map(without_nulls).collect(),
        value => value,
    }
}
