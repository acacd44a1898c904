//! A source's health is known from probes, is named to whoever asks, and never depends on the person.

use std::time::Duration;

use serde_json::{Value, json};
use sluis::demo::organisations::Slug;
use sluis::organisation::Oin;

use crate::support::TestGateway;
use crate::support::fake_source::{Act, FakeSource, item};

fn unreachable(payload: &Value) -> Vec<&str> {
    payload["unreachable"].as_array().expect("a list").iter().filter_map(Value::as_str).collect()
}

/// Waits until the source's health is poor, or well.
async fn until_poor(gateway: &TestGateway, source: &Oin, poor: bool) {
    let health = &gateway.running().gateway.health;
    let found = async {
        while health.is_poor(source) != poor {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), found).await.expect("probes find out how the source is");
}

/// Probes that fail make a source's health poor: it is left alone, and named to whoever asks, whoever that is about.
///
/// Broken on purpose to see it fail: `failed` counting nothing; the probe never run; `some_source_is_well` true.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn poor_sources_are_named_left_alone_and_found_well_again() {
    let gateway = TestGateway::start().await;
    let police = FakeSource::instead_of(&gateway, Slug::Police).await;
    let oin = police.oin.clone();
    police.is_well(false);
    police.does(|call| Act::Answer(call.answer(&[item("identity", "exact", json!({"surname": "Bergsma"}))])));
    until_poor(&gateway, &oin, true).await;
    let before = police.calls().len();
    let alone = gateway.question("P21");
    let mut both = alone.clone();
    both["categories"] = json!(["measures"]);
    both["sources"] = json!([oin, Slug::Probation.organisation().oin]);
    let disclosed = gateway.ask(Slug::VeiligThuis, &both, None).await.expect("the other source is well");
    assert_eq!(police.calls().len(), before, "a poor source is left alone");
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
    assert_eq!(police.calls().len(), before);

    // A probe that succeeds makes it well, without anybody being asked about.
    police.is_well(true);
    until_poor(&gateway, &oin, false).await;
    assert_eq!(police.calls().len(), before, "a probe asks about nobody");
    let disclosed = gateway.ask(Slug::VeiligThuis, &alone, None).await.expect("asked again");
    assert_eq!((disclosed.items().count(), unreachable(&disclosed.deliveries[0].payload).len()), (1, 0));
    drop(police);
    gateway.stop().await;
}

/// What becomes of a call about a person says nothing about the source's health: it would tell the next asker that somebody was asked about.
///
/// Broken on purpose to see it fail: `collect` counting failed calls.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_about_persons_do_not_make_health_poor() {
    let gateway = TestGateway::start().await;
    let police = FakeSource::instead_of(&gateway, Slug::Police).await;
    police.is_well(true);
    police.does(|_| Act::HangUp);
    for _ in 0..6 {
        let disclosed = gateway.ask(Slug::VeiligThuis, &gateway.question("P21"), None).await.expect("an answer");
        assert!(unreachable(&disclosed.deliveries[0].payload).is_empty());
    }
    assert_eq!(police.calls().len(), 12, "each once more, since the connection had ended");
    drop(police);
    gateway.stop().await;
}

/// A pseudonym of the right form that was issued to nobody.
fn pseudonym_of_nobody() -> String {
    let entropy = sluis::entropy::SystemEntropy::default();
    sluis::pseudonym::Pseudonym::draw(&entropy).expect("randomness").to_string()
}

/// A connector that is not there is found out, and found again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_went_away_is_asked_again_when_it_is_back() {
    let mut gateway = TestGateway::start().await;
    let oin = Slug::Police.organisation().parsed_oin().expect("an OIN");
    gateway.running_mut().stop_connector(Slug::Police);
    until_poor(&gateway, &oin, true).await;
    let refused = gateway.ask(Slug::VeiligThuis, &gateway.question("P22"), None).await.expect_err("refused");
    assert!(refused.to_string().contains("sources-unavailable"), "{refused}");
    gateway.running_mut().start_connector(Slug::Police).await.expect("it comes back");
    until_poor(&gateway, &oin, false).await;
    gateway.still_serves().await;
    gateway.stop().await;
}
