//! Logboek Dataverwerkingen (Logius, `specificaties.md` at 01340ad, *Interface*) as OTLP/JSON: each line is a whole request to `/v1/traces`, with one
//! span about one data subject or none. Who acted is not in it: users stand in a log of their own, joined by trace and span.

use serde_json::{Value, json};

use super::{Exported, SUBJECT_TYPE, activity, status, token};
use crate::clock::Timestamp;
use crate::ledger::entry::{Body, Clear, Status};

pub(super) fn write(entry: Exported<'_>, out: &mut Vec<u8>) -> u64 {
    let clear = &entry.line.clear;
    // Without its body an entry has no span, and a line without one is none.
    let Some(body) = &entry.line.body else { return 0 };
    let request = json!({"resourceSpans": [{
        "resource": {"attributes": [
            attribute("service.name", "sluis"),
            attribute("service.version", env!("CARGO_PKG_VERSION")),
            attribute("sluis.party", clear.party.as_str()),
        ]},
        "scopeSpans": [{"scope": {"name": "sluis.log"}, "spans": [span(clear, body, entry.held_back)]}],
    }]});
    super::line(&request, out)
}

fn span(clear: &Clear, body: &Body, held_back: bool) -> Value {
    let operation = &body.operation;
    let mut attributes = vec![attribute("dpl.core.processing_activity_id", &activity(clear, body, held_back))];
    if let Some(subject) = &clear.subject {
        attributes.push(attribute("dpl.core.data_subject_id", &token(subject)));
        attributes.push(attribute("dpl.core.data_subject_id_type", SUBJECT_TYPE));
    }
    if let Some(foreign) = &operation.foreign {
        attributes.push(attribute("dpl.core.foreign_operation.processor", &foreign.processor));
    }
    let mut span = json!({
        // In OTLP/JSON these are hexadecimal, other than bytes elsewhere in the JSON of protocol buffers.
        "traceId": operation.trace_id,
        "spanId": operation.span_id,
        "name": operation.name,
        // SPAN_KIND_SERVER: what is done for a caller.
        "kind": 2,
        "startTimeUnixNano": nanos(operation.started_at),
        "endTimeUnixNano": nanos(operation.ended_at.unwrap_or(body.occurred_at).max(operation.started_at)),
        "attributes": attributes,
        "status": {"code": match status(clear, body) {
            Status::Unset => 0,
            Status::Ok => 1,
            Status::Error => 2,
        }},
    });
    let parent = operation.parent_span_id.or_else(|| operation.foreign.as_ref().and_then(|foreign| foreign.span_id));
    if let (Some(parent), Some(members)) = (parent, span.as_object_mut()) {
        members.insert("parentSpanId".to_owned(), json!(parent));
    }
    span
}

fn attribute(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

/// 64-bit numbers are strings in the JSON of protocol buffers.
fn nanos(at: Timestamp) -> String {
    (i128::from(at.millis().max(0)) * 1_000_000).to_string()
}
