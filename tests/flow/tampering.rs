//! Each part of a request changed after it was signed.

use serde_json::json;
use sluis::crypto::base64;
use sluis::crypto::content_digest::content_digest;
use sluis::crypto::digest::sha512;
use sluis::demo::organisations::Slug;

use crate::support::cases::Cases;
use crate::support::raw::RawRequest;
use crate::support::{TestGateway, caller, stranger};

/// One change to what was signed.
type Change = fn(&mut RawRequest);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_signed_cannot_be_changed() {
    let gateway = TestGateway::start().await;
    let asker = gateway.persona(Slug::VeiligThuis);
    let body = gateway.question("P22").to_string().into_bytes();
    let other = gateway.question("P17").to_string().into_bytes();
    assert_eq!(body.len(), other.len(), "so that the length does not give it away");
    let port = gateway.wire().address.port();
    let key = "0123456789abcdef";
    let draft = || gateway.draft(&asker, &body).field("idempotency-key", key).field("traceparent", "00-1-2-01");
    let signed = || draft().sign(&asker.key);
    let mut cases = Cases::default();

    let invalid = stranger(401, "signature-invalid");
    let changed: [(&str, Change); 8] = [
        ("method", |request| request.method = "PUT".to_owned()),
        ("method in lower case", |request| request.method = "Post".to_owned()),
        ("path", |request| request.target = "/v1/releases".to_owned()),
        ("path to nothing", |request| request.target = "/v1/disclosures/".to_owned()),
        ("query", |request| request.target.push_str("?a=1")),
        ("content-type", |request| request.set("content-type", "application/json; charset=utf-8")),
        ("idempotency-key", |request| request.set("idempotency-key", "0123456789abcdeg")),
        ("traceparent", |request| request.set("traceparent", "00-1-2-00")),
    ];
    for (name, change) in changed {
        let request = signed().with(change);
        let expected = match name {
            // Not a method that takes a body.
            "method in lower case" => stranger(400, "malformed-request"),
            _ => invalid,
        };
        cases.check(name, gateway.refused(&asker, &request, expected).await);
    }
    let elsewhere = signed().with(|request| request.set("host", &format!("127.0.0.1:{port}")));
    cases.check("another authority of ours", gateway.refused(&asker, &elsewhere, invalid).await);
    let foreign = signed().with(|request| request.set("host", "sluis.example"));
    cases.check("another's authority", gateway.refused(&asker, &foreign, stranger(421, "misdirected-request")).await);
    let without = signed().with(|request| request.remove("idempotency-key"));
    cases.check("idempotency-key removed", gateway.refused(&asker, &without, invalid).await);
    let shorter = signed().with(|request| {
        request.body.pop();
        request.set("content-length", &request.body.len().to_string());
    });
    cases.check("content-length", gateway.refused(&asker, &shorter, invalid).await);
    let redigested = signed().with(|request| {
        request.body.clone_from(&other);
        request.set("content-digest", &content_digest(&other));
    });
    cases.check("body and digest", gateway.refused(&asker, &redigested, invalid).await);
    let sha512 = format!("sha-512=:{}:", base64::encode(&sha512(&body)));
    let another_digest = signed().with(|request| request.set("content-digest", &sha512));
    cases.check("another sound digest", gateway.refused(&asker, &another_digest, invalid).await);

    // From here on the signature itself is sound: the caller is known, and its refusal is in the log.
    let swapped = signed().with(|request| request.body.clone_from(&other));
    cases.check("body", gateway.refused(&asker, &swapped, caller(401, "signature-invalid")).await);
    for digest in ["md5=:AAAA:", "sha-256=:AAAA:", "sha-256", "sha-256=AAAA", "nonsense((", "sha-256=:!:"] {
        let mut draft = draft();
        draft.request.set("content-digest", digest);
        let refused = gateway.refused(&asker, &draft.sign(&asker.key), caller(400, "malformed-digest")).await;
        cases.check(format!("digest {digest}"), refused);
    }
    let mut one_wrong = draft();
    one_wrong.request.set("content-digest", &format!("{}, {sha512}", content_digest(&other)));
    cases.check(
        "one wrong digest of two",
        gateway.refused(&asker, &one_wrong.sign(&asker.key), caller(401, "signature-invalid")).await,
    );

    let mut by_sha512 = gateway.draft(&asker, &body);
    by_sha512.request.set("content-digest", &sha512);
    cases.check("sha-512", gateway.wire().success(&asker.tls, &by_sha512.sign(&asker.key)).await);
    let get = gateway.draft_get(&asker, "/v1/disclosures/019370a0-0000-7000-8000-000000000000").sign(&asker.key);
    let deleted = get.with(|request| request.method = "DELETE".to_owned());
    cases.check("GET made DELETE", gateway.refused(&asker, &deleted, invalid).await);
    let moved = get.with(|request| request.target = request.target.replace("0000-7000", "0001-7000"));
    cases.check("another id", gateway.refused(&asker, &moved, invalid).await);
    // A signed GET given a body: nothing of it is covered.
    let loaded = get.with(|request| {
        request.body = json!({}).to_string().into_bytes();
        request.add("content-type", "application/json");
        request.add("content-length", "2");
    });
    cases.check("a body put to a GET", gateway.refused(&asker, &loaded, stranger(400, "malformed-request")).await);
    gateway.still_serves().await;
    gateway.stop().await;
    cases.finish(24);
}
