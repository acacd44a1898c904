//! `GET /v1/disclosures/{id}/explanation`: a source that was asked learns why; the recipient and everybody else learn nothing.

use serde_json::Value;
use sluis::demo::organisations::Slug;
use sluis::ledger::entry::EntryKind;

use crate::support::{TestGateway, log};

/// Broken on purpose to see it fail: without the look at who was asked; without the filter by source; without the entry.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_was_asked_learns_why_and_nobody_else() {
    let gateway = TestGateway::start().await;
    let mut body = gateway.question("P22");
    let care = Slug::MentalHealth.organisation().oin;
    body["sources"].as_array_mut().expect("sources").push(care.into());
    body["categories"] = serde_json::json!(["identity", "care-involvement", "incident-reports"]);
    let disclosed = gateway.ask(Slug::VeiligThuis, &body, None).await.expect("asked");
    let target = format!("/v1/disclosures/{}/explanation", disclosed.id);

    let police = gateway.persona(Slug::Police);
    let before = gateway.log_size().await;
    let request = gateway.draft_get(&police, &target).sign(&police.key);
    let answer = gateway.wire().success(&police.tls, &request).await.expect("explained");
    let explained: Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!((&explained["disclosure"], &explained["inForce"]), (&Value::from(disclosed.id.clone()), &true.into()));
    let items = explained["items"].as_array().expect("items");
    let of = |category: &str| {
        items.iter().find(|item| item["category"] == category).unwrap_or_else(|| panic!("{category}: {explained}"))
    };
    assert!(items.iter().all(|item| item["source"] == police.oin.as_str()), "its own items only: {explained}");
    let identity = of("identity");
    assert_eq!((&identity["given"], &identity["decidedBy"][0]["id"]), (&"exact".into(), &"sa.police.person".into()));
    assert!(identity["decidedBy"][0]["legal"].as_str().expect("a law").contains("Bpg 4:2"), "{identity}");
    assert_eq!(gateway.entries_since(before).await, [(EntryKind::LogView, police.oin.clone())]);
    let entries = log::opened(&*gateway.running().gateway.store, &gateway.running().layout).await;
    let look = entries.last().and_then(|entry| entry.body.look.clone()).expect("a look");
    assert_eq!((look.view.as_str(), look.terms["disclosure"].as_str()), ("explanation", &*disclosed.id));

    // The recipient, a source that was not asked because nothing may be asked of it, one that has nothing to do with it, and one who asks about
    // a disclosure that does not exist: the same answer.
    let mut bodies = Vec::new();
    for (slug, id) in [
        (Slug::VeiligThuis, disclosed.id.as_str()),
        (Slug::MentalHealth, disclosed.id.as_str()),
        (Slug::Probation, disclosed.id.as_str()),
        (Slug::Police, "01900000-0000-7000-8000-000000000000"),
        (Slug::Police, "not-an-id"),
    ] {
        let persona = gateway.persona(slug);
        let request = gateway.draft_get(&persona, &format!("/v1/disclosures/{id}/explanation")).sign(&persona.key);
        let problem = gateway
            .wire()
            .problem(&persona.tls, &request, 404, "not-found")
            .await
            .unwrap_or_else(|error| panic!("{slug:?} {id}: {error}"));
        let mut problem: Value = serde_json::from_slice(&problem.body).expect("JSON");
        problem.as_object_mut().expect("an object").remove("instance");
        bodies.push(problem);
    }
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "{bodies:?}");
    gateway.stop().await;
}
