//! A consent that another took the place of: it is over, whatever becomes of the other one.

use serde_json::{Value, json};
use sluis::clock::Clock;
use sluis::demo::organisations::Slug;

use super::consents::{level, question};
use crate::support::TestGateway;
use crate::support::consents::{get, given, post};
use crate::support::fake_source::{Act, FakeSource};

const DAY: std::time::Duration = std::time::Duration::from_hours(24);

/// Records, and gives the id.
async fn record(gateway: &TestGateway, body: &Value) -> String {
    let (status, view) = post(gateway, &gateway.persona(Slug::MentalHealth), "/v1/consents", body).await;
    assert_eq!(status, 200, "{view}");
    view["id"].as_str().expect("an id").to_owned()
}

/// What is brought about `subject`.
fn about(gateway: &TestGateway, subject: &Value) -> Value {
    let mut body = given(gateway);
    body["subject"] = subject.clone();
    body
}

/// Each time it is asked twice: the second decision is one that was made before.
///
/// Broken on purpose to see it fail: superseded only while the newer one speaks, and for what it names, as it was; `bearing_on` without what
/// supersedes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replaced_consent_does_not_come_back() {
    let gateway = TestGateway::start().await;
    let source = FakeSource::instead_of(&gateway, Slug::MentalHealth).await;
    source.does(|call| Act::Answer(call.answer(&[level(36)])));
    let items = async |subject: &Value| {
        let mut body = question(&gateway);
        body["subject"] = subject.clone();
        let mut counts = Vec::new();
        for _ in 0..2 {
            counts.push(gateway.ask(Slug::VeiligThuis, &body, None).await.expect("an answer").items().count());
        }
        counts
    };
    let nobody = json!({"scheme": "bsn", "value": "999990019"});
    let [one, other, third] = [nobody, gateway.question("P21")["subject"].clone(), gateway.question("P22")["subject"].clone()];
    let mut wide = Vec::new();
    for subject in [&one, &other, &third] {
        let mut body = about(&gateway, subject);
        body["categories"] = json!(["substance-use", "care-involvement"]);
        wide.push(record(&gateway, &body).await);
        assert_eq!(items(subject).await, [1, 1]);
    }
    // For less, to another, for a shorter time.
    let until = gateway.clock.now().plus(DAY * 30).to_string();
    for (subject, replaced, members, left) in [
        (&other, &wide[1], json!({"categories": ["care-involvement"]}), [0, 0]),
        (&third, &wide[2], json!({"recipients": [Slug::Probation.organisation().oin], "purposes": ["probation"]}), [0, 0]),
        (&one, &wide[0], json!({"notAfter": until}), [1, 1]),
    ] {
        let mut body = about(&gateway, subject);
        body["supersedes"] = json!(replaced);
        body.as_object_mut().expect("an object").extend(members.as_object().expect("an object").clone());
        record(&gateway, &body).await;
        assert_eq!(items(subject).await, left, "{members}");
    }
    gateway.clock.advance(31 * 24 * 3600);
    assert_eq!(items(&one).await, [0, 0], "the newer one is over: the older one was already");
    drop(source);
    gateway.stop().await;
}

/// An answer that was made anew on another consent, and given again since, is no incident of the first one.
///
/// Broken on purpose to see it fail: `GivenAgain` for every reliance of the disclosure, as it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_longer_rests_on_a_consent_is_no_incident_of_it() {
    let gateway = TestGateway::start().await;
    let care = gateway.persona(Slug::MentalHealth);
    let source = FakeSource::instead_of(&gateway, Slug::MentalHealth).await;
    source.does(|call| Act::Answer(call.answer(&[level(36)])));
    let client = gateway.running().client(Slug::VeiligThuis).expect("a client");
    let text = question(&gateway).to_string().into_bytes();
    let first = record(&gateway, &given(&gateway)).await;
    let disclosed = client.disclose(&text, None).await.expect("given");
    assert_eq!(disclosed.items().count(), 1);
    gateway.clock.advance(60);
    let mut newer = given(&gateway);
    newer["supersedes"] = json!(first);
    let second = record(&gateway, &newer).await;
    let anew = client.pick_up(&disclosed.id, &text).await.expect("made anew");
    assert_ne!(anew.deliveries[0].receipt, disclosed.deliveries[0].receipt);
    gateway.clock.advance(3600);
    let withdrawn_at = gateway.clock.now().to_string();
    gateway.clock.advance(3600);
    let again = client.pick_up(&disclosed.id, &text).await.expect("given again");
    assert_eq!(again.deliveries[0].receipt, anew.deliveries[0].receipt);

    // Whose words are about all that the second is about: it ends with the first, though it had taken its place.
    let late = json!({"at": withdrawn_at, "recordedBy": "pro-1"});
    let (status, view) = post(&gateway, &care, &format!("/v1/consents/{first}/withdrawals"), &late).await;
    assert_eq!((status, &view["incidents"]), (200, &json!([])), "{view}");
    let (_, view) = get(&gateway, &care, &format!("/v1/consents/{second}")).await;
    let listed: Vec<_> = view["incidents"].as_array().expect("a list").iter().map(|one| &one["disclosure"]).collect();
    assert_eq!((&view["state"], listed), (&json!("withdrawn"), vec![&json!(disclosed.id)]), "{view}");
    drop(source);
    gateway.stop().await;
}
