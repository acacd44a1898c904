//! A source's health is known from calls and probes, is named to whoever asks, and never depends on the person.

use std::time::Duration;

use serde_json::{Value, json};
use sluis::demo::organisations::Slug;

use crate::support::TestGateway;
use crate::support::fake_source::{Act, FakeSource, item};

fn unreachable(payload: &Value) -> Vec<&str> {
    payload["unreachable"].as_array().expect("a list").iter().filter_map(Value::as_str).collect()
}

/// Three answers that do not count make a source's health poor, be it silence or a lie.
///
/// Broken on purpose to see it fail: `failed` counting nothing; an answer about another person counted as an answer (it was, once);
/// the probe never run; `some_source_is_well` true.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn poor_sources_are_named_left_alone_and_found_well_again() {
    let gateway = TestGateway::start().await;
    let police = FakeSource::instead_of(&gateway, Slug::Police).await;
    let oin = police.oin.clone();
    police.is_well(false);
    let lies = std::sync::atomic::AtomicUsize::new(0);
    police.does(move |call| match lies.fetch_add(1, std::sync::atomic::Ordering::SeqCst) {
        0 => Act::HangUp,
        1 => Act::Bytes(b"[]".to_vec()),
        _ => {
            let mut answer = call.answer(&[]);
            answer["subject"]["value"] = json!("999990019");
            Act::Answer(answer)
        }
    });
    let alone = gateway.question("P21");
    let mut both = alone.clone();
    both["categories"] = json!(["measures"]);
    both["sources"] = json!([oin, Slug::Probation.organisation().oin]);
    for count in 1..=3 {
        let disclosed = gateway.ask(Slug::VeiligThuis, &alone, None).await.expect("an answer");
        assert_eq!((police.calls().len(), disclosed.items().count()), (count, 0));
    }
    let disclosed = gateway.ask(Slug::VeiligThuis, &both, None).await.expect("the other source is well");
    assert_eq!(police.calls().len(), 3, "a poor source is left alone");
    assert_eq!(unreachable(&disclosed.deliveries[0].payload), [oin.as_str()], "and named");
    assert!(disclosed.items().all(|item| item["source"] == Slug::Probation.organisation().oin) && disclosed.items().count() > 0);

    // When every named source is poor the request is refused, whoever it is about.
    let asker = gateway.persona(Slug::VeiligThuis);
    let mut stranger = gateway.question("P42");
    stranger["categories"] = json!(["identity"]);
    let mut nobody = alone.clone();
    nobody["subject"] = json!({"scheme": "pseudonym", "value": pseudonym_of_nobody()});
    for body in [alone.to_string(), stranger.to_string(), nobody.to_string()] {
        let request = gateway.draft(&asker, body.as_bytes()).sign(&asker.key);
        let problem = gateway.wire().problem(&asker.tls, &request, 503, "sources-unavailable").await.expect("refused");
        let wait: u64 = problem.field("retry-after").parse().expect("seconds");
        assert!((1..=60).contains(&wait), "{wait}");
    }
    assert_eq!(police.calls().len(), 3);

    // A probe that fails leaves it poor; one that succeeds makes it well, without anybody being asked about.
    let health = &gateway.running().gateway.health;
    let now = || gateway.running().outside().clock.now();
    assert!(health.is_poor(&oin, now()));
    police.is_well(true);
    police.does(|call| Act::Answer(call.answer(&[item("identity", "exact", json!({"surname": "Bergsma"}))])));
    let well = async {
        while health.is_poor(&oin, now()) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), well).await.expect("the probe finds it well");
    assert_eq!(police.calls().len(), 3, "a probe asks about nobody");
    let disclosed = gateway.ask(Slug::VeiligThuis, &alone, None).await.expect("asked again");
    assert_eq!((disclosed.items().count(), unreachable(&disclosed.deliveries[0].payload).len()), (1, 0));
    drop(police);
    gateway.stop().await;
}

/// A pseudonym of the right form that was issued to nobody.
fn pseudonym_of_nobody() -> String {
    let entropy = sluis::entropy::SystemEntropy::default();
    sluis::pseudonym::Pseudonym::draw(&entropy).expect("randomness").to_string()
}

/// A source that refuses connections is told from one that is silent by nobody; it comes back by itself after its rest.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_went_away_is_asked_again_after_its_rest() {
    let mut gateway = TestGateway::start().await;
    gateway.running_mut().stop_connector(Slug::Police);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let body = gateway.question("P22");
    let oin = Slug::Police.organisation().parsed_oin().expect("an OIN");
    let poor = async {
        while !gateway.running().gateway.health.is_poor(&oin, gateway.running().outside().clock.now()) {
            let _ = gateway.ask(Slug::VeiligThuis, &body, None).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), poor).await.expect("its health is known");
    let refused = gateway.ask(Slug::VeiligThuis, &body, None).await.expect_err("refused");
    assert!(refused.to_string().contains("sources-unavailable"), "{refused}");
    gateway.running_mut().start_connector(Slug::Police).await.expect("it comes back");
    gateway.clock.advance(31);
    gateway.still_serves().await;
    gateway.stop().await;
}
