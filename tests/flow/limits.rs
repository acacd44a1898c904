//! Who asks too much, and who may ask nothing any more.

use sluis::demo::organisations::Slug;
use sluis::ledger::entry::EntryKind;
use sluis::organisation::Status;

use crate::support::cases::Cases;
use crate::support::raw::{is_problem, send_on};
use crate::support::{Setup, TestGateway, caller};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_organisation_has_its_own_rate() {
    let setup =
        Setup { change: |config| (config.limits.requests_per_second, config.limits.burst) = (0.05, 4.0), ..Setup::default() };
    let gateway = TestGateway::start_with(setup).await;
    let asker = gateway.persona(Slug::VeiligThuis);
    let body = gateway.question("P22").to_string().into_bytes();
    let signed = || gateway.draft(&asker, &body).sign(&asker.key);
    let mut cases = Cases::default();
    for number in 0..4 {
        cases.check(format!("request {number}"), gateway.wire().success(&asker.tls, &signed()).await);
    }
    // The first excess is in the log; so many at once are not all, or they would fill it.
    let limited = gateway.refused(&asker, &signed(), caller(429, "rate-limited")).await;
    let limited = cases.check("one too many", limited);
    let wait = limited.and_then(|response| response.field("retry-after").parse::<u64>().ok());
    cases.hold("it is told when to come back", wait.is_some_and(|seconds| (1..=20).contains(&seconds)));
    let before = gateway.entries(EntryKind::Refusal, &asker.oin).await;
    for number in 0..20 {
        let refused = gateway.wire().problem(&asker.tls, &signed(), 429, "rate-limited").await;
        cases.check(format!("excess {number}"), refused);
    }
    let more = gateway.entries(EntryKind::Refusal, &asker.oin).await - before;
    cases.hold(format!("twenty more leave a few entries: {more}"), more < 20);
    let police = gateway.persona(Slug::Police);
    let theirs = gateway.draft(&police, &body).sign(&police.key);
    cases.check("another organisation", gateway.wire().problem(&police.tls, &theirs, 403, "not-permitted").await);
    // Whoever cannot sign takes nothing of the rate of the organisation it names.
    let forged = theirs.with(|request| request.set("content-type", "application/json;charset=utf-8"));
    for number in 0..8 {
        let refused = gateway.wire().problem(&police.tls, &forged, 401, "signature-invalid").await;
        cases.check(format!("forged {number}"), refused);
    }
    let theirs = gateway.draft(&police, &body).sign(&police.key);
    cases.check("after the forged ones", gateway.wire().problem(&police.tls, &theirs, 403, "not-permitted").await);
    gateway.clock.advance(25);
    cases.check("later", gateway.wire().success(&asker.tls, &signed()).await);
    gateway.stop().await;
    cases.finish(36);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_with_a_certificate_are_not_listened_to_without_end() {
    let gateway = TestGateway::start().await;
    let asker = gateway.persona(Slug::VeiligThuis);
    let body = gateway.question("P22").to_string().into_bytes();
    let unsigned = gateway.draft(&asker, &body).request;
    let before = gateway.log_size().await;
    let mut stream = gateway.wire().connect(&asker.tls).await.expect("a connection");
    let mut limited = 0;
    for _ in 0..600 {
        let response = send_on(&mut stream, &unsigned.bytes()).await.response().expect("a response");
        gateway.wire().judge(&unsigned, &response).expect("sound");
        if response.status == 401 {
            is_problem(&response, 401, "signature-missing").expect("missing");
        } else {
            is_problem(&response, 429, "rate-limited").expect("limited");
            limited += 1;
        }
    }
    assert!(limited > 0, "600 at once are too many");
    assert_eq!(gateway.log_size().await, before, "a stranger writes nothing");
    gateway.still_serves().await;
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suspended_organisation_is_refused_from_the_next_request() {
    let gateway = TestGateway::start().await;
    let asker = gateway.persona(Slug::VeiligThuis);
    let body = gateway.question("P22").to_string().into_bytes();
    let signed = || gateway.draft(&asker, &body).sign(&asker.key);
    let mut cases = Cases::default();
    let keyed = || gateway.draft(&asker, &body).field("idempotency-key", "before-suspension-1").sign(&asker.key);
    let mut alive = gateway.wire().connect(&asker.tls).await.expect("a connection");
    let first = send_on(&mut alive, &keyed().bytes()).await.response().expect("a response");
    let own = format!("/v1/disclosures/{}", first.json()["disclosure"].as_str().expect("an id"));
    for (name, request) in [
        ("a question", signed()),
        ("the same again", keyed()),
        ("a pick-up", gateway.draft_get(&asker, &own).sign(&asker.key)),
        ("no JSON", gateway.draft(&asker, b"x").sign(&asker.key)),
        ("nowhere", gateway.draft_get(&asker, "/v1/nowhere").sign(&asker.key)),
        ("another method", gateway.draft_get(&asker, "/v1/disclosures").sign(&asker.key)),
        ("what may never be", gateway.draft(&asker, body_of_diagnosis(&gateway).as_bytes()).sign(&asker.key)),
    ] {
        // Suspended anew for each: the very next request counts, not one a moment later.
        gateway.running().desk.set_status(&asker.oin, Status::Suspended).await.expect("suspended");
        let before = gateway.entries(EntryKind::Refusal, &asker.oin).await;
        let response = send_on(&mut alive, &request.bytes()).await.response();
        let told = response.and_then(|response| {
            gateway.wire().judge(&request, &response)?;
            is_problem(&response, 403, "organisation-suspended")
        });
        cases.check(name, told);
        let logged = gateway.entries(EntryKind::Refusal, &asker.oin).await == before + 1;
        cases.hold(format!("{name}: its refusal is in the log"), logged);
        gateway.running().desk.set_status(&asker.oin, Status::Active).await.expect("readmitted");
        gateway.running().gateway.registry.refresh().await.expect("a registry");
    }
    let again = cases.check("readmitted", gateway.wire().success(&asker.tls, &keyed()).await);
    cases.hold("what it had is still there", again.is_some_and(|again| again.json() == first.json()));
    gateway.still_serves().await;
    gateway.stop().await;
    cases.finish(16);
}

fn body_of_diagnosis(gateway: &TestGateway) -> String {
    let mut question = gateway.question("P22");
    question["categories"] = serde_json::json!(["diagnosis"]);
    question.to_string()
}
