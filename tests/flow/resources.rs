//! Paths and methods that are not there, and what belongs to another.

use sluis::demo::organisations::Slug;

use crate::support::cases::Cases;
use crate::support::draft::Draft;
use crate::support::{Persona, TestGateway, caller, stranger};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_found_but_ones_own() {
    let gateway = TestGateway::start().await;
    let asker = gateway.persona(Slug::VeiligThuis);
    let police = gateway.persona(Slug::Police);
    let body = gateway.question("P22").to_string().into_bytes();
    let mut cases = Cases::default();
    let request = gateway.draft(&asker, &body).sign(&asker.key);
    let response = gateway.wire().success(&asker.tls, &request).await.expect("a disclosure");
    let own = format!("/v1/disclosures/{}", response.json()["disclosure"].as_str().expect("an id"));

    for (method, target, allowed) in [
        ("GET", "/v1/disclosures", "POST"),
        ("DELETE", "/v1/disclosures", "POST"),
        ("PUT", "/v1/disclosures", "POST"),
        ("PATCH", "/v1/disclosures", "POST"),
        ("OPTIONS", "/v1/disclosures", "POST"),
        ("TRACE", "/v1/disclosures", "POST"),
        ("BREW", "/v1/disclosures", "POST"),
        ("post", "/v1/disclosures", "POST"),
        ("POST", &own, "GET"),
        ("PUT", &own, "GET"),
        ("DELETE", &own, "GET"),
        ("GET", "/v1/overrides", "POST"),
        ("GET", "/v1/releases", "POST"),
        ("DELETE", "/v1/offers", "GET, POST"),
        ("GET", "/v1/offers/x/withdrawals", "POST"),
    ] {
        let request = with_method(&gateway, &asker, method, target, &body);
        let refused = gateway.refused(&asker, &request, caller(405, "method-not-allowed")).await;
        let told = refused.and_then(|response| match response.field("allow") {
            allow if allow == allowed => Ok(()),
            allow => Err(format!("Allow: {allow}")),
        });
        cases.check(format!("{method} {target}"), told);
        let unsigned = request.with(|request| request.remove("signature"));
        let missing = stranger(401, "signature-missing");
        cases.check(format!("{method} {target}, unsigned"), gateway.refused(&asker, &unsigned, missing).await);
    }
    for target in [
        "/",
        "/v1",
        "/v1/",
        "/v2/disclosures",
        "/v1/disclosure",
        "/v1/disclosures/a/b",
        "/V1/disclosures",
        "/v1/cases/x/y/z",
        "/admin",
        "/.env",
        "/metrics",
        "/log/nothing",
        "/log/tile/8/000",
        "/log/tile/0/x001/067",
    ] {
        let request = gateway.draft_get(&asker, target).sign(&asker.key);
        let expected = match target {
            // The log is public to those who get as far as here; what it has not is told without a look at the caller.
            tile if tile.starts_with("/log/tile/") => stranger(404, "not-found"),
            _ => caller(404, "not-found"),
        };
        cases.check(format!("GET {target}"), gateway.refused(&asker, &request, expected).await);
    }
    for id in ["019370a0-0000-7000-8000-000000000000", "x", "0", "*", "'--", "..", "999990019", &"a".repeat(5000)] {
        let request = gateway.draft_get(&asker, &format!("/v1/disclosures/{id}")).sign(&asker.key);
        let found = gateway.refused(&asker, &request, caller(404, "not-found")).await;
        cases.check(format!("disclosure {}", &id[..id.len().min(40)]), found);
    }
    let theirs = gateway.draft_get(&police, &own).sign(&police.key);
    let not_theirs = gateway.refused(&police, &theirs, caller(404, "not-found")).await;
    let nobodys = gateway.draft_get(&police, "/v1/disclosures/019370a0-0000-7000-8000-000000000000").sign(&police.key);
    let nobodys = gateway.refused(&police, &nobodys, caller(404, "not-found")).await;
    let (theirs, nobodys) = (cases.check("another's disclosure", not_theirs), cases.check("nobody's disclosure", nobodys));
    let details = [theirs, nobodys].map(|response| response.expect("a response").json()["detail"].clone());
    cases.hold("another's looks like nobody's", details[0] == details[1]);
    let mine = gateway.draft_get(&asker, &own).sign(&asker.key);
    cases.check("its own", gateway.wire().success(&asker.tls, &mine).await);
    let with_query = gateway.draft_get(&asker, &format!("{own}?a=b")).sign(&asker.key);
    cases.check("its own, with a query", gateway.refused(&asker, &with_query, caller(400, "malformed-request")).await);
    let loaded = Draft::post(&own, gateway.authority_name(), b"{}").by(&asker.key, &*gateway.clock).sign(&asker.key);
    let loaded = loaded.with(|request| request.method = "GET".to_owned());
    cases.check("GET with a body", gateway.refused(&asker, &loaded, stranger(400, "malformed-request")).await);
    let connect = gateway
        .draft_get(&asker, gateway.authority_name())
        .sign(&asker.key)
        .with(|request| request.method = "CONNECT".to_owned());
    let tunnelled = gateway.wire().send(&asker.tls, &connect.bytes()).await.response();
    cases.check("CONNECT", tunnelled.and_then(|response| (response.status == 400).then_some(()).ok_or(format!("{response:?}"))));
    gateway.still_serves().await;
    gateway.stop().await;
    cases.finish(50);
}

/// A query that nobody reads, and a body in a coding that nobody undoes, are refused rather than passed over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_understood_is_refused() {
    let gateway = TestGateway::start().await;
    let asker = gateway.persona(Slug::VeiligThuis);
    let mut cases = Cases::default();
    for (name, target) in
        [("asking", "/v1/disclosures?sinc=2026"), ("a release", "/v1/releases?x"), ("an override", "/v1/overrides?x=1")]
    {
        let request = Draft::post(target, gateway.authority_name(), b"{}").by(&asker.key, &*gateway.clock).sign(&asker.key);
        let refused = gateway.refused(&asker, &request, caller(400, "malformed-request")).await;
        let detail = cases.check(format!("{name}, with a query"), refused).map(|response| response.json()["detail"].clone());
        cases.hold(format!("{name}: the query is named"), detail == Some("this resource takes no query".into()));
    }
    let public = gateway.draft_get(&asker, "/v1/openapi.json?x=1").sign(&asker.key);
    cases.check("a public document, with a query", gateway.wire().problem(&asker.tls, &public, 400, "malformed-request").await);
    for (coding, refused) in [("gzip", true), ("identity", false), ("br, identity", true)] {
        let body = gateway.question("P22").to_string().into_bytes();
        let request = gateway.draft(&asker, &body).field("content-encoding", coding).sign(&asker.key);
        if refused {
            let told = gateway.refused(&asker, &request, stranger(415, "media-type")).await;
            cases.check(format!("content-encoding {coding}"), told);
        } else {
            cases.check(format!("content-encoding {coding}"), gateway.wire().success(&asker.tls, &request).await);
        }
    }
    gateway.still_serves().await;
    gateway.stop().await;
    cases.finish(10);
}

fn with_method(
    gateway: &TestGateway,
    asker: &Persona,
    method: &str,
    target: &str,
    body: &[u8],
) -> crate::support::raw::RawRequest {
    let with_body = ["POST", "PUT", "PATCH"].contains(&method);
    let authority = gateway.authority_name();
    let mut draft = if with_body { Draft::post(target, authority, body) } else { Draft::get(target, authority) };
    method.clone_into(&mut draft.request.method);
    draft.by(&asker.key, &*gateway.clock).sign(&asker.key)
}
