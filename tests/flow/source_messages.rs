//! What a source brings unasked is judged as strictly as a question: every fault of its body by JSON Pointer, never with the value.

use std::time::Duration;

use serde_json::{Value, json};
use sluis::clock::{Clock, Timestamp};
use sluis::demo::organisations::Slug;

use crate::support::cases::Cases;
use crate::support::draft::Draft;
use crate::support::{Persona, TestGateway, caller};

fn override_message(now: Timestamp) -> Value {
    let tomorrow = now.plus(Duration::from_hours(24)).to_string();
    // All zeros would be a key of small order, under which a signature of zeros is valid for every fourth message.
    let signature = "A".repeat(60) + "Q" + &"A".repeat(25);
    let step = json!({"professional": "pro-1", "registration": "BIG 19012345601", "publicKey": "A".repeat(43), "signedAt": now.to_string(), "signature": signature});
    json!({
        "id": "o-1", "standing": "active", "created": step, "reviewDue": now.to_string(),
        "content": {
            "subject": {"scheme": "bsn", "value": "999990019"}, "recipients": [Slug::VeiligThuis.organisation().oin],
            "purpose": "acute-safety", "categories": ["identity"], "forms": ["exact"], "ground": "noodsituatie",
            "harm": "He said that he will come back tonight", "harmTo": "K1", "consent": {"sought": "no", "why": "no time"},
            "alternatives": "none", "whyLeast": "only the address", "colleague": "pro-2", "expiresAt": tomorrow},
    })
}

fn release() -> Value {
    json!({"decision": "019370a0-0000-7000-8000-000000000000", "subject": {"scheme": "bsn", "value": "999990019"}, "items": [{
        "id": "i-1", "category": "incident-reports", "form": "summary", "regime": "wpg", "recordedAt": "2026-03-14", "nature": "fact",
        "data": {"incidents": []}}]})
}

fn with(mut body: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    body.pointer_mut(parent).expect("a member")[name] = value;
    body
}

/// Broken on purpose to see it fail: the bodies read by serde alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_of_overrides_and_releases_are_listed_by_their_place() {
    let gateway = TestGateway::start().await;
    let police = gateway.persona(Slug::Police);
    let mut cases = Cases::default();
    let whole = || override_message(gateway.clock.now());
    for (path, body, expected) in [
        ("/v1/overrides", json!([]), &[""][..]),
        ("/v1/overrides", json!({"id": "o-1", "harm": "Jansen"}), &["/content", "/created", "/harm", "/standing"]),
        ("/v1/overrides", with(whole(), "/content/subject/value", json!("999990018")), &["/content/subject/value"]),
        ("/v1/overrides", with(whole(), "/content/harm", json!("Jansen".repeat(400))), &["/content/harm"]),
        ("/v1/overrides", with(whole(), "/content/bsn", json!("999990019")), &["/content/bsn"]),
        // All members are sound, their meaning is not.
        ("/v1/overrides", whole(), &["/created/publicKey", "/created/signature"]),
        ("/v1/overrides", with(with(whole(), "/standing", json!("revoked")), "/revoked", whole()["created"].clone()), &["/id"]),
        ("/v1/releases", json!({}), &["/decision", "/items", "/subject"]),
        ("/v1/releases", with(release(), "/items/0/nature", json!("rumour")), &["/items/0/nature"]),
        ("/v1/releases", with(release(), "/items/0/surname", json!("Jansen")), &["/items/0/surname"]),
        ("/v1/releases", with(release(), "/items/0/data", json!("Jansen")), &["/items/0/data"]),
    ] {
        let refused = post(&gateway, &police, path, &body, (400, "schema-invalid")).await;
        let told = refused.and_then(|(pointers, text)| {
            let quoted = ["Jansen", "99999001", "rumour"].into_iter().find(|value| text.contains(value));
            if pointers == expected && quoted.is_none() { Ok(()) } else { Err(format!("{pointers:?} {quoted:?} {text}")) }
        });
        cases.check(format!("{path} {}", expected.join(" ")), told);
    }
    for (path, body) in [("/v1/overrides", "{"), ("/v1/releases", "no JSON")] {
        let request =
            Draft::post(path, gateway.authority_name(), body.as_bytes()).by(&police.key, &*gateway.clock).sign(&police.key);
        cases.check(format!("{path}: not JSON"), gateway.refused(&police, &request, caller(400, "malformed-request")).await);
    }
    let unknown = post(&gateway, &police, "/v1/releases", &release(), (404, "not-found")).await;
    cases.check("a sound release of nothing", unknown);
    gateway.stop().await;
    cases.finish(14);
}

async fn post(
    gateway: &TestGateway,
    asker: &Persona,
    path: &str,
    body: &Value,
    problem: (u16, &'static str),
) -> Result<(Vec<String>, String), String> {
    let body = body.to_string();
    let request = Draft::post(path, gateway.authority_name(), body.as_bytes()).by(&asker.key, &*gateway.clock).sign(&asker.key);
    let response = gateway.refused(asker, &request, caller(problem.0, problem.1)).await?;
    let mut pointers = response.pointers();
    pointers.sort();
    Ok((pointers, String::from_utf8_lossy(&response.body).into_owned()))
}
