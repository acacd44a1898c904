//! What a privacy officer (FG) of an organisation asks of the log.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use sluis::actions::officer::statement;
use sluis::clock::{Clock, Timestamp};
use sluis::demo::organisations::Slug;
use sluis::demo::setup::GATEWAY_OIN;
use sluis::notice::Addressed;
use sluis::organisation::Oin;

use super::TestGateway;
use super::consents::post;
use super::derogation::Person;

/// The privacy officer of a source of the demo, enrolled from the start.
pub fn officer(gateway: &TestGateway, slug: Slug) -> Person {
    Person::of(gateway, slug, "fg-1")
}

/// The body of what `by` asks of the demo's gateway for her organisation, signed by her at `at`.
pub fn signed_at(by: &Person, action: &str, request: &Value, at: Timestamp) -> Value {
    let gateway: Oin = GATEWAY_OIN.parse().expect("an OIN");
    signed_to(by, Addressed { gateway: &gateway, organisation: by.organisation() }, (action, request), at)
}

/// The same for any gateway, and any organisation.
pub fn signed_to(by: &Person, to: Addressed<'_>, (action, request): (&str, &Value), at: Timestamp) -> Value {
    let signed = by.signs(at, |who, at| statement(to, action, request, who, at));
    json!({"by": by.reference, "request": request, "signed": {"signedAt": signed.signed_at, "signature": signed.signature}})
}

/// The same as [`signed_at`] just now, and never twice at one instant: a signature is good for one request.
pub fn signed(gateway: &TestGateway, by: &Person, action: &str, request: &Value) -> Value {
    static SIGNED: AtomicU64 = AtomicU64::new(0);
    // In wide steps: by steps of a millisecond the next one would be at the same instant when it comes a millisecond later.
    let ago = Duration::from_millis(SIGNED.fetch_add(7919, Ordering::Relaxed) % 50_000);
    signed_at(by, action, request, gateway.clock.now().minus(ago))
}

/// What an organisation's officer is answered: status and JSON.
pub async fn ask(gateway: &TestGateway, slug: Slug, action: &str, request: &Value) -> (u16, Value) {
    let body = signed(gateway, &officer(gateway, slug), action, request);
    post(gateway, &gateway.persona(slug), &format!("/v1/log/{action}"), &body).await
}

/// The lines of one page.
pub async fn search(gateway: &TestGateway, slug: Slug, filter: Value) -> Vec<Value> {
    let (status, page) = ask(gateway, slug, "queries", &json!({"filter": filter, "limit": 200})).await;
    assert_eq!(status, 200, "{page}");
    assert_eq!(page["cursor"], Value::Null, "one page");
    page["lines"].as_array().expect("lines").clone()
}

/// Entries, opened.
pub async fn open(gateway: &TestGateway, slug: Slug, indexes: &[u64]) -> Vec<Value> {
    let (status, opened) = ask(gateway, slug, "openings", &json!({"indexes": indexes})).await;
    assert_eq!(status, 200, "{opened}");
    opened["lines"].as_array().expect("lines").clone()
}
