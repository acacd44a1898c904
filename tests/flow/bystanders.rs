//! What others register about a person, and how much of it, is nothing to who asks: no answer shows it, none is held up by it (invariant 8).

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sluis::client::Client;
use sluis::demo::organisations::Slug;
use sluis::demo::running::Running;
use sluis::organisation::Oin;

use crate::support::cases::Cases;
use crate::support::draft::Draft;
use crate::support::fake_source::{Act, FakeSource, item};
use crate::support::professionals::make_override;
use crate::support::{Persona, TestGateway, caller};

fn oin(slug: Slug) -> Oin {
    slug.organisation().parsed_oin().expect("an OIN")
}

fn client(gateway: &TestGateway, slug: Slug) -> Client {
    gateway.running().client(slug).expect("a client")
}

/// Withdraws what P29 has consented to: that mental-health care tells Veilig Thuis of substance use.
async fn withdraw(running: &Running) {
    crate::support::consents::withdraw(running, "P29").await;
}

fn about(gateway: &TestGateway, person: &str, purpose: &str, source: Slug, category: &str) -> Vec<u8> {
    let mut body = gateway.question(person);
    body["purpose"] = json!(purpose);
    body["sources"] = json!([oin(source)]);
    body["categories"] = json!([category]);
    body.to_string().into_bytes()
}

/// Broken on purpose to see it fail: without `bearing_on` and `same_verdict`, as it was: then a new text tells the recipient that something was
/// registered about the person, by whomever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_register_shows_in_no_pick_up() {
    let gateway = TestGateway::start().await;
    let running = gateway.running();
    let questions = [
        // Between others: mental-health care breaks secrecy about P21 for the police, and P29 has consented for Veilig Thuis.
        (Slug::Prosecution, about(&gateway, "P21", "probation", Slug::Probation, "probation-status")),
        (Slug::Prosecution, about(&gateway, "P29", "probation", Slug::Probation, "probation-status")),
        // Between the same two, but about something else: nothing is given of this before and after.
        (Slug::VeiligThuis, about(&gateway, "P29", "safety-assessment", Slug::MentalHealth, "compulsory-care")),
    ];
    let mut first = Vec::new();
    for (asker, body) in &questions {
        first.push(client(&gateway, *asker).disclose(body, None).await.expect("an answer"));
    }
    let care = Arc::clone(&running.connectors[&Slug::MentalHealth]);
    make_override(running, &care).await;
    let reported = async {
        while !care.pending_overrides().await.expect("read").is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), reported).await.expect("the gateway takes it");
    withdraw(running).await;
    for ((asker, body), given) in questions.iter().zip(&first) {
        let again = client(&gateway, *asker).pick_up(&given.id, body).await.expect("picked up");
        let receipts = |disclosed: &sluis::client::Disclosed| {
            disclosed.deliveries.iter().map(|delivery| delivery.receipt.clone()).collect::<Vec<_>>()
        };
        assert_eq!(receipts(&again), receipts(given), "{}", String::from_utf8_lossy(body));
    }
    gateway.stop().await;
}

/// Broken on purpose to see it fail: without `bearing_on`: the source is asked once more for each event about the person between others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_others_register_under_way_holds_nothing_up() {
    let gateway = TestGateway::start().await;
    let probation = FakeSource::instead_of(&gateway, Slug::Probation).await;
    probation.holds(|call| call.answer(&[]));
    let body = about(&gateway, "P29", "probation", Slug::Probation, "probation-status");
    let asking = client(&gateway, Slug::Prosecution);
    let meanwhile = async {
        probation.asked(1).await;
        withdraw(gateway.running()).await;
        probation.lets_everything_go();
    };
    let (answer, ()) = tokio::join!(asking.disclose(&body, None), meanwhile);
    assert_eq!(answer.expect("an answer").deliveries.len(), 1);
    assert_eq!(probation.calls().len(), 1, "its answer was not thrown away");
    drop(probation);
    gateway.stop().await;
}

/// An identity of someone who is protected from `persons` others.
fn fearing(persons: usize) -> Value {
    let mut item = item("identity", "exact", json!({"surname": "Bergsma"}));
    let from: Vec<_> = (0..persons).map(|one| json!({"scheme": "v-number", "value": format!("v{one}")})).collect();
    item["persons"] = json!([{"letter": "S", "ageBand": "25-34", "identifier": null, "protectedFrom": from}]);
    item
}

/// Each name is looked for while everybody else waits for the log.
///
/// Broken on purpose to see it fail: without `protects_from_few`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_cannot_name_a_crowd() {
    let gateway = TestGateway::start().await;
    let police = FakeSource::instead_of(&gateway, Slug::Police).await;
    let mut body = gateway.question("P22");
    body["categories"] = json!(["identity"]);
    for (persons, items) in [(64, 1), (65, 0)] {
        police.does(move |call| Act::Answer(call.answer(&[fearing(persons)])));
        let disclosed = gateway.ask(Slug::VeiligThuis, &body, None).await.expect("an answer");
        assert_eq!(disclosed.items().count(), items, "{persons} persons");
    }
    drop(police);
    gateway.stop().await;
}

fn signed(gateway: &TestGateway, persona: &Persona, target: &str, message: &Value) -> crate::support::raw::RawRequest {
    let body = message.to_string().into_bytes();
    Draft::post(target, gateway.authority_name(), &body).by(&persona.key, &*gateway.clock).sign(&persona.key)
}

/// A source can neither bury a disclosure under its releases nor keep a person's facts moving.
///
/// Broken on purpose to see it fail: without `MOST_RELEASES`; without `registering`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_brings_no_more_than_it_can_mean() {
    let mut gateway = TestGateway::start().await;
    let police = gateway.persona(Slug::Police);
    let mut question = gateway.question("P22");
    question["categories"] = json!(["incident-reports"]);
    let asked = gateway.ask(Slug::VeiligThuis, &question, None).await.expect("an answer");
    gateway.running_mut().stop_connector(Slug::Police);
    let summary = |number: usize| {
        let mut item = item(
            "incident-reports",
            "summary",
            json!({"incidents": [{"month": "2026-03", "summary": format!("once {number}")}]}),
        );
        item["facts"]["professional"] = json!("pol-17");
        json!({"decision": asked.id, "subject": question["subject"], "items": [item]})
    };
    let mut cases = Cases::default();
    for number in 0..12 {
        let request = signed(&gateway, &police, "/v1/releases", &summary(number));
        cases.check(format!("release {number}"), gateway.wire().success(&police.tls, &request).await);
    }
    let request = signed(&gateway, &police, "/v1/releases", &summary(12));
    cases.check("one too many", gateway.refused(&police, &request, caller(429, "quota-exceeded")).await);
    let picked_up = client(&gateway, Slug::VeiligThuis).pick_up(&asked.id, question.to_string().as_bytes()).await;
    cases.hold("all can be picked up", picked_up.is_ok_and(|disclosed| disclosed.deliveries.len() == 13));

    let at = gateway.running().outside().clock.now();
    let mut taken = 0;
    while gateway.running().gateway.registering.take(&police.oin, at).is_ok() {
        taken += 1;
    }
    cases.hold("a source makes many overrides", taken > 100);
    let step = json!({"professional": "pro-1", "registration": "BIG 19012345601", "publicKey": "A".repeat(43), "signedAt": "2026-11-20T12:00:00Z", "signature": "A".repeat(86)});
    let message = json!({
        "id": "o-1", "standing": "active", "created": step,
        "content": {
            "subject": {"scheme": "bsn", "value": "999990019"}, "recipients": [oin(Slug::VeiligThuis)],
            "purpose": "acute-safety", "categories": ["identity"], "forms": ["exact"], "ground": "noodsituatie",
            "harm": "He said that he will come back tonight", "harmTo": "K1", "consent": {"sought": "no", "why": "no time"},
            "alternatives": "none", "whyLeast": "only the address", "colleague": "pro-2", "expiresAt": "2026-11-22T12:00:00Z"},
    });
    let request = signed(&gateway, &police, "/v1/overrides", &message);
    cases.check("but not endlessly", gateway.refused(&police, &request, caller(429, "quota-exceeded")).await);
    gateway.stop().await;
    cases.finish(16);
}
