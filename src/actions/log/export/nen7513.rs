//! NEN 7513 in the shape of the Logboek's extension (Logius, `logboek-extensie-nen7513` at ac887b9, a draft): the Logboek's own fields, the source
//! system under `resource`, everything else under `dpl.nen7513`. Codes of participants are those of RFC 3881, which NEN 7513 takes over.

use serde_json::{Value, json};

use super::{Exported, SUBJECT_TYPE, activity, status, status_name, token};
use crate::ledger::entry::{Actor, Body, Clear};

pub(super) fn write(entry: Exported<'_>, out: &mut Vec<u8>) -> u64 {
    let clear = &entry.line.clear;
    let Some(body) = &entry.line.body else { return 0 };
    let operation = &body.operation;
    let subject = clear.subject.as_ref().map(token);
    let ended = operation.ended_at.unwrap_or(body.occurred_at).max(operation.started_at);
    let value = json!({
        "trace_id": operation.trace_id,
        "span_id": operation.span_id,
        "parent_span_id": operation.parent_span_id,
        "status": status_name(status(clear, body)),
        "name": operation.name,
        "start_time": operation.started_at.millis().max(0),
        "end_time": ended.millis().max(0),
        "resource": {"attributes": {
            "nen7513.AuditEnterpriseSiteID": clear.party,
            "nen7513.AuditSourceId": "sluis",
            // An application server.
            "nen7513.AuditSourceTypeCode": "4",
        }},
        "attributes": {
            "dpl.core.processing_activity_id": activity(clear, body, entry.held_back),
            "dpl.core.data_subject_id": subject,
            "dpl.core.data_subject_id_type": subject.as_ref().map(|_| SUBJECT_TYPE),
            "dpl.nen7513.eventTypeCode": clear.kind,
            "dpl.nen7513.users": users(clear, body),
            "dpl.nen7513.participants": participants(clear, body),
            "dpl.nen7513.participantSegments": segments(body),
            "dpl.nen7513.autorisatieProtocol": protocol(body),
            "dpl.nen7513.behandelrelatieProtocol": body.basis.as_ref().map(|basis| &basis.legal),
            "dpl.nen7513.toestemmingsProfiel": consents(body),
            "dpl.nen7513.controles": {
                "emergency": body.overrides.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(),
                "outcome": clear.outcome,
            },
        },
    });
    super::line(&value, out)
}

/// Who acted, and who answers for it: references that only the user's own organisation resolves, and no names.
fn users(clear: &Clear, body: &Body) -> Vec<Value> {
    let Some(actor) = &body.actor else { return Vec::new() };
    let machine = body.client.as_ref().and_then(|client| client.certificate.clone());
    let responsible = actor.on_behalf_of.as_deref().map(|reference| user(clear, actor, reference, false, None));
    [user(clear, actor, &actor.reference, true, machine)].into_iter().chain(responsible).collect()
}

fn user(clear: &Clear, actor: &Actor, reference: &str, is_requestor: bool, machine: Option<String>) -> Value {
    json!({
        "userID": reference,
        "alternateUserID": actor.organisation,
        "userName": "",
        "userIsRequestor": is_requestor,
        "roleIDCode": actor.role.as_ref().filter(|_| is_requestor),
        "purposeOfUse": clear.purpose,
        // A machine, named by the fingerprint of its certificate.
        "networkAccessPointTypeCode": machine.as_ref().map(|_| "1"),
        "networkAccessPointID": machine,
    })
}

/// The person (type 1, role 1: the one concerned) and the dossier (type 2, role 24: what was asked for).
fn participants(clear: &Clear, body: &Body) -> Vec<Value> {
    let participant = |kind: &str, role: &str, name: &str, id: String| {
        json!({
            "participantObjectTypeCode": kind,
            "participantObjectTypeCodeRole": role,
            "participantObjectIDTypeCode": name,
            "participantObjectID": id,
            "participantObjectSensitivity": clear.categories,
            "participantObjectPermissionPolicySet": body.decision.as_ref().map(|decision| &decision.bundle),
        })
    };
    let subject = clear.subject.as_ref().map(|subject| participant("1", "1", SUBJECT_TYPE, token(subject)));
    let case = clear.case.as_ref().map(|case| participant("2", "24", "urn:sluis:case-token", token(case)));
    subject.into_iter().chain(case).collect()
}

/// Which data: what was given of each source's category.
fn segments(body: &Body) -> Vec<Value> {
    let given = body.items.iter().filter_map(|item| {
        let form = item.given?;
        Some(json!({
            "participantObjectTypeCode": "2",
            "participantObjectIDTypeCode": "urn:sluis:category",
            "participantObjectID": item.category,
            "participantObjectDetail": {"source": item.source, "form": form, "records": item.records},
        }))
    });
    given.collect()
}

/// The authorisation protocol: which policies, in which version, decided.
fn protocol(body: &Body) -> Option<Value> {
    let decision = body.decision.as_ref()?;
    Some(
        json!({"bundle": decision.bundle, "version": decision.version, "policies": decision.policies, "outcome": decision.outcome}),
    )
}

fn consents(body: &Body) -> Vec<Value> {
    let mut consents: Vec<_> = body.items.iter().filter_map(|item| item.consent.as_ref()).collect();
    consents.sort();
    consents.dedup();
    consents.into_iter().map(|one| json!({"consent": one.id, "version": one.version})).collect()
}
