//! Offers over the wire: a source says that there is something to collect and not about whom; its recipient collects it by an ordinary request.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sluis::client::Trouble;
use sluis::clock::Clock;
use sluis::demo::organisations::Slug;
use sluis::ledger::entry::EntryKind;
use sluis::organisation::Oin;
use sluis::source::offers::OfferMessage;
use tokio::sync::Notify;

use crate::support::cases::Cases;
use crate::support::draft::Draft;
use crate::support::fake_source::{Act, FakeSource, item};
use crate::support::faulty_store::{Fault, Node};
use crate::support::{Persona, TestGateway, caller, log};

fn oin(slug: Slug) -> Oin {
    slug.organisation().parsed_oin().expect("an OIN")
}

/// A police report about P22 for Veilig Thuis, which waits for a day.
fn offer(gateway: &TestGateway) -> Value {
    json!({
        "recipient": oin(Slug::VeiligThuis), "purpose": "safety-assessment", "kind": "police-report",
        "subject": gateway.question("P22")["subject"],
        "expiresAt": gateway.clock.now().plus(Duration::from_hours(24)).to_string(),
    })
}

fn post(gateway: &TestGateway, asker: &Persona, target: &str, body: &Value) -> crate::support::raw::RawRequest {
    let body = body.to_string().into_bytes();
    Draft::post(target, gateway.authority_name(), &body).by(&asker.key, &*gateway.clock).sign(&asker.key)
}

async fn make(gateway: &TestGateway, slug: Slug, body: &Value) -> String {
    let message: OfferMessage = serde_json::from_value(body.clone()).expect("an offer");
    gateway.running().client(slug).expect("a client").make_offer(&message).await.expect("made").offer
}

/// What collects it.
fn collects(gateway: &TestGateway, offer: &str) -> Value {
    let mut body = gateway.question("P22");
    body.as_object_mut().expect("an object").remove("sources");
    body["subject"] = json!({"scheme": "offer", "value": offer});
    body
}

async fn waiting(gateway: &TestGateway, slug: Slug) -> Vec<String> {
    let offers = gateway.running().client(slug).expect("a client").offers().await.expect("listed");
    offers.into_iter().map(|offer| offer.offer).collect()
}

/// The recipient learns of no person before it collects; then it gets what it may have of that person, and both sides' logs tell of it.
///
/// Broken on purpose to see it fail: `OfferCollected` doing nothing; the subject in the recipient's entry; the whole row in the list.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_is_collected_by_an_ordinary_request() {
    let gateway = TestGateway::start().await;
    let message = offer(&gateway);
    let bsn = message["subject"]["value"].as_str().expect("a number").to_owned();
    let before = gateway.log_size().await;
    let id = make(&gateway, Slug::Police, &message).await;
    let sides = [(EntryKind::Offer, oin(Slug::Police)), (EntryKind::Offer, oin(Slug::VeiligThuis))];
    assert_eq!(gateway.entries_since(before).await, sides);
    let recipient = gateway.persona(Slug::VeiligThuis);
    let request = gateway.draft_get(&recipient, "/v1/offers").sign(&recipient.key);
    let listed = gateway.wire().success(&recipient.tls, &request).await.expect("a list").json();
    let mut members: Vec<_> = listed["offers"][0].as_object().expect("an offer").keys().cloned().collect();
    members.sort();
    assert_eq!(members, ["expiresAt", "kind", "madeAt", "offer", "purpose", "source"]);
    assert!(listed["offers"][0]["offer"] == id.as_str() && !listed.to_string().contains(&bsn));
    assert!(waiting(&gateway, Slug::Probation).await.is_empty(), "it is nobody else's");
    assert_eq!(make(&gateway, Slug::Police, &message).await, id, "the same again is the same");
    assert_eq!(waiting(&gateway, Slug::VeiligThuis).await, std::slice::from_ref(&id));

    let (body, plainly) = (collects(&gateway, &id), gateway.question("P22"));
    let known = gateway.ask(Slug::VeiligThuis, &plainly, None).await.expect("an answer");
    let collected = gateway.ask(Slug::VeiligThuis, &body, None).await.expect("collected");
    let given = |disclosed: &sluis::client::Disclosed| disclosed.items().map(|item| item["data"].clone()).collect::<Vec<_>>();
    assert!(!given(&collected).is_empty());
    assert_eq!(given(&collected), given(&known), "what is given is what anyone who asks about this person gets");
    assert_eq!(collected.deliveries[0].payload["subject"], known.deliveries[0].payload["subject"]);
    assert!(waiting(&gateway, Slug::VeiligThuis).await.is_empty(), "it waits no more");
    let made = gateway.running().client(Slug::Police).expect("a client").offers_made().await.expect("listed");
    assert_eq!(made.iter().map(|one| (one.offer.as_str(), one.state.as_str())).collect::<Vec<_>>(), [(id.as_str(), "collected")]);
    assert!(gateway.running().client(Slug::VeiligThuis).expect("a client").offers_made().await.expect("listed").is_empty());
    gateway.ask(Slug::VeiligThuis, &body, None).await.expect("collected again: what was lost on the way is not lost for good");
    let text = body.to_string().into_bytes();
    let client = gateway.running().client(Slug::VeiligThuis).expect("a client");
    assert_eq!(client.pick_up(&collected.id, &text).await.expect("picked up").deliveries.len(), 1);

    // Both sides' entries name the offer; the recipient's entry of the offer itself tells of no person.
    let entries = log::opened(&*gateway.running().gateway.store, &gateway.running().layout).await;
    let named = |kind: EntryKind| {
        entries
            .iter()
            .filter(move |entry| entry.kind() == kind)
            .map(|entry| entry.body.references.iter().any(|reference| reference.object == "offer" && reference.id == id))
    };
    assert_eq!(named(EntryKind::Disclosure).collect::<Vec<_>>(), [false, true, true]);
    assert_eq!(named(EntryKind::Ask).collect::<Vec<_>>(), [false, true, true]);
    let subjects: Vec<_> = entries
        .iter()
        .filter(|entry| entry.kind() == EntryKind::Offer)
        .map(|entry| entry.stored.row.clear.subject.is_some())
        .collect();
    assert_eq!(subjects, [true, false]);
    // At rest the number is nowhere: see `at_rest`; here the row itself.
    let kept = gateway.running().gateway.store.offer(&id, gateway.clock.now()).await.expect("read").expect("kept");
    assert!(kept.collected && !format!("{kept:?}").contains(&bsn));
    gateway.stop().await;
}

/// Of an offer whose person the recipient knows already, and of whom nothing is given, it does not learn whom the source had in mind. What it is
/// called then stands for nobody.
///
/// Broken on purpose to see it fail: the person's own name, as it was; the search token.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_of_which_nothing_is_given_names_nobody() {
    let gateway = TestGateway::start().await;
    let known = gateway.ask(Slug::VeiligThuis, &gateway.question("P22"), None).await.expect("an answer");
    let real = known.deliveries[0].payload["subject"].clone();
    let id = make(&gateway, Slug::Police, &offer(&gateway)).await;
    let source = FakeSource::instead_of(&gateway, Slug::Police).await;
    source.does(|call| Act::Answer(call.answer(&[])));
    let mut named = Vec::new();
    for _ in 0..2 {
        let collected = gateway.ask(Slug::VeiligThuis, &collects(&gateway, &id), None).await.expect("collected");
        let payload = &collected.deliveries[0].payload;
        assert_eq!(collected.items().count(), 0);
        assert_eq!(payload["subject"].to_string().len(), real.to_string().len(), "it looks like any other");
        named.push(payload["subject"].clone());
    }
    assert!(named[0] != real && named[1] != real && named[0] != named[1], "{named:?}");
    // Nor does its own log tell: a search by the person finds what was given about her, and not what was not.
    let entries = log::opened(&*gateway.running().gateway.store, &gateway.running().layout).await;
    let own = entries.iter().filter(|entry| {
        matches!(entry.kind(), EntryKind::Ask | EntryKind::Disclosure)
            && entry.body.references.iter().any(|one| one.object == "offer")
    });
    let told: Vec<_> = own.map(|entry| (entry.stored.row.clear.subject.is_some(), entry.body.subject.is_some())).collect();
    assert_eq!(told, [(false, false); 4]);
    drop(source);
    gateway.stop().await;
}

/// Broken on purpose to see it fail: without the recipient, the purpose or the sources compared; without the policies asked; `ends` not looked at.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_serves_its_recipient_and_purpose_and_nobody_else() {
    let gateway = TestGateway::start().await;
    let mut cases = Cases::default();
    let (police, recipient) = (gateway.persona(Slug::Police), gateway.persona(Slug::VeiligThuis));
    let probation = gateway.persona(Slug::Probation);
    let id = make(&gateway, Slug::Police, &offer(&gateway)).await;
    let of_threat = {
        let mut body = offer(&gateway);
        body["kind"] = json!("threat");
        body
    };
    let withdrawn = make(&gateway, Slug::Police, &of_threat).await;
    gateway.running().client(Slug::Police).expect("a client").withdraw_offer(&withdrawn).await.expect("withdrawn");
    assert_eq!(waiting(&gateway, Slug::VeiligThuis).await, std::slice::from_ref(&id));

    let with = |mut body: Value, name: &str, value: Value| {
        body[name] = value;
        body
    };
    let ask = |asker: &Persona, body: &Value| gateway.draft(asker, body.to_string().as_bytes()).sign(&asker.key);
    let by_probation = with(with(collects(&gateway, &id), "purpose", json!("probation")), "categories", json!(["identity"]));
    let mut details = Vec::new();
    for (name, asker, body) in [
        ("another's", &probation, by_probation.clone()),
        ("another purpose", &recipient, with(collects(&gateway, &id), "purpose", json!("acute-safety"))),
        ("withdrawn", &recipient, collects(&gateway, &withdrawn)),
        ("none", &recipient, collects(&gateway, "01937c6e-0000-7000-8000-00000000ffff")),
    ] {
        let told = gateway.refused(asker, &ask(asker, &body), caller(404, "not-found")).await;
        details.extend(cases.check(name, told).map(|response| response.json()["detail"].clone()));
    }
    cases.hold("one answer", details.len() == 4 && details.windows(2).all(|pair| pair[0] == pair[1]));
    for (name, body) in [
        ("of another source", with(collects(&gateway, &id), "sources", json!([oin(Slug::MentalHealth)]))),
        ("of more sources", with(collects(&gateway, &id), "sources", json!([oin(Slug::Police), oin(Slug::MentalHealth)]))),
    ] {
        cases.check(name, gateway.refused(&recipient, &ask(&recipient, &body), caller(403, "not-permitted")).await);
    }
    let malformed = with(collects(&gateway, &id), "subject", json!({"scheme": "offer", "value": "P22"}));
    cases.check("no id", gateway.refused(&recipient, &ask(&recipient, &malformed), caller(400, "schema-invalid")).await);

    for (name, asker, change, status, suffix) in [
        ("by who is no source", &gateway.persona(Slug::CaseManagement), json!({}), 403, "not-permitted"),
        ("to who may have nothing of it", &police, json!({"recipient": oin(Slug::YouthProtection)}), 403, "not-permitted"),
        ("to itself", &police, json!({"recipient": oin(Slug::Police)}), 403, "not-permitted"),
        ("for no purpose", &police, json!({"purpose": "curiosity"}), 403, "not-permitted"),
        ("to nobody", &police, json!({"recipient": "00000099000000099000"}), 400, "schema-invalid"),
        ("of another kind", &police, json!({"kind": "rumour"}), 400, "schema-invalid"),
        ("with a text", &police, json!({"text": "He did it again"}), 400, "schema-invalid"),
        ("by a wrong number", &police, json!({"subject": {"scheme": "bsn", "value": "999990018"}}), 400, "schema-invalid"),
        ("by a pseudonym", &police, json!({"subject": {"scheme": "pseudonym", "value": "p1_0"}}), 400, "schema-invalid"),
        ("of the past", &police, json!({"expiresAt": "2020-01-01T00:00:00Z"}), 400, "schema-invalid"),
        ("for years", &police, json!({"expiresAt": "2099-01-01T00:00:00Z"}), 400, "schema-invalid"),
    ] {
        let mut body = offer(&gateway);
        body.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
        let request = post(&gateway, asker, "/v1/offers", &body);
        cases.check(format!("offered {name}"), gateway.refused(asker, &request, caller(status, suffix)).await);
    }
    for (name, asker, offer, body, status, suffix) in [
        ("another's", &probation, &id, json!({}), 404, "not-found"),
        ("its recipient's", &recipient, &id, json!({}), 404, "not-found"),
        ("twice", &police, &withdrawn, json!({}), 404, "not-found"),
        ("with a reason", &police, &id, json!({"reason": "a mistake"}), 400, "schema-invalid"),
    ] {
        let request = post(&gateway, asker, &format!("/v1/offers/{offer}/withdrawals"), &body);
        cases.check(format!("withdrawn, {name}"), gateway.refused(asker, &request, caller(status, suffix)).await);
    }

    // Past its term it is gone, and collected it cannot be taken back.
    let collected = gateway.ask(Slug::VeiligThuis, &collects(&gateway, &id), None).await;
    cases.hold("still there", collected.is_ok_and(|disclosed| disclosed.items().count() > 0));
    let request = post(&gateway, &police, &format!("/v1/offers/{id}/withdrawals"), &json!({}));
    cases.check("collected is collected", gateway.refused(&police, &request, caller(404, "not-found")).await);
    let expiring = make(&gateway, Slug::Police, &of_threat).await;
    gateway.clock.advance(25 * 3600);
    cases.hold("nothing waits past its term", waiting(&gateway, Slug::VeiligThuis).await.is_empty());
    let late = ask(&recipient, &collects(&gateway, &expiring));
    cases.check("past its term", gateway.refused(&recipient, &late, caller(404, "not-found")).await);
    gateway.stop().await;
    cases.finish(27);
}

/// One source's flood leaves room for another's, which stands first; every page is there.
///
/// Broken on purpose to see it fail: the oldest first; no bound for one recipient; `after` not looked at.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_offers_buries_none() {
    let gateway = TestGateway::start().await;
    let care = gateway.running().client(Slug::MentalHealth).expect("a client");
    let flood = |number: usize| {
        let mut body = offer(&gateway);
        body["recipient"] = json!(oin(Slug::Police));
        body["purpose"] = json!("prosecution");
        body["kind"] = json!("threat");
        body["subject"] = json!({"scheme": "local", "value": format!("nobody-{number}")});
        serde_json::from_value::<OfferMessage>(body).expect("an offer")
    };
    for number in 0..100 {
        care.make_offer(&flood(number)).await.expect("made");
    }
    match care.make_offer(&flood(100)).await {
        Err(Trouble::Problem(problem)) => assert_eq!(problem.status, 429),
        other => panic!("one more than a recipient's list takes: {other:?}"),
    }
    gateway.clock.advance(1);
    let mut real = offer(&gateway);
    real["recipient"] = json!(oin(Slug::Police));
    real["purpose"] = json!("prosecution");
    real["kind"] = json!("threat");
    let id = make(&gateway, Slug::VeiligThuis, &real).await;
    let listed = waiting(&gateway, Slug::Police).await;
    assert_eq!((listed.len(), &listed[0]), (101, &id), "the newest first");
    let police = gateway.persona(Slug::Police);
    let page = gateway.draft_get(&police, &format!("/v1/offers?after={}", listed[60])).sign(&police.key);
    let page = gateway.wire().success(&police.tls, &page).await.expect("a page").json();
    assert_eq!((page["offers"].as_array().expect("a list").len(), &page["more"]), (40, &json!(false)));
    assert_eq!(page["offers"][0]["offer"], json!(listed[61]));
    for query in ["after=P22", "after=999990019", "before=1"] {
        let request = gateway.draft_get(&police, &format!("/v1/offers?{query}")).sign(&police.key);
        gateway.refused(&police, &request, caller(400, "malformed-request")).await.expect("refused");
    }
    gateway.stop().await;
}

/// Withdrawing and collecting come one after the other; and without the log there is no offer.
///
/// Broken on purpose to see it fail: `OfferCollected` without the look whether it is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_offer_withdrawn_under_way_gives_nothing() {
    let gateway = TestGateway::start().await;
    let source = FakeSource::instead_of(&gateway, Slug::Police).await;
    let gate = Arc::new(Notify::new());
    let held = Arc::clone(&gate);
    source.does(move |call| {
        let identity = item("identity", "exact", json!({"surname": "Bergsma"}));
        Act::When(Arc::clone(&held), Box::new(Act::Answer(call.answer(&[identity]))))
    });
    let id = make(&gateway, Slug::Police, &offer(&gateway)).await;
    let body = collects(&gateway, &id);
    let meanwhile = async {
        source.asked(1).await;
        gateway.running().client(Slug::Police).expect("a client").withdraw_offer(&id).await.expect("withdrawn");
        gate.notify_one();
    };
    let (answer, ()) = tokio::join!(gateway.ask(Slug::VeiligThuis, &body, None), meanwhile);
    match answer {
        Err(Trouble::Problem(problem)) => assert_eq!((problem.status, problem.suffix()), (404, "not-found")),
        other => panic!("given after it was withdrawn: {other:?}"),
    }
    assert_eq!(gateway.entries(EntryKind::Disclosure, &oin(Slug::VeiligThuis)).await, 0);
    drop(source);

    let node = Node::beside(&gateway).await;
    node.store.fails(EntryKind::Offer, Fault::Refused);
    let message: OfferMessage = serde_json::from_value(offer(&gateway)).expect("an offer");
    let client = node.client(&gateway, Slug::Police);
    match client.make_offer(&message).await {
        Err(Trouble::Problem(problem)) => assert_eq!((problem.status, problem.suffix()), (503, "log-unavailable")),
        other => panic!("made without an entry: {other:?}"),
    }
    assert!(waiting(&gateway, Slug::VeiligThuis).await.is_empty(), "no entry, no offer");
    node.store.mends();
    let made = client.make_offer(&message).await.expect("made");
    assert_eq!(waiting(&gateway, Slug::VeiligThuis).await, [made.offer]);
    node.stop().await;
    gateway.stop().await;
}
